# shellcheck shell=bash
# What the tests of installation share: a scratch system. Sourced, after "set -eu".

# shellcheck source=tests/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../vm/common.sh"
# shellcheck source=tests/tap/tap.sh
. "$TOP/tests/tap/tap.sh"

# scratch RELEASE PACKAGE...: work on a copy of such a system, gone when the script ends
scratch()
{
	lower=$("$VM/root" "$@")
	mkdir -p "$CACHE/run"
	scratch=$(mktemp -d "$CACHE/run/packages-XXX")
	mkdir "$scratch/upper" "$scratch/work" "$scratch/root" "$scratch/share"
	trap 'rm -rf --one-file-system "$scratch"' EXIT
}

# outside COMMAND...: run a command of this machine, with the scratch system at $scratch/root
outside()
{
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare --mount --propagation private bash -euc '
		common=$1 lower=$2 scratch=$3
		shift 3
		mount -t overlay -o "lowerdir=$lower,upperdir=$scratch/upper,workdir=$scratch/work" \
			overlay "$scratch/root"
		. "$common"
		CHROOT=$scratch/root
		"$@"
	' bash "$VM/common.sh" "$lower" "$scratch" "$@"
}

# inside COMMAND...: run in the scratch system, with $scratch/share at /lc; the output is
# printed if it fails
inside()
{
	local log=$scratch/log

	if outside in_chroot -b "$scratch/share" env \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@" \
		>"$log" 2>&1; then
		return 0
	fi
	printf '%s\n' "$*" | diag
	tail -n 40 "$log" | diag
	return 1
}

# holds WHAT COMMAND...: a check that passes if the command does
holds()
{
	local what=$1 rc=0

	shift
	"$@" || rc=$?
	ok "$rc" "$what"
}

# The files of the scratch system, but for logs, caches and what depmod writes.
files()
{
	outside in_chroot sh -c 'cd /; find . -xdev \( -path ./lc -o -path ./tmp -o -path ./proc \
		-o -path ./dev -o -path ./var/log -o -path ./var/cache -o -path ./var/lib/dpkg \
		-o -path ./var/lib/apt -o -path "./var/lib/dkms/mok.*" -o -path "./lib/modules/*/modules.*" \
		-o -path "./usr/lib/modules/*/modules.*" \) -prune -o -print' | LC_ALL=C sort
}

# same_files BEFORE AFTER: compares lists
same_files()
{
	local differences

	differences=$(diff "$1" "$2") && return
	printf '%s\n' "$differences" | diag
	return 1
}
