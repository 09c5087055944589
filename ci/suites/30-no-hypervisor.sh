#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# R80: where there is no hypervisor the driver is quiet and there is no
# /dev/gunyah.

. "$(dirname "$0")/../suite.sh"

boot absent --mode absent --no-hyp --no-guest --timeout 120
results absent
