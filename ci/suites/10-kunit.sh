#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The KUnit modules, loaded one by one in a kernel without a hypervisor: they
# replace the hypercalls, so that none is needed.

. "$(dirname "$0")/../suite.sh"

boot kunit --mode kunit --no-hyp --no-guest --memory 1024 --timeout 600
results kunit
