#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Remove what was built for this clone. The base source, the compiler cache
# and the packages fetched for all clones stay.

. "$(dirname "$0")/lib.sh"

lock_work
say "removing $WORK"
rm -rf "$WORK"
