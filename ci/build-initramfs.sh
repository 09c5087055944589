#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Build what user space there is: the sample monitor, the selftests, and the
# archives that the primary VM and the guest boot from:
#
#   primary-FLAVOUR.cpio   busybox, init, modules, the sample monitors
#   selftests.cpio         the selftests
#   guest.cpio             busybox, init: the guest's initramfs
#   root.img               the same as a file system, for a guest's disk
#
# With --bench only what the benchmark is started from, primary-FLAVOUR-bench.cpio: it
# has programs of its own (build-bench.sh).
#
# What a boot needs of the selftests, the guest's kernel and initramfs is put
# behind the primary's archive by boot.py, so that IMAGE= and INITRD= need no
# rebuild.

. "$(dirname "$0")/lib.sh"

BUSYBOX=$CACHE/busybox-arm64
SELFTESTS=tools/testing/selftests/gunyah
LIST=$INITRAMFS/list

# Programs are built apart from the kernel: all flavours share them.
OBJ=$USEROUT/obj

headers()
{
	mkdir -p "$OBJ"
	make -C "$KSRC" O="$OBJ" ARCH=arm64 CROSS_COMPILE="$CROSS" \
		HOSTCC="ccache gcc" -j"$JOBS" headers
}

# What the kernel's own makefile makes, run from the kernel tree's copy.
sample()
{
	mkdir -p "$USEROUT/sample"
	make -C "$KSRC/samples/gunyah" O="$USEROUT/sample" KSRC="$KSRC" \
		CROSS_COMPILE="$CROSS" CC="ccache ${CROSS}gcc" \
		UAPI="$OBJ/usr/include" LDFLAGS=-static -j"$JOBS"
}

selftests()
{
	rm -rf "$USEROUT/selftests"
	make -C "$KSRC/tools/testing/selftests" O="$OBJ" TARGETS=gunyah \
		ARCH=arm64 CROSS_COMPILE="$CROSS" CC="ccache ${CROSS}gcc" \
		USERLDFLAGS=-static INSTALL_PATH="$USEROUT/selftests" \
		-j"$JOBS" install
	# Unpacking takes a debug kernel long.
	find "$USEROUT/selftests/gunyah" -type f -perm /111 \
		-exec "${CROSS}strip" {} +
}

dirs()
{
	local d

	for d in "$@"; do
		printf 'dir %s 0755 0 0\n' "$d"
	done
}

# One folder's whole content, at a place in the archive.
tree()
{
	(cd "$1" && find . -mindepth 1 -type d -printf "dir $2/%P 0755 0 0\n" &&
		find . -type f -printf "file $2/%P $1/%P %m 0 0\n")
}

file()
{
	printf 'file %s %s %s 0 0\n' "$1" "$2" "${3:-0755}"
}

basics()
{
	dirs /bin /sbin /usr /usr/bin /usr/sbin /dev /proc /sys /tmp /run /etc
	printf 'nod /dev/console 0600 0 0 c 5 1\nnod /dev/null 0666 0 0 c 1 3\n'
	file /bin/busybox "$BUSYBOX"
	printf 'slink /bin/sh busybox 0755 0 0\n'
	file /init "$1"
}

primary_list()
{
	basics "$CI/guest/primary-init.sh"
	dirs /lib
	tree "$STAGE/lib" /lib
	file /bin/guest-tests "$CI/guest/guest-tests.sh"
	if [ -e "$KSRC/samples/gunyah/Makefile" ]; then
		file /bin/gunyah-vmm "$USEROUT/sample/gunyah-vmm"
		file /bin/first-vm "$USEROUT/sample/first-vm"
	fi
}

selftests_list()
{
	local t

	dirs /selftests
	: > "$INITRAMFS/tests"
	if [ -d "$USEROUT/selftests/gunyah" ]; then
		tree "$USEROUT/selftests/gunyah" /selftests
		for t in $(sed -n 's/^gunyah://p' "$USEROUT/selftests/kselftest-list.txt"); do
			echo "/selftests/$t" >> "$INITRAMFS/tests"
		done
	fi
	file /selftests/list "$INITRAMFS/tests" 0644
}

archive()
{
	"$KOUT/usr/gen_init_cpio" -t 0 "$LIST" > "$1.new"
	mv "$1.new" "$1"
}

# The guest's files as an ext2 file system, with some room left.
root_disk()
{
	local root=$INITRAMFS/root

	rm -rf "$root" "$1.new"
	mkdir -p "$root"/{bin,sbin,usr/bin,usr/sbin,dev,proc,sys,tmp}
	cp "$BUSYBOX" "$root/bin/busybox"
	ln -s busybox "$root/bin/sh"
	cp "$CI/guest/guest-init.sh" "$root/init"
	chmod 0755 "$root/init" "$root/bin/busybox"
	PATH=$PATH:/usr/sbin:/sbin mke2fs -q -t ext2 -E root_owner=0:0 -d "$root" "$1.new" 6M
	mv "$1.new" "$1"
	rm -rf "$root"
}

main()
{
	"$CI/prepare.sh"
	"$CI/fetch-busybox.sh"
	lock_work
	mkdir -p "$INITRAMFS" "$USEROUT"
	step headers "installing the kernel's headers for programs" headers
	if [ "${1:-}" = --bench ]; then
		basics "$CI/guest/primary-init.sh" > "$LIST"
		dirs /lib >> "$LIST"
		tree "$STAGE/lib" /lib >> "$LIST"
		step bench-initramfs "packing the benchmark's initramfs" \
			archive "$INITRAMFS/primary-$FLAVOUR-bench.cpio"
		return 0
	fi
	if [ -e "$KSRC/samples/gunyah/Makefile" ]; then
		step sample "building the sample monitors" sample
	fi
	if [ -e "$KSRC/$SELFTESTS/Makefile" ]; then
		step selftests "building the selftests" selftests
	fi
	primary_list > "$LIST"
	step primary-cpio "packing the primary VM's initramfs" \
		archive "$INITRAMFS/primary-$FLAVOUR.cpio"
	selftests_list > "$LIST"
	step selftests-cpio "packing the selftests" \
		archive "$INITRAMFS/selftests.cpio"
	basics "$CI/guest/guest-init.sh" > "$LIST"
	step guest-cpio "packing the guest's initramfs" \
		archive "$INITRAMFS/guest.cpio"
	step root-disk "making the guest's root disk" root_disk "$INITRAMFS/root.img"
}

main "$@"
