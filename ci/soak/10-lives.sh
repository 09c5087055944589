#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# R30: 1,000 lives of a VM at least, with every end that there is.

. "$(dirname "$0")/lib.sh"

long lives soak_lives "$(share 15)" '' --no-guest
results lives
