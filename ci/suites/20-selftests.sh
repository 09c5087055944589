#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The kselftests, in the primary VM under the test hypervisor, but for those of
# the suites "faults", "sweeps", "sweeps-paged", "paged" and "builtin". The fuzzer runs for
# a minute on the debug kernel, which sees more of what it does.

. "$(dirname "$0")/../suite.sh"

fuzz=10
not=$FAULT_TESTS,$SWEEP_TESTS,$PAGED_SWEEP_TESTS,$PAGED_TESTS,$DEBUG_FAULT_TESTS,compat,platform_qcom
if [ -n "$DEBUG" ]; then
	fuzz=60
else
	not=$not,$DEBUG_TESTS
fi
boot selftests --mode test "$FAST_CPU" --timeout 1200 --silence 200 \
	--append "primary.not=$not primary.fuzz=$fuzz"
results selftests
