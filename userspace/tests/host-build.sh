#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What is built and shipped fits together: headers, symbols, man pages.
set -eu

cd "$(dirname "$0")/.."
O=${O:-build}
n=0

# ok DESCRIPTION COMMAND...: a check that passes if the command does
ok() {
	what=$1
	shift
	n=$((n + 1))
	if out=$("$@" 2>&1); then
		echo "ok $n - $what"
	else
		echo "not ok $n - $what"
		echo "$out" | sed 's/^/# /'
	fi
}

skip() {
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

header() {
	printf '#include <%s>\n#include <lazy_contig.h>\n' "$2" |
		"$1" -x "$3" -std="$4" -Wall -Wextra -Wpedantic -Werror -Ilib -I../uapi \
			-fsyntax-only -
}

# Public functions, by the header, by the version script and by the library.
declared() {
	sed -n 's/^int \(lazy_contig_[a-z_]*\)(.*/\1/p' lib/lazy_contig.h | sort
}

versioned() {
	sed -n 's/^\t\t\(lazy_contig_[a-z_]*\);/\1/p' lib/liblazy_contig.map | sort
}

exported() {
	nm -D --defined-only "$O"/liblazy_contig.so |
		sed -n 's/.* T \([^@]*\)@@LAZY_CONTIG_1.0$/\1/p' | sort
}

same() {
	[ -n "$1" ] && [ "$1" = "$2" ]
}

soname() {
	readelf -d "$O"/liblazy_contig.so | grep -q 'SONAME.*\[liblazy_contig.so.1\]'
}

ok "header in C99" header "${CC:-cc}" lazy_contig.h c gnu99
ok "header in C17" header "${CC:-cc}" lazy_contig.h c c17
if command -v g++ >/dev/null; then
	ok "header in C++98" header g++ cstddef c++ c++98
	ok "header in C++17" header g++ cstddef c++ c++17
else
	skip "header in C++" "no g++: install g++"
fi
ok "the version script has what the header declares" same "$(declared)" "$(versioned)"
ok "the library exports what the header declares" same "$(declared)" "$(exported)"
ok "the library's soname" soname
echo "1..$n"
