# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Packages of other architectures, or of later suites than the machine's: apt is
# run with lists, a cache and a status file of our own, which lie in one folder.
# Nothing is installed, and the machine's own apt configuration is only read.
# Sourced, after lib.sh.

KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
# Those after Debian 12. By their code names: a mirror may keep an old copy under
# the others.
LATER_SUITES=(trixie-backports forky sid)

# apt_begin FOLDER [OPTION...]: begin with an empty folder, and read the lists of
# the machine's sources. Options are kept for later calls of apt_run.
apt_begin()
{
	APT=$1
	APT_OPTS=(-q -o "Dir::State=$APT/state" -o "Dir::State::status=$APT/status"
		-o "Dir::Cache=$APT/cache" -o APT::Sandbox::User=root
		-o Acquire::Languages=none "${@:2}")
	rm -rf "$APT"
	mkdir -p "$APT"/{sources,state/lists/partial,cache/archives/partial}
	: > "$APT/status"
	apt_run apt-get update || echo "not every package list could be had"
}

# apt_run apt-get|apt-cache ARGUMENT...
apt_run()
{
	"$1" "${APT_OPTS[@]}" "${@:2}"
}

# The archive that the machine itself is from, as its sources name it.
debian_archive()
{
	local codename

	codename=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
	# shellcheck disable=SC2016
	apt_run apt-get indextargets 'Created-By: Packages' \
		--format '$(LABEL) $(CODENAME) $(REPO_URI)' |
		sed -n "s/^Debian $codename //p" | head -n 1
}

# apt_begin_later FOLDER [OPTION...]: the same for the later suites of the
# archive, which have to be signed by Debian's keys.
apt_begin_later()
{
	local archive

	apt_begin "$@"
	archive=$(debian_archive)
	if [ -z "$archive" ]; then
		echo "Error: no archive of Debian's among the machine's package sources"
		return 1
	fi
	printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' \
		"$archive" "${LATER_SUITES[*]}" "$KEYRING" > "$APT/sources/later.sources"
	APT_OPTS+=(-o "Dir::Etc::sourcelist=/dev/null"
		-o "Dir::Etc::sourceparts=$APT/sources"
		-o "Dir::Etc::preferences=/dev/null"
		-o "Dir::Etc::preferencesparts=$APT/sources")
	apt_run apt-get update
}

# apt_root FOLDER PACKAGE...: unpack packages, with all that they need from the C
# library on, into FOLDER/root.
apt_root()
{
	local deb

	rm -rf "$1"
	mkdir -p "$1/root"
	apt_run apt-get -y --no-install-recommends --download-only install "${@:2}"
	for deb in "$APT"/cache/archives/*.deb; do
		dpkg-deb -x "$deb" "$1/root"
	done
}

# apt_starter FOLDER PROGRAM WORD...: a script that starts a program of FOLDER/root in
# the place of the kernel's own loading of programs, so that its libraries are used.
# Words may name $root.
apt_starter()
{
	cat << EOF
#!/bin/sh
root=$1/root
export PYTHONHOME="\$root/usr"
exec "\$root/usr/lib64/ld-linux-x86-64.so.2" \\
	--library-path "\$root/usr/lib/x86_64-linux-gnu" \\
	"\$root/usr/bin/$2" ${@:3} "\$@"
EOF
}
