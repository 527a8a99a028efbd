# Reads rows of CSV; f() gives a figure, the median over all runs.
# To be used with another -f that has an END rule.
#
#   suite,config,run,allocator,size_kib,threads,metric,value

BEGIN { FS = "," }

$1 == "csv" { sub(/^csv,/, "") }
$1 == "suite" || NF != 8 { next }

{
	key = $1 "," $2 "," $4 "," $5 "," $6 "," $7
	values[key] = values[key] " " $8
	seen[$1 "," $2] = 1
	allocators[$1 "," $4] = 1
}

function median(text,   n, v, i, j, t)
{
	n = split(text, v, " ")
	for (i = 2; i <= n; i++) {
		t = v[i] + 0
		for (j = i - 1; j >= 1 && v[j] + 0 > t; j--)
			v[j + 1] = v[j]
		v[j + 1] = t
	}
	return n ? (v[int((n + 1) / 2)] + v[int(n / 2) + 1]) / 2 : ""
}

# The figure, or "" if there is none.
function f(suite, config, allocator, kib, threads, metric)
{
	return median(values[suite "," config "," allocator "," kib "," threads "," metric])
}

function ratio(a, b)
{
	return a == "" || b == "" || b == 0 ? "" : a / b
}

function size_name(kib)
{
	return kib >= 1048576 ? kib / 1048576 " GiB" : kib >= 1024 ? kib / 1024 " MiB" : kib " KiB"
}

# Three significant digits, or a dash.
function short(x)
{
	if (x == "")
		return "-"
	return x >= 100 ? sprintf("%.0f", x) : x >= 10 ? sprintf("%.1f", x) : \
		x >= 1 ? sprintf("%.2f", x) : sprintf("%.3f", x)
}
