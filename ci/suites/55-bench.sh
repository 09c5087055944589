#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the driver's operations cost the kernel, by the count of instructions: not over
# 5 % more than ci/bench/budget.txt says. The kernel is that of the suite "builtin".

. "$(dirname "$0")/../suite.sh"

"$CI/build-bench.sh"
exec "$CI/bench.sh" --check
