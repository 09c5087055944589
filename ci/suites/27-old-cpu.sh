#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Some kselftests on a processor of Armv8.0: neither the driver nor the test
# hypervisor may ask more of it than it has.

. "$(dirname "$0")/../suite.sh"

boot old-cpu --mode test --no-guest --cpu cortex-a57 --timeout 300 \
	--append "primary.only=vm_life,vcpu_run,memory_access"
results old-cpu
