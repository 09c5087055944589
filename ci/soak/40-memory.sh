#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# R65: a guest of 16 GiB, in one piece and in thousands. The machine has 19 GiB.

export MEM=16G
. "$(dirname "$0")/lib.sh"

need_memory 20480
long memory soak_memory 900 "GUNYAH_SOAK_GIB=${MEM%G}"
results memory
