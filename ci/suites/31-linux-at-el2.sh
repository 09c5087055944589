#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# R80: the same with Linux itself at EL2.

. "$(dirname "$0")/../suite.sh"

boot absent-el2 --mode absent --no-hyp --el2 --no-guest --timeout 120
results absent
