#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The primary VM goes down while a guest runs, in both flows: the hypervisor has all memory
# back, or that is bad. By kexec the same kernel takes over, and runs VMs.

export DEBUG=1 CPUS=2
. "$(dirname "$0")/../suite.sh"

number=0
echo "KTAP version 1"

# down HOW PROFILE: what the next kernel runs, if there is one, is one case with it.
down()
{
	local verdict=

	boot "down-$1-$2" --mode down "$FAST_CPU" --no-guest --memory 1536 --timeout 120 \
		--append "primary.down=$1 ghyp.profile=$2 primary.only=vcpu_fd,irqfd"
	[ "$BOOT_STATUS" -eq 0 ] || verdict='not '
	number=$((number + 1))
	echo "# ${BOOT_WHY:-the boot is good}"
	echo "${verdict}ok $number $1-$2"
}

down off published
down off paging
down kexec published
down kexec paging
echo "1..$number"
