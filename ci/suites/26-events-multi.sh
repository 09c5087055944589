#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# 100,000 signals each way through irqfds and ioeventfds, each CPU of the machine
# in a thread of its own.

. "$(dirname "$0")/../suite.sh"

boot events-multi --mode test "$FAST_CPU" --no-guest --timeout 900 --silence 600 \
	--qemu=-accel --qemu=tcg,thread=multi \
	--append "primary.only=event_flow GUNYAH_EVENTS=100000"
results events-multi
