#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The same guests' consoles and disks.

. "$(dirname "$0")/../suite.sh"

export MEM=1G
boot guest-devices --mode guests "$FAST_CPU" --timeout 900 --silence 310 \
	--append "primary.guests=devices"
results guest-devices
