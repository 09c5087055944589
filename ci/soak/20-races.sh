#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Long races on the debug kernel.

export DEBUG=1
. "$(dirname "$0")/lib.sh"

long races soak_races "$(share 15)" ''
results races
