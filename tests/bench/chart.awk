# The chart: awk -f figures.awk -f chart.awk bench.csv >bench.svg
#
# Up to five panels: the time to allocate, and to map and touch, by size; the share of
# buffers found in aged memory, and the median time there; a camera's waiting times.

function text(x, y, anchor, class, string)
{
	gsub(/&/, "\\&amp;", string)
	gsub(/</, "\\&lt;", string)
	printf "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" class=\"%s\">%s</text>\n", \
		x, y, anchor, class, string
}

function line(x1, y1, x2, y2, class)
{
	printf "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n", x1, y1, x2, y2, class
}

function log10(x)
{
	return log(x) / log(10)
}

function ms_name(x)
{
	return x >= 1000 ? x / 1000 " s" : x >= 1 ? x " ms" : x * 1000 " µs"
}

# The frame of a panel and its scale: powers of ten from 10^low to 10^high ms.
function log_scale(x, y, title, low, high,   e, at)
{
	text(x, y - 14, "start", "title", title)
	for (e = low; e <= high; e++) {
		at = y + H - (e - low) / (high - low) * H
		line(x, at, x + W, at, e == low ? "axis" : "grid")
		text(x - 6, at + 4, "end", "small", ms_name(10 ^ e))
	}
}

function log_y(y, value, low, high,   e)
{
	e = log10(value)
	if (e < low)
		e = low
	return y + H - (e - low) / (high - low) * H
}

function legend(x, y, names, colours, n,   i)
{
	for (i = 1; i <= n; i++) {
		printf "<rect x=\"%.1f\" y=\"%.1f\" width=\"10\" height=\"10\" fill=\"%s\"/>\n", \
			x, y - 9, colours[i]
		text(x + 15, y, "start", "small", names[i])
		x += 28 + length(names[i]) * 6.5
	}
}

# Time over size.
function size_panel(x, y, title, metric, low, high,   sizes, ns, who, labels, colours, n, i, w, at, v, points)
{
	ns = split("4 64 1024 8192 65536 262144 1048576", sizes, " ")
	n = split("system cma cold warm", who, " ")
	split("system heap,CMA heap,lazy_contig,lazy_contig from its pool", labels, ",")
	split("#888888 #d98c21 #1f6fb4 #7db8e8", colours, " ")
	log_scale(x, y, title, low, high)
	for (i = 1; i <= ns; i++)
		text(x + 20 + (i - 1) * (W - 40) / (ns - 1), y + H + 16, "middle", "small", size_name(sizes[i]))
	for (w = 1; w <= n; w++) {
		points = ""
		for (i = 1; i <= ns; i++) {
			v = f("speed", "boot", who[w], sizes[i], 1, metric)
			if (v == "" || v <= 0)
				continue
			at = x + 20 + (i - 1) * (W - 40) / (ns - 1)
			points = points sprintf("%.1f,%.1f ", at, log_y(y, v, low, high))
			printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n", at, log_y(y, v, low, high), colours[w]
		}
		printf "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>\n", points, colours[w]
	}
	legend(x, y + H + 38, labels, colours, n)
}

function bar(x, y, width, height, colour)
{
	printf "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n", x, y, width, height, colour
}

# Bars for each size in memory with few and with many pins.
function aged_panel(x, y, title, found,   configs, sizes, who, labels, colours, n, c, s, w, at, v, group, kib, wanted)
{
	split("60 pins,2000 pins", configs, ",")
	split("8 64 256", sizes, " ")
	n = split("walk pages lazy_contig", who, " ")
	split("blind walk,alloc_contig_pages(),lazy_contig", labels, ",")
	split("#888888 #d98c21 #1f6fb4", colours, " ")
	if (found) {
		text(x, y - 14, "start", "title", title)
		for (v = 0; v <= 100; v += 25) {
			line(x, y + H - v * H / 100, x + W, y + H - v * H / 100, v ? "grid" : "axis")
			text(x - 6, y + H - v * H / 100 + 4, "end", "small", v " %")
		}
	} else {
		log_scale(x, y, title, 0, 4)
	}
	group = W / 6
	for (c = 1; c <= 2; c++) {
		for (s = 1; s <= 3; s++) {
			at = x + ((c - 1) * 3 + s - 1) * group
			kib = sizes[s] * 1024
			text(at + group / 2, y + H + 16, "middle", "small", size_name(kib))
			for (w = 1; w <= n; w++) {
				wanted = f("yield", configs[c], who[w], kib, 1, "wanted")
				if (!wanted)
					continue
				v = f("yield", configs[c], who[w], kib, 1, found ? "count" : "median_ms")
				v = found ? y + H - v / wanted * H : log_y(y, v > 0 ? v : 1, 0, 4)
				bar(at + 8 + (w - 1) * (group - 16) / n, v, (group - 16) / n - 2, y + H - v, colours[w])
			}
		}
		text(x + (c - 0.5) * W / 2, y + H + 32, "middle", "small", configs[c])
	}
	line(x + W / 2, y, x + W / 2, y + H + 34, "grid")
	legend(x, y + H + 54, labels, colours, n)
}

# The distribution of the time that a still waits for its buffers.
function camera_panel(x, y, title,   percents, who, labels, colours, n, np, w, p, at, v, points)
{
	np = split("1 10 25 50 75 90 95 99 100", percents, " ")
	n = split("system walk cma lazy_contig reserve", who, " ")
	split("system heap,blind walk,CMA heap,lazy_contig,reserve", labels, ",")
	split("#888888 #9467bd #d98c21 #1f6fb4 #2ca02c", colours, " ")
	log_scale(x, y, title, -1, 5)
	for (p = 1; p <= np; p++)
		text(x + 20 + (p - 1) * (W - 40) / (np - 1), y + H + 16, "middle", "small", percents[p] " %")
	for (w = 1; w <= n; w++) {
		points = ""
		for (p = 1; p <= np; p++) {
			v = f("camera", "stills", who[w], 24576, 1, "still_ms_p" percents[p])
			if (v == "" || v <= 0)
				continue
			at = x + 20 + (p - 1) * (W - 40) / (np - 1)
			points = points sprintf("%.1f,%.1f ", at, log_y(y, v, -1, 5))
		}
		printf "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>\n", points, colours[w]
	}
	legend(x, y + H + 38, labels, colours, n)
}

END {
	W = 430
	H = 210
	speed = "speed,boot" in seen
	aged = ("yield,60 pins" in seen) || ("yield,2000 pins" in seen)
	camera = "camera,stills" in seen
	height = 20 + 330 * (speed + aged + camera)
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1080 %d\" font-family=\"sans-serif\">\n", height
	print "<style>.title{font-size:15px;font-weight:bold}.small{font-size:11px;fill:#444}" \
		".grid{stroke:#ddd}.axis{stroke:#444}</style>"
	printf "<rect width=\"1080\" height=\"%d\" fill=\"white\"/>\n", height
	if (speed) {
		size_panel(80, 50, "Allocate a buffer", "alloc_ms", -2, 3)
		size_panel(610, 50, "Map it and touch every page", "map_touch_ms", -2, 3)
	}
	if (aged) {
		aged_panel(80, 50 + speed * 340, "Aged memory: found, of what 80 % of it would hold", 1)
		aged_panel(610, 50 + speed * 340, "Aged memory: median time of a buffer", 0)
	}
	if (camera)
		camera_panel(80, 50 + (speed + aged) * 340, "A still's wait for 4 x 24 MiB, at most, of all stills")
	print "</svg>"
}
