#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Get the newest QEMU of Debian's archive into the cache, with all that it needs
# from its C library on, and beside it a qemu-system-aarch64 that starts it with
# these: so it runs on the machine as it is. It stays until it is removed from the
# cache.

. "$(dirname "$0")/lib.sh"
. "$CI/apt.sh"

# What starts QEMU $1/root in the place of the kernel's own loading of programs.
wrapper()
{
	cat << EOF
#!/bin/sh
root=$1/root
exec "\$root/usr/lib64/ld-linux-x86-64.so.2" \\
	--library-path "\$root/usr/lib/x86_64-linux-gnu" \\
	"\$root/usr/bin/qemu-system-aarch64" -L "\$root/usr/share/qemu" "\$@"
EOF
}

fetch()
{
	local deb new=$QEMU_NEW.new

	apt_begin_later "$CACHE/apt-qemu"
	rm -rf "$new"
	mkdir -p "$new/root"
	apt_run apt-get -y --no-install-recommends --download-only install \
		qemu-system-arm
	for deb in "$APT"/cache/archives/*.deb; do
		dpkg-deb -x "$deb" "$new/root"
	done
	wrapper "$QEMU_NEW" > "$new/qemu-system-aarch64"
	chmod 755 "$new/qemu-system-aarch64"
	mv -T "$new" "$QEMU_NEW"
	"$QEMU_NEW/qemu-system-aarch64" --version
	rm -rf "$APT"
}

[ -d "$QEMU_NEW" ] ||
	step qemu "getting the newest QEMU from a later suite" fetch
