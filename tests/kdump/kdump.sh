#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: control: kdump without crashkernel=: on, off, errors undone, a crash
# Promise: control: lazy_contig_kdump restores the crash reservation, however it goes
# Promise: tools: kdump tells whether a crash kernel is loaded, by which program, and where
# Promise: tools: kdump and kdump-tools do not undo what the other did
#
# The kernel that takes over continues the output: see crash_init.c.
set -u

# shellcheck source=userspace/tests/vm_common.sh
. ../../userspace/tests/vm_common.sh

size=192M
plugged=0x100000000
state=/run/lazy-contig-kdump
rules=/run/udev/rules.d/50-kdump-tools.rules
loaded=/sys/kernel/kexec_crash_loaded
helper=/sys/module/lazy_contig_kdump
module=$LC_SRC/lazy_contig_kdump.ko

kdump()
{
	lazy-contig kdump "$@" --module "$module" --kernel /lc.job/vmlinuz \
		--initrd "$tmp/initrd"
}

file_has()
{
	[ "$(cat "$1")" = "$2" ]
}

crash_kernel_lines()
{
	grep -c ' : Crash kernel$' /proc/iomem
}

gone()
{
	gives 0 "  no crash kernel is loaded" file_has $loaded 0
	gives 0 "  nothing is reserved" file_has /sys/kernel/kexec_crash_size 0
	gives 0 "  its size can be changed" test -n "$(find /sys/kernel/ -follow -maxdepth 1 \
		-name kexec_crash_size -perm 644)"
	gives 0 "  the helper is not loaded" test ! -e $helper
	gives 0 "  no memory is kept" test "$(crash_kernel_lines)" = 0
	gives 0 "  no file is left" test ! -e $state -a ! -e $rules
	gives 3 "  which is the status" lazy-contig kdump --status --json
	json '. == { state: "none" }' "  in JSON"
}

refusals()
{
	local at

	gives 2 "kdump without a size" lazy-contig kdump
	gives 2 "kdump of no size" kdump large
	gives 2 "kdump with both" lazy-contig kdump $size --status
	gives 3 "kdump --off before it is on" lazy-contig kdump --off
	gives 3 "  and --reload" lazy-contig kdump --reload
	gives 1 "kdump without a kernel" lazy-contig kdump $size --kernel /none
	says 'nothing was changed' "  says what it did"
	gives 1 "kdump without the helper" lazy-contig kdump $size --module /none \
		--kernel /lc.job/vmlinuz --initrd "$tmp/initrd"
	gives 4 "kdump of more than there is" kdump 3G
	gives 5 "kdump for nobody" as_nobody lazy-contig kdump $size
	gives 5 "  nor its status" as_nobody lazy-contig kdump --status
	gives 1 "kdump with a command line that is too long" \
		kdump $size --append "$(printf '%2000s' x)"
	says 'too long.*nothing was changed' "  says so"
	echo 2 >/proc/sys/kernel/kptr_restrict
	gives 1 "kdump where kexec cannot read addresses" kdump $size
	says 'kptr_restrict.*nothing was changed' "  says so"
	echo 1 >/proc/sys/kernel/kptr_restrict
	gives 0 "a buffer with the name of a crash kernel's" \
		lazy-contig keep 1M --name "Crash kernel" --json
	at=$(jq .phys_addr "$tmp/out")
	gives 1 "  would be in the way of kdump" kdump $size
	says 'kept already.*nothing was changed' "  which says so"
	gives 0 "  unless it is freed" lazy-contig keep free "$at"
	gives 1 "kdump of what is no kernel" lazy-contig kdump $size --module "$module" \
		--kernel "$module" --initrd "$tmp/initrd"
	says 'undo: free it: done' "  undoes what it did"
	gone
}

helper_refusals()
{
	local parameter=$helper/parameters/phys_addr at

	gives 0 "the helper" insmod "$module"
	gives 1 "  refuses what is not kept" bash -c "echo 0x1000000 >$parameter"
	says 'No such file' "  with ENOENT"
	gives 1 "  and what is not aligned" bash -c "echo 0x1001000 >$parameter"
	gives 0 "  reserves nothing" file_has /sys/kernel/kexec_crash_size 0
	gives 0 "  goes" rmmod lazy_contig_kdump

	gives 0 "a buffer for the helper" lazy-contig keep 16M --align 16M --json
	at=$(jq .phys_addr "$tmp/out")
	gives 1 "  is not reserved while the helper is loaded" insmod "$module" phys_addr="$at"
	gives 1 "  nor if that fails later" insmod "$module" phys_addr="$at" phys_addr=x
	gives 0 "  nothing is reserved" file_has /sys/kernel/kexec_crash_size 0
	gives 0 "  the helper" insmod "$module"
	gives 0 "  reserves it" bash -c "echo $at >$parameter"
	gives 0 "  with its size" file_has /sys/kernel/kexec_crash_size $((16 << 20))
	gives 1 "  and cannot go" rmmod lazy_contig_kdump
	# by force it can, on kernels that have that
	rmmod -f lazy_contig_kdump 2>/dev/null || {
		echo 0 >$parameter
		rmmod lazy_contig_kdump
	}
	gives 0 "  unless it undoes that" file_has /sys/kernel/kexec_crash_size 0
	gives 0 "  the buffer is free again" lazy-contig keep free "$at"
	gives 0 "  for other uses" test "$(lazy-contig list --json | jq .count)" = 0
}

on_and_off()
{
	local at

	gives 0 "kdump" kdump $size
	says 'load /lc.job/vmlinuz with kexec: done' "  says each step"
	gives 0 "  a crash kernel is loaded" file_has $loaded 1
	gives 0 "  in the kept memory" file_has /sys/kernel/kexec_crash_size \
		$((192 << 20))
	gives 0 "  which is the status" lazy-contig kdump --status
	says '^by +lazy-contig$' "  for people"
	gives 0 "  and" lazy-contig kdump --status --json
	json ".state == \"loaded\" and .by == \"lazy-contig\" and .size == $((192 << 20)) and
		.phys_addr == $(($(cat $helper/parameters/phys_addr))) and
		.kernel == \"/lc.job/vmlinuz\" and (.append | test(\"root=/dev/vda1 ro\")) and
		(.append | test(\"quiet|hugepages\") | not)" "  for programs"
	gives 1 "  kdump once more" kdump $size
	says 'nothing was changed' "  changes nothing"
	gives 1 "  the helper cannot go" rmmod lazy_contig_kdump
	gives 1 "  nor can the memory be taken from the kernel" \
		bash -c "echo 0 >$helper/parameters/phys_addr"
	says 'busy' "  while the crash kernel is loaded"
	gives 1 "  nor be freed by the kernel" bash -c 'echo 0 >/sys/kernel/kexec_crash_size'
	gives 0 "  unloaded by another program" kexec -c -p -u
	gives 3 "  it is missing" lazy-contig kdump --status --json
	json '.state == "reserved" and .by == "lazy-contig"' "  although its memory is there"
	gives 0 "  and can be loaded again" lazy-contig kdump --reload
	gives 0 "  which it is then" lazy-contig kdump --status
	at=$(cat $helper/parameters/phys_addr)
	gives 1 "  nor be resized" lazy-contig keep resize "$at" 256M
	gives 0 "kdump --off" lazy-contig kdump --off
	gone
}

# With a crash kernel in the buffer, removal by force has to wait; where the kernel does not
# force it, it fails.
forced_removal()
{
	local at pid

	gives 0 "kdump" kdump $size
	at=$(cat $helper/parameters/phys_addr)
	rmmod -f lazy_contig_kdump 2>/dev/null &
	pid=$!
	await removal_waits $pid
	gives 0 "rmmod --force leaves the memory of the crash kernel" \
		file_has /sys/kernel/kexec_crash_size $((192 << 20))
	gives 0 "  and the crash kernel" lazy-contig kdump --status
	gives 0 "  which can be unloaded" kexec -c -p -u
	if ! wait $pid; then
		echo 0 >$helper/parameters/phys_addr
		rmmod lazy_contig_kdump
	fi
	gives 0 "  then nothing is reserved" file_has /sys/kernel/kexec_crash_size 0
	gives 0 "  and the buffer can be freed" lazy-contig keep free "$at"
	rm $state $rules
	chmod 644 /sys/kernel/kexec_crash_size
	gone
}

removal_waits()
{
	! kill -0 "$1" 2>/dev/null || dmesg | grep -q 'removal waits until'
}

# A stand-in for the package: what the command looks at is there.
kdump_tools()
{
	touch /usr/sbin/kdump-config
	chmod +x /usr/sbin/kdump-config
	echo 'USE_KDUMP=1' >/etc/default/kdump-tools
	mkdir -p /var/lib/kdump
	cp "$tmp/initrd" "/var/lib/kdump/initrd.img-$(uname -r)"
	sed 's/$/ crashkernel=64M/' /proc/cmdline >"$tmp/cmdline"

	mount --bind "$tmp/cmdline" /proc/cmdline
	gives 1 "kdump, where kdump-tools would load its own" kdump $size
	says 'USE_KDUMP=0.*nothing was changed' "  says what to do"
	umount /proc/cmdline
	gives 0 "kdump with the initramfs of kdump-tools" lazy-contig kdump $size \
		--module "$module" --kernel /lc.job/vmlinuz
	says '^kdump-tools is installed' "  says what it does about them"
	gives 0 "  replaces their rules" grep -q 'lazy-contig kdump' $rules
	gives 0 "  has the status" lazy-contig kdump --status --json
	json '(.initrd | test("/var/lib/kdump/")) and
		(.append | test("systemd.unit=kdump-tools-dump.service"))' \
		"  with the unit that dumps"
	gives 0 "kdump --off" lazy-contig kdump --off
	gone
	rm -r /usr/sbin/kdump-config /etc/default/kdump-tools /var/lib/kdump
}

# Memory is plugged, and the crash kernel knows of it: from the kernel itself, or from udev
# running the command again.
plug()
{
	local before

	before=$(jq .started $state)
	"$LC_SRC"/tests/vm/qmp object-add '{ "qom-type": "memory-backend-ram", "id": "late",
		"size": 268435456 }' >"$tmp/out" &&
		"$LC_SRC"/tests/vm/qmp device_add "{ \"driver\": \"pc-dimm\", \"id\": \"dimm\",
			\"memdev\": \"late\", \"addr\": $((plugged)) }" >>"$tmp/out"
	result $? "memory is plugged"
	await grep -q "^$(printf %09x $((plugged)))-" /proc/iomem
	await plugged_online
	result $? "  and online"
	if [ "$(cat /sys/devices/system/memory/crash_hotplug 2>/dev/null)" != 1 ]; then
		await reloaded "$before"
	fi
	result $? "  the crash kernel is told"
}

# Brings it online, where the kernel leaves that to udev's rules.
plugged_online()
{
	local block size

	size=$((0x$(cat /sys/devices/system/memory/block_size_bytes)))
	for block in $((plugged / size)) $((plugged / size + 1)); do
		block=/sys/devices/system/memory/memory$block
		[ -e $block ] || return 1
		file_has $block/state online || echo online >$block/state || return 1
	done
}

reloaded()
{
	[ "$(jq .started $state 2>/dev/null || echo "$1")" != "$1" ]
}

start_udev()
{
	/lib/systemd/systemd-udevd &
	await udevadm control --ping 2>/dev/null
}

# The default command line, but for a console.
crash()
{
	printf 'lc_plugged=%s\nlc_made=%d\nlc_name=%s\n' $plugged $((tap_count + 6)) \
		tests/kdump/kdump.sh >"$tmp/parameters"
	(cd "$tmp" && printf 'init\nparameters\n' | busybox cpio -o -H newc 2>/dev/null) \
		>"$tmp/initrd"
	gives 0 "kdump" kdump $size
	sed 's/^/# /' "$tmp/out"
	start_udev
	plug
	gives 0 "  and has a marker" lazy-contig keep 64K --fill offset --name marker --json
	json ".phys_addr >= $((plugged))" "  in that memory"
	echo 'lc-test: crash' >/dev/kmsg
	sync
	echo c >/proc/sysrq-trigger
}

if [ ! -e "$module" ]; then
	skip_all "this kernel has no kexec, or no way to find what it does not export"
	exit
fi
# an emulated machine takes seconds to clear such a buffer
echo 60000 >/sys/module/lazy_contig/parameters/time_limit_ms
cp build/crash_init "$tmp/init"
(cd "$tmp" && echo init | busybox cpio -o -H newc 2>/dev/null) >"$tmp/initrd"
refusals
helper_refusals
on_and_off
forced_removal
kdump_tools
crash
