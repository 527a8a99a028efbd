#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: tools: a file is loaded into a buffer, and a kept buffer saved to a file, by one
#   command; with --pinnable by direct I/O
#
# For root, in a virtual machine with the module loaded.
set -u

# shellcheck source=userspace/tests/vm_common.sh
. "${0%/*}/vm_common.sh"

page=$(getconf PAGESIZE)
odd=$((5 * 1048576 + 777))

addr()
{
	jq -r .phys_addr "$tmp/out"
}

buffers()
{
	lazy-contig list --json | jq .count
}

# file NAME LENGTH: makes a file of random bytes
file()
{
	head -c "$2" /dev/urandom >"$tmp/$1"
}

# holds FILE LENGTH BYTE: the file begins with that of $tmp/odd, and has BYTE from there on
holds()
{
	[ "$(stat -c %s "$1")" = "$2" ] && cmp -n $odd "$tmp/odd" "$1" &&
		[ "$(tail -c +$((odd + 1)) "$1" | tr -d "$3" | wc -c)" = 0 ]
}

sizes()
{
	local at pages=$(((odd + page - 1) / page * page))

	gives 0 "keep --load, without SIZE" lazy-contig keep --load "$tmp/odd" --name image --json
	json ".size == $pages and .loaded_bytes == $odd" "  has the size of the file, in pages"
	keys
	at=$(addr)
	gives 0 "keep open --save" lazy-contig keep open "$at" --save "$tmp/saved" --json
	json ".saved_bytes == $pages" "  saves all"
	keys
	gives 0 "  the bytes of the file, then zeros" holds "$tmp/saved" $pages '\0'
	gives 0 "  for its owner only" test "$(stat -c %a "$tmp/saved")" = 600
	gives 0 "free" lazy-contig keep free "$at"

	gives 0 "keep --fill --load" lazy-contig keep 8M --fill 0x41 --load "$tmp/odd" --json
	at=$(addr)
	gives 0 "  save over a longer file" lazy-contig keep open "$at" --save "$tmp/longer"
	gives 0 "  has the file, and the rest as it was" holds "$tmp/longer" 8388608 A
	gives 0 "keep open --load" lazy-contig keep open "$at" --fill 0x42 --load "$tmp/odd" \
		--save "$tmp/saved"
	gives 0 "  comes between --fill and --save" holds "$tmp/saved" 8388608 B
	gives 1 "keep open --load of a file that is too long" \
		lazy-contig keep open "$at" --load "$tmp/longest"
	says "^lazy-contig: --load $tmp/longest: does not fit into a buffer of 8 MiB" \
		"  names option, file and buffer"
	gives 0 "  saved" lazy-contig keep open "$at" --save "$tmp/saved"
	gives 0 "  leaves the buffer as it was" holds "$tmp/saved" 8388608 B
	gives 0 "free" lazy-contig keep free "$at"

	gives 0 "alloc --load" lazy-contig alloc --load "$tmp/odd" --json
	json ".size == $pages and .loaded_bytes == $odd" "  has the size of the file too"
	file page "$page"
	gives 0 "alloc --load of what fits exactly" lazy-contig alloc 1 --load "$tmp/page" --json
	json ".size == $page and .loaded_bytes == $page" "  after rounding"
	file more $((page + 1))
	gives 1 "alloc --load of one byte more" lazy-contig alloc 1 --load "$tmp/more"
	gives 1 "keep --load of a file that is too long" lazy-contig keep 4M --load "$tmp/odd"
	gives 0 "  keeps no buffer" test "$(buffers)" = 0
	: >"$tmp/empty"
	gives 2 "alloc --load of an empty file, without SIZE" lazy-contig alloc --load "$tmp/empty"
	says 'no bytes to load, SIZE is needed' "  says so"
	gives 0 "alloc --load of an empty file" lazy-contig alloc 1M --load "$tmp/empty" --check 0 --json
	json '.loaded_bytes == 0' "  loads nothing"
	gives 2 "alloc without SIZE and --load" lazy-contig alloc
	gives 2 "keep without SIZE and --load" lazy-contig keep
}

# from FILE COMMAND...: with the file as standard input, through a pipe
from()
{
	local input=$1

	shift
	cat <"$input" | "$@"
}

stdin()
{
	local at

	gives 0 "keep --load -" from "$tmp/odd" lazy-contig keep 8M --load - --json
	json ".loaded_bytes == $odd" "  loads a pipe"
	at=$(addr)
	gives 0 "  saved" lazy-contig keep open "$at" --save "$tmp/saved"
	gives 0 "  it has the same bytes" holds "$tmp/saved" 8388608 '\0'
	gives 0 "free" lazy-contig keep free "$at"
	gives 0 "alloc --load - from a file" sh -c \
		"lazy-contig alloc --load - --json <'$tmp/odd'"
	json ".loaded_bytes == $odd" "  needs no SIZE"
	gives 1 "alloc --load of a pipe that is too long" from "$tmp/odd" lazy-contig alloc 1M --load -
	says '^lazy-contig: --load -: does not fit into a buffer of 1 MiB' "  says so"
	gives 1 "keep --load of such a pipe" from "$tmp/odd" lazy-contig keep 1M --load - --json
	json '.phys_addr > 0 and (has("loaded_bytes") | not)' "  prints the address"
	gives 0 "  of a buffer that stays" lazy-contig keep free "$(addr)"
	gives 2 "alloc --load of a pipe without SIZE" from "$tmp/odd" lazy-contig alloc --load -
	says 'SIZE is needed' "  asks for it"
}

errors()
{
	local at

	gives 3 "load of a file that does not exist" lazy-contig alloc 1M --load "$tmp/none"
	says "^lazy-contig: --load $tmp/none: No such file" "  names option and file"
	gives 1 "load of a folder" lazy-contig alloc 1M --load "$tmp"
	gives 5 "load without permission" as_nobody lazy-contig alloc 1M --load "$tmp/secret"
	says "^lazy-contig: --load $tmp/secret: Permission denied" "  names option and file"
	gives 0 "  allocates nothing" test "$(buffers)" = 0

	lazy-contig keep 8M --fill 0x43 --json >"$tmp/out"
	at=$(addr)
	gives 3 "save to a folder that does not exist" \
		lazy-contig keep open "$at" --save "$tmp/none/file"
	says "^lazy-contig: --save $tmp/none/file: No such file" "  names option and file"
	mkdir "$tmp/small"
	mount -t tmpfs -o size=1m none "$tmp/small"
	gives 1 "save to a full file system" \
		lazy-contig keep open "$at" --save "$tmp/small/file" --json
	says "^lazy-contig: --save $tmp/small/file: No space left" "  names option and file"
	json 'has("saved_bytes") | not' "  claims nothing to be saved"
	umount "$tmp/small"
	cp "$tmp/odd" "$tmp/saved"
	gives 6 "save after a check that fails" \
		lazy-contig keep open "$at" --check 0x44 --save "$tmp/saved"
	gives 0 "  leaves the file as it was" cmp "$tmp/odd" "$tmp/saved"
	gives 0 "free" lazy-contig keep free "$at"
}

# traced CALL COMMAND...: runs a command that succeeds; its calls of that name are in $tmp/trace
traced()
{
	local call=$1

	shift
	gives 0 "$*" strace -o "$tmp/trace" -e trace="$call" "$@"
}

# calls REGEX DESCRIPTION: passes if a call matches
calls()
{
	cat "$tmp/trace" >>"$tmp/err"
	grep -qE "$1" "$tmp/trace"
	result $? "$2"
}

# Only direct I/O uses these calls; it needs a disk.
direct()
{
	local at disk=$tmp/disk pages=$(((odd + page - 1) / page * page))

	if [ "${LC_PLAN-}" != userspace ]; then
		skip "direct I/O" "it needs the disk of plan userspace"
		return
	fi
	mkdir "$disk"
	mkfs.ext4 -q -b 4096 -E nodiscard /dev/vda 64M
	mount /dev/vda "$disk"
	cp "$tmp/odd" "$disk/image"
	traced pread64 lazy-contig alloc --load "$disk/image"
	calls '= -1 EFAULT' "  copies, since the buffer cannot be pinned"
	traced pread64 lazy-contig alloc --load "$disk/image" --pinnable
	calls "= $((odd / 4096 * 4096))\$" "  reads all but the tail directly"
	traced pread64 lazy-contig keep --load "$disk/image" --pinnable --json
	calls "= $((odd / 4096 * 4096))\$" "  and so does keep"
	json ".loaded_bytes == $odd" "  all of the file"
	at=$(addr)
	traced pwrite64 lazy-contig keep open "$at" --save "$disk/saved"
	calls "= $pages\$" "  writes directly"
	gives 0 "  the bytes of the file, then zeros" holds "$disk/saved" $pages '\0'
	gives 0 "free" lazy-contig keep free "$at"
	umount "$disk"
}

# The first block of the file is loaded, then a second passes, then the rest is.
progress()
{
	mkfifo "$tmp/slow"
	{
		head -c 16M /dev/zero
		sleep 1
		head -c 1M /dev/zero
	} >"$tmp/slow" &
	gives 0 "load for a second, on a terminal" script -qec \
		"lazy-contig alloc 32M --load $tmp/slow" /dev/null
	says "--load $tmp/slow: 17 MiB" "  shows progress"
	says '^loaded_bytes +17825792' "  prints the result"
	kill $! 2>/dev/null
	wait
}

file odd $odd
file longer $((9 * 1048576))
file longest $((8 * 1048576 + 1))
file secret 100
chmod 0600 "$tmp/secret"
sizes
stdin
errors
direct
progress
tap_done
