# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the tests of the command share; sourced.

tmp=$(mktemp -d)
chmod 0755 "$tmp"
n=0
trap 'rm -rf "$tmp"' EXIT

# result STATUS DESCRIPTION: 0 is a pass; else what the command said is shown
result()
{
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		sed 's/^/# /' "$tmp/out" "$tmp/err"
	fi
}

# gives CODE DESCRIPTION COMMAND...: runs it, output in $tmp/out and $tmp/err
gives()
{
	local want=$1 what=$2 got=0

	shift 2
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null || got=$?
	[ "$got" -eq "$want" ] || echo "exit code $got, not $want" >>"$tmp/err"
	result $((got != want)) "$what"
}

# json FILTER DESCRIPTION: what the last command printed is true of the filter
json()
{
	jq -e "$1" "$tmp/out" >/dev/null 2>>"$tmp/err"
	result $? "$2"
}

# says REGEX DESCRIPTION: the last command printed it, anywhere
says()
{
	cat "$tmp/out" "$tmp/err" | grep -qE -- "$1"
	result $? "$2"
}

# await COMMAND...: until it succeeds, or 200 seconds
await()
{
	local end=$((SECONDS + 200))

	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		read -r -t 0.05 <>"$tmp/never" || :
	done
}
mkfifo "$tmp/never"

as_nobody()
{
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
