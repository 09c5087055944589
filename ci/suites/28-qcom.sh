#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A hypervisor that says it is Qualcomm's: the module for that firmware is there and
# stays. The firmware itself is not, so that no memory can be given.

. "$(dirname "$0")/../suite.sh"

boot qcom --mode test "$FAST_CPU" --no-guest --timeout 300 \
	--append "ghyp.qcom=1 primary.only=platform_qcom"
results qcom
