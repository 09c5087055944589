#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The same in the driver's demand-paged flow, on the test hypervisor's profile
# "paging": each message, hypercall and allocation on the way of memory to a guest and
# back fails in turn.

. "$(dirname "$0")/../suite.sh"

boot sweeps-paged --memory 1536 --mode test "$FAST_CPU" "$NO_KASLR" --no-guest --timeout 1200 --silence 620 \
	--append "ghyp.profile=paging primary.only=$PAGED_SWEEP_TESTS"
results sweeps-paged
