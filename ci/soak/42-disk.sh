#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# 256 MiB through a guest's virtio disk, each way, with 1 and 4 vCPUs.

export MEM=1G
. "$(dirname "$0")/lib.sh"

boot soak-disk --mode guests --timeout 1800 --silence 900 \
	--append 'primary.guests=big_disk'
results disk
