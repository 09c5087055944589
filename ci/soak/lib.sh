# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Helpers of the long tests. Sourced by them.
#
# SOAK_MINUTES is how long all of them take together, builds left out; a machine
# that is slow, or busy, takes longer. SOAK_SEED is the seed of the first boot of
# each; the others count on from it.

. "$(dirname "${BASH_SOURCE[0]}")/../suite.sh"

SOAK_MINUTES=${SOAK_MINUTES:-240}
case $SOAK_MINUTES in
*[!0-9]* | '') die "SOAK_MINUTES='$SOAK_MINUTES' is not a number" ;;
esac
[ "$SOAK_MINUTES" -ge 20 ] || die "SOAK_MINUTES=$SOAK_MINUTES: at least 20"
SOAK_SEED=${SOAK_SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}

# share PERCENT: so many seconds of all.
share()
{
	echo $((SOAK_MINUTES * 60 * $1 / 100))
}

# long NAME PROGRAM SECONDS WORDS OPTION...: boot with one of the long programs, or
# one that was told to take longer.
long()
{
	local name=$1 program=$2 seconds=$3 words=$4

	shift 4
	say "$name: $seconds s, seed $SOAK_SEED"
	boot "soak-$name" --mode test "$NO_KASLR" --timeout $((5 * seconds + 900)) \
		--silence 600 --append "primary.soak=$program \
primary.only=$program primary.fuzz=$seconds GUNYAH_SOAK_SECONDS=$seconds \
GUNYAH_SOAK_SEED=$SOAK_SEED GUNYAH_FUZZ_SEED=$SOAK_SEED $words" "$@"
	SOAK_SEED=$((SOAK_SEED + 1000))
	# What the program counted, for who reads along.
	tr -d '\r' < "$BOOT_LOG" | grep -a '^# ' >&2 || true
}

# fuzz NAME SECONDS WORDS: the fuzzer in boots of half an hour at most, each with a seed of
# its own, and each a case.
fuzz()
{
	local name=$1 left=$2 words=$3 boots i

	boots=$(((left + 1799) / 1800))
	echo "KTAP version 1"
	for i in $(seq "$boots"); do
		long "$name-$i" fuzz $((left / boots)) "$words"
		if [ "$BOOT_STATUS" -eq 0 ]; then
			echo "ok $i $name-$i"
		else
			echo "# $BOOT_WHY"
			echo "not ok $i $name-$i"
		fi
	done
	echo "1..$boots"
}

# Beside those of both flows, what a kernel of other pages runs in the eager flow: what is
# about the calls and about memory, and neither about failures nor about races for long.
# Nothing that loses memory: some of them see that none is lost at all.
EAGER_TESTS=device,vm_config,vm_auth,android,vm_life,vm_reset,vm_resources,irqfd_life,memory_access

# pages_build: build the kernel of $PAGES, and what it boots from.
pages_build()
{
	"$CI/build-kernel.sh"
	"$CI/build-initramfs.sh"
}

# pages_kunit: the KUnit modules on it.
pages_kunit()
{
	pages_build
	boot "soak-pages-$PAGES-kunit" --mode kunit --no-hyp --no-guest --memory 1024 --timeout 600
	results "pages-$PAGES-kunit"
}

# pages FLOW: in that flow boot a guest on it, and run the main tests.
pages()
{
	local name=pages-$PAGES-$1 profile=published tests=$EAGER_TESTS,$BOTH_FLOWS

	if [ "$1" = paged ]; then
		profile=paging
		tests=$PAGED_TESTS,$BOTH_FLOWS
	fi
	pages_build
	# What is about user memory alone, or has it in each case.
	grep -qx CONFIG_GUNYAH_USER_MEMORY=y "$KOUT/.config" ||
		tests=$(printf '%s\n' "${tests//,/$'\n'}" | grep -vE '^(user_mem.*|call_state)$' | paste -sd,)
	boot "soak-$name-guest" --mode run --timeout 600 --append "ghyp.profile=$profile"
	if [ "$BOOT_STATUS" -eq 0 ]; then
		echo "ok 1 boots_a_guest"
	else
		echo "# $BOOT_WHY"
		echo "not ok 1 boots_a_guest"
	fi
	boot "soak-$name" --mode test "$FAST_CPU" "$NO_KASLR" --no-guest --timeout 2400 --silence 600 \
		--append "ghyp.profile=$profile primary.only=$tests"
	# Without the plan: there is one case more.
	results "$name" | sed '/^1\.\./d'
}

# need_memory MEBIBYTES: a suite ends here, skipped, where there is less.
need_memory()
{
	local free

	free=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
	[ "$free" -lt "$1" ] || return 0
	echo "KTAP version 1"
	echo "1..1"
	echo "ok 1 all # SKIP $free MiB of memory are free here, not $1"
	exit
}
