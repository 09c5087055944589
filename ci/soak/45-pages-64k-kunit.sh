#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# R66: the KUnit tests in a kernel with pages of 64K.

export PAGES=64K
. "$(dirname "$0")/lib.sh"

pages_kunit
