#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Mistakes on purpose in the debug kernel: a case passes when the boot is called
# bad, for the reason that belongs to the mistake; and one without a mistake,
# which has to be called good.

export DEBUG=1 CPUS=1
. "$(dirname "$0")/../suite.sh"

number=0
echo "KTAP version 1"

# splat KIND REASON: the reason as boot.py words it, empty for a good boot.
splat()
{
	local verdict=not

	boot "splat-$1" --mode splat --no-hyp --no-guest --memory 1024 --timeout 120 \
		--append "primary.splat=$1"
	case $BOOT_STATUS$BOOT_WHY in
	0) [ -n "$2" ] || verdict= ;;
	[1-9]*": $2: "*) [ -z "$2" ] || verdict= ;;
	esac
	number=$((number + 1))
	echo "# ${BOOT_WHY:-the boot is good}"
	echo "${verdict:+$verdict }ok $number $1"
}

splat none ''
splat WRITE_AFTER_FREE 'a KASAN report'
splat ARRAY_BOUNDS 'an UBSAN report'
splat REFCOUNT_INC_ZERO 'a refcount report'
splat WARNING 'a kernel warning'
splat lockdep 'a lockdep report'
splat atomic_sleep 'sleeping in atomic context'
splat object 'a report of an object in use'
splat kmemleak 'a kmemleak report'
echo "1..$number"
