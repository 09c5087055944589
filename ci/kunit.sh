#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The KUnit tests by the kernel's own kunit.py: built into a kernel for arm64
# that QEMU boots without a hypervisor.

. "$(dirname "$0")/lib.sh"

"$CI/prepare.sh"
lock_work
CONFIG=drivers/virt/gunyah/tests/.kunitconfig
[ -e "$KSRC/$CONFIG" ] || die "$CONFIG is missing"
say "running kunit.py"
start=$(date +%s.%N)
cd "$KSRC"
rc=0
python3 tools/testing/kunit/kunit.py run --arch=arm64 \
	--cross_compile="$CROSS" --kunitconfig="$CONFIG" \
	--build_dir="$WORK/kunit-$BASE_TAG" --jobs="$JOBS" \
	--make_options="CC=ccache ${CROSS}gcc" --timeout=600 "$@" || rc=$?
say "running kunit.py: $(elapsed "$start") s"
[ "$rc" -eq 0 ] || die "kunit.py failed with status $rc, build in $WORK/kunit-$BASE_TAG"
