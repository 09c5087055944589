#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The fuzzer on the debug kernel, where guests get their memory when they touch it.

export DEBUG=1
. "$(dirname "$0")/lib.sh"

fuzz fuzz-paged "$(share 15)" ghyp.profile=paging
