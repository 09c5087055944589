#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# R65: Linux as a guest of 16 GiB.

export MEM=16G
. "$(dirname "$0")/lib.sh"

need_memory 20480
boot soak-linux --mode run --timeout 1500 --silence 900
echo "KTAP version 1"
if [ "$BOOT_STATUS" -eq 0 ]; then
	echo "ok 1 linux"
else
	echo "# $BOOT_WHY"
	echo "not ok 1 linux"
fi
echo "1..1"
