# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Functions of the tests of the command; sourced by them.

# shellcheck source=tests/tap/tap.sh
. "${BASH_SOURCE[0]%/*}/../../tests/tap/tap.sh"

manual=${BASH_SOURCE[0]%/*}/../man/lazy-contig.1
tmp=$(mktemp -d)
chmod 0755 "$tmp"
trap 'rm -rf "$tmp"' EXIT

# result STATUS DESCRIPTION: passes if the status is 0; else prints the output of the
# last command
result()
{
	ok "$1" "$2"
	[ "$1" -eq 0 ] || cat "$tmp/out" "$tmp/err" | diag
}

# gives CODE DESCRIPTION COMMAND...: passes if the command exits with the code; its
# output is in $tmp/out and $tmp/err
gives()
{
	local want=$1 what=$2 got=0

	shift 2
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null || got=$?
	[ "$got" -eq "$want" ] || echo "exit code $got, not $want" >>"$tmp/err"
	result $((got != want)) "$what"
}

# json FILTER DESCRIPTION: passes if the jq filter is true for the last output
json()
{
	jq -e "$1" "$tmp/out" >/dev/null 2>>"$tmp/err"
	result $? "$2"
}

# says REGEX DESCRIPTION: passes if a line of the last output or error matches
says()
{
	grep -qsE -- "$1" "$tmp/out" "$tmp/err"
	result $? "$2"
}

# hold COMMAND...: run a command that holds a buffer in the background, as $!, and wait
# until it has printed to $tmp/held
hold()
{
	: >"$tmp/held"
	"$@" >"$tmp/held" &
	await test -s "$tmp/held"
}

# keys: passes if every key of the last output, JSON, is in the manual
keys()
{
	local missing

	[ -e "$tmp/manual" ] ||
		grep -E '^\.(TP|BR?) ' "$manual" | grep -oE '\w+' | sort -u >"$tmp/manual"
	missing=$(jq -r '[paths[] | strings] | unique[]' "$tmp/out" |
		grep -vxFf "$tmp/manual" | paste -sd' ')
	[ -z "$missing" ] || echo "not in lazy-contig(1): $missing" >>"$tmp/err"
	[ -z "$missing" ]
	result $? "  with keys that the manual has"
}

# await COMMAND...: waits until the command succeeds, at most 200 seconds
await()
{
	local end=$((SECONDS + 200))

	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		read -r -t 0.05 <>"$tmp/never" || :
	done
}
mkfifo "$tmp/never"

# hidden HIDE COMMAND...: runs the command in a mount namespace, after the command HIDE
hidden()
{
	local hide=$1

	shift
	unshare -m sh -c "$hide"' && exec "$@"' sh "$@"
}

as_nobody()
{
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
