#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Get Debian's busybox-static for arm64 into the cache. apt is run with lists,
# caches and a status file of our own for the architecture arm64, from the
# machine's sources; the machine's own apt configuration is not touched.

. "$(dirname "$0")/lib.sh"

APT=$CACHE/apt-arm64
BUSYBOX=$CACHE/busybox-arm64

fetch()
{
	local opts deb

	mkdir -p "$APT"/{state/lists/partial,cache/archives/partial}
	: > "$APT/status"
	opts=(-q -o "Dir::State=$APT/state" -o "Dir::State::status=$APT/status"
		-o "Dir::Cache=$APT/cache" -o APT::Architecture=arm64
		-o APT::Architectures::=arm64 -o APT::Sandbox::User=root
		-o Acquire::Languages=none)
	apt-get "${opts[@]}" update || echo "not every package list could be had"
	cd "$APT"
	rm -f busybox-static_*.deb
	apt-get "${opts[@]}" download busybox-static:arm64
	deb=$(echo busybox-static_*_arm64.deb)
	dpkg-deb -x "$deb" "$APT/tree"
	install -m 755 "$APT"/tree/*bin/busybox "$BUSYBOX.new"
	mv "$BUSYBOX.new" "$BUSYBOX"
	rm -rf "$APT"
}

[ -x "$BUSYBOX" ] ||
	step busybox "getting busybox-static for arm64" fetch
