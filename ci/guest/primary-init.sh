#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The first program of the primary VM. What it does is said on the kernel's
# command line:
#
#   primary.mode=run     boot a guest with the sample monitor, with a shell in it
#                        where primary.interactive=1
#   primary.mode=test    run the programs of /selftests
#   primary.mode=guests  boot many guests (guest-tests.sh), or what
#                        primary.guests=NAME,... of them
#   primary.mode=kunit   load the KUnit modules one by one
#   primary.mode=absent  check that nothing is there where Gunyah is not
#   primary.mode=splat   make the mistake primary.splat=KIND, to be noticed
#   primary.mode=bench   run the benchmark's monitors for primary.which=gunyah or kvm, with
#                        the words of primary.bench and primary.host
#   primary.mode=down    go down with a VM up: primary.down=off or, to the same kernel in
#                        mode test, kexec
#   primary.mode=shell   a shell on the console
#
# primary.only=a,b and primary.not=a,b choose among the programs of /selftests, the
# first also among the KUnit modules.
# primary.fuzz=N is for how many seconds the fuzzer runs; primary.soak=NAME runs
# NAME instead, which is not one of the usual. A kernel of DEBUG=1 is
# asked in the end for what leaked, and which lines of the driver have run.
# It ends with the line "GUNYAH-RESULT status=N" and powers off.

export PATH=/bin:/sbin:/usr/bin:/usr/sbin

/bin/busybox mkdir -p /proc /sys /dev /tmp /run /usr/bin /usr/sbin /sbin
/bin/busybox --install -s
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev 2> /dev/null
mount -t debugfs debugfs /sys/kernel/debug
mount -t tracefs tracefs /sys/kernel/tracing 2> /dev/null
mkdir -p /dev/pts /dev/shm /sys/fs/cgroup
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /dev/shm
mount -t cgroup2 cgroup2 /sys/fs/cgroup 2> /dev/null
exec < /dev/console > /dev/console 2>&1

# The value of word $1 of the command line, or else $2.
arg()
{
	for word in $(cat /proc/cmdline); do
		case $word in
		"$1="*) echo "${word#*=}"; return ;;
		esac
	done
	echo "$2"
}

# The modules of the driver, or with "tests" those of its KUnit tests.
modules()
{
	if [ "$1" = tests ]; then
		find /lib/modules -path '*/gunyah/tests/*kunit*.ko'
	else
		find /lib/modules -path '*/gunyah/*.ko' ! -path '*/tests/*'
	fi | sed 's,.*/,,; s,\.ko$,,' | sort
}

# irqfd and ioeventfd are loaded when a VM wants the first one (R42). There is none
# of Qualcomm's firmware here: that module asks for it, and does not stay.
load_driver()
{
	for module in $(modules driver | grep -v 'eventfd$\|irqfd$\|qcom$'); do
		modprobe "$module" || echo "primary: $module did not load"
	done
	for module in $(modules driver | grep 'qcom$'); do
		modprobe "$module" 2>&1 | grep -q 'No such device' ||
			echo "primary: $module found Qualcomm's firmware"
	done
}

# Wait up to $2 seconds for $1.
wait_for()
{
	n=0
	while [ ! -e "$1" ] && [ "$n" -lt "$(($2 * 10))" ]; do
		usleep 100000
		n=$((n + 1))
	done
	[ -e "$1" ]
}

run_guest()
{
	load_driver
	if ! wait_for /dev/gunyah 10; then
		echo "primary: /dev/gunyah did not appear"
		return 1
	fi
	# A disk of the PC (DISK=), or one for this time only.
	disk=/dev/vda
	if [ ! -b $disk ]; then
		disk=/tmp/disk
		truncate -s 16M $disk
	fi
	mode=$(arg guest.mode demo)
	set -- gunyah-vmm --kernel /guest/Image --initrd /guest/initrd.cpio \
		--mem "$(arg primary.mem 256M)" --vcpus "$(arg primary.vcpus 1)"
	if [ "$(arg primary.virtio 1)" != 0 ]; then
		set -- "$@" --disk $disk
	else
		set -- "$@" --no-virtio
	fi
	if [ "$(arg primary.interactive 0)" = 1 ]; then
		# With a terminal of its own, for Ctrl-C.
		set -- setsid cttyhack "$@"
		mode=$(arg guest.mode interactive)
	fi
	echo "primary: booting a guest: $(arg primary.vcpus 1) vCPU(s), $(arg primary.mem 256M)"
	"$@" --append "guest.mode=$mode guest.vcpus=$(arg primary.vcpus 1)"
}

# What the kernel said since the last time. In mode test it does not say it
# on the console, where it would cut the tests' lines in two.
kernel_log()
{
	dmesg -c
}

# With DEBUG=1: what was allocated and is not referenced any more. What is
# younger than 5 seconds is not looked at; a leak is looked at twice, as
# kmemleak asks for.
leaks()
{
	[ -e /sys/kernel/debug/kmemleak ] || return 0
	sleep 6
	for _ in first second; do
		if ! echo scan 2> /dev/null > /sys/kernel/debug/kmemleak; then
			echo "primary: no check by kmemleak"
			return
		fi
	done
	cat /sys/kernel/debug/kmemleak
}

# The last checks with DEBUG=1. What only the modules knew has leaked when they
# are gone; /proc/modules is for the reader of the addresses in a report.
last_checks()
{
	[ ! -e /sys/kernel/debug/kmemleak ] || cat /proc/modules
	for module in $(modules driver); do
		modprobe -r "$module" 2> /dev/null
	done
	leaks
	if [ -e /proc/lockdep_stats ] &&
	   ! grep -q 'debug_locks: *1$' /proc/lockdep_stats; then
		echo "primary: no check by lockdep"
	fi
}

# With DEBUG=1: how often each line of the driver has run (ci/coverage.py), as
# a file on the console. It is kept when a module goes.
coverage()
{
	[ -d /sys/kernel/debug/gcov ] || return 0
	dmesg -n 1
	mkdir -p /tmp/coverage
	cd /sys/kernel/debug/gcov || return
	find . -name '*.gcda' | while read -r data; do
		mkdir -p "/tmp/coverage/${data%/*}"
		# Their size is 0 until they are read.
		cat "$data" > "/tmp/coverage/$data"
	done
	echo "GUNYAH-FILE-BEGIN coverage.tgz"
	tar -C /tmp/coverage -cz . | base64
	echo "GUNYAH-FILE-END coverage.tgz"
}

uptime_s()
{
	cut -d. -f1 /proc/uptime
}

run_selftests()
{
	dmesg -n 1
	kernel_log
	load_driver
	kernel_log
	wait_for /dev/gunyah 10 || echo "primary: /dev/gunyah did not appear"
	status=0
	ran=
	GUNYAH_FUZZ_SECONDS=$(arg primary.fuzz 10)
	export GUNYAH_FUZZ_SECONDS
	soak=$(arg primary.soak '')
	[ -z "$soak" ] || echo "/selftests/$soak" > /selftests/list
	only=,$(arg primary.only ''),
	not=,$(arg primary.not ''),
	while read -r test; do
		name=${test##*/}
		case $only in ,, | *",$name,"*) ;; *) continue ;; esac
		case $not in *",$name,"*) continue ;; esac
		began=$(uptime_s)
		echo "SELFTEST-BEGIN ${test##*/}"
		(cd "${test%/*}" && "$test" < /dev/null)
		rc=$?
		kernel_log
		echo "SELFTEST-END ${test##*/} status=$rc"
		echo "primary: ${test##*/}: $(($(uptime_s) - began)) s"
		# 4: the whole program is skipped
		[ "$rc" -eq 0 ] || [ "$rc" -eq 4 ] || status=1
		ran=$name
	done < /selftests/list
	if [ -z "$ran" ]; then
		echo "primary: no program to run"
		status=1
	fi
	last_checks
	kernel_log
	return $status
}

run_guests()
{
	dmesg -n 1
	load_driver
	kernel_log
	wait_for /dev/gunyah 10 || echo "primary: /dev/gunyah did not appear"
	echo "SELFTEST-BEGIN guest"
	/bin/guest-tests "$(arg primary.guests '')"
	rc=$?
	kernel_log
	echo "SELFTEST-END guest status=$rc"
	last_checks
	kernel_log
	return $rc
}

run_kunit()
{
	status=0
	modprobe kunit
	# By the kernel's log, as the tests' own lines: a terminal may be late.
	echo on > /proc/sys/kernel/printk_devkmsg
	only=,$(arg primary.only ''),
	for module in $(modules tests); do
		case $only in ,, | *",${module#gunyah_},"*) ;; *) continue ;; esac
		echo "KUNIT-BEGIN $module" > /dev/kmsg
		modprobe "$module" || status=1
		modprobe -r "$module" || status=1
		echo "KUNIT-END $module" > /dev/kmsg
	done
	last_checks
	return $status
}

# A mistake that the checks of DEBUG=1 have to notice, and nothing else that
# could fail: the way is that of the selftests.
run_splat()
{
	dmesg -n 1
	kernel_log
	load_driver
	kernel_log
	kind=$(arg primary.splat none)
	echo "primary: a mistake on purpose: $kind"
	case $kind in
	kmemleak)
		modprobe kmemleak-test
		modprobe -r kmemleak-test
		;;
	lockdep | atomic_sleep | object) modprobe gunyah_splat kind="$kind" ;;
	none) ;;
	*)
		modprobe lkdtm
		echo "$kind" > /sys/kernel/debug/provoke-crash/DIRECT
		;;
	esac
	kernel_log
	last_checks
	kernel_log
}

# Where the hypervisor is not Gunyah the modules load or answer ENODEV without
# a word in the kernel's log, and no device appears.
run_absent()
{
	dmesg -c > /dev/null
	n=0
	status=0
	echo "SELFTEST-BEGIN absent"
	echo "TAP version 13"
	for module in $(modules driver); do
		modprobe "$module" > /tmp/out 2>&1
		n=$((n + 1))
		if dmesg -c > /tmp/log && [ -s /tmp/log ]; then
			sed 's/^/# /' /tmp/log
			echo "not ok $n quiet.$module"
			status=1
		else
			echo "ok $n quiet.$module"
		fi
	done
	n=$((n + 1))
	if [ -e /dev/gunyah ]; then
		echo "not ok $n no_device"
		status=1
	else
		echo "ok $n no_device"
	fi
	echo "1..$n"
	echo "SELFTEST-END absent status=$status"
	return $status
}

# What is counted is counted by the emulator; where modules of the driver lie, if it is
# not built in, is said here, and what was allocated.
run_bench()
{
	dmesg -n 1
	which=$(arg primary.which gunyah)
	if [ "$which" = gunyah ]; then
		load_driver
		wait_for /dev/gunyah 10 || echo "primary: /dev/gunyah did not appear"
	fi
	for program in host bench; do
		words=$(arg primary.$program '' | tr , ' ')
		# shellcheck disable=SC2086
		[ -z "$words" ] || "/bench/$program-$which" $words || return 1
		# What was freed is in lists that the kernel empties in the seconds after.
		sleep 10
	done
	if grep -q ^gunyah /proc/modules; then
		echo "GUNYAH-FILE-BEGIN modules"
		grep '\[gunyah' /proc/kallsyms | base64
		echo "GUNYAH-FILE-END modules"
	fi
	for file in /tmp/*.trace; do
		[ -e "$file" ] || continue
		echo "GUNYAH-FILE-BEGIN ${file##*/}"
		base64 "$file"
		echo "GUNYAH-FILE-END ${file##*/}"
	done
}

# It does not come back from there; the hypervisor's log has what is left then.
run_down()
{
	load_driver
	wait_for /dev/gunyah 10 || echo "primary: /dev/gunyah did not appear"
	how=$(arg primary.down off)
	[ "$how" = kexec ] || echo "GUNYAH-RESULT status=0"
	/selftests/host_down "$how" /next/Image /next/initrd.cpio \
		"$(sed 's/primary\.mode=down/primary.mode=test/' /proc/cmdline)"
	return 1
}

cd /
echo "primary: Linux $(uname -r), $(nproc) CPU(s), $(free -m | awk '/^Mem/ { print $2 }') MiB"
mode=$(arg primary.mode run)
case $mode in
run) run_guest ;;
test) run_selftests ;;
guests) run_guests ;;
kunit) run_kunit ;;
absent) run_absent ;;
splat) run_splat ;;
bench) run_bench ;;
down) run_down ;;
shell)
	load_driver
	echo "primary: a shell; /dev/gunyah: $(ls /dev/gunyah 2>&1); leave with exit"
	setsid cttyhack sh
	true
	;;
*)
	echo "primary: unknown primary.mode=$mode"
	false
	;;
esac
status=$?
case $mode in
test | guests | kunit) coverage ;;
esac
echo "GUNYAH-RESULT status=$status"
# Setting a mode waits until all output is out: poweroff would cut it off.
stty opost
poweroff -f
