#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# boot.py with the environment of lib.sh. Use: boot.sh [--mode MODE] ...

. "$(dirname "$0")/lib.sh"

megabytes "$MEM" > /dev/null
exec python3 "$CI/boot.py" "$@"
