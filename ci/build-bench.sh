#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Build what "make bench" runs: QEMU's plugin, the two monitors with the payload
# in them, and the archive with these. The primary VM's own archive and the
# headers come from build-initramfs.sh.

. "$(dirname "$0")/lib.sh"

OUT=$WORK/bench
LIB=$KSRC/tools/testing/selftests/gunyah/lib

plugin()
{
	gcc -Wall -Wextra -Wno-unused-parameter -Werror -O2 -fPIC -shared \
		-fvisibility=hidden -o "$OUT/plugin.so" "$CI/bench/plugin.c"
}

# Not position independent: whose an instruction is is told by its address.
monitor()
{
	local name=$1
	shift
	"${CROSS}gcc" -std=gnu11 -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -O2 -pthread \
		-static -no-pie -fno-pie -isystem "$USEROUT/obj/usr/include" \
		-I"$LIB" -isystem "$KSRC/scripts/dtc/libfdt" -o "$OUT/$name" \
		"$CI/bench/$name.c" "$CI/bench/monitor.c" "$CI/bench/payload.S" "$@"
}

build()
{
	plugin
	monitor bench-kvm
	monitor bench-gunyah -Wno-unused-function -Wno-sign-compare \
		"$LIB"/{vm.c,devicetree.c,events.c,agent.c,wait.c,agent.S}
}

pack()
{
	local name

	{
		echo 'dir /bench 0755 0 0'
		for name in bench-gunyah bench-kvm; do
			"${CROSS}strip" -o "$OUT/$name.stripped" "$OUT/$name"
			echo "file /bench/$name $OUT/$name.stripped 0755 0 0"
		done
	} > "$OUT/list"
	"$KOUT/usr/gen_init_cpio" -t 0 "$OUT/list" > "$OUT/bench.cpio"
}

lock_work
mkdir -p "$OUT"
step bench-build "building the benchmark in $OUT" build
step bench-cpio "packing the benchmark" pack
