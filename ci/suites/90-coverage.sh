#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Which lines of the driver were run by the suites on the debug kernel: after
# them.

export DEBUG=1
. "$(dirname "$0")/../suite.sh"

"$CI/coverage.py" debug-kunit debug-selftests debug-faults debug-sweeps debug-guests debug-paged \
	debug-sweeps-paged debug-smp
