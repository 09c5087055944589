#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The static checks. The driver is compiled apart from the other builds, in
# build-*-check, as the compiler's warnings (W=1) and sparse want other flags.

VARIANT=check
LLVM=
. "$(dirname "$0")/lib.sh"

"$CI/prepare.sh"
exec python3 "$CI/check.py" "$@"
