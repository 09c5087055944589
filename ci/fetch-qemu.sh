#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Get the newest QEMU of Debian's archive into the cache, with all that it needs
# from its C library on, and beside it a qemu-system-aarch64 that starts it with
# these: so it runs on the machine as it is. It stays until it is removed from the
# cache.

. "$(dirname "$0")/lib.sh"
. "$CI/apt.sh"

fetch()
{
	local new=$QEMU_NEW.new

	apt_begin_later "$CACHE/apt-qemu"
	apt_root "$new" qemu-system-arm
	# shellcheck disable=SC2016
	apt_starter "$QEMU_NEW" qemu-system-aarch64 -L '"$root/usr/share/qemu"' \
		> "$new/qemu-system-aarch64"
	chmod 755 "$new/qemu-system-aarch64"
	mv -T "$new" "$QEMU_NEW"
	rm -rf "$APT"
	"$QEMU_NEW/qemu-system-aarch64" --version ||
		{ rm -rf "$QEMU_NEW"; return 1; }
}

[ -d "$QEMU_NEW" ] ||
	step qemu "getting the newest QEMU from a later suite" fetch
