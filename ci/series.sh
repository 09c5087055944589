#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The overlay as a series of patches, as mails in OUT: see series.py.

. "$(dirname "$0")/lib.sh"

"$CI/prepare.sh"
exec python3 "$CI/series.py" "${OUT:-$WORK/series-$BASE_TAG}"
