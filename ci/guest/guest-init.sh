#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The first program of the guest: shows what the guest has, writes a file and
# checks it, powers off. Its kernel command line says what it does:
#
#   guest.mode=demo      as above (default)
#   guest.mode=shell     a shell on the console, then power off
#   guest.mode=reboot    ask for a system reset
#   guest.mode=panic     a kernel panic
#   guest.mode=hang      never power off
#   guest.mode=console   print 2,000 numbered lines, then power off

export PATH=/bin:/sbin:/usr/bin:/usr/sbin

/bin/busybox mkdir -p /proc /sys /dev /tmp /usr/bin /usr/sbin /sbin
/bin/busybox --install -s
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
	kib=$(awk '/^MemAvailable/ { k = int($2 / 8); print (k > 8192 ? 8192 : k) }' \
		/proc/meminfo)
	dd if=/dev/urandom of=/tmp/a bs=1k count="$kib" 2> /dev/null || return 1
	cp /tmp/a /tmp/b || return 1
	cmp /tmp/a /tmp/b || return 1
	[ "$(sha256sum < /tmp/a)" = "$(sha256sum < /tmp/b)" ] || return 1
	[ "$(stat -c %s /tmp/a)" -eq "$((kib * 1024))" ] || return 1
	echo "guest: wrote, read and compared $kib KiB in tmpfs, sha256 $(sha256sum < /tmp/a | cut -c1-16)..."
}

demo()
{
	show
	want=$(arg guest.vcpus '')
	if [ -n "$want" ] && [ "$(nproc)" != "$want" ]; then
		echo "guest: FAILED: $want CPU(s) expected"
		return
	fi
	if check_tmpfs; then
		echo "guest: OK"
	else
		echo "guest: FAILED: tmpfs check"
	fi
}

case $(arg guest.mode demo) in
demo) demo ;;
shell)
	show
	setsid cttyhack sh
	;;
reboot)
	echo "guest: asking for a reset"
	stty opost
	reboot -f
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
	while [ $i -lt 2000 ]; do
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
