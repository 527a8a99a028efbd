# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Completion of lazy-contig for bash. 'make generated' makes the file lazy-contig of
# functions.bash and of the commands and options.

# _lazy_contig_values KIND: what can stand in a place of that kind
_lazy_contig_values()
{
	case $1 in
	addresses)
		awk -F '\t' '
			NR == 1 { for (i = 1; i <= NF; i++) if ($i == "kept") kept = i; next }
			$kept { print $1 }' /sys/kernel/debug/lazy_contig/buffers 2>/dev/null ;;
	devices)
		compgen -G '/dev/dri/card*'
		compgen -G '/dev/dri/renderD*'
		compgen -G '/dev/video*' ;;
	heaps)
		compgen -G '/dev/dma_heap/*' | sed 's|.*/||' ;;
	nodes)
		compgen -G '/sys/devices/system/node/node[0-9]*' | sed 's|.*/node||' ;;
	patterns)
		echo zero offset ;;
	zones)
		sed -n 's/^Node .*, zone *//p' /proc/zoneinfo 2>/dev/null | sort -u ;;
	processes)
		compgen -G '/proc/[0-9]*' | sed 's|.*/||' ;;
	esac
}

# _lazy_contig_offer KIND: completes the current word, cur, with what can stand there
_lazy_contig_offer()
{
	if [ "$1" = files ]; then
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	else
		mapfile -t COMPREPLY < <(compgen -W "$(_lazy_contig_values "$1")" -- "$cur")
	fi
}

_lazy_contig()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local command=${COMP_WORDS[1]} kind='' words=''

	COMPREPLY=()
	# '--option=value' is three words
	[ "$cur" != = ] || cur=''
	[ "$prev" != = ] || prev=${COMP_WORDS[COMP_CWORD - 2]}
	if _lazy_contig_option "$prev"; then
		[ -z "$kind" ] || _lazy_contig_offer "$kind"
		return
	fi

	if [ "$COMP_CWORD" = 1 ]; then
		words="$_lazy_contig_commands --help --version"
	elif [ "$command" = help ]; then
		[ "$COMP_CWORD" != 2 ] || words=$_lazy_contig_commands
		[ "$COMP_CWORD $prev" != '3 keep' ] || words=$_lazy_contig_keep
	elif [ "$command $COMP_CWORD" = 'keep 2' ] && [[ $cur != -* ]]; then
		words=$_lazy_contig_keep
	else
		case " $_lazy_contig_keep " in
		*" ${COMP_WORDS[2]} "*)
			[ "$command" != keep ] || command="keep ${COMP_WORDS[2]}" ;;
		esac
		_lazy_contig_command "$command"
	fi
	if [ -z "$kind" ] || [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	else
		_lazy_contig_offer "$kind"
	fi
}
complete -F _lazy_contig lazy-contig

