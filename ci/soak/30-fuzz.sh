#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The fuzzer on the debug kernel, in boots of half an hour at most: each begins
# with a seed of its own.

export DEBUG=1
. "$(dirname "$0")/lib.sh"

left=$(share 35)
boots=$(((left + 1799) / 1800))
number=0
echo "KTAP version 1"
for i in $(seq "$boots"); do
	long "fuzz-$i" fuzz $((left / boots)) ''
	number=$((number + 1))
	if [ "$BOOT_STATUS" -eq 0 ]; then
		echo "ok $number fuzz-$i"
	else
		echo "# $BOOT_WHY"
		echo "not ok $number fuzz-$i"
	fi
done
echo "1..$number"
