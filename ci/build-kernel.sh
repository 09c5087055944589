#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Build the arm64 kernel that is the primary VM's and, by default, the guest's:
# Image, modules, and the modules installed in a staging folder. Nothing is
# done when neither the tree nor the configuration changed.

. "$(dirname "$0")/lib.sh"

fragments()
{
	printf '%s\n' "$CI/config/base.config" "$CI/config/gunyah.config"
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

configure()
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

install_modules()
{
	rm -rf "$STAGE.new"
	kmake INSTALL_MOD_PATH="$STAGE.new" INSTALL_MOD_STRIP=1 modules_install
	rm -f "$STAGE.new"/lib/modules/*/{build,source}
	rm -rf "$STAGE"
	mv "$STAGE.new" "$STAGE"
}

# Everything that the build depends on, in one number.
inputs()
{
	local frags

	mapfile -t frags < <(fragments)
	{
		cat "$WORK/patches-$BASE_TAG.sum" "${frags[@]}" "$0"
		(cd "$KSRC" && xargs -0 sha256sum < "$WORK/overlay-$BASE_TAG.list" |
			grep -vE ' (Documentation|tools)/')
		"${CROSS}gcc" --version
	} 2> /dev/null | sha256sum
}

main()
{
	local new

	"$CI/prepare.sh"
	lock_work
	new=$(inputs)
	if [ -e "$KOUT/inputs" ] && [ "$(cat "$KOUT/inputs")" = "$new" ] &&
	   [ -e "$KOUT/arch/arm64/boot/Image" ] && [ -d "$STAGE" ]; then
		say "kernel $FLAVOUR: up to date"
		return 0
	fi
	rm -f "$KOUT/inputs"
	step "configure-$FLAVOUR" "configuring the kernel ($FLAVOUR)" configure
	step "kernel-$FLAVOUR" "building the kernel in $KOUT" kmake Image modules
	step "modules-$FLAVOUR" "installing modules in $STAGE" install_modules
	printf '%s\n' "$new" > "$KOUT/inputs"
}

main "$@"
