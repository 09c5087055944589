#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The driver built into the kernel: it boots a guest as the modules do. This
# kernel also runs 32-bit programs, which have the same calls; and it has none of
# Android's private calls.

export VARIANT=release
. "$(dirname "$0")/../suite.sh"

"$CI/build-kernel.sh"
"$CI/build-initramfs.sh"
boot builtin --mode run --timeout 240
if [ "$BOOT_STATUS" -eq 0 ]; then
	echo "ok 1 boots_a_guest"
else
	echo "# $BOOT_WHY"
	echo "not ok 1 boots_a_guest"
fi
boot builtin-compat --mode test --timeout 240 --append primary.only=compat,android
# Without the plan: there is one case more.
results builtin-compat | sed '/^1\.\./d'
