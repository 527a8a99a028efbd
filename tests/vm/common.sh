# shellcheck shell=bash
# What every script of the harness needs: where things are, and how to enter
# the chroot. Sourced, after "set -eu".

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
VM=$TOP/tests/vm
CACHE=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/lazy_contig}
CHROOT=$CACHE/chroot

# Debian's releases. A new one changes these two names, and no other place.
STABLE=trixie OLDSTABLE=bookworm

# Kernels are named by role, which tests/vm/setup resolves: the kernel that the
# release of this name comes with, and the newest one with image and headers.
# A series ("6.12") is a name too, and debug and coverage are. Of another architecture
# or page size, Debian's flavour follows: newest-arm64-16k.
KERNELS_amd64="oldstable stable newest"
KERNELS_arm64="oldstable-arm64 stable-arm64 stable-arm64-16k newest-arm64 newest-arm64-16k"

# One build folder for each source tree, so that several can work at once.
BUILD=$CACHE/build/$(printf %s "$TOP" | sha256sum | cut -c1-12)

mkdir -p "$CACHE/locks"

say()
{
	printf '%s\n' "$*" >&2
}

die()
{
	say "error: $*"
	exit 1
}

# default_kernels ARCH...
default_kernels()
{
	local arch kernels list=

	for arch in "$@"; do
		kernels=KERNELS_$arch
		[ -n "${!kernels-}" ] || die "no kernels of architecture $arch"
		list="$list ${!kernels}"
	done
	printf %s "${list# }"
}

# shellcheck disable=SC2086 # one word an architecture
DEFAULT_KERNELS=$(default_kernels ${ARCHS:-amd64})

# locked NAME COMMAND...: one at a time among all users of the cache
locked()
{
	local fd

	exec {fd}>"$CACHE/locks/$1"
	flock "$fd"
	shift
	"$@"
	exec {fd}>&-
}

# in_chroot [-b DIR] COMMAND...: run in the chroot, with DIR at /lc. What is
# mounted lives in a mount namespace of its own: nothing is left to unmount, and
# deleting the cache can never walk into a mount.
in_chroot()
{
	local bind='' proxies

	if [ "$1" = -b ]; then
		bind=$2
		shift 2
	fi
	mapfile -t proxies < <(env | grep -iE '^(https?|no)_proxy=')
	# shellcheck disable=SC2016 # expanded by the inner shell
	env -i "${proxies[@]}" HOME=/root LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		DEBIAN_FRONTEND=noninteractive \
		unshare --mount --propagation private sh -euc '
		root=$1 bind=$2
		shift 2
		mount -t proc proc "$root/proc"
		mount --rbind /dev "$root/dev"
		[ -z "$bind" ] || mount --bind "$bind" "$root/lc"
		exec chroot "$root" sh -euc "cd /lc; exec \"\$@\"" sh "$@"
	' sh "$CHROOT" "$bind" "$@"
}

# Whether the chroot is there and can be entered.
have_chroot()
{
	[ "$(id -u)" = 0 ] && [ -e "$CHROOT/lc.packages" ]
}

# with_tools DIR COMMAND...: run in DIR with the tools of the chroot, where it can be
# entered, else with those of this machine
with_tools()
{
	local dir=$1

	shift
	if have_chroot; then
		in_chroot -b "$dir" "$@"
	else
		(cd "$dir" && "$@")
	fi
}

# The flavour of a kernel: amd64, arm64, arm64-16k.
kernel_flavour()
{
	case $1 in
	*-*) printf %s "${1#*-}" ;;
	*) printf amd64 ;;
	esac
}

# The Debian architecture of a kernel.
kernel_arch()
{
	local flavour

	flavour=$(kernel_flavour "$1")
	printf %s "${flavour%%-*}"
}

# kernel_page_kib KERNEL: the size of its pages
kernel_page_kib()
{
	case $1 in
	*-16k) printf 16 ;;
	*-64k) printf 64 ;;
	*) printf 4 ;;
	esac
}

# What names the cross tools of an architecture, empty for the chroot's own.
cross_triplet()
{
	case $1 in
	amd64) ;;
	arm64) printf aarch64-linux-gnu ;;
	esac
}

# arch_root ARCH: the root of its machines, and the sysroot of its compiler, seen from
# inside the chroot.
arch_root()
{
	case $1 in
	amd64) printf / ;;
	*) printf /%s "$1" ;;
	esac
}

# host_packages PACKAGE...: install what is missing of them on this machine
host_packages()
{
	local missing=() package

	for package in "$@"; do
		case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
		*" installed") ;;
		*) missing+=("$package") ;;
		esac
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	[ "$(id -u)" = 0 ] || die "please install: ${missing[*]}"
	say "installing ${missing[*]}"
	apt-get -qq update
	DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends \
		"${missing[@]}" >/dev/null
}

# The Debian mirror that this machine uses already.
mirror()
{
	local uri try

	if [ -n "${DEBIAN_MIRROR-}" ]; then
		printf %s "$DEBIAN_MIRROR"
		return
	fi
	for try in 1 2; do
		# shellcheck disable=SC2016 # expanded by apt
		uri=$(apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' \
			'Created-By: Packages' |
			awk '$1 == "Debian" && $2 == "Debian" { print $3; exit }')
		if [ -n "$uri" ] || [ "$try" = 2 ] || [ "$(id -u)" != 0 ]; then
			break
		fi
		apt-get -qq update
	done
	[ -n "$uri" ] || die "apt knows no Debian archive here: set DEBIAN_MIRROR to one"
	printf %s "$uri"
}

# copy_source DIR: the source as git sees it, new files included; times are kept, so that make
# builds only what changed.
copy_source()
{
	local to=$1 list=$1.files

	mkdir -p "$to"
	{
		git -C "$TOP" ls-files -co --exclude-standard
		git -C "$TOP" ls-files -d
	} | sort | uniq -u >"$list.new"
	if [ -e "$list" ]; then
		comm -13 "$list.new" "$list" | while IFS= read -r gone; do
			rm -f "$to/$gone"
		done
	fi
	tar -c -C "$TOP" -T "$list.new" | tar -x -C "$to"
	mv "$list.new" "$list"
}

# The folder of a kernel, as setup left it.
kernel_dir()
{
	local dir=$CACHE/kernels/$1

	[ -e "$dir/release" ] || die "no kernel $1 in the cache: run tests/vm/setup $1"
	printf %s "$dir"
}

# The release of a kernel, "6.12.107+deb13-amd64".
kernel_release()
{
	local dir

	dir=$(kernel_dir "$1")
	cat "$dir/release"
}
