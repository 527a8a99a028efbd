# The tables and the targets: awk -f figures.awk -f report.awk bench.csv

function heading(text)
{
	printf "\n%s\n\n", text
}

# What the others found in the memory in which lazy_contig had failed.
function possible(config, kib,   n, walk)
{
	walk = f("yield", config, "lazy_contig", kib, 1, "walk_finds")
	n = f("yield", config, "lazy_contig", kib, 1, "possible")
	return (walk == "" ? "" : "  (the walk: " walk ")") (n == "" ? "" : "  (possible: " n ")")
}

function yield_row(config, kib, who,   wanted, count, ours)
{
	wanted = f("yield", config, who, kib, 1, "wanted")
	if (wanted == "")
		return
	count = f("yield", config, who, kib, 1, "count")
	ours = f("yield", config, "lazy_contig", kib, 1, "median_ms")
	printf "  %-9s %-9s %-12s %5d of %-4d %9s %9s %9s %9s  %s%s\n", \
		config, size_name(kib), who, count, wanted, \
		short(f("yield", config, who, kib, 1, "median_ms")), \
		short(f("yield", config, who, kib, 1, "p99_ms")), \
		short(f("yield", config, who, kib, 1, "worst_ms")), \
		short(f("yield", config, who, kib, 1, "refusal_ms")), \
		who == "lazy_contig" ? "" : short(ratio(ours, f("yield", config, who, kib, 1, "median_ms"))), \
		who == "lazy_contig" ? possible(config, kib) : \
		f("yield", config, who, kib, 1, "out_of_time") ? "  (out of time)" : ""
}

function yield_table(   c, s, w, configs, sizes, who, nc, ns, nw)
{
	heading("Buffers held until 80 % of the free memory is taken (ms; ratio: median of lazy_contig to this one's)")
	printf "  %-9s %-9s %-12s %13s %9s %9s %9s %9s  %s\n", "memory", "size", "allocator", \
		"found", "median", "p99", "worst", "refusal", "ratio"
	nc = split("fresh,60 pins,2000 pins", configs, ",")
	ns = split("8192 65536 262144 1048576", sizes, " ")
	nw = split("walk pages exhaustive lazy_contig", who, " ")
	for (c = 1; c <= nc; c++)
		for (s = 1; s <= ns; s++)
			for (w = 1; w <= nw; w++)
				yield_row(configs[c], sizes[s], who[w])
}

function churn_table(   s, w, who, nw, kib, line, tried, any)
{
	heading("Churn: requests of random size and lifetime; given, and median ms")
	nw = split("walk pages lazy_contig", who, " ")
	line = sprintf("  %-10s", "size")
	for (w = 1; w <= nw; w++)
		line = line sprintf(" %24s", who[w])
	print line
	for (kib = 64; kib <= 262144; kib *= 2) {
		line = sprintf("  %-10s", (kib < 65536 ? "from " : "then ") size_name(kib))
		any = 0
		for (w = 1; w <= nw; w++) {
			tried = f("churn", "60 pins", who[w], kib, 1, "tried")
			any = any || tried != ""
			line = line (tried ? sprintf(" %6d of %-6d %8s", \
				f("churn", "60 pins", who[w], kib, 1, "given"), tried, \
				short(f("churn", "60 pins", who[w], kib, 1, "median_ms"))) : \
				sprintf(" %24s", "-"))
		}
		if (any)
			print line
	}
}

function speed_line(kib, threads, metric, label,   s, c, x)
{
	s = f("speed", "boot", "system", kib, threads, metric)
	c = f("speed", "boot", "cma", kib, threads, metric)
	x = f("speed", "boot", "cold", kib, threads, metric)
	if (s == "" && c == "" && x == "")
		return
	printf "  %-9s %-22s %9s %9s %9s %9s %11s %9s %11s %9s\n", size_name(kib), label, \
		short(s), short(c), short(x), short(f("speed", "boot", "warm", kib, threads, metric)), \
		short(ratio(x, s)), short(ratio(x, c)), \
		short(ratio(f("speed", "boot", "warm", kib, threads, metric), s)), \
		short(ratio(f("speed", "boot", "warm", kib, threads, metric), c))
}

# Worst time to median, for one length on all CPUs.
function worst_ratio(who, kib)
{
	return ratio(f("speed", "boot", who, kib, 1, "all_cpus_worst_ms"), \
		f("speed", "boot", who, kib, 1, "all_cpus_ms"))
}

function speed_table(   sizes, ns, i, m, names, labels, nm, t)
{
	heading("One buffer's life (ms)")
	printf "  %-9s %-22s %9s %9s %9s %9s %11s %9s %11s %9s\n", "size", "step", \
		"system", "cma", "cold", "warm", "cold/system", "cold/cma", "warm/system", "warm/cma"
	ns = split("4 64 1024 8192 65536 262144 1048576", sizes, " ")
	nm = split("alloc_ms map_touch_ms map_ms map_touch_2m_ms sync_ms free_ms", names, " ")
	split("allocate,map and touch,map only,map, touch each 2 MiB,sync,free", labels, ",")
	labels[4] = "map, touch each 2 MiB"; labels[5] = "sync"; labels[6] = "free"
	for (i = 1; i <= ns; i++) {
		for (m = 1; m <= nm; m++)
			speed_line(sizes[i], 1, names[m], labels[m])
		for (t = 1; t <= 4; t *= 2)
			speed_line(sizes[i], t, "cycle_ms", t " thr. allocate+free")
	}
	printf "\n  what a second CPU is worth to plain memset(), 256 MiB: %s of one CPU's time\n\n", \
		short(ratio(f("speed", "boot", "plain", 262144, 1, "all_cpus_ms"), \
			f("speed", "boot", "plain", 262144, 1, "one_cpu_ms")))
	speed_line(262144, 1, "one_cpu_ms", "allocate on one CPU")
	speed_line(262144, 1, "all_cpus_ms", "allocate on all CPUs")
	printf "\n  the worst of 64 MiB to the median, on all CPUs: allocate %s, plain memset() %s\n", \
		short(worst_ratio("cold", 65536)), short(worst_ratio("plain", 65536))
	speed_line(1048576, 1, "free_stall_ms", "stall while freeing")
	speed_line(1048576, 1, "quiet_stall_ms", "stall while idle")
	printf "\n  kmalloc bytes a buffer: 4 KiB: system %s, cma %s, lazy_contig %s; 1 MiB: %s, %s, %s\n", \
		short(f("speed", "boot", "system", 4, 1, "kmalloc_bytes")), \
		short(f("speed", "boot", "cma", 4, 1, "kmalloc_bytes")), \
		short(f("speed", "boot", "cold", 4, 1, "kmalloc_bytes")), \
		short(f("speed", "boot", "system", 1024, 1, "kmalloc_bytes")), \
		short(f("speed", "boot", "cma", 1024, 1, "kmalloc_bytes")), \
		short(f("speed", "boot", "cold", 1024, 1, "kmalloc_bytes"))
}

function counted_line(kib, metric, label,   s, x)
{
	s = f("counted", "boot", "system", kib, 1, metric)
	x = f("counted", "boot", "cold", kib, 1, metric)
	printf "  %-9s %-16s %9.0f %9.0f %9.0f %9.0f %11s\n", size_name(kib), label, s * 1e6, \
		f("counted", "boot", "cma", kib, 1, metric) * 1e6, x * 1e6, \
		f("counted", "boot", "warm", kib, 1, metric) * 1e6, short(ratio(x, s))
}

function counted_table(   kib)
{
	heading("Instructions that small buffers take")
	printf "  %-9s %-16s %9s %9s %9s %9s %11s\n", "size", "step", \
		"system", "cma", "cold", "warm", "cold/system"
	for (kib = 4; kib <= 1024; kib *= 16) {
		counted_line(kib, "alloc_ms", "allocate")
		counted_line(kib, "map_touch_ms", "map and touch")
		counted_line(kib, "free_ms", "free")
	}
}

function video_table(   w, who, nw)
{
	heading("Video: eight 4K frames (NV12) cycled through allocate, import, map, write, free (ms a frame)")
	printf "  %-12s %9s %9s %14s\n", "allocator", "median", "p99", "without write"
	nw = split("system cma lazy_contig", who, " ")
	for (w = 1; w <= nw; w++)
		printf "  %-12s %9s %9s %14s\n", who[w], \
			short(f("video", "NV12", who[w], 12150, 1, "frame_ms")), \
			short(f("video", "NV12", who[w], 12150, 1, "frame_p99_ms")), \
			short(f("video", "NV12", who[w], 12150, 1, "overhead_ms"))
}

function stall_row(config, kib, who,   n)
{
	n = f("stall", config, who, kib, 1, "requests")
	if (n == "")
		return
	printf "  %-13s %-12s %5d of %-4d %9s %9s %9s%s\n", config, who, \
		f("stall", config, who, kib, 1, "given"), n, \
		short(f("stall", config, who, kib, 1, "median_ms")), \
		short(f("stall", config, who, kib, 1, "p99_ms")), \
		short(f("stall", config, who, kib, 1, "worst_ms")), \
		f("stall", config, who, kib, 1, "ended") ? "" : "  (until the I/O ended)"
}

function stall_table(   c, w, configs, who, nc, nw)
{
	heading("Beside pages that wait for I/O (ms)")
	printf "  %-13s %-12s %13s %9s %9s %9s\n", "load", "allocator", "given", "median", "p99", "worst"
	nc = split("quiet,readahead,dead server,quiet camera,writer", configs, ",")
	nw = split("walk cma lazy_contig", who, " ")
	for (c = 1; c <= nc; c++)
		for (w = 1; w <= nw; w++)
			stall_row(configs[c], c <= 3 ? 32768 : 24576, who[w])
}

function read_file(way, metric)
{
	return f("file", "", way, 262144, 1, metric)
}

function file_table(   w, nw, ways, labels)
{
	heading("256 MiB from a file to an imported buffer (ms)")
	printf "  %-44s %9s %9s\n", "", "time", "processor"
	nw = split("cached buffered copied bounce direct", ways, " ")
	split("read(), all of it in the page cache;read() from the disk;" \
		"read() from the disk to other memory, copy;direct I/O to other memory, copy;" \
		"direct I/O to the buffer", labels, ";")
	for (w = 1; w <= nw; w++)
		printf "  %-44s %9s %9s\n", labels[w], short(read_file(ways[w], "read_ms")), \
			short(read_file(ways[w], "cpu_ms"))
}

function file_targets(   w, ways, labels)
{
	split("copied bounce", ways, " ")
	split("read() and a copy;direct I/O and a copy", labels, ";")
	for (w = 1; w <= 2; w++)
		target("file: direct I/O to the buffer to " labels[w], \
			ratio(read_file("direct", "read_ms"), read_file(ways[w], "read_ms")), 0.5)
}

function nb(config, who, kib, metric)
{
	return f("neighbours", config, who, kib, 1, metric)
}

function neighbours_table(   c, w, configs, who, nw)
{
	heading("What buffers cost other processes")
	nw = split("walk lazy_contig", who, " ")
	for (w = 1; w <= nw; w++)
		if (nb("hot file", who[w], 65536, "given") != "")
			printf "  %-12s a page in use is read again %s times, a page of a window moved %s times\n", \
				who[w], short(nb("hot file", who[w], 65536, "refaults_of_pages")), \
				short(nb("full memory", who[w], 65536, "moved_of_pages"))
	printf "  %-12s of what a working set reads, read again: %s without the pool, %s with it\n\n", \
		"lazy_contig", short(nb("working set", "cold", 24576, "refaults_of_reads")), \
		short(nb("working set", "warm", 24576, "refaults_of_reads"))
	printf "  %-12s %-12s %9s %9s %9s %9s\n", "thread (us)", "beside", "median", "p99", "worst", \
		"ready"
	split("touch,file I/O", configs, ",")
	nw = split("quiet cold warm system", who, " ")
	for (c = 1; c <= 2; c++)
		for (w = 1; w <= nw; w++)
			printf "  %-12s %-12s %9s %9s %9s %9s\n", configs[c], who[w], \
				short(nb(configs[c], who[w], 262144, "median_us")), \
				short(nb(configs[c], who[w], 262144, "p99_us")), \
				short(nb(configs[c], who[w], 262144, "worst_us")), \
				short(nb(configs[c], who[w], 262144, "waited_share"))
	printf "\n  %-12s %9s %9s %9s %9s\n", "100,000", "first, us", "last, us", "iomem, ms", "exit, ms"
	nw = split("system lazy_contig", who, " ")
	for (w = 1; w <= nw; w++)
		printf "  %-12s %9s %9s %9s %9s\n", who[w], short(nb("many", who[w], 4, "first_us")), \
			short(nb("many", who[w], 4, "last_us")), short(nb("many", who[w], 4, "iomem_ms")), \
			short(nb("many", who[w], 4, "exit_ms"))
}

function neighbours_targets(   c, configs, w, who)
{
	target("pages of a file in use that are read again", \
		nb("hot file", "lazy_contig", 65536, "refaults_of_pages"), 0.1)
	target("pages moved for each of a window", \
		nb("full memory", "lazy_contig", 65536, "moved_of_pages"), 1.1)
	# without a page read again there is no ratio: a hundredth of what is read is noise
	target("a working set beside the pool to one without", \
		ratio(nb("working set", "warm", 24576, "refaults_of_reads") + 0.01, \
			nb("working set", "cold", 24576, "refaults_of_reads") + 0.01), 1.2)
	split("touch,file I/O", configs, ",")
	split("cold warm", who, " ")
	for (c = 1; c <= 2; c++)
		for (w = 1; w <= 2; w++) {
			target("p99 of " configs[c] " beside " who[w] " to a quiet machine's", \
				ratio(nb(configs[c], who[w], 262144, "p99_us"), \
					nb(configs[c], "quiet", 262144, "p99_us")), 2)
			target("and to that beside the system heap", \
				ratio(nb(configs[c], who[w], 262144, "p99_us"), \
					nb(configs[c], "system", 262144, "p99_us")), 1)
		}
	target("the last of 100,000 buffers to the first", \
		ratio(nb("many", "lazy_contig", 4, "last_us"), nb("many", "lazy_contig", 4, "first_us")), 3)
	target("/proc/iomem beside them, ms", nb("many", "lazy_contig", 4, "iomem_ms"), 100)
}

function cam(who, metric)
{
	return f("camera", "stills", who, 24576, 1, metric)
}

function camera_table(   m, w, n, nw, metrics, labels, who)
{
	heading("A still of 4 x 24 MiB every 3 s, beside copied files and a slow disk")
	nw = split("quiet system walk cma lazy_contig reserve movable", who, " ")
	n = split("still_ms_p50 still_ms_p99 still_ms_p100 refused touch_us_p50 touch_us_p99 " \
		"touch_us_p100 file_us_p50 file_us_p99 file_us_p100 timer_us_p50 timer_us_p99 " \
		"timer_us_p100 pgmigrate_success pgscan_file workingset_refault_file kswapd_ms " \
		"kcompactd_ms free_2m unmovable_2m", metrics, " ")
	split("still: median, ms;  p99;  worst;buffers refused;touch memory: median, us;  p99;  worst;" \
		"4 KiB file I/O: median, us;  p99;  worst;timer of 1 ms, late: median, us;  p99;  worst;" \
		"pages moved a minute;pages scanned by reclaim;file pages read again;kswapd, ms a minute;" \
		"kcompactd;free 2 MiB at the end;blocks of unmovable type", labels, ";")
	printf "  %-32s", ""
	for (w = 1; w <= nw; w++)
		printf " %11s", who[w]
	printf "\n"
	for (m = 1; m <= n; m++) {
		printf "  %-32s", labels[m]
		for (w = 1; w <= nw; w++)
			printf " %11s", short(cam(who[w], metrics[m]))
		printf "\n"
	}
}

function camera_targets(   w, who)
{
	split("lazy_contig reserve movable", who, " ")
	for (w = 1; w <= 3; w++)
		if (cam(who[w], "refused") != "")
			target("camera: buffers refused, " who[w], cam(who[w], "refused"), 0)
	target("camera: worst to the median, reserve", \
		ratio(cam("reserve", "still_ms_p100"), cam("reserve", "still_ms_p50")), 2)
	target("camera: p99 to the CMA heap's", \
		ratio(cam("lazy_contig", "still_ms_p99"), cam("cma", "still_ms_p99")), 0.067)
}

function area(who, metric)
{
	return f("area", "rounds", who, 471040, 1, metric)
}

function area_table(   w, nw, who)
{
	heading("An area of 512 MiB on a machine that ages: buffers of 460 MiB (ms), files that need its memory")
	printf "  %-9s %13s %9s %9s %9s %9s %10s %11s %12s\n", "area", "given", "median", "p99", \
		"worst", "attempts", "files", "of none's", "read again"
	nw = split("quiet movable cma reserve", who, " ")
	for (w = 1; w <= nw; w++) {
		if (area(who[w], "set_mib") == "")
			continue
		printf "  %-9s %5d of %-4d %9s %9s %9s %9s %10s %11s %12s\n", who[w], \
			area(who[w], "given"), area(who[w], "requests"), \
			short(area(who[w], "request_ms_p50")), short(area(who[w], "request_ms_p99")), \
			short(area(who[w], "request_ms_p100")), \
			short(ratio(area(who[w], "attempts"), area(who[w], "requests"))), \
			sprintf("%.0f MiB/s", area(who[w], "set_mib_s")), \
			short(ratio(area(who[w], "set_mib_s"), area("quiet", "set_mib_s"))), \
			short(area(who[w], "set_again"))
	}
}

function area_targets()
{
	if (area("movable", "requests") == "")
		return
	target("area: buffers refused, movable", area("movable", "requests") - area("movable", "given"), 0)
	target("area: p99 to the median, movable", \
		ratio(area("movable", "request_ms_p99"), area("movable", "request_ms_p50")), 2)
	target("area: files without an area to beside it, movable", \
		ratio(area("quiet", "set_mib_s"), area("movable", "set_mib_s")), 1.05)
}

function lock(who, kib, metric)
{
	return f("locks", "16 processors", who, kib, 16, metric)
}

function locks_table(   s, w, sizes, who)
{
	heading("16 processes on 16 processors: how often a lock was not free, per request")
	printf "  %-10s %-8s %9s %8s %10s %12s\n", "size", "heap", "requests", "refused", \
		"all locks", "the module's"
	split("4 64 2048 32768", sizes, " ")
	split("system warm cold", who, " ")
	for (s = 1; s <= 4; s++)
		for (w = 1; w <= 3; w++)
			printf "  %-10s %-8s %9d %8d %10s %12s\n", size_name(sizes[s]), who[w], \
				lock(who[w], sizes[s], "requests"), \
				lock(who[w], sizes[s], "refused"), \
				short(ratio(lock(who[w], sizes[s], "contended"), \
					lock(who[w], sizes[s], "requests"))), \
				short(ratio(lock(who[w], sizes[s], "own"), \
					lock(who[w], sizes[s], "requests")))
}

# A target: the figure must not exceed the bound.
function target(text, value, bound)
{
	if (value == "") {
		printf "  not measured  %s\n", text
		return
	}
	printf "  %-7s %9s  %-10s %s\n", value <= bound ? "met" : "MISSED", short(value), \
		"<= " bound, text
	met += value <= bound
	missed += value > bound
}

function y(config, who, mib, metric)
{
	return f("yield", config, who, mib * 1024, 1, metric)
}

# Limited to what lazy_contig was asked for: free memory differs a little between runs.
function fewer(config, who, mib,   a, b, wanted)
{
	a = y(config, who, mib, "count")
	b = y(config, "lazy_contig", mib, "count")
	wanted = y(config, "lazy_contig", mib, "wanted")
	return a == "" || b == "" ? "" : (a < wanted ? a : wanted) - b
}

function same_memory_targets(metric, what, configs, n, sizes, ns,   c, s, other)
{
	for (c = 2; c <= n; c++)
		for (s = 1; s <= ns; s++) {
			other = y(configs[c], "lazy_contig", sizes[s], metric)
			if (other != "")
				target("buffers fewer than " what " in the same memory, " configs[c] ", " sizes[s] " MiB", \
					other - y(configs[c], "lazy_contig", sizes[s], "count"), 0)
		}
}

function yield_targets(   c, n, configs, s, ns, sizes, text)
{
	n = split("fresh,60 pins,2000 pins", configs, ",")
	ns = split("8 64 256 1024", sizes, " ")
	for (c = 1; c <= n; c++)
		for (s = 1; s <= ns; s++)
			if (y(configs[c], "walk", sizes[s], "count") != "")
				target("buffers fewer than the walk's, " configs[c] ", " sizes[s] " MiB", \
					fewer(configs[c], "walk", sizes[s]), 0)
	for (s = 1; s <= 3; s++)
		target("median to the walk's, 60 pins, " sizes[s] " MiB", \
			ratio(y("60 pins", "lazy_contig", sizes[s], "median_ms"), \
				y("60 pins", "walk", sizes[s], "median_ms")), s == 1 ? 0.25 : 0.5)
	for (s = 1; s <= 3; s++)
		target("p99 to the median, 60 pins, " sizes[s] " MiB", \
			ratio(y("60 pins", "lazy_contig", sizes[s], "p99_ms"), \
				y("60 pins", "lazy_contig", sizes[s], "median_ms")), 4)
	same_memory_targets("walk_finds", "the walk finds", configs, n, sizes, ns)
	same_memory_targets("possible", "possible", configs, n, sizes, ns)
	target("buffers fewer than an exhaustive search's, 2000 pins, 8 MiB", \
		fewer("2000 pins", "exhaustive", 8), 0)
	target("worst time in ms, 2000 pins, 8 MiB", y("2000 pins", "lazy_contig", 8, "worst_ms"), 50)
	target("median to the walk's, 2000 pins, 64 MiB", \
		ratio(y("2000 pins", "lazy_contig", 64, "median_ms"), \
			y("2000 pins", "walk", 64, "median_ms")), 0.05)
	for (c = 2; c <= n; c++)
		for (s = 1; s <= ns; s++)
			if (y(configs[c], "lazy_contig", sizes[s], "refusal_ms") != "")
				target("time of the refusal in ms, " configs[c] ", " sizes[s] " MiB", \
					y(configs[c], "lazy_contig", sizes[s], "refusal_ms"), 100)
	target("time of the refusal in ms, memory full, 1 GiB", \
		y("60 pins", "lazy_contig", 8, "refusal_full_ms"), 100)
	target("worst to the median, fresh, 64 MiB", \
		ratio(y("fresh", "lazy_contig", 64, "worst_ms"), \
			y("fresh", "lazy_contig", 64, "median_ms")), 1.5)
}

function s(who, kib, metric)
{
	return f("speed", "boot", who, kib, 1, metric)
}

function speed_targets(   m)
{
	m = 262144
	target("cold 256 MiB to the system heap", ratio(s("cold", m, "alloc_ms"), s("system", m, "alloc_ms")), 0.65)
	target("cold 256 MiB to the CMA heap", ratio(s("cold", m, "alloc_ms"), s("cma", m, "alloc_ms")), 0.35)
	target("warm 256 MiB to the system heap", ratio(s("warm", m, "alloc_ms"), s("system", m, "alloc_ms")), 0.02)
	target("warm 256 MiB to the CMA heap", ratio(s("warm", m, "alloc_ms"), s("cma", m, "alloc_ms")), 0.02)
	target("map and touch 256 MiB to the CMA heap", \
		ratio(s("cold", m, "map_touch_ms"), s("cma", m, "map_touch_ms")), 0.10)
	target("map and touch 256 MiB to the system heap", \
		ratio(s("cold", m, "map_touch_ms"), s("system", m, "map_touch_ms")), 0.4)
	target("touch each 2 MiB of 256 to the CMA heap's map and touch", \
		ratio(s("cold", m, "map_touch_2m_ms"), s("cma", m, "map_touch_ms")), 0.01)
	target("4 KiB to the system heap", ratio(s("cold", 4, "alloc_ms"), s("system", 4, "alloc_ms")), 1.3)
	target("64 KiB to the system heap", ratio(s("cold", 64, "alloc_ms"), s("system", 64, "alloc_ms")), 1.3)
	target("4 KiB to the system heap, instructions", \
		ratio(f("counted", "boot", "cold", 4, 1, "alloc_ms"), f("counted", "boot", "system", 4, 1, "alloc_ms")), 1.3)
	target("64 KiB to the system heap, instructions", \
		ratio(f("counted", "boot", "cold", 64, 1, "alloc_ms"), f("counted", "boot", "system", 64, 1, "alloc_ms")), 1.3)
	target("free 256 MiB to the system heap", ratio(s("cold", m, "free_ms"), s("system", m, "free_ms")), 1.5)
	target("free 4 KiB to the system heap", ratio(s("cold", 4, "free_ms"), s("system", 4, "free_ms")), 1.5)
	target("free 256 MiB to allocating it", ratio(s("cold", m, "free_ms"), s("cold", m, "alloc_ms")), 1)
	target("two CPUs to one, 256 MiB", ratio(s("cold", m, "all_cpus_ms"), s("cold", m, "one_cpu_ms")), 0.65)
	target("two CPUs to one, 256 MiB, to what they are worth to memset()", \
		ratio(ratio(s("cold", m, "all_cpus_ms"), s("cold", m, "one_cpu_ms")), \
			ratio(s("plain", m, "all_cpus_ms"), s("plain", m, "one_cpu_ms"))), 1.1)
	target("stall while 1 GiB is freed, ms", s("cold", 1048576, "free_stall_ms"), 10)
	target("bookkeeping a buffer, 4 KiB, bytes", s("cold", 4, "kmalloc_bytes"), 1024)
	target("bookkeeping a buffer, 1 MiB, bytes", s("cold", 1024, "kmalloc_bytes"), 1024)
}

function churn_targets(   kib, missing, tried)
{
	for (kib = 64; kib < 65536; kib *= 2) {
		tried = f("churn", "60 pins", "lazy_contig", kib, 1, "tried")
		if (tried != "")
			missing += tried - f("churn", "60 pins", "lazy_contig", kib, 1, "given")
	}
	target("churn: requests refused", missing, 0)
	for (; kib <= 262144; kib *= 2)
		target("churn: " size_name(kib) " buffers fewer than the walk's", \
			f("churn", "60 pins", "walk", kib, 1, "given") - \
			f("churn", "60 pins", "lazy_contig", kib, 1, "given"), 0)
}

END {
	if (("yield,60 pins" in seen) || ("yield,fresh" in seen))
		yield_table()
	if ("churn,60 pins" in seen)
		churn_table()
	if ("speed,boot" in seen)
		speed_table()
	if ("counted,boot" in seen)
		counted_table()
	if ("video,NV12" in seen)
		video_table()
	if ("stall,quiet" in seen)
		stall_table()
	if ("file," in seen)
		file_table()
	if ("neighbours,many" in seen)
		neighbours_table()
	if ("camera,stills" in seen)
		camera_table()
	if ("area,rounds" in seen)
		area_table()
	if ("locks,16 processors" in seen)
		locks_table()
	heading("Targets")
	yield_targets()
	if ("churn,60 pins" in seen)
		churn_targets()
	speed_targets()
	if ("file," in seen)
		file_targets()
	if ("neighbours,many" in seen)
		neighbours_targets()
	if ("camera,stills" in seen)
		camera_targets()
	if ("area,rounds" in seen)
		area_targets()
	printf "\n%d targets met, %d missed\n", met, missed
}
