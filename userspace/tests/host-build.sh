#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Promise: tools: the header compiles as C and C++; symbols are versioned; functions and
#   parameters have a man page, functions with their thread safety
# Promise: tools: libraries, package and Python module have the symbols and the version of
#   the header
set -eu

cd "$(dirname "$0")/.."
O=${O:-build}
# shellcheck source=tests/tap/tap.sh
. ../tests/tap/tap.sh

# holds WHAT COMMAND...: a check that passes if the command does
holds() {
	what=$1
	shift
	status=0
	out=$("$@" 2>&1) || status=$?
	ok $status "$what"
	[ $status = 0 ] || echo "$out" | diag
}

# A program in C and C++ with each struct, and a call in which a struct and a function
# with similar names meet.
program() {
	cat <<EOF
#include <$1>
#include <lazy_contig.h>
#if LAZY_CONTIG_VERSION < 0x010000
#error no version
#endif
int request(int dev);
int request(int dev)
{
	struct lazy_contig_query query;
	struct lazy_contig_allocation allocation;
	struct lazy_contig_open open;
	struct lazy_contig_resize resize;
	struct lazy_contig_free free;

	open.phys_addr = resize.phys_addr = free.phys_addr = 0;
	lazy_contig_request_init(&allocation, sizeof(allocation));
	allocation.len = 4096;
	return lazy_contig_query(dev, lazy_contig_request(dev, &allocation), &query,
				 sizeof(query)) +
	       lazy_contig_kept_free(dev, open.phys_addr + resize.phys_addr + free.phys_addr);
}
EOF
}

header() {
	program "$2" | "$1" -x "$3" -std="$4" -Wall -Wextra -Wpedantic -Wshadow -Werror -Ilib \
		-I../uapi -fsyntax-only -
}

# Public functions, according to the header, the version script and the library.
declared() {
	sed -nE 's/^(int|void) (lazy_contig_[a-z_]*)\(.*/\2/p' lib/lazy_contig.h | sort
}

versioned() {
	sed -n 's/^\t\t\(lazy_contig_[a-z_]*\);/\1/p' lib/liblazy_contig.map | sort
}

# exported LIBRARY VERSION
exported() {
	nm -D --defined-only "$O/$1" | sed -n "s/.* T \([^@]*\)@@$2\$/\1/p" | sort
}

# The symbols that the package promises, each with the version that it came with
packaged() {
	sed -n 's/^ \(lazy_contig_[a-z_]*\)@LIBLAZY_CONTIG_1\.0 1\.0\.0$/\1/p' \
		packaging/debian/liblazy-contig1.symbols | sort
}

# The same of the library for GStreamer. G_DECLARE_FINAL_TYPE declares the second one.
gst_declared() {
	sed -nE 's/^GstAllocator \*(gst_lazy_contig_[a-z_]*)\(.*/\1/p
		s/^G_DECLARE_FINAL_TYPE\(\w+, (\w+),.*/\1_get_type/p' gst/lazy_contig_gst.h | sort
}

gst_versioned() {
	sed -n 's/^\t\t\(gst_lazy_contig_[a-z_]*\);/\1/p' gst/liblazy_contig_gst.map | sort
}

same() {
	[ -n "$1" ] && [ "$1" = "$2" ]
}

soname() {
	readelf -d "$O/$1" | grep -q "SONAME.*\[$1.1\]"
}

# The version of the header, 0xMMmmpp, and that of the file.
version() {
	n=$(sed -n 's/^#define LAZY_CONTIG_VERSION\t*//p' lib/lazy_contig.h)
	version=$((n >> 16)).$((n >> 8 & 255)).$((n & 255))
	[ -e "$O/liblazy_contig.so.$version" ]
}

# The module for Python, and the structs that it packs by itself
python_version() {
	grep -q "^__version__ = \"$version\"$" python/lazy_contig.py
}

python_structs() {
	sizes=$(PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=python python3 -c '
import lazy_contig
print(lazy_contig._QUERY.size, lazy_contig._REQUEST.size)')
	echo "$sizes"
	[ "$sizes" = "32 128" ]
}

# Pages with .so are checked as the page that they include.
pages_clean() {
	for page in man/*.[1-8]; do
		target=$(sed -n 's|^\.so man[0-9]/|man/|p' "$page")
		out=$(man --warnings -E UTF-8 -Tutf8 -Z -l "${target:-$page}" 2>&1 >/dev/null)
		[ -z "$out" ] || { echo "$page: $out"; return 1; }
	done
}

# Every public function has a page with its prototype.
documented() {
	for function in $(declared); do
		page=man/$function.3
		[ -e "$page" ] || { echo "no $page"; return 1; }
		target=$(sed -n 's|^\.so man3/|man/|p' "$page")
		grep -qE "^\.BI? \"?(int|void) $function\(" "${target:-$page}" ||
			{ echo "$page: no prototype"; return 1; }
		grep -q "^Thread safety: MT-Safe" "${target:-$page}" ||
			{ echo "$page: no thread safety"; return 1; }
		grep -q "$function" man/liblazy_contig.3 ||
			{ echo "liblazy_contig(3): no $function"; return 1; }
	done
}

# Every module parameter is described in lazy_contig(4).
parameters_documented() {
	parameters=$(sed -n 's/^module_param[a-z_]*(\([a-z_0-9]*\),.*/\1/p' ../heap/*.c)
	[ -n "$parameters" ] || return 1
	for parameter in $parameters; do
		grep -q "^\.BR $parameter " man/lazy_contig.4 ||
			{ echo "lazy_contig(4): no $parameter"; return 1; }
	done
}

# What modinfo shows of a module
module_info() {
	for what in DESCRIPTION AUTHOR LICENSE; do
		grep -q "^MODULE_$what(" "$1" || { echo "no MODULE_$what"; return 1; }
	done
}

# Files of the control device with one number that is no counter; the others have none.
gauges() {
	files=$(sed -n 's/^static DEVICE_ATTR_RO(\(.*\));/\1/p' ../heap/sysfs.c |
		sed 's/_pages$/_bytes/' | sort)
	known=$(sed -n '/gauges\[\] =/s/.*{ \(.*\) };/\1/p' lazy-contig/stat.c |
		tr -d '",' | tr ' ' '\n' | sort)
	echo "$files, not $known"
	same "$files" "$known"
}

holds "header in C99" header "${CC:-cc}" lazy_contig.h c gnu99
holds "header in C17" header "${CC:-cc}" lazy_contig.h c c17
if command -v g++ >/dev/null; then
	holds "header in C++98" header g++ cstddef c++ c++98
	holds "header in C++17" header g++ cstddef c++ c++17
	holds "header in C++20" header g++ cstddef c++ c++20
else
	skip "header in C++" "no g++: install g++"
fi
for module in ../heap/module.c ../heap/kdump/kdump.c; do
	holds "${module##*/} has description, author and licence" module_info "$module"
done
holds "every gauge of the module is one of 'stat', and no counter is" gauges
holds "the version script has what the header declares" same "$(declared)" "$(versioned)"
holds "the library exports what the header declares" same "$(declared)" \
	"$(exported liblazy_contig.so LIBLAZY_CONTIG_1.0)"
holds "the package lists what the header declares" same "$(declared)" "$(packaged)"
holds "the library's soname" soname liblazy_contig.so
holds "the version of the header is that of the library" version
version
holds "and of the module for Python" python_version
if command -v python3 >/dev/null; then
	holds "the structs of the module for Python are as long as those of the header" \
		python_structs
else
	skip "the structs of the module for Python" "no python3: install python3"
fi
holds "GStreamer's: the version script has what the header declares" \
	same "$(gst_declared)" "$(gst_versioned)"
if [ -e "$O/liblazy_contig_gst.so" ]; then
	holds "GStreamer's: the library exports it" same "$(gst_declared)" \
		"$(exported liblazy_contig_gst.so LIBLAZY_CONTIG_GST_1.0)"
	holds "GStreamer's: the library's soname" soname liblazy_contig_gst.so
else
	skip "GStreamer's: the library" "it is not built: install libgstreamer-plugins-base1.0-dev"
fi
holds "every function has a man page with prototype and thread safety" documented
holds "every module parameter is in lazy_contig(4)" parameters_documented
if command -v man >/dev/null; then
	holds "man pages are formatted without a warning" pages_clean
else
	skip "man pages are formatted without a warning" "no man: install man-db"
fi
tap_done
