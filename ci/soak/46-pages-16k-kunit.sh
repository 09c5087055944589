#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# R66: the KUnit tests in a kernel with pages of 16K.

export PAGES=16K
. "$(dirname "$0")/lib.sh"

pages_kunit
