#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Configure the kernel in KOUT: allnoconfig with the fragments of ci/config,
# and a check afterwards that every symbol is as the fragments want it.
# "configure.sh --list" prints the fragments' names.

. "$(dirname "$0")/lib.sh"

fragments()
{
	local base

	base=$(patches_of_base)/base.config
	printf '%s\n' "$CI/config/base.config" "$CI/config/gunyah.config"
	[ ! -e "$base" ] || printf '%s\n' "$base"
	[ -z "$VARIANT" ] || printf '%s\n' "$CI/config/$VARIANT.config"
	[ -z "$DEBUG" ] || printf '%s\n' "$CI/config/debug.config"
}

# The options of the fragments, the last word of each symbol winning.
# "?CONFIG_X=y" is dropped when no Kconfig file knows X.
merged_fragments()
{
	local frags f sym

	mapfile -t frags < <(fragments)
	cat "${frags[@]}" | sed -n '/^?\{0,1\}CONFIG_/p' |
		while read -r f; do
			if [ "${f#\?}" != "$f" ]; then
				f=${f#\?}
				sym=${f%%=*}
				known_symbol "${sym#CONFIG_}" || continue
			fi
			printf '%s\n' "$f"
		done | awk -F= '{ v[$1] = $0; if (!($1 in o)) { o[$1] = ++n; s[n] = $1 } }
			END { for (i = 1; i <= n; i++) print v[s[i]] }'
}

known_symbol()
{
	grep -rqsE "^[[:space:]]*(menu)?config $1\$" --include='Kconfig*' \
		"$KSRC/drivers/virt" "$KSRC/samples" "$KSRC/arch/arm64"
}

# Symbols asked for that the configuration does not have as asked.
check_config()
{
	local line sym bad=0

	while read -r line; do
		sym=${line%%=*}
		case $line in
		*=n)
			grep -qE "^$sym=" "$KOUT/.config" || continue ;;
		*)
			grep -qxF "$line" "$KOUT/.config" && continue ;;
		esac
		echo "error: asked for $line, got $(grep -E "^$sym=" "$KOUT/.config" || echo "none (dependencies not met, or no such symbol)")"
		bad=1
	done < "$KOUT/all.config"
	return $bad
}

main()
{
	mkdir -p "$KOUT"
	merged_fragments > "$KOUT/all.config.new"
	if ! cmp -s "$KOUT/all.config.new" "$KOUT/all.config" ||
	   [ ! -e "$KOUT/.config" ]; then
		mv "$KOUT/all.config.new" "$KOUT/all.config"
		rm -f "$KOUT/.config"
		kmake KCONFIG_ALLCONFIG="$KOUT/all.config" allnoconfig
	else
		rm -f "$KOUT/all.config.new"
		kmake olddefconfig
	fi
	check_config
}

if [ "${1:-}" = --list ]; then
	fragments
else
	main
fi
