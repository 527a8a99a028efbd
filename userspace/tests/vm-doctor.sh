#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: tools: doctor says what is missing, and what to do about it
# Promise: security: no physical address without CAP_SYS_ADMIN: ioctl, sysfs, debugfs,
#   /proc, the command's output
#
# For root, in a virtual machine with the module loaded.
set -u

heap=/dev/dma_heap/lazy_contig
# shellcheck source=userspace/tests/vm_common.sh
. "${0%/*}/vm_common.sh"

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
	[ ! -e /proc/config.gz ] || hide="$hide && mount --bind /dev/null /proc/config.gz"

	gives 3 "doctor where no configuration is found" hidden "$hide" lazy-contig doctor --json
	advises kernel unknown CONFIG_CONTIG_ALLOC=y "  says what to check"
	advises module failed "linux-headers-.* make install" "  and to install headers and module"
	gives 3 "doctor where DKMS has the source" hidden "$hide && mount -t tmpfs none /usr/src &&
		mkdir /usr/src/lazy_contig-1 && touch /usr/src/lazy_contig-1/dkms.conf" \
		lazy-contig doctor --json
	advises module failed "linux-headers-.* DKMS" "  says to install headers only"
	gives 3 "doctor where DKMS has not built it" hidden "$hide && mount -t tmpfs none /usr/src &&
		mkdir -p /usr/src/lazy_contig-1 $modules/build &&
		touch /usr/src/lazy_contig-1/dkms.conf $modules/build/Makefile" \
		lazy-contig doctor --json
	advises module failed "^sudo dkms autoinstall" "  says to have it build"
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

doctor
remedies
resources
tap_done
