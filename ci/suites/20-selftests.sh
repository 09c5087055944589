#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The kselftests, in the primary VM under the test hypervisor, but for those of
# the suites "faults", "sweeps", "sweeps-paged", "paged" and "builtin". The fuzzer runs for
# a minute.

. "$(dirname "$0")/../suite.sh"

not=$FAULT_TESTS,$SWEEP_TESTS,$PAGED_SWEEP_TESTS,$PAGED_TESTS,$DEBUG_FAULT_TESTS,compat,platform_qcom
[ -n "$DEBUG" ] || not=$not,$DEBUG_TESTS
boot selftests --mode test "$FAST_CPU" "$NO_KASLR" --timeout 1200 --silence 200 \
	--append "primary.not=$not primary.fuzz=60"
results selftests
