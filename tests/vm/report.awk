# Judge one run:
#   awk -v run=NAME -v dir=DIR -f report.awk kernel=1 console.log kernel=0 results
#
# Prints one line a failure or skip, and last "total PASSED FAILED SKIPPED".
# A kernel message that should not be is a failure of the test it came in.

function fail(test, why, file)
{
	printf "FAIL %s %s: %s (%s/%s)\n", run, test, why, dir, file
	failed++
}

function finish(status)
{
	if (status == 124 || status == 137)
		fail(test, "timed out or killed", "results")
	else if (status != 0)
		fail(test, "exit status " status, "results")
	if (planned < 0)
		fail(test, "no TAP plan", "results")
	else if (planned != seen)
		fail(test, "planned " planned " tests, ran " seen, "results")
	test = ""
}

BEGIN {
	bad = "WARNING:|BUG:|BUG |Oops|cut here|Kernel panic|general protection|" \
		"unable to handle|still in use|blocked for more than|[Ss]oft lockup|" \
		"rcu: INFO|detected.*stall|possible .*deadlock|inconsistent lock|" \
		"suspicious RCU|bad unlock|KASAN|KCSAN|KFENCE|UBSAN|suspected memory leak|" \
		"unreferenced object|Bad page|bad page|page allocation failure|" \
		"oom-killer|Out of memory|refcount_t|corruption|segfault|" \
		"scheduling while atomic|sleeping function|Call Trace|held lock|" \
		"imbalance|trap invalid|traps:|already freed|nobody cared|" \
		"DMA-API: .*(error|disabl|out of memory)|ODEBUG:"
	# what the stock kernels say of the virtual machine itself
	fine = "ommand line:|Spectre|RETBleed|MDS CPU|MMIO Stale|TAA CPU|x2apic"
	during = "boot"
}

{ sub(/\r$/, "") }

# a crash on purpose is loud until the next kernel begins
kernel && /lc-test: crash/ { crashing = 1; next }
kernel && /Linux version/ { crashing = 0 }
kernel && crashing { next }
kernel && /lc-test: begin / { sub(/.*begin /, ""); during = $0; told = 0; next }
kernel && /lc-test: end / { told = 0; next }
# stock kernels' vivid looks at the clock twice, and may find that it should have slept for
# less than nothing; the lines of that follow each other
kernel && /schedule_timeout: wrong timeout value/ { timeout = NR }
kernel && /Comm: vivid-/ && NR == timeout + 1 { vivid = NR }
kernel && /Call Trace/ && vivid && NR == vivid + 2 { next }
kernel && !told && $0 ~ bad && $0 !~ fine {
	fail(during, "kernel: " $0, "console.log")
	# one report is enough: the rest of it follows in the log
	told = 1
}
kernel { next }

/^@@ begin / { test = $3; planned = -1; seen = 0; next }
/^@@ end / { finish($4 + 0); next }
/^@@ abort / { sub(/^@@ abort /, ""); fail("boot", $0, "results"); aborted = 1; next }
/^@@ done/ { complete = 1; next }
test == "" { next }
/^1\.\.[0-9]+/ {
	count = substr($1, 4) + 0
	planned = planned < 0 ? count : planned + count
	if (count == 0) {
		printf "SKIP %s %s: %s\n", run, test, $0
		skipped++
	}
}
/^not ok( |$)/ { seen++; fail(test, $0, "results") }
/^ok( |$)/ {
	seen++
	if (match($0, /# *[Ss][Kk][Ii][Pp]/)) {
		printf "SKIP %s %s: %s\n", run, test, $0
		skipped++
	} else {
		passed++
	}
}

END {
	if (test != "")
		fail(test, "did not end: the machine died or the time was up", "console.log")
	else if (!complete && !aborted)
		fail("boot", "the machine died or the time was up", "console.log")
	printf "total %d %d %d\n", passed, failed, skipped
}
