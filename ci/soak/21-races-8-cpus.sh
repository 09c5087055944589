#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The same races in a primary VM of 8 CPUs, on the normal kernel: there more of them meet
# in the same time than on the debug kernel.

export CPUS=8
. "$(dirname "$0")/lib.sh"

long races-8-cpus soak_races "$(share 10)" '' --no-guest
results races-8-cpus
