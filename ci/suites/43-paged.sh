#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The driver's demand-paged flow, on the test hypervisor's profile "paging": the
# kselftests of that flow, and those of the others that mean the same in both. The fuzzer
# runs for 20 seconds, and for a minute where each takes long.

. "$(dirname "$0")/../suite.sh"

both=$BOTH_FLOWS,$BOTH_RACES
# This one takes long: the debug kernel runs it in the other flow only.
[ -z "$DEBUG" ] || both=${both/user_mem_life,/}
boot paged --mode test "$FAST_CPU" "$NO_KASLR" --no-guest --timeout 900 --silence 300 \
	--append "ghyp.profile=paging primary.only=$PAGED_TESTS,$both${DEBUG:+,$DEBUG_TESTS}" \
	--append "primary.fuzz=$([ -n "$DEBUG" ] && echo 60 || echo 20)"
results paged
