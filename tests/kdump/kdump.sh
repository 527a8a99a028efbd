#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: control: kdump without crashkernel=: on, off, errors undone, a crash
#
# The kernel that takes over continues the output: see crash_init.c.
set -u

# shellcheck source=userspace/tests/vm_common.sh
. ../../userspace/tests/vm_common.sh

size=192M
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
}

refusals()
{
	gives 2 "kdump without a size" lazy-contig kdump
	gives 2 "kdump of no size" kdump large
	gives 3 "kdump --off before it is on" lazy-contig kdump --off
	gives 1 "kdump without a kernel" lazy-contig kdump $size --kernel /none
	says 'nothing was changed' "  says what it did"
	gives 1 "kdump without the helper" lazy-contig kdump $size --module /none \
		--kernel /lc.job/vmlinuz --initrd "$tmp/initrd"
	gives 4 "kdump of more than there is" kdump 3G
	gives 5 "kdump for nobody" as_nobody lazy-contig kdump $size
	gives 1 "kdump of what is no kernel" lazy-contig kdump $size --module "$module" \
		--kernel "$module" --initrd "$tmp/initrd"
	says 'undo: free it: done' "  undoes what it did"
	gone
}

helper_refusals()
{
	gives 0 "the helper" insmod "$module"
	gives 1 "  refuses what is not kept" bash -c "echo 0x1000000 >$helper/parameters/phys_addr"
	says 'No such file' "  with ENOENT"
	gives 1 "  and what is not aligned" bash -c "echo 0x1001000 >$helper/parameters/phys_addr"
	gives 0 "  reserves nothing" file_has /sys/kernel/kexec_crash_size 0
	gives 0 "  goes" rmmod lazy_contig_kdump
}

on_and_off()
{
	local at

	gives 0 "kdump" kdump $size
	says 'load /lc.job/vmlinuz with kexec: done' "  says each step"
	gives 0 "  a crash kernel is loaded" file_has $loaded 1
	gives 0 "  in the kept memory" file_has /sys/kernel/kexec_crash_size \
		$((192 << 20))
	gives 1 "  kdump once more" kdump $size
	says 'nothing was changed' "  changes nothing"
	gives 1 "  the helper cannot go" rmmod lazy_contig_kdump
	gives 1 "  nor can the memory be taken from the kernel" \
		bash -c "echo 0 >$helper/parameters/phys_addr"
	says 'busy' "  while the crash kernel is loaded"
	gives 1 "  nor be freed by the kernel" bash -c 'echo 0 >/sys/kernel/kexec_crash_size'
	at=$(cat $helper/parameters/phys_addr)
	gives 1 "  nor be resized" lazy-contig resize "$at" 256M
	gives 0 "kdump --off" lazy-contig kdump --off
	gone
}

crash()
{
	local page patience

	# what tests/vm/boot says of a machine that stands still at times, and no5lvl
	patience=$(grep -ow 'no5lvl\|tsc=[a-z]*\|[a-z_.]*\(thresh\|timeout\)=[0-9]*' \
		/proc/cmdline | paste -sd' ')
	lazy-contig keep 64K --fill offset --name marker --json >"$tmp/out"
	page=$(jq .phys_addr "$tmp/out")
	gives 0 "kdump" kdump $size --append "console=ttyS0,115200 panic=-1 no_timer_check \
		nr_cpus=1 irqpoll reset_devices $patience \
		lc_page=$page lc_len=65536 \
		lc_made=$((tap_count + 1)) lc_name=tests/kdump/kdump.sh"
	sed 's/^/# /' "$tmp/out"
	echo 'lc-test: crash' >/dev/kmsg
	sync
	echo c >/proc/sysrq-trigger
}

if [ ! -e "$module" ]; then
	skip_all "this kernel has no kexec, or no way to find what it does not export"
	exit
fi
cp build/crash_init "$tmp/init"
(cd "$tmp" && echo init | busybox cpio -o -H newc 2>/dev/null) >"$tmp/initrd"
refusals
helper_refusals
on_and_off
crash
