// SPDX-License-Identifier: GPL-2.0-only
/* What one CPU takes away, another that uses it just then has not any more. */

#include "paging.h"

#define ROUNDS		1000
#define BIG		0xffffffffffUL	/* the guest counts for ever */

static struct paged_vm p, q;

/* ---- the host on CPU 1 ---- */

static struct {
	u32 reads;
	bool stop;
	u64 esr;
} other;

static void read_on(void *arg)
{
	u64 v;

	(void)arg;
	while (!READ_ONCE(other.stop)) {
		other.esr = try_read64(PAGE_IPA, &v);
		if (other.esr)
			break;
		WRITE_ONCE(other.reads, other.reads + 1);
	}
}

static void wait_idle(void)
{
	u64 end = now_ms() + 6 * WAIT_MS;

	while (!cpu_is_idle(1) && now_ms() < end)
		idle();
	expect("CPU 1 is done", true, cpu_is_idle(1));
}

static void start_reads(void)
{
	u64 end = now_ms() + WAIT_MS;

	memset(&other, 0, sizeof(other));
	expect("CPU 1", true, cpu_call(1, read_on, NULL));
	while (READ_ONCE(other.reads) < 1000 && now_ms() < end)
		idle();
}

/* No read may succeed any more; one may be under way. */
static void expect_no_reads(void)
{
	u32 before = READ_ONCE(other.reads);
	u64 end = now_ms() + WAIT_MS;

	while (!cpu_is_idle(1) && now_ms() < end)
		idle();
	WRITE_ONCE(other.stop, true);
	wait_idle();
	expect("ESR", ESR_DATA, other.esr);
	expect("late reads", true, READ_ONCE(other.reads) - before <= 1);
}

static bool host_reads(void)
{
	expect("ready", true, paged_prepare(&p, VM_IPA));
	start_reads();
	expect("lend", 0, lend(&p, PAGE_IPA, PAGE_SIZE));
	expect_no_reads();
	expect("back", 0, lend_back(&p, PAGE_IPA, PAGE_SIZE));
	expect("drop", true, paged_drop(&p));
	return true;
}

/* The first call without NOSYNC finishes it, though it is about another page. */
static bool host_reads_nosync(void)
{
	u64 behind = PAGE_IPA + PAGE_SIZE;

	expect("ready", true, paged_prepare(&p, VM_IPA));
	start_reads();
	expect("lend", 0, donate(TO_PROTECTED | NOSYNC, p.extent[HOST_PRIVATE],
				 p.extent[GUEST_PRIVATE], PAGE_IPA, PAGE_SIZE));
	expect("share", 0, share(&p, behind, PAGE_SIZE));
	expect_no_reads();
	expect("back", 0, share_back(&p, behind, PAGE_SIZE));
	expect("back", 0, lend_back(&p, PAGE_IPA, PAGE_SIZE));
	expect("drop", true, paged_drop(&p));
	return true;
}

/* ---- the guest on CPU 1 ---- */

static struct {
	bool stop;
	u64 answer;		/* to the exit that waits */
	struct run_result last;
} runner;

static void run_on(void *arg)
{
	u64 resume[4] = { runner.answer };
	struct paged_vm *vm = arg;

	while (!READ_ONCE(runner.stop)) {
		timer_arm(20);
		hyp_vcpu_run(vm->vm.vcpu, resume, &runner.last);
		timer_stop();
		gic_poll();
		resume[0] = 0;
		if (runner.last.err || (runner.last.state != STATE_READY &&
					runner.last.state != STATE_BLOCKED))
			break;
	}
}

/* The guest counts in a page that the host sees too; it runs on CPU 1. */
static void start_counting(u64 gpa, u64 pa)
{
	u64 end = now_ms() + WAIT_MS;

	*(u64 *)pa = 0;
	expect("share", 0, share(&p, pa, PAGE_SIZE));
	expect("map", 0, map_shared(&p, gpa, R | W, pa, PAGE_SIZE));
	/* CPU 0 gives the command, CPU 1 the address that it asks for then. */
	expect("command", true, vm_resume(&p.vm, CMD_COUNT(BIG), 0));
	memset(&runner, 0, sizeof(runner));
	runner.answer = gpa;
	expect("CPU 1", true, cpu_call(1, run_on, &p));
	while (READ_ONCE(*(u64 *)pa) < 1000 && now_ms() < end)
		idle();
}

static void expect_stopped(u64 gpa, u64 pa, u64 state)
{
	u64 at = READ_ONCE(*(u64 *)pa);

	wait_idle();
	expect("error", 0, runner.last.err);
	expect("state", state, runner.last.state);
	expect("address", gpa, runner.last.data[0]);
	/* A store that was under way may have come through. */
	expect("late stores", true, READ_ONCE(*(u64 *)pa) - at <= 1);
}

static bool guest_counts(void)
{
	expect("start", true, paged_open(&p, VM_IPA));
	start_counting(GPA_SHARED, PAGE_IPA);
	expect("unmap", 0, unmap_shared(&p, GPA_SHARED, PAGE_IPA, PAGE_SIZE));
	expect_stopped(GPA_SHARED, PAGE_IPA, STATE_WRITE);
	expect("back", 0, share_back(&p, PAGE_IPA, PAGE_SIZE));
	expect("end", true, paged_close(&p));
	return true;
}

static bool guest_counts_nosync(void)
{
	expect("start", true, paged_open(&p, VM_IPA));
	start_counting(GPA, PAGE_IPA);
	expect("unmap", 0, unmap(&p, p.extent[GUEST_SHARED], GPA, PARTIAL | NOSYNC, PAGE_IPA,
				 PAGE_SIZE));
	expect("back", 0, share_back(&p, PAGE_IPA, PAGE_SIZE));
	expect_stopped(GPA, PAGE_IPA, STATE_FAULT);
	expect("end", true, paged_close(&p));
	return true;
}

static bool grows(u64 pa, u64 before)
{
	u64 end = now_ms() + WAIT_MS;

	while (READ_ONCE(*(u64 *)pa) <= before && now_ms() < end)
		idle();
	return READ_ONCE(*(u64 *)pa) > before;
}

/* The block is split and made whole under a guest that counts in it. */
static bool guest_in_split_block(void)
{
	u64 page = 0x9000, before, i;

	expect("start", true, paged_open(&p, VM_IPA));
	start_counting(GPA_SHARED, PAGE_IPA);
	expect("lend", 0, lend(&p, BLOCK_IPA, BLOCK_SIZE));
	expect("map", 0, map_lent(&p, GPA, R | W, BLOCK_IPA, BLOCK_SIZE));
	for (i = 0; i < 50; i++) {
		before = READ_ONCE(*(u64 *)PAGE_IPA);
		expect("unmap", 0, unmap_lent(&p, GPA + page, BLOCK_IPA + page, PAGE_SIZE));
		expect("back", 0, lend_back(&p, BLOCK_IPA + page, PAGE_SIZE));
		expect("lend", 0, lend(&p, BLOCK_IPA + page, PAGE_SIZE));
		expect("map", 0, map_lent(&p, GPA + page, R | W, BLOCK_IPA + page, PAGE_SIZE));
		expect("goes on", true, grows(PAGE_IPA, before));
	}
	expect("runs", false, cpu_is_idle(1));
	WRITE_ONCE(runner.stop, true);
	wait_idle();
	expect("unmap", 0, unmap_lent(&p, GPA, BLOCK_IPA, BLOCK_SIZE));
	expect("back", 0, lend_back(&p, BLOCK_IPA, BLOCK_SIZE));
	expect("unmap", 0, unmap_shared(&p, GPA_SHARED, PAGE_IPA, PAGE_SIZE));
	expect("back", 0, share_back(&p, PAGE_IPA, PAGE_SIZE));
	expect("end", true, paged_close(&p));
	return true;
}

/* ---- both at once ---- */

static u64 errors;
static bool started;

/* Both begin at about the same time. */
static void start_both(void (*fn)(void *arg))
{
	u64 end = now_ms() + WAIT_MS;

	started = false;
	expect("CPU 1", true, cpu_call(1, fn, NULL));
	while (!READ_ONCE(started) && now_ms() < end)
		;
}

/* Pages of its own, given, mapped, unmapped and taken over and over. */
static u64 to_and_fro(u64 pa, u64 gpa)
{
	u64 bad = 0;
	u32 i;

	for (i = 0; i < ROUNDS; i++) {
		bad += !!lend(&p, pa, PAGE_SIZE);
		bad += !!map_lent(&p, gpa, R | W, pa, PAGE_SIZE);
		bad += !!unmap(&p, p.extent[GUEST_PRIVATE], gpa,
			       PARTIAL | PRIVATE | (i % 2 ? NOSYNC : 0), pa, PAGE_SIZE);
		bad += !!lend_back(&p, pa, PAGE_SIZE);
	}
	return bad;
}

static void fro_and_to(void *arg)
{
	(void)arg;
	WRITE_ONCE(started, true);
	errors = to_and_fro(PAGE_IPA + PAGE_SIZE, GPA + PAGE_SIZE);
}

static bool two_cpus(void)
{
	u64 before;

	expect("ready", true, paged_prepare(&p, VM_IPA));
	before = pages_given();
	errors = ~0UL;
	start_both(fro_and_to);
	expect("CPU 0", 0, to_and_fro(PAGE_IPA, GPA));
	wait_idle();
	expect("CPU 1", 0, errors);
	expect("pages", before, pages_given());
	expect("first", 0, try_write64(PAGE_IPA, 1));
	expect("second", 0, try_write64(PAGE_IPA + PAGE_SIZE, 1));
	expect("drop", true, paged_drop(&p));
	return true;
}

static u32 wins[2];

/*
 * One page, two VMs that want it, each so many times: who gets it gives it back.
 * Fewer rounds than elsewhere, since each of the two waits for the other: for the
 * page, and in an emulator for each invalidation of its TLB.
 */
#define FIGHTS	(ROUNDS / 5)

static void fight(const struct paged_vm *vm, u32 cpu)
{
	u64 end = now_ms() + WAIT_MS;

	while (wins[cpu] < FIGHTS && now_ms() < end) {
		u64 err = lend(vm, PAGE_IPA, PAGE_SIZE);

		if (err && err != E_OWNER)
			errors++;
		if (err)
			continue;
		wins[cpu]++;
		if (map_lent(vm, GPA, R | W, PAGE_IPA, PAGE_SIZE) ||
		    unmap_lent(vm, GPA, PAGE_IPA, PAGE_SIZE) || lend_back(vm, PAGE_IPA, PAGE_SIZE))
			errors++;
	}
}

static void fight_for_q(void *arg)
{
	(void)arg;
	WRITE_ONCE(started, true);
	fight(&q, 1);
}

static bool one_page(void)
{
	u64 before;

	expect("ready", true, paged_prepare(&p, VM_IPA));
	expect("ready", true, paged_prepare(&q, VM2_IPA));
	before = pages_given();
	errors = 0;
	memset(wins, 0, sizeof(wins));
	start_both(fight_for_q);
	fight(&p, 0);
	wait_idle();
	expect("errors", 0, errors);
	expect("CPU 0 had it", FIGHTS, wins[0]);
	expect("CPU 1 had it", FIGHTS, wins[1]);
	expect("pages", before, pages_given());
	expect("host", 0, try_write64(PAGE_IPA, 1));
	expect("drop", true, paged_drop(&q));
	expect("drop", true, paged_drop(&p));
	return true;
}

static const struct test tests[] = {
	{ "a donated page is gone from the other CPU's TLB", host_reads },
	{ "NOSYNC: it is gone with the next call without", host_reads_nosync },
	{ "an unmapped page is gone from a guest on the other CPU", guest_counts },
	{ "NOSYNC: from the guest too", guest_counts_nosync },
	{ "a block is split under a guest that runs", guest_in_split_block },
	{ "two CPUs give and take pages of one VM", two_cpus },
	{ "two CPUs want one page for two VMs", one_page },
};

void run_smp(void)
{
	run_all(tests, ARRAY_SIZE(tests));
}
