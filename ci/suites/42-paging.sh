#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The test hypervisor's profile "paging": a bare EL1 program in the place of the
# primary VM donates pages, maps them and takes them back, and looks for itself
# who can touch them (R61, R62, R63).

. "$(dirname "$0")/../suite.sh"

TESTS=$KSRC/tools/testing/gunyah/hyp/tests
OUT=$HYPOUT/tests-paging
LOG=$LOGS/paging.log

step paging "building the payload of the paging tests in $OUT" \
	make -C "$TESTS" O="$OUT" KSRC="$KSRC" CROSS_COMPILE="$CROSS" \
	CC="ccache ${CROSS}gcc" -j"$JOBS" "$OUT/paging.bin"

# payload LOG: its status is kept.
payload()
{
	status=0
	"$TESTS/run-payload.sh" "$HYPOUT/hyp.bin" "$OUT/paging.bin" "$1" "ghyp.profile=paging" ||
		status=$?
}

say "running the paging tests, log: $LOG"
payload "$LOG"

echo "KTAP version 1"
tr -d '\r' < "$LOG" | grep -a -E '^(not )?ok |^# ' || true
number=$(($(grep -a -c -E '^(not )?ok ' "$LOG" || true) + 1))
if [ "$status" -eq 0 ] && grep -a -q '^paging: [1-9][0-9]* tests' "$LOG"; then
	echo "ok $number boot"
else
	echo "# the boot ended with status $status"
	echo "not ok $number boot"
fi

# Where what is noted of each page does not fit into the hypervisor's pool.
number=$((number + 1))
PAYLOAD_MEMORY=24G payload "${LOG%.log}-large.log"
if [ "$status" -eq 0 ] && ! grep -a -q '^not ok' "${LOG%.log}-large.log" &&
	grep -a -q '^# 1 GiB at once' "${LOG%.log}-large.log"; then
	echo "ok $number large_machine"
else
	tr -d '\r' < "${LOG%.log}-large.log" | grep -a -E '^not ok|^hyp: ' | sed 's/^/# /' || true
	echo "not ok $number large_machine"
fi
echo "1..$number"
