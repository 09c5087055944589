#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Make ready what a build needs: Debian's packages, the base kernel source
# unpacked in the cache, and this clone's kernel tree: hard links to the base,
# the overlay's files over it, the base's list of patches applied. Run again it
# changes only what changed, so that make rebuilds only that.
#
# The list of a base is the one place where it differs from 6.12, for which the
# overlay is written. Its patches are for files of the kernel, those in its folder
# overlay/ for files of the overlay, in which names.sed has changed names before;
# its base.config is for configure.sh.
#
# A hard-linked file is never written in place: rsync and patch both write a
# new file and rename it.

. "$(dirname "$0")/lib.sh"

OVERLAY=$WORK/overlay-$BASE_TAG

# Those that only a variant needs are in packages-VARIANT.txt.
missing_packages()
{
	local lists=("$CI/packages.txt") p

	[ ! -e "$CI/packages-$VARIANT.txt" ] || lists+=("$CI/packages-$VARIANT.txt")
	grep -hv '^#' "${lists[@]}" | while read -r p; do
		dpkg-query -W -f '${db:Status-Status}\n' "$p" 2> /dev/null |
			grep -qx installed || printf '%s\n' "$p"
	done
}

install_packages()
{
	local missing

	command -v dpkg-query > /dev/null ||
		die "this is not Debian: dpkg-query is missing, install by hand what ci/packages*.txt list"
	missing=$(missing_packages | tr '\n' ' ')
	[ -n "${missing// /}" ] || return 0
	[ "$(id -u)" -eq 0 ] ||
		die "missing packages: $missing(run as root, or: apt-get install $missing)"
	step apt "installing packages: $missing" apt_install "$missing"
}

apt_install()
{
	local p

	export DEBIAN_FRONTEND=noninteractive
	apt-get -q update || echo "apt-get update failed, going on with the lists there are"
	# shellcheck disable=SC2086
	apt-get -q -y --no-install-recommends install $1 && return 0
	for p in $1; do
		apt-cache show "$p" > /dev/null 2>&1 ||
			echo "Error: package $p is not in the machine's package lists"
	done
	return 1
}

unpack_base()
{
	local tarball=/usr/src/linux-source-$BASE.tar.xz

	[ -d "$BASE_SRC" ] && return 0
	if [ -e "$tarball" ]; then
		step unpack "unpacking $tarball" unpack_tarball "$tarball"
	elif [[ $BASE =~ ^[0-9]+\.([0-9]+|x)$ ]]; then
		"$CI/fetch-source.sh"
	else
		die "BASE=$BASE is neither a directory nor a version such as 6.12 or 7.x"
	fi
}

unpack_tarball()
{
	local tmp

	tmp=$(mktemp -d "$CACHE/unpack.XXXXXX")
	tar -C "$tmp" -xf "$1"
	mv "$tmp/linux-source-$BASE" "$BASE_SRC"
	rmdir "$tmp"
}

link_base()
{
	[ -d "$KSRC" ] && return 0
	[ -e "$BASE_SRC/Kbuild" ] || die "BASE=$BASE holds no kernel source"
	[ ! -e "$BASE_SRC/.config" ] ||
		die "BASE=$BASE has been configured in place; run 'make mrproper' there first"
	step link "making the kernel tree of this clone" link_tree
}

link_tree()
{
	rm -rf "$KSRC.new"
	cp -al "$BASE_SRC" "$KSRC.new" 2> /dev/null || {
		rm -rf "$KSRC.new"
		cp -a "$BASE_SRC" "$KSRC.new"
	}
	rm -f "$WORK/overlay-$BASE_TAG.list" "$WORK/patches-$BASE_TAG.sum" \
		"$WORK/patches-$BASE_TAG.files"
	mv "$KSRC.new" "$KSRC"
}

# Give back the base's version of one file of the tree, or none.
restore()
{
	rm -f "$KSRC/$1"
	if [ -e "$BASE_SRC/$1" ]; then
		cp -a "$BASE_SRC/$1" "$KSRC/$1"
		touch "$KSRC/$1"
	fi
}

# The overlay as this base is to have it.
make_overlay()
{
	local names=$PATCHES/overlay/names.sed log=$LOGS/overlay.log p

	rm -rf "$OVERLAY"
	mkdir -p "$OVERLAY"
	overlay_files | rsync -l -p --from0 --files-from=- "$TOP/" "$OVERLAY/"
	[ ! -e "$names" ] ||
		find "$OVERLAY" -name '*.[ch]' -exec sed -i -f "$names" {} +
	for p in "$PATCHES"/overlay/*.patch; do
		[ -e "$p" ] || continue
		patch -d "$OVERLAY" -p1 -N --fuzz=0 --no-backup-if-mismatch \
			-i "$p" > "$log" || die "$p does not fit the overlay, log: $log"
	done
}

lay_overlay()
{
	local list=$WORK/overlay-$BASE_TAG.list f

	make_overlay
	(cd "$OVERLAY" && find . \( -type f -o -type l \) -printf '%P\0') |
		sort -z > "$list.new"
	if [ -e "$list" ]; then
		comm -z -23 "$list" "$list.new" | while IFS= read -r -d '' f; do
			restore "$f"
		done
	fi
	rsync -l -p --checksum --from0 --files-from="$list.new" "$OVERLAY/" "$KSRC/"
	mv "$list.new" "$list"
}

# The patches of kernel files whose needs are met, in order. A line
# "Needs: PATH" above the diff names a path of the overlay, "Where: PATH: REGEX"
# a line of the base without which there is nothing to patch.
wanted_patches()
{
	local p need where

	for p in "$PATCHES"/*.patch; do
		[ -e "$p" ] || continue
		need=$(sed -n 's/^Needs: //p' "$p" | head -n 1)
		[ -z "$need" ] || [ -e "$OVERLAY/$need" ] || continue
		where=$(sed -n 's/^Where: //p' "$p" | head -n 1)
		[ -z "$where" ] ||
			grep -qs "${where#*: }" "$BASE_SRC/${where%%: *}" || continue
		printf '%s\n' "$p"
	done
}

patched_files()
{
	sed -n 's,^+++ b/\([^\t]*\).*,\1,p' "$@"
}

patch_all()
{
	local p

	for p in "$@"; do
		echo "$p"
		patch -d "$KSRC" -p1 -N --no-backup-if-mismatch -i "$p"
	done
}

apply_patches()
{
	local sum=$WORK/patches-$BASE_TAG.sum files=$WORK/patches-$BASE_TAG.files
	local patches new f

	mapfile -t patches < <(wanted_patches)
	[ ${#patches[@]} -gt 0 ] || return 0
	new=$(cat "${patches[@]}" | sha256sum)
	if [ -e "$sum" ] && [ "$(cat "$sum")" = "$new" ]; then
		return 0
	fi
	rm -f "$sum"
	{ cat "$files" 2> /dev/null || true; patched_files "${patches[@]}"; } |
		sort -u > "$files.new"
	while read -r f; do
		restore "$f"
	done < "$files.new"
	patched_files "${patches[@]}" | sort -u > "$files"
	rm -f "$files.new"
	step patch "applying ${#patches[@]} patches of ${patches[0]%/*}" \
		patch_all "${patches[@]}"
	printf '%s\n' "$new" > "$sum"
}

main()
{
	mkdir -p "$CACHE"
	install_packages
	[ "$QEMU" != new ] || "$CI/fetch-qemu.sh"
	lock_work
	unpack_base
	link_base
	PATCHES=$(patches_of_base)
	lay_overlay
	apply_patches
}

main "$@"
