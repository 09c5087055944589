#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Get the tools of dt_binding_check from a later suite of Debian, whose own are too old
# for the kernel, into the cache, with the Python and all else that they need: they run
# on the machine as it is. They stay until they are removed from the cache.

. "$(dirname "$0")/lib.sh"
. "$CI/apt.sh"

fetch()
{
	local new=$DTSCHEMA.new tool

	apt_begin_later "$CACHE/apt-dtschema"
	apt_root "$new" dt-schema yamllint
	mkdir "$new/bin"
	for tool in dt-doc-validate dt-extract-example dt-mk-schema dt-validate yamllint; do
		# shellcheck disable=SC2016
		apt_starter "$DTSCHEMA" python3 '"$root/usr/bin/'"$tool"'"' > "$new/bin/$tool"
		chmod 755 "$new/bin/$tool"
	done
	mv -T "$new" "$DTSCHEMA"
	rm -rf "$APT"
	"$DTSCHEMA/bin/dt-doc-validate" --version ||
		{ rm -rf "$DTSCHEMA"; return 1; }
}

[ -d "$DTSCHEMA" ] ||
	step dtschema "getting dt-schema from a later suite" fetch
