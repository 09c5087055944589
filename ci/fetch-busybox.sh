#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Get Debian's busybox-static for arm64 into the cache.

. "$(dirname "$0")/lib.sh"
. "$CI/apt.sh"

BUSYBOX=$CACHE/busybox-arm64

fetch()
{
	apt_begin "$CACHE/apt-arm64" \
		-o APT::Architecture=arm64 -o APT::Architectures::=arm64
	cd "$APT"
	apt_run apt-get download busybox-static:arm64
	dpkg-deb -x busybox-static_*_arm64.deb tree
	install -m 755 tree/*bin/busybox "$BUSYBOX.new"
	mv "$BUSYBOX.new" "$BUSYBOX"
	rm -rf "$APT"
}

[ -x "$BUSYBOX" ] ||
	step busybox "getting busybox-static for arm64" fetch
