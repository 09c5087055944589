#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The KUnit tests by the kernel's own kunit.py: built into a kernel for arm64
# that QEMU boots without a hypervisor. With --config only its configuration is made:
# do the options of .kunitconfig go together?

. "$(dirname "$0")/lib.sh"

"$CI/prepare.sh"
lock_work
CONFIG=drivers/virt/gunyah/tests/.kunitconfig
[ -e "$KSRC/$CONFIG" ] || die "$CONFIG is missing"
BUILD=$WORK/kunit-$BASE_TAG
cd "$KSRC"

kunit()
{
	python3 tools/testing/kunit/kunit.py "$1" --arch=arm64 \
		--cross_compile="$CROSS" --kunitconfig="$CONFIG" \
		--build_dir="$BUILD" --make_options="CC=ccache ${CROSS}gcc" "${@:2}"
}

if [ "${1:-}" = --config ]; then
	kunit config
	exit
fi
say "running kunit.py"
start=$(date +%s.%N)
rc=0
kunit run --jobs="$JOBS" --timeout=600 "$@" || rc=$?
say "running kunit.py: $(elapsed "$start") s"
[ "$rc" -eq 0 ] || die "kunit.py failed with status $rc, build in $BUILD"
