#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The test hypervisor's virtual GIC by itself, linked with a bare program.

. "$(dirname "$0")/../suite.sh"

OUT=$HYPOUT/tests-vgic
LOG=$LOGS/vgic.con

step vgic "building the virtual GIC's test in $OUT" \
	make -C "$KSRC/tools/testing/gunyah/hyp/tests/vgic" O="$OUT" \
	CROSS_COMPILE="$CROSS" CC="ccache ${CROSS}gcc" -j"$JOBS"

status=0
timeout --foreground 120 qemu-system-aarch64 \
	-machine virt,virtualization=on,gic-version=3,its=off \
	-cpu max,pauth-impdef=on -smp 2 -m 256M -nic none -display none \
	-serial "file:$LOG" -monitor none -no-reboot \
	-semihosting-config enable=on,target=native \
	-kernel "$OUT/vgic-test.elf" < /dev/null >&2 || status=$?
tr -d '\r' < "$LOG" | sed '/^$/d'
[ "$status" -le 1 ] || say "QEMU ended with status $status, console: $LOG"
exit "$status"
