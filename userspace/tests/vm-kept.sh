#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: tools: every command, its JSON and its exit codes
#
# Those for kept buffers: for root, in a virtual machine with the module loaded.
set -u

# shellcheck source=userspace/tests/vm_common.sh
. "${0%/*}/vm_common.sh"

addr()
{
	jq -r .phys_addr "$tmp/out"
}

# iomem NAME: the number of lines of /proc/iomem with the name
iomem()
{
	grep -c " : $1\$" /proc/iomem
}

keep()
{
	local at moved other

	gives 0 "keep" lazy-contig keep 8M --name "my region" --fill offset --json
	json '.size == 8388608 and .phys_addr > 0 and .node == 0' "  prints size, address and node"
	at=$(addr)
	gives 0 "  has a line in /proc/iomem" test "$(iomem 'my region')" = 1
	hold lazy-contig alloc 4M --hold
	other=$!
	gives 0 "keep list" lazy-contig keep list
	says '^8 MiB +0x[0-9a-f]+ +0 +[0-9]+ s +- +my region +kept$' "  shows it"
	says '^1 buffer, 8 MiB$' "  and no other buffer"
	gives 0 "keep list --json" lazy-contig keep list --json
	json ".count == 1 and .complete and (.buffers[0] | .kept and .phys_addr == $at and
		.iomem_name == \"my region\")" "  shows it"
	gives 0 "keep show" lazy-contig keep show "$at"
	says "^8 MiB +$(printf '%#x' "$at") " "  shows it"
	gives 0 "keep show --json" lazy-contig keep show "$at" --json
	json ".kept and .phys_addr == $at and .users == []" "  shows it"
	keys
	gives 3 "keep show of another buffer" lazy-contig keep show "$(jq -n "$at + 4096")"
	gives 3 "keep show of address 0" lazy-contig keep show 0
	gives 3 "keep list without debugfs" hidden 'umount /sys/kernel/debug' lazy-contig keep list
	says 'is debugfs mounted' "  says what is missing"
	gives 0 "list" lazy-contig list
	says '^2 buffers, 12 MiB$' "  shows both"
	kill $other
	wait $other
	gives 0 "open" lazy-contig keep open "$at" --check offset --json
	json ".contents_ok and .phys_addr == $at" "  finds its contents"
	gives 0 "open of a hexadecimal address" lazy-contig keep open "$(printf '%#x' "$at")"

	gives 0 "resize to less" lazy-contig keep resize "$at" 4M --json
	json ".size == 4194304 and .phys_addr == $at" "  does not move it"
	gives 0 "resize to more" lazy-contig keep resize "$at" 64M --json
	json ".size == 67108864" "  prints the new size"
	moved=$(addr)
	gives 6 "  added bytes are zero" lazy-contig keep open "$moved" --check offset --json
	json '.wrong_at == 4194304' "  contents are preserved"
	gives 0 "free" lazy-contig keep free "$moved"
	gives 0 "  removes the line from /proc/iomem" test "$(iomem 'my region')" = 0
	gives 3 "free of a buffer that was freed" lazy-contig keep free "$moved"
	says 'no kept buffer begins at 0x' "  says why"
}

options()
{
	gives 0 "keep --align --min-addr --max-addr --node" lazy-contig keep 1M --align 16M \
		--min-addr 0x40000001 --max-addr 2G --node 0 --json
	json '.phys_addr % 16777216 == 0 and .phys_addr > 1073741824 and .phys_addr < 2147483648' \
		"  are obeyed"
	gives 0 "  free" lazy-contig keep free "$(addr)"
	gives 0 "keep --name with characters that debugfs escapes" \
		lazy-contig keep 1M --name 'a "b" \c' --json
	gives 0 "  show" lazy-contig keep show "$(addr)" --json
	json '.iomem_name == "a \"b\" \\c"' "  has them"
	gives 0 "  free" lazy-contig keep free "$(addr)"
	gives 4 "keep below 4096, without memory" lazy-contig keep 1M --max-addr 4096
	gives 1 "keep on a node that is not online" lazy-contig keep 1M --node 63
	gives 2 "keep with an invalid alignment" lazy-contig keep 1M --align x
	says '--align: invalid number' "  names the option"
	gives 2 "keep with an invalid address" lazy-contig keep 1M --max-addr high
	says '--max-addr: invalid number' "  names the option"
	gives 2 "keep with a command that does not exist" lazy-contig keep lsit
	says "did you mean 'keep list'" "  suggests one"
	gives 2 "keep of an invalid size" lazy-contig keep many
	gives 2 "keep with a name that is too long" \
		lazy-contig keep 1M --name "$(printf '%064d' 0)"
	gives 1 "keep with a name that is not printable" lazy-contig keep 1M --name $'a\nb'
	gives 4 "keep more than the available memory" lazy-contig keep 1024T
	gives 2 "open of an invalid address" lazy-contig keep open nowhere
	gives 3 "open without a kept buffer" lazy-contig keep open 4096
	gives 3 "resize without a kept buffer" lazy-contig keep resize 4096 1M
	gives 2 "resize to 0" lazy-contig keep resize 4096 0
	gives 2 "resize without a size" lazy-contig keep resize 4096
	gives 3 "keep without the module" unshare -m sh -c \
		'mount -t tmpfs none /dev && lazy-contig keep 1M'
	says doctor "  refers to doctor"
}

in_use()
{
	local at pid

	lazy-contig keep 4M --json >"$tmp/out"
	at=$(addr)
	hold lazy-contig keep open "$at" --hold --json
	pid=$!
	gives 1 "resize of a buffer in use" lazy-contig keep resize "$at" 8M
	says 'busy' "  says why"
	gives 0 "list" lazy-contig list
	says "kept\$" "  says that it is kept"
	says "$pid lazy-contig, kept\$" "  and its user"
	gives 0 "free of a buffer in use" lazy-contig keep free "$at"
	gives 0 "list" lazy-contig list
	says "$pid lazy-contig\$" "  shows it until"
	kill -TERM $pid
	wait $pid
	gives 0 "  its user exits" lazy-contig list --json
	json '.count == 0' "  and it is released"

	lazy-contig keep 4M --json >"$tmp/out"
	at=$(addr)
	gives 2 "open --no-free without --hold" lazy-contig keep open "$at" --no-free
	hold lazy-contig keep open "$at" --hold --no-free --json
	pid=$!
	gives 1 "free of a buffer that is held" lazy-contig keep free "$at"
	says 'busy' "  says why"
	gives 0 "show" lazy-contig keep show "$at"
	says "$pid lazy-contig, kept and held\$" "  shows its holder"
	gives 0 "show --json" lazy-contig keep show "$at" --json
	json '.kept and .held' "  says so"
	kill -TERM $pid
	wait $pid
	gives 0 "free without its holder" lazy-contig keep free "$at"
}

unprivileged()
{
	local at

	lazy-contig keep 4M --json >"$tmp/out"
	at=$(addr)
	chmod 0666 /dev/lazy_contig
	gives 5 "keep for an unprivileged user" as_nobody lazy-contig keep 1M
	gives 5 "keep list for an unprivileged user" as_nobody lazy-contig keep list
	gives 5 "open for an unprivileged user" as_nobody lazy-contig keep open "$at"
	gives 5 "resize for an unprivileged user" as_nobody lazy-contig keep resize "$at" 8M
	gives 5 "free for an unprivileged user" as_nobody lazy-contig keep free "$at"
	chmod 0600 /dev/lazy_contig
	gives 0 "free for root" lazy-contig keep free "$at"
}

keep
options
in_use
unprivileged
tap_done
