# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What every script of ci/ shares: the places, the variables a user may set,
# and how a step is printed. Sourced, never run.
#
# Words: "base" is the kernel source that the overlay is laid on; "work" is
# this clone's own folder in the cache, named after the clone's path; a "step"
# is one command whose output goes to a log file and whose time is printed.

set -euo pipefail

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
CI=$TOP/ci

# Variables of the user, with their defaults.
BASE=${BASE:-6.12}
MEM=${MEM:-256M}
VCPUS=${VCPUS:-1}
CPUS=${CPUS:-2}
DEBUG=${DEBUG:-}
PAGES=${PAGES:-}
IMAGE=${IMAGE:-}
INITRD=${INITRD:-}
DISK=${DISK:-}
VIRTIO=${VIRTIO:-1}
JOBS=${JOBS:-$(nproc)}
QEMU=${QEMU:-}
[ "$DEBUG" != 0 ] || DEBUG=

CACHE=${GUNYAH_CACHE:-$HOME/.cache/gunyah}
WORK=$CACHE/work-$(printf '%s' "$TOP" | sha256sum | cut -c1-12)

if [ -d "$BASE" ]; then
	BASE=$(cd "$BASE" && pwd -P)
	BASE_SRC=$BASE
	BASE_TAG=dir-$(printf '%s' "$BASE" | sha256sum | cut -c1-8)
else
	BASE_SRC=$CACHE/linux-source-$BASE
	BASE_TAG=$BASE
fi

# A qemu-system-aarch64 that comes before the machine's, also for the kernel's own
# scripts: with QEMU=new that of fetch-qemu.sh, else that of the folder QEMU.
QEMU_NEW=$CACHE/qemu-new
# The tools of dt_binding_check, by fetch-dtschema.sh.
DTSCHEMA=$CACHE/dtschema
case $QEMU in
'') ;;
new) PATH=$QEMU_NEW:$PATH ;;
*) PATH=$(cd "$QEMU" && pwd -P):$PATH ;;
esac

# A variant is a build of its own with one more fragment of configuration:
# config/VARIANT.config.
VARIANT=${VARIANT:-}
case $PAGES in
'' | 4K) ;;
16K | 64K) VARIANT=${VARIANT:-pages-${PAGES%K}k} ;;
*)
	printf "error: PAGES='%s' is not 4K, 16K or 64K\n" "$PAGES" >&2
	exit 1
	;;
esac
# With LLVM=1, which the kernel's makefiles know, too, a build by clang apart from
# the others.
LLVM=${LLVM:-}
FLAVOUR=$BASE_TAG${VARIANT:+-$VARIANT}${DEBUG:+-debug}${LLVM:+-clang}
KSRC=$WORK/linux-$BASE_TAG
KOUT=$WORK/build-$FLAVOUR
STAGE=$WORK/stage-$FLAVOUR
# The guest's kernel is the plain build, also when the primary's is another.
GUEST_IMAGE=${IMAGE:-$WORK/build-$BASE_TAG/arch/arm64/boot/Image}
USEROUT=$WORK/user-$BASE_TAG
HYPOUT=$WORK/hyp-$BASE_TAG
INITRAMFS=$WORK/initramfs
LOGS=$WORK/log

# What the overlay holds at in-tree paths.
OVERLAY_DIRS=(arch drivers include Documentation samples tools)

CROSS=aarch64-linux-gnu-
KCC=${CROSS}gcc
[ -z "$LLVM" ] || KCC=clang
export CCACHE_BASEDIR=$WORK CCACHE_NOHASHDIR=1
export CCACHE_DIR=${CCACHE_DIR:-$CACHE/ccache}
export KBUILD_BUILD_TIMESTAMP='2024-01-01' KBUILD_BUILD_USER=gunyah
export KBUILD_BUILD_HOST=gunyah
export LC_ALL=C.UTF-8

export TOP CI BASE BASE_SRC BASE_TAG VARIANT MEM VCPUS CPUS DEBUG PAGES IMAGE INITRD DISK VIRTIO JOBS QEMU
export PATH QEMU_NEW DTSCHEMA CACHE WORK FLAVOUR KSRC KOUT STAGE GUEST_IMAGE USEROUT HYPOUT INITRAMFS LOGS CROSS

mkdir -p "$WORK" "$LOGS"
[ -e "$WORK/clone" ] || printf '%s\n' "$TOP" > "$WORK/clone"

say()
{
	printf '== %s\n' "$*" >&2
}

die()
{
	printf 'error: %s\n' "$*" >&2
	exit 1
}

# step NAME WHAT COMMAND...: run the command with its output in log/NAME.log.
# Says what it does and how long it took; when it fails, shows the end of the
# log and ends the script with one line.
step()
{
	local name=$1 what=$2 log start rc=0
	shift 2
	log=$LOGS/$name.log
	start=$(date +%s.%N)
	say "$what"
	# Not "|| rc=$?", which would turn errexit off inside of a function.
	set +e
	(set -e; "$@") > "$log" 2>&1
	rc=$?
	set -e
	if [ "$rc" -ne 0 ]; then
		show_failure "$log" >&2
		die "$what: failed with status $rc, log: $log"
	fi
	say "$what: $(elapsed "$start") s"
}

# The first compiler errors of a log, or else its end.
show_failure()
{
	grep -E -m 15 '(\<[Ee]rror\>|undefined reference|\*\*\*)' "$1" ||
		tail -n 15 "$1"
}

elapsed()
{
	awk -v a="$1" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f", b - a }'
}

# One build at a time per clone; held until the script ends.
lock_work()
{
	exec 9> "$WORK/lock"
	if ! flock -n 9; then
		say "waiting for another build of this clone"
		flock 9
	fi
}

kmake()
{
	make -C "$KSRC" O="$KOUT" ARCH=arm64 CROSS_COMPILE="$CROSS" \
		CC="$CI/ccache.sh $KCC" HOSTCC="ccache gcc" -j"$JOBS" "$@"
}

# The list of patches of this base: that of its version, such as 7.3, else of 7.x,
# else of 6.12. The base has to be there.
patches_of_base()
{
	local version dir

	version=$(sed -n 's/^VERSION = //p; s/^PATCHLEVEL = /./p' \
		"$BASE_SRC/Makefile" | tr -d '\n')
	for dir in "$CI/patches-$version" "$CI/patches-${version%.*}.x"; do
		if [ -d "$dir" ]; then
			printf '%s\n' "$dir"
			return
		fi
	done
	printf '%s\n' "$CI/patches-6.12"
}

# Files of the overlay, relative to the repository, NUL separated: those that
# git knows or would add, so that ignored build products stay out.
overlay_files()
{
	if git -C "$TOP" rev-parse --git-dir > /dev/null 2>&1; then
		(cd "$TOP" && git ls-files -z -co --exclude-standard \
			-- "${OVERLAY_DIRS[@]}") |
			while IFS= read -r -d '' f; do
				[ ! -e "$TOP/$f" ] || printf '%s\0' "$f"
			done | sort -zu
	else
		(cd "$TOP" && find "${OVERLAY_DIRS[@]}" -type f -print0) |
			sort -zu
	fi
}

# Megabytes of a size such as 256M or 1G; dies on anything else.
megabytes()
{
	case $1 in
	*[!0-9MmGg]* | '' | [MmGg]*) die "'$1' is not a size such as 256M or 1G" ;;
	*[Gg]) echo $((${1%[Gg]} * 1024)) ;;
	*[Mm]) echo "${1%[Mm]}" ;;
	*) die "'$1' is not a size such as 256M or 1G" ;;
	esac
}
