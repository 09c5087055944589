#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The static checks. The driver is compiled apart from the other builds, in
# build-*-check, as the compiler's warnings (W=1) and sparse want other flags.

. "$(dirname "$0")/lib.sh"

"$CI/prepare.sh"
KOUT=$WORK/build-$BASE_TAG-check
FRAGMENT=$CI/config/check.config
export KOUT FRAGMENT
exec python3 "$CI/check.py" "$@"
