#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Get the kernel source BASE from later suites of Debian's archive into the cache:
# of one version, such as 7.3, or with 7.x the newest that there is. It stays as
# it is until it is removed from the cache.

. "$(dirname "$0")/lib.sh"
. "$CI/apt.sh"

# The newest package that fits.
package()
{
	local pattern=${BASE//./\\.}

	apt_run apt-cache pkgnames linux-source- |
		grep -x "linux-source-${pattern/%x/[0-9]\\+}" | sort -V | tail -n 1
}

fetch()
{
	local package deb tmp

	apt_begin_later "$CACHE/apt-source-$BASE"
	package=$(package) || true
	if [ -z "$package" ]; then
		echo "Error: the later suites of the archive have no linux-source-$BASE"
		return 1
	fi
	cd "$APT"
	apt_run apt-get download "$package"
	deb=$(echo "$package"_*.deb)
	tmp=$(mktemp -d "$CACHE/unpack.XXXXXX")
	dpkg-deb --fsys-tarfile "$deb" |
		tar -xO "./usr/src/$package.tar.xz" | tar -C "$tmp" -xJ
	mv -T "$tmp/$package" "$BASE_SRC"
	rmdir "$tmp"
	rm -rf "$APT"
}

[ -d "$BASE_SRC" ] ||
	step "source-$BASE" "getting linux-source-$BASE from a later suite" fetch
