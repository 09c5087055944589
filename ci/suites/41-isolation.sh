#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Isolation of memory and registers, and the timers of guests: a bare EL1
# program in the place of the primary VM looks for itself (R61, R62, R63, R65).

. "$(dirname "$0")/../suite.sh"

TESTS=$KSRC/tools/testing/gunyah/hyp/tests
OUT=$HYPOUT/tests
LOG=$LOGS/isolation.log

step payloads "building the payloads of the isolation tests in $OUT" \
	make -C "$TESTS" O="$OUT" KSRC="$KSRC" CROSS_COMPILE="$CROSS" \
	CC="ccache ${CROSS}gcc" -j"$JOBS"

say "running the isolation tests, log: $LOG"
status=0
"$TESTS/run-payload.sh" "$HYPOUT/hyp.bin" "$OUT/isolation.bin" "$LOG" || status=$?

echo "KTAP version 1"
tr -d '\r' < "$LOG" | grep -a -E '^(not )?ok |^# ' || true
number=$(($(grep -a -c -E '^(not )?ok ' "$LOG" || true) + 1))
if [ "$status" -eq 0 ] && grep -a -q '^isolation: [1-9][0-9]* tests' "$LOG"; then
	echo "ok $number boot"
else
	echo "# the boot ended with status $status"
	echo "not ok $number boot"
fi
echo "1..$number"
