#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The fuzzer on the debug kernel.

export DEBUG=1
. "$(dirname "$0")/lib.sh"

fuzz fuzz "$(share 20)" ''
