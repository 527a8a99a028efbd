#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: tools: map shows all memory, the largest buffer, and the place of a request
# Promise: tools: explain shows what is in the way of a request
# Promise: tools: reserve shows and sets the reserve of each node
# Promise: security: no physical address without CAP_SYS_ADMIN: ioctl, sysfs, debugfs,
#   /proc, the command's output
#
# For root, in a virtual machine with the module loaded.
set -u

# shellcheck source=userspace/tests/vm_common.sh
. "${0%/*}/vm_common.sh"

# a buffer of whole pageblocks, which have the size of huge pages
block=$(cat /sys/kernel/mm/transparent_hugepage/hpage_pmd_size)
size=$((4 * block))

map()
{
	local pid addr

	hold lazy-contig alloc "$size" --hold --json
	pid=$!
	addr=$(jq .phys_addr "$tmp/held")
	gives 0 "map" lazy-contig map
	says '^Node 0 [A-Z][A-Za-z0-9]*: 0x[0-9a-f]+-0x[0-9a-f]+, [0-9]+ [KMG]iB, [0-9]+ [KMG]iB a cell, largest ' \
		"  has a line for a zone"
	says '^0x[0-9a-f]+ [ .a-zA-Z#?]+$' "  and rows of plain characters"
	says "(^|  )B buffer +$((size >> 20)) MiB" "  a legend with totals"
	says '^Largest buffer of node 0: [0-9]+ [MG]iB at 0x[0-9a-f]+; below 4 GiB: [0-9]+' \
		"  and the largest buffers"
	says '^Largest buffer of heap linux,cma: [0-9]+ [MG]iB at 0x' "  of each heap"
	gives 0 "  on at most a screen" test "$(wc -l <"$tmp/out")" -le 24
	gives 0 "map --json" lazy-contig map --json
	json "any(.blocks[]; .state == \"buffer\" and .phys_addr <= $addr and
		.phys_addr + .size >= $addr + $size)" "  shows the buffer"
	json '(.totals | add) == ([.blocks[].size] | add) and
		all(.largest[]; .zone != null or .size > 0)' "  the totals, and the largest buffers"
	json '[.heaps[].heap] == ["lazy_contig", "lazy_contig_dma32", "linux,cma", "reserved"]' \
		"  and those of each heap"
	gives 0 "map of a zone" lazy-contig map --zone "$(jq -r ".blocks[0].zone" "$tmp/out")" --json
	json '[.blocks[].zone] | unique | length == 1' "  shows no other"
	gives 3 "map of a zone that does not exist" lazy-contig map --zone none
	gives 0 "map of the buffer" lazy-contig map --node 0 --min-addr "$addr" \
		--max-addr $((addr + size - 1)) --json
	json ".totals.buffer == $size and (.blocks | length) == 1" "  shows nothing else"
	gives 4 "map --for where the buffer is" lazy-contig map --min-addr "$addr" \
		--max-addr $((addr + size - 1)) --for $((2 * block)) --json
	keys
	json "(.request.fits | not) and .request.blocking_bytes == $((2 * block)) and
		.request.blocking[0].state == \"buffer\"" "  says what is in the way"
	kill $pid
	wait $pid

	gives 0 "map --for" lazy-contig map --for "$size"
	says "^$((size >> 20)) MiB would be taken at 0x[0-9a-f]+ \(\*\), node 0 " "  says where"
	says '^0x[0-9a-f]+ .*\*' "  and marks it"
	gives 4 "map --for more than there is" lazy-contig map --for 1T
	says '^No place for 1 TiB: ' "  says so"
	gives 0 "map --for --heap --align" lazy-contig map --for 8M --heap lazy_contig_dma32 \
		--align 64M --json
	json '.request | .phys_addr % 67108864 == 0 and .phys_addr < 4294967296' \
		"  is where that heap and alignment allow it"
	gives 2 "map --align that is no power of two" lazy-contig map --align 3M
	gives 3 "map of another heap" lazy-contig map --heap system
	gives 0 "map --svg" lazy-contig map --svg "$tmp/svg"
	gives 0 "  writes an image" grep -q '^</svg>$' "$tmp/svg"
	gives 1 "map --svg to a full device" lazy-contig map --svg /dev/full
	gives 2 "map --svg --json" lazy-contig map --svg "$tmp/svg" --json
	gives 0 "map --watch --json" sh -c 'lazy-contig map --watch 1 --json | head -n 2'
	jq -es 'length == 2 and all(.[]; .blocks)' "$tmp/out" >/dev/null
	result $? "  prints an object each time"
	gives 3 "map of a node without memory" lazy-contig map --node 63
	gives 5 "map for an unprivileged user" as_nobody lazy-contig map
	gives 5 "map without CAP_SYS_ADMIN" setpriv --bounding-set=-sys_admin \
		--inh-caps=-sys_admin lazy-contig map
	says 'addresses are hidden' "  says why"
	gives 3 "map without debugfs" hidden 'umount /sys/kernel/debug' lazy-contig map
	says 'is debugfs mounted' "  says what is missing"
}

# A request for all of a zone up to a kept buffer, that included: no place, but much memory
in_the_way()
{
	local start kept blocks=$tmp/blocks failure=$tmp/failure

	start=$(lazy-contig map --json | jq '.blocks | group_by(.zone) |
		max_by([.[].size] | add)[0].phys_addr')
	gives 0 "a kept buffer" lazy-contig keep 2M --min-addr $((start + (256 << 20))) \
		--max-addr $((start + (384 << 20))) --json
	kept=$(jq .phys_addr "$tmp/out")
	gives 4 "alloc of what it is in the way of" lazy-contig alloc \
		$((kept + (2 << 20) - start)) --max-addr $((kept + (2 << 20) - 1))
	gives 0 "explain --json" lazy-contig explain --json
	keys
	json ".reason == \"fail_place\" and .request.size >= 268435456 and
		.max_addr == $((kept + (2 << 20) - 1)) and (.request.fits | not)" \
		"  says that a place is missing within the limits, not memory"
	gives 0 "free" lazy-contig keep free "$kept"

	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' address bytes node zone state cost idle \
		0x100000000 4194304 0 Normal free 0 0 0x100400000 2097152 0 Normal pinned 7 0 \
		0x100600000 4194304 0 Normal movable 700 0 >"$blocks"
	echo 'reason=fail_time size=8384512 node=0 attempts=2 busy=1 nomem=0' >"$failure"
	failure="mount --bind $failure /sys/class/misc/lazy_contig/last_failure"
	gives 0 "explain of memory with a pinned page" hidden "$failure &&
		mount --bind $blocks /sys/kernel/debug/lazy_contig/blocks" lazy-contig explain --json
	json '.request | (.fits | not) and .phys_addr == 4294967296 and .blocking ==
		[{ phys_addr: 4299161600, size: 2097152, state: "pinned" }]' "  names what blocks"
	gives 0 "the same as text" hidden "$failure &&
		mount --bind $blocks /sys/kernel/debug/lazy_contig/blocks" lazy-contig explain
	says '^No place for 8 MiB\. Least is in the way at 0x100[0-9a-f]*, node 0 Normal: 2 MiB$' \
		"  says where"
	says '^  0x100400000 2 MiB pinned$' "  and what"
	gives 0 "explain without debugfs" hidden "$failure && umount /sys/kernel/debug" \
		lazy-contig explain --json
	json '.reason == "fail_time" and (has("request") | not)' "  says the reason"
}

reserve()
{
	local file=/sys/class/misc/lazy_contig/reserve

	gives 0 "reserve" lazy-contig reserve
	says '^0 +0 bytes$' "  shows each node"
	gives 0 "reserve SIZE" lazy-contig reserve 15900K --json
	json '.nodes == [{ node: 0, reserve_bytes: 16777216 }]' "  sets it, in whole MiB"
	keys
	gives 0 "  as the file of the module has it" grep -qx '0 16' $file
	gives 0 "reserve --node" lazy-contig reserve 8M --node 0
	says '^0 +8 MiB$' "  lowers it"
	gives 4 "reserve of more than there is" lazy-contig reserve 1T
	says '^0 +8 MiB$' "  leaves it as it was"
	says 'lazy-contig: 8 MiB of 1 TiB are set aside' "  and says what is missing"
	gives 3 "reserve of a node without memory" lazy-contig reserve 8M --node 63
	gives 2 "reserve of an invalid size" lazy-contig reserve many
	gives 0 "reserve for an unprivileged user" as_nobody lazy-contig reserve
	gives 5 "reserve SIZE for an unprivileged user" as_nobody lazy-contig reserve 16M
	says "reserve: Permission denied" "  names the file"
	gives 0 "reserve 0" lazy-contig reserve 0
	gives 0 "  gives all back" grep -qx '0 0' $file
	gives 3 "reserve without the module" \
		hidden 'mount -t tmpfs none /sys/class' lazy-contig reserve
}

map
in_the_way
reserve
tap_done
