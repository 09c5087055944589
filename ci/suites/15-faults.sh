#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The kselftests that make calls and messages go wrong by the hypervisor's
# control page: in a boot of their own, because its rules are for the whole
# machine, and because they mostly wait for limits to pass.

. "$(dirname "$0")/../suite.sh"

boot faults --mode test "$FAST_CPU" --no-guest --timeout 1200 --silence 620 \
	--append "primary.only=$FAULT_TESTS${DEBUG:+,$DEBUG_FAULT_TESTS}"
results faults
