#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The first program of the guest: shows what the guest has, writes a file and
# checks it, the same on its disk, powers off. Its kernel command line says what
# it does:
#
#   guest.mode=demo      as above (default), with at most guest.kib=8192
#   guest.mode=interactive  the same, with a shell on the console in between
#   guest.mode=shell     a shell on the console, then power off
#   guest.mode=disk      read and write guest.mib=N of the disk, by all CPUs
#   guest.mode=root      its root file system is on a disk: write to it
#   guest.mode=ro        try to write to a disk that is read only
#   guest.mode=echo      say what comes from the console, up to "end"
#   guest.mode=reboots   count the boots on the disk, reset until the third
#   guest.mode=reboot    ask for a system reset
#   guest.mode=panic     a kernel panic
#   guest.mode=hang      never power off
#   guest.mode=console   print guest.lines=2000 numbered lines, then power off

export PATH=/bin:/sbin:/usr/bin:/usr/sbin

/bin/busybox mkdir -p /proc /sys /dev /tmp /usr/bin /usr/sbin /sbin
# A root disk may have them from its last boot.
/bin/busybox --install -s 2> /dev/null
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev 2> /dev/null
mount -t tmpfs tmpfs /tmp
exec < /dev/console > /dev/console 2>&1

arg()
{
	for word in $(cat /proc/cmdline); do
		case $word in
		"$1="*) echo "${word#*=}"; return ;;
		esac
	done
	echo "$2"
}

show()
{
	echo "guest: Linux $(uname -r) on $(uname -m)"
	echo "guest: $(nproc) CPU(s):"
	grep -E '^(processor|CPU implementer|CPU part)' /proc/cpuinfo |
		sed 's/^/guest:   /'
	echo "guest: memory:"
	free -m | sed 's/^/guest:   /'
}

# Write pseudo-random bytes, read them back by two ways.
check_tmpfs()
{
	kib=$(awk -v most="$(arg guest.kib 8192)" \
		'/^MemAvailable/ { k = int($2 / 8); print (k > most ? most : k) }' /proc/meminfo)
	dd if=/dev/urandom of=/tmp/a bs=1k count="$kib" 2> /dev/null || return 1
	cp /tmp/a /tmp/b || return 1
	cmp /tmp/a /tmp/b || return 1
	[ "$(sha256sum < /tmp/a)" = "$(sha256sum < /tmp/b)" ] || return 1
	[ "$(stat -c %s /tmp/a)" -eq "$((kib * 1024))" ] || return 1
	echo "guest: wrote, read and compared $kib KiB in tmpfs, sha256 $(sum_of /tmp/a)"
}

sum_of()
{
	sha256sum < "$1" | sed 's/^\(.\{16\}\).*/\1.../'
}

# Nothing is cached of the disk any more.
forget()
{
	sync
	echo 3 > /proc/sys/vm/drop_caches
}

# Only zeros in the first $1 KiB of the disk?
blank()
{
	[ -z "$(head -c $(($1 * 1024)) /dev/vda | tr -d '\000' | head -c 1)" ]
}

# The file of check_tmpfs to a blank disk, and back. On a disk that is not blank
# nothing is written: what it has may be needed.
check_disk()
{
	[ -b /dev/vda ] || return 0
	have=$(($(cat /sys/block/vda/size) / 2))
	[ "$have" -ge "$kib" ] || kib=$have
	if blank "$kib"; then
		dd if=/tmp/a of=/dev/vda bs=1k count="$kib" conv=fsync 2> /dev/null || return 1
		forget
		dd if=/dev/vda of=/tmp/b bs=1k count="$kib" 2> /dev/null || return 1
		head -c $((kib * 1024)) /tmp/a | cmp - /tmp/b || return 1
		echo "guest: wrote, read and compared $kib KiB on the virtio disk, sha256 $(sum_of /tmp/b)"
	else
		dd if=/dev/vda of=/tmp/b bs=1k count="$kib" 2> /dev/null || return 1
		echo "guest: read $kib KiB of the virtio disk, which is not blank, sha256 $(sum_of /tmp/b)"
	fi
}

# Each CPU $1 (read or write) its part of the disk, in files /tmp/part-N. More than
# one without the page cache: that of a disk has one lock, on which the others spin
# for as long as the host lets the vCPU that holds it wait for a CPU.
all_cpus()
{
	cpus=$(nproc)
	direct=
	[ "$cpus" -eq 1 ] || direct=direct
	# of 64 KiB
	count=$(($(arg guest.mib 32) * 16 / cpus))
	pids=
	for n in $(seq "$cpus"); do
		at=$(((n - 1) * count))
		case $1 in
		read) dd if=/dev/vda of=/tmp/part-"$n" bs=64k count=$count skip=$at \
			${direct:+iflag=direct} ;;
		write) dd if=/tmp/part-"$n" of=/dev/vda bs=64k seek=$at ${direct:+oflag=direct} \
			conv=notrunc,fsync ;;
		esac 2> /tmp/err-"$n" &
		pids="$pids $!"
	done
	for pid in $pids; do
		wait "$pid" || echo "guest: FAILED: $1: $(cat /tmp/err-*)"
	done
}

parts()
{
	for n in $(seq "$cpus"); do
		cat /tmp/part-"$n"
	done
}

disk_sums()
{
	all_cpus read
	echo "guest: read $(parts | wc -c) bytes, sha256 $(parts | sha256sum | cut -c1-64)"
	for n in $(seq "$cpus"); do
		head -c $((count * 65536)) /dev/urandom > /tmp/part-"$n"
	done
	all_cpus write
	sync
	echo "guest: wrote $(parts | wc -c) bytes, sha256 $(parts | sha256sum | cut -c1-64)"
}

write_root()
{
	echo "guest: root is $(sed -n 's,^\([^ ]*\) / \(ext2\) .*,\1 \2,p' /proc/mounts), $(nproc) CPUs"
	[ ! -e /kept ] || echo "guest: found $(sum_of /kept)"
	head -c 1048576 /dev/urandom > /kept
	echo "guest: wrote $(sum_of /kept)"
	forget
	echo "guest: read $(sum_of /kept)"
	mount -o remount,ro / || echo "guest: FAILED: remount"
}

write_read_only()
{
	echo "guest: read only: $(cat /sys/block/vda/ro), sha256 $(sha256sum < /dev/vda | cut -c1-64)"
	if dd if=/dev/zero of=/dev/vda bs=512 count=1 conv=fsync 2> /dev/null; then
		echo "guest: FAILED: a disk that is read only was written"
	else
		echo "guest: the write was refused"
	fi
}

# The terminal's own echo would come between.
echo_lines()
{
	stty -echo
	echo "guest: say something"
	while read -r line && [ "$line" != end ]; do
		echo "guest: got '$line'"
	done
}

count_boots()
{
	boots=$(head -c 8 /dev/vda | tr -d '\000')
	boots=$((${boots:-0} + 1))
	echo "guest: boot $boots"
	echo "$boots" | dd of=/dev/vda bs=512 conv=sync,fsync 2> /dev/null
	[ "$boots" -ge 3 ] || reboot_now
}

# Setting a mode waits until all output is out: a reset would cut it off.
reboot_now()
{
	stty opost
	reboot -f
}

demo()
{
	show
	want=$(arg guest.vcpus '')
	if [ -n "$want" ] && [ "$(nproc)" != "$want" ]; then
		echo "guest: FAILED: $want CPU(s) expected"
		return
	fi
	if ! check_tmpfs; then
		echo "guest: FAILED: tmpfs check"
	elif ! check_disk; then
		echo "guest: FAILED: disk check"
	else
		echo "guest: OK"
	fi
}

shell()
{
	echo "guest: a shell; leave with exit, end the VM with Ctrl-C"
	setsid cttyhack sh
}

case $(arg guest.mode demo) in
demo) demo ;;
interactive)
	demo
	shell
	;;
shell)
	show
	shell
	;;
disk) disk_sums ;;
root) write_root ;;
ro) write_read_only ;;
echo) echo_lines ;;
reboots) count_boots ;;
reboot)
	echo "guest: asking for a reset"
	reboot_now
	;;
panic)
	echo "guest: about to panic"
	stty opost
	echo c > /proc/sysrq-trigger
	;;
hang)
	echo "guest: staying up"
	while :; do sleep 1000; done
	;;
console)
	i=0
	lines=$(arg guest.lines 2000)
	while [ $i -lt "$lines" ]; do
		echo "guest: line $i"
		i=$((i + 1))
	done
	;;
*) echo "guest: unknown guest.mode" ;;
esac
echo "guest: powering off"
# Setting a mode waits until all output is out: poweroff would cut it off.
stty opost
poweroff -f
