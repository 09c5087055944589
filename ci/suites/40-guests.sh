#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Linux guests booted by the sample monitor, in the primary VM under the test
# hypervisor: memory sizes, another initramfs, ways to end, bad arguments. On the debug
# kernel a few, and their disk.

. "$(dirname "$0")/../suite.sh"

export MEM=1G
boot guests --mode guests "$FAST_CPU" --timeout 900 --silence 310 \
	--append "primary.guests=$([ -n "$DEBUG" ] && echo brief || echo options,machines)"
results guests
