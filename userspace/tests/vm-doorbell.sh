#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: tools: the examples do what they say
#
# A device without a driver, which is given physical addresses: QEMU's edu, of which
# this machine has one.
set -u

# shellcheck source=userspace/tests/vm_common.sh
. "${0%/*}/vm_common.sh"

edu=$(grep -l '^0x11e8$' /sys/bus/pci/devices/*/device)
start=$(sed -n 's/^\([0-9a-f]*\)-.* : System RAM$/\1/p' /proc/iomem | head -n 1)
if [ -z "$edu" ]; then
	skip_all "the machine has no edu device"
	exit
elif [ $((0x$start)) -ge $((1 << 28)) ]; then
	skip_all "the edu device reaches 256 MiB, where this machine has no memory"
	exit
fi
gives 0 "examples/uio_doorbell" "$LC_SRC/userspace/build/examples/uio_doorbell" "${edu%/*}"
says '^the device returned: hello, device$' "  drives a device by physical address"
gives 0 "no buffer is left" test "$(lazy-contig list --json | jq .count)" = 0
tap_done
