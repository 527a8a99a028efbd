#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: tools: every command, its JSON and its exit codes
# Promise: tools: list shows live buffers with owner, name and importers
# Promise: tools: map shows all memory, the largest buffer, and the place of a request
# Promise: tools: reserve shows and sets the reserve of each node
# Promise: tools: stat, explain and doctor report counters, causes and remedies, explain
#   what is in the way
# Promise: security: no physical address without CAP_SYS_ADMIN: ioctl, sysfs, debugfs,
#   /proc, the command's output
#
# For root, in a virtual machine with the module loaded.
set -u

heap=/dev/dma_heap/lazy_contig
# shellcheck source=userspace/tests/vm_common.sh
. "${0%/*}/vm_common.sh"

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
	gives 1 "output to a full device" sh -c 'lazy-contig --help >/dev/full'
}

alloc()
{
	gives 0 "alloc" lazy-contig alloc 4M
	says '^size +4 MiB$' "  shows the size"
	says '^phys_addr +0x[0-9a-f]+$' "  shows the address"
	gives 0 "alloc --json" lazy-contig alloc 5000 --json
	json '.size == 8192 and .heap == "lazy_contig" and .node == 0 and .alloc_ms > 0' \
		"  in whole pages"
	json '.phys_addr > 0 and .phys_addr % 4096 == 0' "  with its address"
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
	json '.reason == "fail_place" and .request.size >= 268435456' \
		"  says that a place is missing, not memory"
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

# hidden HIDE COMMAND...: runs the command in a mount namespace, after the command HIDE
hidden()
{
	local hide=$1

	shift
	unshare -m sh -c "$hide"' && exec "$@"' sh "$@"
}

status_of()
{
	printf '.checks[] | select(.check == "%s") | .status == "%s"' "$1" "$2"
}

# advises CHECK STATUS REGEX DESCRIPTION: of the last output of doctor
advises()
{
	json ".checks[] | select(.check == \"$1\") | .status == \"$2\" and
		(.remedy | test(\"$3\"))" "$4"
}

# What doctor says of a machine without the module, of which these files are hidden
remedies()
{
	local modules hide
	modules=/lib/modules/$(uname -r)
	hide="mount -t tmpfs none /sys/module && mount -t tmpfs none /boot &&
		mount -t tmpfs none /lib/modules && mkdir -p $modules/updates"

	gives 3 "doctor where no configuration is found" hidden "$hide" lazy-contig doctor --json
	advises kernel unknown CONFIG_CONTIG_ALLOC=y "  says what to check"
	advises module failed "linux-headers-.* make install" "  and to install headers and module"
	gives 3 "doctor with a kernel that lacks an option" hidden "$hide &&
		echo '# CONFIG_CONTIG_ALLOC is not set' >/boot/config-$(uname -r)" \
		lazy-contig doctor --json
	advises kernel failed 'boot a kernel with it' "  says so"
	gives 3 "doctor where depmod has not run" hidden "$hide &&
		touch $modules/modules.dep $modules/updates/lazy_contig.ko.xz" \
		lazy-contig doctor --json
	advises module failed '^sudo depmod' "  says to run it"
	gives 3 "doctor where the module is not loaded" hidden "$hide &&
		echo updates/lazy_contig.ko: >$modules/modules.dep" lazy-contig doctor --json
	advises module failed '^sudo modprobe' "  says to load it"

	hide="$hide && mkdir -p /sys/module/module/parameters &&
		echo Y >/sys/module/module/parameters/sig_enforce"
	gives 3 "doctor where signatures are required" hidden "$hide" lazy-contig doctor --json
	advises signature warning '^sign .* enrolled by mokutil' "  says to sign"
	gives 3 "doctor with a key of DKMS" hidden "$hide && mount -t tmpfs none /var/lib &&
		mkdir /var/lib/dkms && touch /var/lib/dkms/mok.pub" lazy-contig doctor --json
	advises signature warning '^sudo mokutil --import /var/lib/dkms/mok.pub' \
		"  says to enrol it"
}

# What doctor says of the machine as it is
resources()
{
	local limit=/sys/module/lazy_contig/parameters/limit_mb

	printf '%s\n' 'MemTotal: 2000000 kB' 'MemAvailable: 100000 kB' >"$tmp/meminfo"
	gives 0 "doctor with little memory" hidden "mount --bind $tmp/meminfo /proc/meminfo" \
		lazy-contig doctor --json
	advises memory warning 'memory or swap' "  warns of it"
	echo 1 >$limit
	gives 4 "doctor with a small limit" lazy-contig doctor --json
	json '.checks[] | select(.check == "memory") | .detail | test("limit of all buffers: 1 MiB")' \
		"  shows it"
	advises trial failed 'limit_mb' "  says to raise it"
	echo 0 >$limit
}

doctor()
{
	local nodes="$heap ${heap}_dma32 /dev/dma_heap/linux,cma /dev/dma_heap/reserved
		/dev/lazy_contig"

	gives 0 "doctor" lazy-contig doctor
	says '/lazy_contig_dma32 \(below=4G\), /dev/dma_heap/linux,cma, /dev/dma_heap/reserved,' \
		"  names every heap, with its properties"
	gives 0 "doctor --json" lazy-contig doctor --json
	keys
	json '.ok and all(.checks[]; .status == "ok")' "  all checks are ok"
	json '[.checks[].check] == ["kernel", "signature", "module", "nodes", "permission",
		"memory", "trial"]' "  all checks are listed"

	gives 3 "doctor without the module" \
		hidden 'mount -t tmpfs none /sys/module && mount -t tmpfs none /dev' \
		lazy-contig doctor --json
	json '.ok == false' "  fails"
	json "$(status_of module failed)" "  reports the module"
	json '.checks[] | select(.check == "module") | .remedy | test("install")' "  with a remedy"
	json "$(status_of nodes failed)" "  and the nodes"
	gives 3 "list without the module" \
		hidden 'mount -t tmpfs none /sys/module' lazy-contig list
	gives 0 "list without debugfs or buffers" \
		hidden 'umount /sys/kernel/debug' lazy-contig list
	says 'debugfs is not mounted' "  says what is missing"
	if [ -d /sys/module/dma_heap ]; then
		gives 0 "doctor where heaps are accounted" \
			hidden 'mount -t tmpfs none /sys/module/dma_heap
				mkdir /sys/module/dma_heap/parameters
				echo Y >/sys/module/dma_heap/parameters/mem_accounting' \
			lazy-contig doctor --json
		json "$(status_of kernel warning)" "  says that this heap is not"
	fi
	gives 3 "doctor without a node" \
		hidden 'mount -t tmpfs none /dev/dma_heap' lazy-contig doctor --json
	json "$(status_of module ok)" "  reports the module as ok"
	json "$(status_of nodes failed)" "  and the nodes as failed"

	gives 5 "doctor for an unprivileged user" as_nobody lazy-contig doctor --json
	json '.checks[] | select(.check == "permission") | .remedy | test("udev")' \
		"  refers to the udev rule"
	# shellcheck disable=SC2086 # one word a node
	chgrp video $nodes && chmod 0660 $nodes
	gives 5 "doctor for an unprivileged user, with the udev rule" as_nobody lazy-contig doctor --json
	json '.checks[] | select(.check == "permission") | .remedy | test("usermod -aG video")' \
		"  names the group to join"
	gives 0 "doctor for a member of the group" \
		setpriv --reuid=65534 --regid=65534 --groups=video lazy-contig doctor
	gives 0 "alloc for a member of the group" \
		setpriv --reuid=65534 --regid=65534 --groups=video lazy-contig alloc 4M --json
	json 'has("phys_addr") and .phys_addr == null and .node == 0' "  hides the address"
	# shellcheck disable=SC2086 # one word a node
	chgrp root $nodes && chmod 0600 $nodes
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
	gives 0 "stat --prometheus" lazy-contig stat --prometheus
	says '^# TYPE lazy_contig_requests_total counter$' "  has counters"
	says '^lazy_contig_requests_total 2$' "  with values"
	says '^# TYPE lazy_contig_live_bytes gauge$' "  has gauges"
	gives 0 "explain --json" lazy-contig explain --json
	keys
	json '.failed and .reason == "fail_limit" and .size == 1099511627776 and
		(.advice | test("limit_mb"))' "  names the reason and a remedy"
	gives 0 "explain" lazy-contig explain
	says 'limit' "  describes the reason"
	gives 4 "an allocation where there is no place" lazy-contig alloc 1M --max-addr 4K
	gives 0 "explain --json" lazy-contig explain --json
	keys
	json '.reason == "fail_place" and .node == -1 and .request.fits and
		.request.phys_addr > 0' "  looks for a place, without limits of address"
	gives 0 "explain" lazy-contig explain
	says '^2 MiB would be taken at 0x[0-9a-f]+, node 0 ' "  shows it"
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

map()
{
	local pid addr

	hold lazy-contig alloc 16M --hold --json
	pid=$!
	addr=$(jq .phys_addr "$tmp/held")
	gives 0 "map" lazy-contig map
	says '^Node 0 [A-Z][A-Za-z0-9]*: 0x[0-9a-f]+-0x[0-9a-f]+, [0-9]+ [KMG]iB, [0-9]+ [KMG]iB a cell, largest ' \
		"  has a line for a zone"
	says '^0x[0-9a-f]+ [ .a-zA-Z#?]+$' "  and rows of plain characters"
	says '(^|  )B buffer +16 MiB' "  a legend with totals"
	says '^Largest buffer of node 0: [0-9]+ [MG]iB at 0x[0-9a-f]+; below 4 GiB: [0-9]+' \
		"  and the largest buffers"
	says '^Largest buffer of heap linux,cma: [0-9]+ [MG]iB at 0x' "  of each heap"
	gives 0 "  on at most a screen" test "$(wc -l <"$tmp/out")" -le 24
	gives 0 "map --json" lazy-contig map --json
	json "any(.blocks[]; .state == \"buffer\" and .phys_addr <= $addr and
		.phys_addr + .size >= $addr + 16777216)" "  shows the buffer"
	json '(.totals | add) == ([.blocks[].size] | add) and
		all(.largest[]; .zone != null or .size > 0)' "  the totals, and the largest buffers"
	json '[.heaps[].heap] == ["lazy_contig", "lazy_contig_dma32", "linux,cma", "reserved"]' \
		"  and those of each heap"
	gives 0 "map of a zone" lazy-contig map --zone "$(jq -r ".blocks[0].zone" "$tmp/out")" --json
	json '[.blocks[].zone] | unique | length == 1' "  shows no other"
	gives 3 "map of a zone that does not exist" lazy-contig map --zone none
	gives 0 "map of the buffer" lazy-contig map --node 0 --min-addr "$addr" \
		--max-addr $((addr + 16777215)) --json
	json '.totals.buffer == 16777216 and (.blocks | length) == 1' "  shows nothing else"
	gives 4 "map --for where the buffer is" lazy-contig map --min-addr "$addr" \
		--max-addr $((addr + 16777215)) --for 4M --json
	keys
	json '(.request.fits | not) and .request.blocking_bytes == 4194304 and
		.request.blocking[0].state == "buffer"' "  says what is in the way"
	kill $pid
	wait $pid

	gives 0 "map --for" lazy-contig map --for 8M
	says '^8 MiB would be taken at 0x[0-9a-f]+ \(\*\), node 0 ' "  says where"
	says '^0x[0-9a-f]+ .*\*' "  and marks it"
	gives 4 "map --for more than there is" lazy-contig map --for 1T
	says '^No place for 1 TiB: ' "  says so"
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
}

general
figures
alloc
map
in_the_way
reserve
held
sorted
query
pass
pass_errors
doctor
remedies
resources
tap_done
