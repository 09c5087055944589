#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# R65: a guest of 2 GiB, whose memory is in few ranges and in many: the messages to
# the resource manager grow with these, not with its pages.

. "$(dirname "$0")/../suite.sh"

boot big-eager --mode test "$FAST_CPU" --no-guest --memory 3840 --timeout 600 --silence 300 \
	--append "primary.soak=soak_memory primary.only=soak_memory GUNYAH_SOAK_GIB=2"
results big-eager
