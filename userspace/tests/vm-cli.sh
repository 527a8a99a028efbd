#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: tools: every command, its JSON and its exit codes
# Promise: tools: list shows live buffers with owner, name and importers
# Promise: tools: stat and explain report counters, causes and remedies
#
# For root, in a virtual machine with the module loaded.
set -u

heap=/dev/dma_heap/lazy_contig
# shellcheck source=userspace/tests/vm_common.sh
. "${0%/*}/vm_common.sh"

page=$(getconf PAGESIZE)

live_buffers()
{
	lazy-contig list --json 2>/dev/null | jq .count
}

general()
{
	local command

	gives 2 "no command" lazy-contig
	gives 2 "an unknown command" lazy-contig nonsense
	gives 2 "a mistyped command" lazy-contig allco 4M
	says "unknown command 'allco', did you mean 'alloc'" "  has a suggestion"
	gives 2 "an option before the command" lazy-contig --json list
	says "'--json' comes before a command, options come after it" "  says where options stand"
	gives 0 "--version" lazy-contig --version
	says '^lazy-contig [0-9]' "  says the version"
	gives 0 "-V" lazy-contig -V
	gives 0 "--help" lazy-contig --help
	gives 0 "-h" lazy-contig -h
	says '^  keep free ' "  lists the commands"
	for command in alloc list status stat map reserve movable query send receive probe keep "keep list" \
		"keep show" "keep open" "keep resize" "keep free" kdump explain doctor; do
		# shellcheck disable=SC2086 # one or two words
		gives 0 "$command --help" lazy-contig $command --help
		says "^Usage: lazy-contig $command" "  shows how to use it"
		# shellcheck disable=SC2086
		gives 2 "$command --nonsense" lazy-contig $command --nonsense
		says "Try 'lazy-contig $command --help'" "  refers to --help"
	done
	gives 0 "help after what is wrong" lazy-contig alloc --nonsense -h
	gives 0 "help of a command" lazy-contig help keep resize
	says '^Usage: lazy-contig keep resize ADDRESS SIZE' "  shows how to use it"
	gives 2 "help of an unknown command" lazy-contig help nonsense
	gives 2 "help of a mistyped command of two words" lazy-contig help keep lst
	says "unknown command 'keep lst', did you mean 'keep list'" "  has a suggestion"
	gives 1 "the help of alloc names no option of another command" \
		sh -c 'lazy-contig alloc --help | grep -e --save'
	gives 1 "output to a full device" sh -c 'lazy-contig --help >/dev/full'
}

alloc()
{
	gives 0 "alloc" lazy-contig alloc 4M
	says '^size +4 MiB$' "  shows the size"
	says '^phys_addr +0x[0-9a-f]+$' "  shows the address"
	gives 0 "alloc --json" lazy-contig alloc $((page + 1)) --json
	json ".size == $((2 * page)) and .heap == \"lazy_contig\" and .node == 0 and .alloc_ms > 0" \
		"  in whole pages"
	json ".phys_addr > 0 and .phys_addr % $page == 0" "  with its address"
	gives 0 "alloc --check finds zeros" lazy-contig alloc 4M --check zero --json
	json '.contents_ok' "  and says so"
	gives 6 "alloc --check finds nothing else" lazy-contig alloc 4M --check 1 --json
	json '.contents_ok == false and .wrong_at == 0' "  and says so"
	keys
	for pattern in zero offset 0x5a 255; do
		gives 0 "alloc --fill $pattern" lazy-contig alloc 16M --fill $pattern --json
		json '.contents_ok' "  is read back"
	done
	gives 0 "alloc --align --max-addr --node" \
		lazy-contig alloc 1M --align 16M --max-addr 2G --node 0 --name low --json
	json '.phys_addr % 16777216 == 0 and .phys_addr < 2147483648 and .name == "low"' \
		"  are obeyed"
	gives 2 "alloc with an alignment that is no power of two" lazy-contig alloc 1M --align 3
	says "--align: '3' is not a power of two" "  says so"
	gives 2 "alloc between addresses in the wrong order" \
		lazy-contig alloc 1M --min-addr 2G --max-addr 1G
	gives 4 "alloc where there is no memory" lazy-contig alloc 1M --max-addr 4K
	gives 1 "alloc on a node that is not online" lazy-contig alloc 1M --node 63
	gives 2 "alloc with a constraint and a heap" lazy-contig alloc 1M --node 0 --heap system
	gives 2 "alloc --pinnable with a heap" lazy-contig alloc 1M --pinnable --heap system
	says '--heap excludes .* --pinnable' "  names the options"
	gives 0 "alloc --pinnable" lazy-contig alloc 1M --pinnable --max-addr 2G --json
	json '.phys_addr < 2147483648 and .heap == "lazy_contig"' "  with a constraint"
	gives 2 "alloc with an address that is too large" lazy-contig alloc 1M --max-addr 16777216T
	says "--max-addr: '16777216T' is too large" "  names the option"
	gives 0 "alloc from lazy_contig_dma32" \
		lazy-contig alloc 4M --heap lazy_contig_dma32 --json
	json '.heap == "lazy_contig_dma32" and .phys_addr + .size <= 4294967296' \
		"  is below 4 GiB"
	gives 0 "alloc from a path" lazy-contig alloc 4M --heap $heap
	gives 0 "alloc from a further heap" lazy-contig alloc 4M --heap linux,cma --json
	json '.heap == "linux,cma" and .phys_addr > 0' "  has its name"
	if [ -e /dev/dma_heap/system ]; then
		gives 0 "alloc from the system heap" \
			lazy-contig alloc 4M --heap system --check zero --fill offset --json
		json '.heap == "system" and (has("phys_addr") | not)' "  has no address"
	else
		gives 3 "alloc from the system heap, which this kernel lacks" \
			lazy-contig alloc 4M --heap system
	fi
	gives 3 "alloc from a heap that does not exist" lazy-contig alloc 4M --heap none
	says doctor "  refers to doctor"
	gives 4 "alloc of more than the available memory" lazy-contig alloc 1024T
	says '1024 TiB.*Cannot allocate memory' "  says the size and the error"
	gives 2 "alloc 0" lazy-contig alloc 0
	gives 2 "alloc of an invalid size" lazy-contig alloc many
	says "SIZE: invalid number 'many'" "  says which"
	gives 2 "alloc --fill with an invalid pattern" lazy-contig alloc 4M --fill nonsense
	gives 1 "alloc from a node that is not a heap" lazy-contig alloc 4M --heap /dev/null
	gives 5 "alloc without permission" as_nobody lazy-contig alloc 4M
}

# A buffer that a process holds, shown by list and query
held()
{
	local pid

	hold lazy-contig alloc 8M --heap linux,cma --name camera --hold --json
	pid=$!
	cp "$tmp/held" "$tmp/out"
	json ".pid == $pid and .name == \"camera\"" "alloc --hold prints the process"
	cp "$tmp/held" "$tmp/one"

	gives 0 "list" lazy-contig list
	says "^8 MiB +0x[0-9a-f]+ +0 +[0-9]+ s +linux,cma +camera +$pid lazy-contig$" "  shows the buffer"
	says '^1 buffer, 8 MiB$' "  and the total"
	gives 0 "list --json" lazy-contig list --json
	json ".count == 1 and .bytes == 8388608 and .complete and
		.buffers[0].name == \"camera\" and .buffers[0].users[0].pid == $pid" \
		"  shows the buffer and its user"
	json ".buffers[0].phys_addr == $(jq .phys_addr "$tmp/one")" "  and its address"
	keys
	json ".buffers[0] | .maker == .users[0] and .age_s < 100 and .heap == \"linux,cma\"" \
		"  its maker, age and heap"
	gives 0 "list without debugfs" hidden 'umount /sys/kernel/debug' lazy-contig list --json
	json "(.complete | not) and .count == 1 and .buffers[0].age_s == null and
		.buffers[0].phys_addr == $(jq .phys_addr "$tmp/one")" \
		"  shows a buffer that a process has"
	gives 0 "list for an unprivileged user" as_nobody lazy-contig list --json
	json '.count == 0 and (.complete | not)' "  does not show the buffer of root"
	says 'only buffers of your own processes .* 8 MiB$' "  but says that there are more"

	gives 0 "query --pid" lazy-contig query --pid $pid --json
	json ".pid == $pid and (.buffers | length) == 1 and (.buffers[0] |
		.phys_addr == $(jq .phys_addr "$tmp/one") and .size == 8388608 and .node == 0)" \
		"  finds the buffer of a process"
	gives 0 "query --pid with a descriptor" \
		lazy-contig query --pid $pid "$(jq .fd "$tmp/one")" --json
	json ".phys_addr == $(jq .phys_addr "$tmp/one")" "  finds the same"
	gives 5 "query of a process of root by an unprivileged user" as_nobody lazy-contig query --pid $pid

	kill -TERM $pid
	wait $pid
	result $? "SIGTERM ends it with 0"
	gives 0 "list afterwards" lazy-contig list --json
	json '.count == 0 and .bytes == 0 and .buffers == []' "  is empty"
}

# Buffers of several sizes
sorted()
{
	local size pids=

	for size in 1M 16M 4M; do
		hold lazy-contig alloc $size --hold
		pids="$pids $!"
	done
	gives 0 "list of several buffers" lazy-contig list --json
	json '[.buffers[].size] == [16777216, 4194304, 1048576] and .bytes == 22020096' \
		"  is sorted, and has the total"
	# shellcheck disable=SC2086 # several words
	kill $pids
	# shellcheck disable=SC2086
	wait $pids
}

query()
{
	gives 2 "query without a descriptor" lazy-contig query
	gives 2 "query of an invalid descriptor" lazy-contig query one
	gives 1 "query of a closed descriptor" lazy-contig query 99
	gives 1 "query of a descriptor that is not a dma-buf" lazy-contig query 0
	says 'not a dma-buf' "  says so"
	gives 3 "query of a process that does not exist" lazy-contig query --pid 4194000
	gives 0 "query of a process without buffers" lazy-contig query --pid $$
}

# Passing from process to process; either of them can be started first
pass()
{
	local sender receiver

	lazy-contig send "$tmp/socket" --timeout 200 8M --fill offset --name shared --json >"$tmp/sent" &
	sender=$!
	gives 0 "receive from a sender" lazy-contig receive "$tmp/socket" --timeout 200 --check offset --json
	json '.contents_ok and .name == "shared" and .size == 8388608' \
		"  the same bytes"
	wait $sender
	result $? "send ends with 0"
	json ".phys_addr == $(jq .phys_addr "$tmp/sent")" "  the same place"
	gives 0 "  and no socket left" test ! -e "$tmp/socket"

	: >"$tmp/held"
	lazy-contig receive "$tmp/socket" --timeout 200 --hold --json >"$tmp/held" &
	receiver=$!
	gives 0 "send to a receiver that was started first" lazy-contig send "$tmp/socket" --timeout 200 4M
	await test -s "$tmp/held"
	gives 0 "the buffer stays after the sender has exited" test "$(live_buffers)" = 1
	kill -INT $receiver 2>/dev/null
	kill -TERM $receiver
	wait $receiver
	result $? "the receiver exits with 0"

	lazy-contig send "$tmp/socket" --timeout 200 4M --fill 1 >"$tmp/sent" &
	sender=$!
	gives 6 "receive of unexpected contents" lazy-contig receive "$tmp/socket" --timeout 200 --check 2 --json
	json '.contents_ok == false and .wrong_at == 0' "  says where"
	wait $sender
}

pass_errors()
{
	local sender

	gives 3 "receive without a sender" lazy-contig receive "$tmp/none" --timeout 0
	gives 1 "send without a receiver" lazy-contig send "$tmp/socket" 4M --timeout 0
	says 'no receiver' "  says so"
	gives 0 "  and leaves no socket" test ! -e "$tmp/socket"
	gives 2 "send without a size" lazy-contig send "$tmp/socket"
	gives 2 "receive with an invalid pattern" lazy-contig receive "$tmp/socket" --check nonsense
	gives 1 "send to a path too long" lazy-contig send "$tmp/$(printf '%0120d' 0)" 4M
	touch "$tmp/file"
	gives 1 "send to a path that is a file" lazy-contig send "$tmp/file" 4M
	gives 0 "  which stays" test -e "$tmp/file"

	lazy-contig send "$tmp/socket" --timeout 200 4M >"$tmp/sent" &
	sender=$!
	await test -S "$tmp/socket"
	gives 1 "a second sender at the same path" lazy-contig send "$tmp/socket" 4M
	kill -KILL $sender
	wait $sender 2>/dev/null
	gives 0 "a killed sender leaves its socket" test -S "$tmp/socket"
	lazy-contig receive "$tmp/socket" --timeout 200 >"$tmp/received" &
	gives 0 "which the next sender replaces" lazy-contig send "$tmp/socket" --timeout 200 4M
	wait $!
	result $? "and that is received"
}

# Comes first, because it expects counters of 0.
figures()
{
	gives 0 "stat" lazy-contig stat
	says '^requests +0 *$' "  begins at 0"
	says '^live_bytes +0 B *$' "  has units"
	gives 0 "explain" lazy-contig explain
	says 'No request has failed' "  has nothing to explain"
	gives 0 "explain --json" lazy-contig explain --json
	json '.failed == false' "  says so"

	gives 0 "an allocation" lazy-contig alloc 64K
	gives 4 "an allocation beyond the limit" lazy-contig alloc 1024G
	gives 0 "stat --json" lazy-contig stat --json
	json '.requests == 2 and .success == 1 and .fail_limit == 1 and .released == 1 and
		.live_bytes == 0' "  counts both, and the release"
	json ".pool_bytes == $page * $(cat /sys/class/misc/lazy_contig/pool_pages) and
		(has(\"pool_pages\") | not) and has(\"moved_bytes\")" "  has pages in bytes"
	gives 0 "stat --prometheus" lazy-contig stat --prometheus
	says '^# TYPE lazy_contig_requests_total counter$' "  has counters"
	says '^lazy_contig_requests_total 2$' "  with values"
	says '^# TYPE lazy_contig_live_bytes gauge$' "  has gauges"
	says '^# TYPE lazy_contig_pool_bytes gauge$' "  in bytes"
	says '^# TYPE lazy_contig_moved_bytes_total counter$' "  and counters of bytes"
	gives 0 "explain --json" lazy-contig explain --json
	keys
	json '.failed and .reason == "fail_limit" and .size == 1099511627776 and
		(.advice | test("limit_mb"))' "  names the reason and a remedy"
	gives 0 "explain" lazy-contig explain
	says 'limit' "  describes the reason"
	gives 4 "an allocation where there is no place" lazy-contig alloc 1M --max-addr 4K
	gives 0 "explain --json" lazy-contig explain --json
	keys
	json '.reason == "fail_place" and .node == -1 and .max_addr < 65536 and .pinnable == false and
		(.request.fits | not)' "  looks for a place, within the limits of the request"
	gives 0 "explain" lazy-contig explain
	says '^No place for [0-9]+ MiB: ' "  says that there is none"
	gives 2 "stat in two formats" lazy-contig stat --prometheus --json
	gives 0 "stat --watch --json" sh -c 'lazy-contig stat --watch 1 --json | head -n 2'
	jq -es 'length == 2 and all(.[]; .requests == 3)' "$tmp/out" >/dev/null
	result $? "  prints an object each time"
	gives 0 "stat --watch" sh -c 'lazy-contig stat --watch 1 | sed "/CHANGE/q"'
	says '^NAME +VALUE UNIT +CHANGE UNIT$' "  shows what changes"
	gives 0 "stat for an unprivileged user" as_nobody lazy-contig stat
	gives 5 "explain for an unprivileged user" as_nobody lazy-contig explain
	says 'only root can read' "  says what right it needs"
	gives 3 "stat without the module" \
		hidden 'mount -t tmpfs none /sys/class' lazy-contig stat
	gives 3 "explain without the module" \
		hidden 'mount -t tmpfs none /sys/class' lazy-contig explain
}

general
figures
alloc
held
sorted
query
pass
pass_errors
tap_done
