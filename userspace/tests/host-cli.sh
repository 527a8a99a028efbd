#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: tools: the manual, the completion of shells and the help have the same commands
#   and options
set -u

cd "$(dirname "$0")/.." || exit
O=${O:-build}
# shellcheck source=tests/tap/tap.sh
. ../tests/tap/tap.sh

# same WHAT EXPECTED FILE: passes if both have the same lines
same()
{
	out=$(diff "$2" "$3")
	ok $? "$1"
	[ -z "$out" ] || printf '%s\n' "$out" "run 'make generated'" | diag
}

# The section of lazy-contig(1) about a command
section()
{
	sed -n "/^\.SS $1\$/,/^\.S/p" man/lazy-contig.1 | sed 's/\\-/-/g'
}

documented()
{
	local command option

	while IFS='	' read -r command option; do
		[ "$option" != --json ] || [ "$command" = kdump ] || continue
		section "$command" | grep -qE -- "(^|[\" ])$option\b" ||
			echo "lazy-contig(1): $command has no $option"
	done < <("$O/generate" options)
}

# completes LINE WORD...: passes if the last word of the line is completed to the words
completes()
{
	local line=$1

	shift
	IFS=' ' read -ra COMP_WORDS <<<"$line"
	[ "${line% }" = "$line" ] || COMP_WORDS+=('')
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	COMPREPLY=()
	_lazy_contig
	[ "${COMPREPLY[*]}" = "$*" ]
	ok $? "'$line' is completed to '$*'"
	[ "${COMPREPLY[*]}" = "$*" ] || echo "${COMPREPLY[*]}" | diag
}

completion()
{
	# shellcheck source=userspace/completion/lazy-contig
	. completion/lazy-contig
	completes 'lazy-contig al' alloc
	completes 'lazy-contig re' reserve receive
	completes 'lazy-contig --v' --version
	completes 'lazy-contig help e' explain
	completes 'lazy-contig help keep s' show
	completes 'lazy-contig keep ' list show open resize free
	completes 'lazy-contig keep --na' --name
	completes 'lazy-contig keep resize --' --json --help
	completes 'lazy-contig alloc 4M --fi' --fill
	completes 'lazy-contig alloc 4M --fill o' offset
	completes 'lazy-contig alloc 4M --fill = z' zero
	completes 'lazy-contig alloc 4M --name '
	completes 'lazy-contig list --fi'
	completes 'lazy-contig receive comp' completion
	completes 'lazy-contig kdump --kernel Make' Makefile
	completes 'lazy-contig keep --load Make' Makefile
}

same "the completion has all commands and options" completion/lazy-contig \
	<(cat completion/functions.bash && "$O/generate" completion)
same "so has the synopsis" <("$O/generate" synopsis) \
	<(sed -n '/^\.SH SYNOPSIS/,/^\.fi/ { /lazy/p }' man/lazy-contig.1)
out=$(documented)
[ -z "$out" ]
ok $? "the manual describes every option of every command"
[ -z "$out" ] || echo "$out" | diag
completion
tap_done
