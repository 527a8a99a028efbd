#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: tools: the examples do what they say
#
# Those that need no device.
set -u

examples=$LC_SRC/userspace/build/examples
# shellcheck source=userspace/tests/vm_common.sh
. "${0%/*}/vm_common.sh"

gives 0 "examples/alloc" "$examples/alloc"
says '^16777216 bytes on node 0 at 0x[0-9a-f]+$' "  gets a buffer"
gives 0 "examples/share" "$examples/share"
says '^the second process reads: hello from the first$' "  sends it"
# the pipe is open as long as the second process is
gives 0 "examples/share without a heap" hidden 'mount -t tmpfs none /dev/dma_heap' \
	timeout 200 sh -c "'$examples/share' 2>&1 | cat"
says 'allocate: No such file' "  says what failed"
says 'receive: Connection reset' "  and its second process ends too"
gives 0 "no buffer is left" test "$(lazy-contig list --json | jq .count)" = 0
tap_done
