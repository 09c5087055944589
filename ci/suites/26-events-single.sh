#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The same as events-multi with all CPUs in one thread: they take turns, so that
# what meets there never meets here, and the other way round.

. "$(dirname "$0")/../suite.sh"

boot events-single --mode test "$FAST_CPU" --no-guest --timeout 900 --silence 600 \
	--qemu=-accel --qemu=tcg,thread=single \
	--append "primary.only=event_flow GUNYAH_EVENTS=100000"
results events-single
