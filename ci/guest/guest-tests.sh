#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guests booted by the sample monitor, in many ways; runs in the primary VM
# and prints TAP. What a guest said is shown when its case failed. The guests'
# kernels are quiet: each character that it prints are several exits, which
# console_loses_nothing is about.

OUT=/tmp/guest-out
KERNEL=/guest/Image
INITRD=/guest/initrd.cpio
# Seconds after which a guest hangs: more than one takes on a slow machine.
LIMIT=300
n=0

# result STATUS NAME: print the case, and the guest's end when it failed.
result()
{
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n $2"
	else
		tail -n 30 "$OUT" | sed 's/^/# /'
		echo "not ok $n $2"
	fi
}

# boot SECONDS OPTION...: run the monitor; its status is kept.
boot()
{
	limit=$1
	shift
	timeout -s KILL "$limit" gunyah-vmm "$@" > "$OUT" 2>&1 < /dev/null
	status=$?
}

# expect STATUS TEXT NAME: how the last boot must have ended.
expect()
{
	rc=0
	if [ "$status" -ne "$1" ]; then
		echo "# status $status, not $1"
		rc=1
	fi
	if ! grep -q "$2" "$OUT"; then
		echo "# the output lacks '$2'"
		rc=1
	fi
	result "$rc" "$3"
}

# demo MEMORY NAME: a guest that looks at itself.
demo()
{
	boot $LIMIT --kernel $KERNEL --initrd $INITRD --mem "$1" \
		--append "quiet guest.mode=demo guest.vcpus=1"
	expect 0 '^guest: OK' "$2"
}

# A guest with $1 vCPUs: it has to find as many, and work.
smp()
{
	boot $LIMIT --kernel $KERNEL --initrd $INITRD --mem 128M --vcpus "$1" \
		--append "quiet guest.mode=demo guest.vcpus=$1"
	expect 0 '^guest: OK' "vcpus_$1"
}

# An initramfs of another make: gzipped, with an init of its own.
other_initrd()
{
	rm -rf /tmp/other
	mkdir -p /tmp/other/bin /tmp/other/dev
	cp /bin/busybox /tmp/other/bin/
	cat > /tmp/other/init <<-'END'
		#!/bin/busybox sh
		/bin/busybox mount -t devtmpfs devtmpfs /dev
		exec > /dev/console 2>&1
		echo "another init was here"
		/bin/busybox stty opost
		/bin/busybox poweroff -f
	END
	chmod +x /tmp/other/init
	(cd /tmp/other && find . | cpio -o -H newc | gzip) > /tmp/other.gz 2> /dev/null
	boot $LIMIT --kernel $KERNEL --initrd /tmp/other.gz --mem 128M --append quiet
	expect 0 'another init was here' another_initramfs
}

# Every line of a long output arrives, in order.
long_output()
{
	boot $LIMIT --kernel $KERNEL --initrd $INITRD --mem 128M \
		--append "quiet guest.mode=console"
	tr -d '\r' < "$OUT" | sed -n 's/^guest: line //p' > /tmp/lines
	seq 0 1999 > /tmp/wanted
	cmp /tmp/lines /tmp/wanted
	result $? console_loses_nothing
}

# one OUTPUT: a small guest in the background.
one()
{
	timeout -s KILL $LIMIT gunyah-vmm --kernel $KERNEL --initrd $INITRD \
		--mem 128M --append quiet > "$1" 2>&1 < /dev/null
}

two_at_once()
{
	one /tmp/out-a &
	first=$!
	one /tmp/out-b &
	rc=0
	wait $! || rc=1
	wait $first || rc=1
	cat /tmp/out-a /tmp/out-b > "$OUT"
	[ "$(grep -c '^guest: OK' "$OUT")" -eq 2 ] || rc=1
	result $rc two_guests_at_once
}

# A guest that stays up ends with the monitor, by signal $1, status $2.
signalled()
{
	: > "$OUT"
	gunyah-vmm --kernel $KERNEL --initrd $INITRD --mem 128M \
		--append "quiet guest.mode=hang" > "$OUT" 2>&1 < /dev/null &
	pid=$!
	tries=0
	until grep -q 'guest: staying up' "$OUT" || [ $tries -ge 1200 ]; do
		usleep 100000
		tries=$((tries + 1))
	done
	kill -s "$1" $pid
	wait $pid
	status=$?
	expect "$2" 'guest: staying up' "ended_by_$1"
}

# A refused command line: one line that says why, status 1.
refused()
{
	name=$1
	shift
	boot 20 "$@"
	rc=0
	[ "$status" -eq 1 ] || rc=1
	[ "$(grep -c . "$OUT")" -eq 1 ] || rc=1
	grep -q '^gunyah-vmm: ' "$OUT" || rc=1
	result $rc "refused.$name"
}

echo "TAP version 13"
refused no_kernel_option --initrd $INITRD
refused kernel_missing --kernel /nowhere
refused kernel_not_an_image --kernel /init
refused initrd_missing --kernel $KERNEL --initrd /nowhere
refused memory_not_a_size --kernel $KERNEL --mem lots
refused memory_too_small --kernel $KERNEL --mem 1M
refused memory_unaligned --kernel $KERNEL --mem 67108865
refused no_vcpu --kernel $KERNEL --vcpus 0
refused too_many_vcpus --kernel $KERNEL --vcpus 9
refused device_missing --kernel $KERNEL --device /dev/nowhere
refused device_is_another --kernel $KERNEL --device /dev/null
refused unknown_option --kernel $KERNEL --no-such-option
boot 20 --help
expect 0 'usage: gunyah-vmm' help

# A debug kernel takes long, and what is between the limits is all one to it.
sizes='64M 96M 256M 1G'
counts='1 2 3 4 5 6 7 8'
if [ -e /sys/kernel/debug/kmemleak ]; then
	sizes='64M 1G'
	counts='4 8'
fi
for size in $sizes; do
	demo "$size" "memory_$size"
done
demo 64M memory_64M_again
for vcpus in $counts; do
	smp "$vcpus"
done
other_initrd
boot $LIMIT --kernel $KERNEL --initrd $INITRD --mem 128M \
	--append "quiet guest.mode=reboot"
expect 3 'guest: asking for a reset' reset_is_told
boot $LIMIT --kernel $KERNEL --initrd $INITRD --mem 128M \
	--append "quiet panic=-1 guest.mode=panic"
expect 3 'guest: about to panic' panic_is_a_reset
long_output
two_at_once
signalled INT 130
signalled TERM 130
signalled KILL 137
demo 128M works_after_all_that
echo "1..$n"
