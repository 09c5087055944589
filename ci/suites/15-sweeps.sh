#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The kselftests in which everything fails in turn, one thing in each life of a
# VM: in a boot of their own, because they take long.

. "$(dirname "$0")/../suite.sh"

# kmemleak looks at all memory in the end: not more than these need.
boot sweeps --memory 1536 --mode test "$FAST_CPU" "$NO_KASLR" --no-guest --timeout 1200 --silence 620 \
	--append "primary.only=$SWEEP_TESTS"
results sweeps
