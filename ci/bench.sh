#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bench.py with the environment of lib.sh.

export VARIANT=release DEBUG=
. "$(dirname "$0")/lib.sh"

exec python3 "$CI/bench.py" "$@"
