#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Build the arm64 kernel that is the primary VM's and, by default, the guest's:
# Image, modules, and the modules installed in a staging folder. Nothing is
# done when neither the tree nor the configuration changed.

. "$(dirname "$0")/lib.sh"

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

	mapfile -t frags < <("$CI/configure.sh" --list)
	{
		cat "$WORK/patches-$BASE_TAG.sum" "${frags[@]}" "$0" "$CI/configure.sh"
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
	step "configure-$FLAVOUR" "configuring the kernel ($FLAVOUR)" \
		"$CI/configure.sh"
	step "kernel-$FLAVOUR" "building the kernel in $KOUT" kmake Image modules
	step "modules-$FLAVOUR" "installing modules in $STAGE" install_modules
	printf '%s\n' "$new" > "$KOUT/inputs"
}

main "$@"
