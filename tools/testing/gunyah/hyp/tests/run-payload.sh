#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Boot the test hypervisor with a payload in the place of the primary VM.
#
#   run-payload.sh HYP.BIN PAYLOAD.BIN LOG [OPTIONS [DATA]]
#
# OPTIONS are words for the hypervisor's command line; DATA is a file that the
# payload finds at 0x70000000. What the payload prints goes to LOG. The machine
# is the recorded one's in what the payloads look at: 1 GiB from 0x40000000, or
# PAYLOAD_MEMORY, which need not be there: only what is touched is used. With
# PAYLOAD_ICOUNT=1 time is counted in instructions, a nanosecond for each: what
# happens in which order no longer depends on the PC, and CPUs take turns.

set -euo pipefail

hyp=$1 payload=$2 log=$3 options=${4:-} data=${5:-}
memory=${PAYLOAD_MEMORY:-1G}
args=()
[ -z "$data" ] ||
	args=(-device "loader,file=$data,addr=0x70000000,force-raw=on")
[ -z "${PAYLOAD_ICOUNT:-}" ] || args+=(-icount shift=0,sleep=off)

timeout --foreground "${PAYLOAD_TIMEOUT:-120}" qemu-system-aarch64 \
	-machine virt,virtualization=on,gic-version=3,its=off,memory-backend=ram \
	-object "memory-backend-ram,id=ram,size=$memory,reserve=off" \
	-cpu max,pauth-impdef=on -smp 2 -m "$memory" -nic none \
	-display none -monitor none -serial stdio -no-reboot \
	-semihosting-config enable=on,target=native \
	-kernel "$hyp" -append "$options" \
	-device "loader,file=$payload,addr=0x60000000,force-raw=on" \
	"${args[@]}" < /dev/null > "$log" 2>&1
