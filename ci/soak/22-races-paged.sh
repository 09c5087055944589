#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The same races on the debug kernel, where guests get their memory when they touch it.

export DEBUG=1
. "$(dirname "$0")/lib.sh"

long races-paged soak_races "$(share 10)" ghyp.profile=paging
results races-paged
