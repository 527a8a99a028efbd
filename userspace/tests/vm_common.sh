# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the tests of the command share; sourced.

# shellcheck source=tests/tap/tap.sh
. "${BASH_SOURCE[0]%/*}/../../tests/tap/tap.sh"

tmp=$(mktemp -d)
chmod 0755 "$tmp"
trap 'rm -rf "$tmp"' EXIT

# result STATUS DESCRIPTION: 0 is a pass; else what the command said is shown
result()
{
	ok "$1" "$2"
	[ "$1" -eq 0 ] || cat "$tmp/out" "$tmp/err" | diag
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
