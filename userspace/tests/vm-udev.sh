#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: security: the udev rule gives the nodes to group video, and no other heap
#
# With the real udev: for root, in a virtual machine.
set -u

# shellcheck source=tests/tap/tap.sh
. ../../tests/tap/tap.sh

rules=/run/udev/rules.d/60-lazy_contig.rules
daemon=/lib/systemd/systemd-udevd
# the last of the heaps is one that the parameter heaps adds
nodes="/dev/lazy_contig /dev/dma_heap/lazy_contig /dev/dma_heap/lazy_contig_dma32
	/dev/dma_heap/reserved"

modes()
{
	# shellcheck disable=SC2086 # one word a node
	stat -c '%U:%G %a' $nodes | sort -u
}

is "$(modes)" "root:root 600" "without the rule, the nodes are root's"

mkdir -p ${rules%/*}
cp ../udev/60-lazy_contig.rules $rules
$daemon &
pid=$!
until udevadm control --ping 2>/dev/null; do
	kill -0 $pid || break
done
for node in $nodes; do
	udevadm trigger --action=add --settle "$node"
done
[ ! -e /dev/dma_heap/system ] || udevadm trigger --action=add --settle /dev/dma_heap/system
is "$(modes)" "root:video 660" "with it, they are for group video"

kill $pid
wait $pid
rm $rules
# shellcheck disable=SC2086 # one word a node
chown root:root $nodes && chmod 0600 $nodes
is "$(modes)" "root:root 600" "and back"
# a kernel without CONFIG_DMABUF_HEAPS has no other
if [ -e /dev/dma_heap/system ]; then
	is "$(stat -c '%U:%G %a' /dev/dma_heap/system)" "root:root 600" "other heaps are left alone"
fi
tap_done
