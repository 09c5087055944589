#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# R66: a primary VM with pages of 16K; guests get their memory before they start.
# Its driver has no user memory and none of Android's calls: the monitors meet the column
# "without" of their table.

export PAGES=16K
. "$(dirname "$0")/lib.sh"

pages eager
