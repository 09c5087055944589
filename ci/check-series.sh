#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Check the series patch by patch: see check-series.py.

. "$(dirname "$0")/lib.sh"

"$CI/prepare.sh"
lock_work
exec python3 "$CI/check-series.py" "$@"
