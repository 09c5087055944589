#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the test hypervisor says: nothing that was not asked for, and when it
# can't go on, why and where. No kernel runs here.

. "$(dirname "$0")/../suite.sh"

TESTS=$KSRC/tools/testing/gunyah/hyp/tests
OUT=$HYPOUT/tests
DIR=$LOGS/hyp-console
TREE=$DIR/broken.dtb
MACHINE=virt,virtualization=on,gic-version=3,its=off

step payloads "building the payloads of the hypervisor's tests in $OUT" \
	make -C "$TESTS" O="$OUT" KSRC="$KSRC" CROSS_COMPILE="$CROSS" \
	CC="ccache ${CROSS}gcc" -j"$JOBS"
rm -rf "$DIR"
mkdir -p "$DIR"
number=0

# qemu LOG OPTION...: the hypervisor alone; its status is kept.
qemu()
{
	local log=$1
	shift
	status=0
	timeout --foreground 60 qemu-system-aarch64 -machine "$MACHINE" \
		-cpu max,pauth-impdef=on -smp 2 -m 1G -nic none -display none \
		-monitor none -serial stdio -no-reboot \
		-semihosting-config enable=on,target=native \
		-kernel "$HYPOUT/hyp.bin" "$@" < /dev/null > "$log" 2>&1 || status=$?
}

# replay LOG OPTIONS: a trace with a guest's whole life.
replay()
{
	status=0
	"$TESTS/run-payload.sh" "$HYPOUT/hyp.bin" "$OUT/replay.bin" "$1" "$2" \
		"$TESTS/traces/01-lifecycle-ok.trace" || status=$?
}

# expect NAME LOG STATUS REGEX...: how it ended, and lines that the log has, or
# with "!" before it has not.
expect()
{
	local name=$1 log=$2 want=$3 verdict='' regex
	shift 3
	if [ "$status" -ne "$want" ]; then
		echo "# status $status, not $want"
		verdict=not
	fi
	for regex in "$@"; do
		if tr -d '\r' < "$log" | grep -aqE "^hyp: ${regex#!}"; then
			[ "${regex#!}" != "$regex" ] || continue
		else
			[ "${regex#!}" = "$regex" ] || continue
		fi
		echo "# the wrong way round: $regex"
		verdict=not
	done
	number=$((number + 1))
	echo "${verdict:+$verdict }ok $number $name"
}

echo "KTAP version 1"
replay "$DIR/quiet.log" ""
expect quiet "$DIR/quiet.log" 0 '!vmid [0-9]+' '!PANIC' \
	'[0-9]+ CPUs, 960 MiB for the primary VM, [0-9]+ KiB of the pool used$'
replay "$DIR/debug.log" "quiet ghyp.debug=1 ghyp.seed=1"
expect debug "$DIR/debug.log" 0 'vmid [0-9]+: made$' 'vmid [0-9]+: freed$'

# Only a word's whole name is meant: none of these is the profile's.
replay "$DIR/words.log" "ghyp.unknown=none ghyp.pro=none ghyp.profiles=none profile=none"
expect words_of_others "$DIR/words.log" 0 '!PANIC'
replay "$DIR/profile.log" "ghyp.unknown=1 ghyp.profile=none"
expect profile_that_is_not "$DIR/profile.log" 2 \
	'PANIC: ghyp.profile=none: there is no such profile$' '!PANIC: .* exception'

qemu "$DIR/panic.log"
expect panic_says_why "$DIR/panic.log" 2 \
	"PANIC: no kernel at 60000000: QEMU's -device loader puts it there\$" \
	'cpu 0, called from 00000000402[0-9a-f]{5}, sp 00000000402[0-9a-f]{5}$' \
	'esr_el2 [0-9a-f]{16} far_el2' '!loaded' '!PANIC: .* exception'

# A distributor where nothing is: its first access is an exception of EL2.
MACHINE=$MACHINE,dumpdtb=$TREE qemu "$DIR/dumpdtb.log"
fdtput -t x "$TREE" /intc@8000000 reg 0 3f000000 0 10000 0 80a0000 0 f60000
qemu "$DIR/exception.log" -dtb "$TREE" \
	-device "loader,file=$OUT/replay.bin,addr=0x60000000,force-raw=on"
expect exception_says_where "$DIR/exception.log" 2 \
	'PANIC: synchronous exception at EL2$' 'cpu 0 sp 00000000402[0-9a-f]{5}$' \
	'x0  [0-9a-f]{16} x1  [0-9a-f]{16} x2 ' 'x27 [0-9a-f]{16} x28 .* x29 ' \
	'x30 [0-9a-f]{16} pc  00000000402[0-9a-f]{5} spsr [0-9a-f]{16}$' \
	'esr_el2 000000009[4-7][0-9a-f]{6} far_el2 000000003f0[0-9a-f]{5}' \
	'elr_el2 [0-9a-f]{16} spsr_el2' '!PANIC: no kernel' '!loaded'
echo "1..$number"
