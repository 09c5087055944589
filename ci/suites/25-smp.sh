#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Guests with several vCPUs, in a primary VM of 8 CPUs. In the suite
# "selftests" the same programs have more vCPU threads than CPUs. The debug kernel masks
# interrupts by priority here.

export CPUS=8
. "$(dirname "$0")/../suite.sh"

boot smp --mode test --no-guest --timeout 900 --silence 300 \
	--append "primary.only=vcpu_smp,vcpu_host${DEBUG:+ irqchip.gicv3_pseudo_nmi=1}"
results smp
