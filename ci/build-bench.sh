#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Build what "make bench" runs: the kernel, QEMU's plugins, the programs of the host and
# of the guests with the payload in them, and the archives with these.

export VARIANT=release DEBUG=
. "$(dirname "$0")/lib.sh"

OUT=$WORK/bench
LIB=$KSRC/tools/testing/selftests/gunyah/lib
LIBRARY=("$LIB"/{vm.c,devicetree.c,events.c,agent.c,wait.c,agent.S})
PROGRAMS=(bench-gunyah bench-kvm host-gunyah host-kvm)

plugin()
{
	gcc -Wall -Wextra -Wno-unused-parameter -Werror -O2 -fPIC -shared \
		-fvisibility=hidden -o "$OUT/$1.so.new" "$CI/bench/$1.c"
	mv "$OUT/$1.so.new" "$OUT/$1.so"
}

# Not position independent: whose an instruction is is told by its address.
program()
{
	local name=$1
	shift
	"${CROSS}gcc" -std=gnu11 -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -O2 -pthread \
		-static -no-pie -fno-pie -isystem "$USEROUT/obj/usr/include" \
		-I"$LIB" -isystem "$KSRC/scripts/dtc/libfdt" -o "$OUT/$name" \
		"$CI/bench/$name.c" "$@"
}

build()
{
	plugin plugin
	plugin lines
	program bench-kvm "$CI/bench"/{monitor.c,payload.S}
	program host-kvm "$CI/bench/host.c"
	program bench-gunyah -Wno-unused-function -Wno-sign-compare \
		"$CI/bench"/{monitor.c,payload.S} "${LIBRARY[@]}"
	program host-gunyah -Wno-unused-function -Wno-sign-compare \
		"$CI/bench"/{host.c,payload.S} "${LIBRARY[@]}"
}

pack()
{
	local name

	{
		echo 'dir /bench 0755 0 0'
		for name in "${PROGRAMS[@]}"; do
			"${CROSS}strip" -o "$OUT/$name.stripped" "$OUT/$name"
			echo "file /bench/$name $OUT/$name.stripped 0755 0 0"
		done
	} > "$OUT/list"
	"$KOUT/usr/gen_init_cpio" -t 0 "$OUT/list" > "$OUT/bench.cpio"
}

"$CI/build-kernel.sh"
"$CI/build-initramfs.sh" --bench
lock_work
mkdir -p "$OUT"
step bench-build "building the benchmark in $OUT" build
step bench-cpio "packing the benchmark" pack
