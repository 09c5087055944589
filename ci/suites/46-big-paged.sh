#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# R65: the same where the guest gets its memory when it touches it: the hypercalls grow
# with the ranges, not with the pages.

. "$(dirname "$0")/../suite.sh"

boot big-paged --mode test "$FAST_CPU" --no-guest --memory 3840 --timeout 600 --silence 300 \
	--append "primary.soak=soak_memory primary.only=soak_memory GUNYAH_SOAK_GIB=2 \
ghyp.profile=paging"
results big-paged
