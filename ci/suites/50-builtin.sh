#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The driver built into the kernel: it boots a guest as the modules do.

export VARIANT=builtin
. "$(dirname "$0")/../suite.sh"

"$CI/build-kernel.sh"
"$CI/build-initramfs.sh"
boot builtin --mode run --timeout 240
echo "KTAP version 1"
if [ "$BOOT_STATUS" -eq 0 ]; then
	echo "ok 1 boots_a_guest"
else
	echo "# $BOOT_WHY"
	echo "not ok 1 boots_a_guest"
fi
echo "1..1"
