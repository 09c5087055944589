#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The kselftests, in the primary VM under the test hypervisor, but for those of
# the suite "faults".

. "$(dirname "$0")/../suite.sh"

boot selftests --mode test --timeout 900 --silence 120 \
	--append "primary.not=$FAULT_TESTS"
results selftests
