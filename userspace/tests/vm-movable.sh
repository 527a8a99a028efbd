#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: tools: movable: memory blocks change their zone and back, without a loss; those
#   that cannot are left out; it refuses more than a half, and can be interrupted
# Promise: tools: status shows reserve, movable memory, users and pool
#
# For root, in a virtual machine with the module loaded, of which memory can go offline.
set -u

# shellcheck source=userspace/tests/vm_common.sh
. "${0%/*}/vm_common.sh"

memory=/sys/devices/system/memory
size=$((0x$(cat $memory/block_size_bytes)))

# zone ADDRESS: the zone of the block with this address
zone()
{
	cat "$memory/memory$(($1 / size))/valid_zones"
}

# numbers STATE ZONES: the blocks in this state, in one of these zones, as sysfs has it
numbers()
{
	local block state zones

	for block in "$memory"/memory[0-9]*; do
		read -r state <"$block/state"
		read -r zones <"$block/valid_zones"
		if [ "$state" = "$1" ] && [[ $zones =~ ^($2)$ ]]; then
			echo "${block##*/memory}"
		fi
	done
}

# The bytes of online blocks in ZONE_MOVABLE.
movable()
{
	echo $(($(numbers online Movable | wc -l) * size))
}

# highest ZONES: the address of the highest block in one of these zones, but those that stay
highest()
{
	numbers online "$1" | jq -s --slurpfile stay "$tmp/stay" "map(. * $size) - \$stay[0] | max"
}

offline()
{
	grep -lx offline "$memory"/memory*/state | wc -l
}

address()
{
	jq .phys_addr "$tmp/held"
}

# holds WHAT CONDITION...: passes if the condition, as of test(1), is true
holds()
{
	local what=$1

	shift
	echo "$*" >>"$tmp/err"
	test "$@"
	result $? "$what"
}

# back WHAT: gives all back but the blocks that the kernel does not let go offline
back()
{
	local before code=0 at rest

	before=$(movable)
	lazy-contig movable 0 --json >"$tmp/out" 2>"$tmp/err" || code=$?
	rest=$(jq '.skipped | length' "$tmp/out")
	holds "$1" "$(movable) $(offline) $code" = "$((rest * size)) 0 $((rest ? 4 : 0))"
	if [ -e "$tmp/stay" ]; then
		json "[.skipped[].phys_addr] - $(cat "$tmp/stay") == []" "  all that came and went"
		return
	fi
	json ".changed_bytes == $before - $rest * $size" "  says how much"
	jq -c '[.skipped[].phys_addr]' "$tmp/out" >"$tmp/stay"
	for at in $(jq '.[]' "$tmp/stay"); do
		gives 1 "  the kernel does not empty $(printf '%#x' "$at")" timeout 60 sh -c \
			"echo offline >$memory/memory$((at / size))/state"
	done
}

# hold_in START: hold a buffer in the block at this address, as hold
hold_in()
{
	hold lazy-contig alloc 8M --min-addr "$1" --max-addr $(($1 + size - 1)) --fill offset \
		--hold --json
}

refusals()
{
	local before

	before=$(movable)
	gives 0 "movable" lazy-contig movable
	says '^NODE +MOVABLE +KERNEL$' "  shows the nodes"
	gives 0 "movable --json" lazy-contig movable --json
	json "([.nodes[].movable_bytes] | add) == $before and .memory_block_size == $size and
		(has(\"skipped\") | not)" "  shows what there is"
	keys
	gives 5 "movable 1G for an unprivileged user" as_nobody lazy-contig movable 1G
	gives 4 "movable of more than a half" lazy-contig movable 100G
	says 'refused: at most .* of this machine' "  says the limit"
	gives 2 "movable of an invalid size" lazy-contig movable many
	gives 3 "movable on a node that does not exist" lazy-contig movable 1G --node 63
	gives 1 "movable without memory hotplug" unshare -m sh -c \
		"mount -t tmpfs none $memory && lazy-contig movable 1G"
	says 'CONFIG_MEMORY_HOTREMOVE' "  says what is missing"
	gives 0 "movable of what there is" lazy-contig movable "$before" --json
	json '.changed_bytes == 0' "  changes nothing"
	holds "nothing has changed" "$(movable)" = "$before"
}

# A process with memory whose every page has contents of its own, which it compares after it
# has read a line.
neighbour()
{
	exec python3 -c 'if True:
		import os
		rest = os.urandom(4088)
		data = bytearray(bytes(8) + rest) * 65536
		places = range(0, len(data), 4096)
		for at in places:
			data[at:at + 8] = at.to_bytes(8, "little")
		print("ready", flush=True)
		input()
		print(all(data[at:at + 4096] == at.to_bytes(8, "little") + rest for at in places),
			flush=True)'
}

# A buffer in a kernel zone stays, what other processes have too.
sizes()
{
	local at pid start answer

	coproc other { neighbour; }
	read -r answer <&"${other[0]}"
	start=$(highest 'DMA32|Normal')
	hold_in "$start"
	pid=$!
	gives 0 "movable 1G" lazy-contig movable 1G --json
	json "([.nodes[].movable_bytes] | add) == $(movable) and .changed_bytes > 0" \
		"  says what there is"
	keys
	holds "  1 GiB of blocks is in ZONE_MOVABLE, none is offline" \
		"$(movable) $(offline)" = "$((1 << 30)) 0"
	holds "  not that with a buffer, the next to ZONE_MOVABLE" "$(zone "$start")" != Movable
	echo >&"${other[1]}"
	read -r answer <&"${other[0]}"
	holds "  memory of another process has its contents" "$answer" = True
	kill $pid
	wait

	gives 0 "alloc 256M" lazy-contig alloc 256M --check zero --json
	at=$(jq .phys_addr "$tmp/out")
	holds "  lies in the blocks that were changed" \
		"$(zone "$at") $(zone $((at + (256 << 20) - 1)))" = "Movable Movable"
}

# A buffer in ZONE_MOVABLE keeps its block there.
kept_there()
{
	local at pid

	hold_in "$(highest Movable)"
	pid=$!
	at=$(address)
	gives 4 "movable 0 with a buffer" lazy-contig movable 0 --json
	says "^lazy-contig: memory .* stays in its zone: it holds pages that cannot be moved" \
		"  says why not all is given back"
	json "[.skipped[].phys_addr] | index($((at / size * size))) != null" \
		"  and that it is the block of the buffer"
	holds "  which is where it was" "$(zone "$at") $(offline)" = "Movable 0"
	kill $pid
	wait $pid
	back "movable 0 afterwards"
}

# Without debugfs, blocks are tried that turn out to have a buffer.
blind()
{
	local pid start

	start=$(highest 'DMA32|Normal')
	hold_in "$start"
	pid=$!
	gives 0 "movable without debugfs" unshare -m sh -c \
		"umount /sys/kernel/debug && lazy-contig movable 512M --json"
	json "[.skipped[] | select(.error == \"Device or resource busy\") | .phys_addr] |
		index($start) != null" "  tries the highest block, in vain"
	holds "  leaves it" "$(zone "$start")" != Movable
	holds "  and takes others" "$(movable) $(offline)" = "$((512 << 20)) 0"
	kill $pid
	wait $pid
}

# The writes: to pool_drop, then two for each block.
interrupted()
{
	local before code=0

	before=$(movable)
	strace -o "$tmp/trace" -e trace=write -e inject=write:signal=SIGINT:when=4 \
		lazy-contig movable 1G --json >"$tmp/out" 2>"$tmp/err" || code=$?
	holds "SIGINT ends movable" $code = 130
	says interrupted "  which says so"
	json ".changed_bytes == $size and .skipped == []" "  and prints what was changed"
	holds "  the block that was being emptied is as before" \
		"$(movable) $(offline)" = "$((before + size)) 0"
	gives 0 "a block that is not empty in time" strace -o "$tmp/trace" -e trace=write \
		-e inject=write:signal=SIGALRM:when=2 lazy-contig movable 1G --json
	json '[.skipped[].error] | index("Connection timed out") == 0' "  is left out"
	holds "  and others are taken" "$(movable) $(offline)" = "$((1 << 30)) 0"
}

status()
{
	local pid

	hold lazy-contig alloc 4M --hold --json
	pid=$!
	lazy-contig keep 2M --json >"$tmp/held"
	echo "0 64" >/sys/class/misc/lazy_contig/reserve
	gives 0 "status --json" lazy-contig status --json
	json '.nodes[0].reserve_bytes == 67108864' "  has the reserve"
	json ".nodes[0] | .usable_bytes > 256 * 1048576 and .usable_bytes <= $(movable) + $size and
		.largest_bytes > 64 * 1048576" "  has the movable memory"
	json ".users == [{ pid: $pid, command: \"lazy-contig\", count: 1, bytes: 4194304 }]" \
		"  has the users"
	json '.no_process == { count: 1, bytes: 2097152 } and .count == 2 and .bytes == 6291456 and
		.complete and .pool_bytes >= 0' "  has the buffers without one, and the sums"
	keys
	gives 0 "status" lazy-contig status
	says '^0 +64 MiB +[0-9]' "  shows the node"
	says "^4 MiB +1 +$pid lazy-contig$" "  shows the user"
	says "^6 MiB +2 +all" "  shows the sum"
	gives 0 "status for an unprivileged user" as_nobody lazy-contig status --json
	json '.nodes[0].usable_bytes == null and .users == [] and (.complete | not)' \
		"  hides what others have"
	kill $pid
	wait $pid
	lazy-contig keep free "$(address)"
	echo "0 0" >/sys/class/misc/lazy_contig/reserve
}

refusals
back "movable 0"
sizes
kept_there
blind
interrupted
status
back "movable 0 at the end"
tap_done
