# shellcheck shell=sh
# Test Anything Protocol for shell scripts, as tap.h is for C programs. Sourced.
tap_count=0
tap_failed=0

# ok STATUS WHAT: one line of result; a STATUS of 0 is a pass
ok()
{
	tap_count=$((tap_count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tap_count - $2"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_count - $2"
	fi
}

# is GOT WANT WHAT: the same for a string that has one right value, printed if wrong
is()
{
	if [ "$1" = "$2" ]; then
		ok 0 "$3"
	else
		ok 1 "$3"
		printf '%s\n' "$1" | diag
	fi
}

# skip WHAT REASON: a result that this machine cannot give
skip()
{
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# skip_all REASON: the plan of a script that this machine cannot run
skip_all()
{
	echo "1..0 # SKIP $1"
}

# diag: passes standard input on to the reader of the log
diag()
{
	sed 's/^/# /'
}

# The last command of a script: prints the plan, fails if a check has failed.
tap_done()
{
	echo "1..$tap_count"
	[ "$tap_failed" = 0 ]
}
