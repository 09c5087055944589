#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Build the EL2 test hypervisor: hyp.bin, that QEMU starts, and hyp.elf, for
# the debugger. libfdt comes from the kernel tree.

. "$(dirname "$0")/lib.sh"

"$CI/prepare.sh"
lock_work
mkdir -p "$HYPOUT"
step hyp "building the test hypervisor in $HYPOUT" \
	make -C "$KSRC/tools/testing/gunyah/hyp" O="$HYPOUT" KSRC="$KSRC" \
	CROSS_COMPILE="$CROSS" CC="ccache ${CROSS}gcc" -j"$JOBS"
[ -s "$HYPOUT/hyp.bin" ] || die "the build made no $HYPOUT/hyp.bin"
