#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bench.py with the environment of lib.sh.

export VARIANT=release DEBUG=
. "$(dirname "$0")/lib.sh"

# The kernel around the driver costs differently: a base may have its own budget.
BENCH_BUDGET=$(patches_of_base)/budget.txt
[ -e "$BENCH_BUDGET" ] || BENCH_BUDGET=$CI/bench/budget.txt
export BENCH_BUDGET

exec python3 "$CI/bench.py" "$@"
