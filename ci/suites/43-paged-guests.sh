#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# R81: Linux as a guest that gets its memory when it touches it, booted by the sample
# monitor: its virtio devices work in memory that is shared on demand.

. "$(dirname "$0")/../suite.sh"

export MEM=1G
boot paged-guests --mode guests "$FAST_CPU" --timeout 600 --silence 310 \
	--append "ghyp.profile=paging primary.guests=few"
results paged-guests
