#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# R66: a primary VM with pages of 16K; guests get their memory when they touch it.
# Its driver has no user memory and none of Android's calls.

export PAGES=16K
. "$(dirname "$0")/lib.sh"

pages paged
