#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The udev rule, with systemd-udevd: runs as root, in a virtual machine.
set -u

rules=/run/udev/rules.d/60-lazy_contig.rules
daemon=/lib/systemd/systemd-udevd
# the last of the heaps is an alias
nodes="/dev/lazy_contig /dev/dma_heap/lazy_contig /dev/dma_heap/lazy_contig_dma32
	/dev/dma_heap/reserved"

modes()
{
	# shellcheck disable=SC2086 # one word a node
	stat -c '%U:%G %a' $nodes | sort -u
}

ok()
{
	if [ "$2" = "$3" ]; then
		echo "ok $1 - $4"
	else
		echo "not ok $1 - $4"
		echo "# $2"
	fi
}

ok 1 "$(modes)" "root:root 600" "without the rule, the nodes belong to root"

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
ok 2 "$(modes)" "root:video 660" "with it, they belong to group video"

kill $pid
wait $pid
rm $rules
# shellcheck disable=SC2086 # one word a node
chown root:root $nodes && chmod 0600 $nodes
ok 3 "$(modes)" "root:root 600" "modes are restored"
# 6.1 has no other heap
if [ -e /dev/dma_heap/system ]; then
	ok 4 "$(stat -c '%U:%G %a' /dev/dma_heap/system)" "root:root 600" "other heaps are not changed"
	echo 1..4
else
	echo 1..3
fi
