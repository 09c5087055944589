#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guests booted by the sample monitors, in many ways; runs in the primary VM
# and prints TAP. What a guest said is shown when its case failed. The guests'
# kernels are quiet: each character that one prints before it has its virtio
# console are several exits, which serial_loses_nothing is about.
#
# Use: guest-tests [NAME,...], functions below that are cases, or have some.

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

# boot SECONDS OPTION...: run the monitor with $INPUT; its status is kept.
INPUT=/dev/null
boot()
{
	limit=$1
	shift
	timeout -s KILL "$limit" gunyah-vmm "$@" > "$OUT" 2>&1 < "$INPUT"
	status=$?
	tr -d '\r' < "$OUT" > "$OUT.new" && mv "$OUT.new" "$OUT"
}

# guest MODE OPTION...: boot the usual guest in that mode.
guest()
{
	mode=$1
	shift
	boot $LIMIT --kernel $KERNEL --initrd $INITRD --append "quiet guest.mode=$mode" "$@"
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

# demo MEMORY NAME OPTION...: a guest that looks at itself.
demo()
{
	memory=$1
	name=$2
	shift 2
	guest "demo guest.vcpus=1 guest.kib=1024" --mem "$memory" "$@"
	expect 0 '^guest: OK' "$name"
}

# A guest with $1 vCPUs: it has to find as many, and work.
smp()
{
	guest "demo guest.vcpus=$1 guest.kib=1024" --mem 128M --vcpus "$1"
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

# All of $1 lines of a long output arrive, in order: case $2, OPTION...
long_output()
{
	lines=$1
	name=$2
	shift 2
	guest "console guest.lines=$lines" --mem 128M "$@"
	sed -n 's/^guest: line //p' "$OUT" > /tmp/lines
	seq 0 $((lines - 1)) > /tmp/wanted
	cmp /tmp/lines /tmp/wanted
	result $? "$name"
}

# What is typed arrives, in order, also more than the guest has buffers for.
input()
{
	for i in $(seq 300); do
		echo "line $i of what is typed"
	done > /tmp/typed
	(cat /tmp/typed && echo end) > /tmp/input
	INPUT=/tmp/input
	guest echo --mem 128M
	INPUT=/dev/null
	sed -n "s/^guest: got '\(.*\)'/\1/p" "$OUT" > /tmp/lines
	cmp /tmp/lines /tmp/typed
	rc=$?
	[ $rc -eq 0 ] || diff /tmp/lines /tmp/typed | sed 's/^/# /'
	result $rc console_input
}

sum_of()
{
	sha256sum < "$1" | cut -c1-64
}

# R45. The tracepoint tells of each notification of a queue whether the driver
# signalled an eventfd, or the monitor had to.
TRACING=/sys/kernel/tracing
trace_notifications()
{
	echo 'write==1&&(addr==0xa000050||addr==0xa001050)' \
		> $TRACING/events/gunyah/gunyah_vcpu_mmio/filter
	echo > $TRACING/trace
	echo 1 > $TRACING/events/gunyah/gunyah_vcpu_mmio/enable
}

end_trace()
{
	echo 0 > $TRACING/events/gunyah/gunyah_vcpu_mmio/enable
	echo 0 > $TRACING/events/gunyah/gunyah_vcpu_mmio/filter
	by_kernel=$(grep -c ' kernel$' $TRACING/trace)
	by_monitor=$(grep -c ' monitor$' $TRACING/trace)
	echo "# $by_kernel notifications ended in the kernel, $by_monitor in the monitor"
}

# disk VCPUS MIB MEMORY NAME: so much is read from the guest's disk, and so much
# written to it, by all of its CPUs at once: both sides have the same checksums.
disk()
{
	rm -f /tmp/disk
	head -c $(($2 * 1048576)) /dev/urandom > /tmp/disk
	before=$(sum_of /tmp/disk)
	trace_notifications
	guest "disk guest.mib=$2" --mem "$3" --vcpus "$1" --disk /tmp/disk --stats
	end_trace
	sed -n 's/^gunyah-vmm: disk0/# &/p' "$OUT"
	expect 0 "^guest: read $(($2 * 1048576)) bytes, sha256 $before" "$4.read"
	expect 0 "^guest: wrote $(($2 * 1048576)) bytes, sha256 $(sum_of /tmp/disk)" "$4.write"
	grep -q '^gunyah-vmm: disk0: [1-9][0-9]* requests, [1-9][0-9]* flushes' "$OUT"
	result $? "$4.flush"
	[ "$by_kernel" -gt 0 ] && [ "$by_monitor" -eq 0 ] &&
		grep -q '^gunyah-vmm: disk0: .* [1-9][0-9]* notifications by eventfd, 0 by an exit' \
			"$OUT"
	result $? "$4.notified_in_the_kernel"
	rm -f /tmp/disk
}

big_disk()
{
	disk 1 256 1G disk_256M.vcpus_1
	disk 4 256 1G disk_256M.vcpus_4
}

read_only_disk()
{
	head -c 1048576 /dev/urandom > /tmp/disk
	before=$(sum_of /tmp/disk)
	guest ro --mem 128M --disk-ro /tmp/disk
	expect 0 "^guest: read only: 1, sha256 $before" disk_read_only
	expect 0 "^guest: the write was refused" disk_read_only.write
	[ "$(sum_of /tmp/disk)" = "$before" ]
	result $? disk_read_only.kept
}

# Sizes that are odd: the guest has whole sectors, and is told of the rest.
odd_disk()
{
	rm -f /tmp/disk
	truncate -s 1000000 /tmp/disk
	demo 128M disk_odd_size --disk /tmp/disk
	expect 0 'the last 64 bytes are left out' disk_odd_size.told
	[ "$(stat -c %s /tmp/disk)" -eq 1000000 ]
	result $? disk_odd_size.kept
}

# boot_root CASE: a guest without initial RAM disk, from its disk.
boot_root()
{
	boot $LIMIT --kernel $KERNEL --mem 256M --vcpus 4 --disk /tmp/disk \
		--append "quiet root=/dev/vda rw init=/init guest.mode=root"
	expect 0 '^guest: root is /dev/root ext2, 4 CPUs' "$1"
	wrote=$(sed -n 's/^guest: wrote //p' "$OUT")
	[ -n "$wrote" ] && grep -q "^guest: read $wrote" "$OUT"
	result $? "$1.file"
}

# What one boot has written to its root file system the next one finds.
root_disk()
{
	cp /guest/root.img /tmp/disk
	boot_root root_on_disk
	before=$wrote
	boot_root root_on_disk.again
	[ -n "$before" ] && grep -q "^guest: found $before" "$OUT"
	result $? root_on_disk.kept
	rm -f /tmp/disk
}

# R9, R20. A guest that asks for a reset is started again, with what its disk had.
restart()
{
	rm -f /tmp/disk
	truncate -s 1M /tmp/disk
	guest reboots --mem 128M --vcpus 2 --disk /tmp/disk
	expect 0 '^guest: boot 3' "restarted"
	[ "$(sed -n 's/^guest: boot //p' "$OUT" | tr '\n' ' ')" = '1 2 3 ' ]
	result $? restarted.three_boots
}

# What there is of a guest, once: with one vCPU and with four, and its second run.
few()
{
	disk 1 32 256M disk.vcpus_1
	disk 4 32 256M disk.vcpus_4
	restart
}

# R84. The program of Documentation/virt/gunyah/first-vm.rst, which has this output.
first_vm()
{
	cat > /tmp/wanted <<-'END'
		Hello from a guest.
		first-vm: status 2, exit type 1
	END
	timeout -s KILL $LIMIT first-vm > "$OUT" 2>&1
	status=$?
	cmp "$OUT" /tmp/wanted && [ $status -eq 0 ]
	result $? first_vm
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

# Command lines that are refused, and help.
options()
{
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
	refused disk_missing --kernel $KERNEL --disk /nowhere
	refused disk_is_a_folder --kernel $KERNEL --disk /tmp
	refused disk_is_no_disk --kernel $KERNEL --disk /dev/null
	: > /tmp/empty
	refused disk_empty --kernel $KERNEL --disk /tmp/empty
	refused five_disks --kernel $KERNEL --disk a --disk b --disk c --disk d --disk-ro e
	refused disk_without_virtio --kernel $KERNEL --no-virtio --disk /init
	refused option_without_value --kernel $KERNEL --disk
	refused unknown_option --kernel $KERNEL --no-such-option
	boot 20 --help
	expect 0 'usage: gunyah-vmm' help
}

# Sizes, vCPUs, and ways to end.
machines()
{
	first_vm
	for size in 64M 96M 256M 1G; do
		demo "$size" "memory_$size"
	done
	demo 64M memory_64M_again
	for vcpus in $(seq 8); do
		smp "$vcpus"
	done
	other_initrd
	guest "panic panic=-1" --mem 128M --no-reboot
	expect 3 'guest: about to panic' panic_is_a_reset
	guest reboot --mem 128M --no-reboot
	expect 3 'guest: asking for a reset' reset_is_told
	restart
	two_at_once
	signalled INT 130
	signalled TERM 130
	signalled KILL 137
	demo 128M works_after_all_that
}

devices()
{
	long_output 2000 console_loses_nothing
	long_output 200 serial_loses_nothing --no-virtio
	demo 128M serial_only --no-virtio
	input
	disk 1 32 256M disk.vcpus_1
	disk 4 32 256M disk.vcpus_4
	root_disk
	read_only_disk
	odd_disk
}

# On a debug kernel, which takes long: what differs for the driver, and not in the guest or
# the monitor only, nor between two limits.
brief()
{
	first_vm
	smp 8
	restart
	disk 4 32 256M disk.vcpus_4
	two_at_once
	signalled KILL 137
	demo 128M works_after_all_that
}

echo "TAP version 13"
for part in $(echo "${1:-options,machines,devices}" | tr ',' ' '); do
	$part
done
echo "1..$n"
