#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Runs the tests of userspace that do not need the module: the programs given as
# arguments, and the shell tests in this directory. Prints the number of checks at
# the end; fails if a check failed or a test did not complete its plan.
#
# Environment: O, the build directory; CC.
set -eu

here=$(dirname "$0")
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0 failed=0 skipped=0

for test in "$@" "$here"/host-*.sh; do
	echo "# $(basename "$test")"
	status=0
	"$test" >"$log" 2>&1 || status=$?
	cat "$log"
	p=$(grep -c '^ok ' "$log") || true
	s=$(grep -c '^ok .* # SKIP' "$log") || true
	f=$(grep -c '^not ok ' "$log") || true
	plan=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' "$log")
	if [ "$plan" != $((p + f)) ]; then
		echo "not ok - $(basename "$test"): $((p + f)) checks, the plan says '$plan'"
		f=$((f + 1))
	elif [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then
		echo "not ok - $(basename "$test"): exit status $status"
		f=1
	fi
	passed=$((passed + p - s)) failed=$((failed + f)) skipped=$((skipped + s))
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
