// SPDX-License-Identifier: GPL-2.0-only
/*
 * A fuzzer of /dev/gunyah: threads do all calls on all files in random order,
 * some as they should be and some not, while signals come, processes use memory
 * up, and allocations of the driver fail.  What it looks for is found by the
 * kernel: lockdep, KASAN, a hang.
 *
 * GUNYAH_FUZZ_SECONDS (default 10) says for how long, GUNYAH_FUZZ_SEED repeats
 * the choices of a run.  It prints how often each call succeeded and with which
 * errnos it failed.  Each errno must be in the documentation's list for the call;
 * a call that never succeeded fails the test, or, where it can't succeed here,
 * one that did; and so does a run in which no guest ran, or none ran again.  Where
 * guests get their memory when they touch it, it is taken back, too, and guests that
 * don't get it have to have been told, and to have gone on.
 */
#include "../kselftest_harness.h"
#include "lib/alloc_fault.h"
#include "lib/fuzz.h"
#include "lib/soak.h"
#include "lib/sweep.h"
#include "lib/user_mem.h"

#define NR_HOGS	2

static const struct errors {
	const char *call;
	int errnos[FUZZ_ERRNOS];
} documented[] = {
#include "call_errors.inc"
};

/**
 * struct fuzzed - a call of the fuzzer
 * @name: as it is printed
 * @documented: its name in the documentation, NULL: @only are all errnos
 * @only: errnos of a call that can't succeed here; with @documented: where there is no
 *	demand paging
 */
struct fuzzed {
	const char *name;
	const char *documented;
	int only[2];
};

static const struct fuzzed table[NR_FUZZ_CALLS] = {
	[FUZZ_OPEN] = { "open", "open()" },
	[FUZZ_CREATE_VM] = { "CREATE_VM", "GUNYAH_CREATE_VM" },
	[FUZZ_CREATE_MEM] = { "CREATE_GUEST_MEM", "GUNYAH_CREATE_GUEST_MEM" },
	[FUZZ_EXTENSION] = { "CHECK_EXTENSION", "GUNYAH_CHECK_EXTENSION" },
	[FUZZ_VM_EXTENSION] = { "CHECK_EXTENSION of a VM", "GUNYAH_CHECK_EXTENSION" },
	[FUZZ_MAP] = { "MAP_MEM", "GUNYAH_VM_MAP_MEM" },
	[FUZZ_SHARE] = { "MAP_MEM that shares", "GUNYAH_VM_MAP_MEM" },
	[FUZZ_UNMAP] = { "MAP_MEM that unmaps", "GUNYAH_VM_MAP_MEM" },
	[FUZZ_USER_MEM] = { "SET_USER_MEM_REGION", "GUNYAH_VM_SET_USER_MEM_REGION" },
	[FUZZ_RECLAIM] = { "RECLAIM_MEM", "GUNYAH_VM_RECLAIM_MEM", { EOPNOTSUPP, EFAULT } },
	[FUZZ_RESET] = { "RESET", "GUNYAH_VM_RESET" },
	[FUZZ_DTB] = { "SET_DTB_CONFIG", "GUNYAH_VM_SET_DTB_CONFIG" },
	[FUZZ_BOOT] = { "SET_BOOT_CONTEXT", "GUNYAH_VM_SET_BOOT_CONTEXT" },
	[FUZZ_AUTH] = { "SET_AUTH", "GUNYAH_VM_SET_AUTH" },
	[FUZZ_AUTH_OTHER] = { "SET_AUTH of other types", "GUNYAH_VM_SET_AUTH" },
	[FUZZ_ADD] = { "ADD_FUNCTION", "GUNYAH_VM_ADD_FUNCTION" },
	[FUZZ_ADD_OTHER] = { "ADD_FUNCTION of others", NULL, { EINVAL, EFAULT } },
	[FUZZ_REMOVE] = { "REMOVE_FUNCTION", "GUNYAH_VM_REMOVE_FUNCTION" },
	[FUZZ_REMOVE_OTHER] = { "REMOVE_FUNCTION of others", NULL, { EINVAL, EFAULT } },
	/* Not calls of the driver: see expected(). */
	[FUZZ_EVENT] = { "eventfd", NULL },
	[FUZZ_SIGNAL] = { "signal", NULL },
	[FUZZ_ADD_IRQFD] = { "ADD_FUNCTION of irqfds", "GUNYAH_VM_ADD_FUNCTION" },
	[FUZZ_REMOVE_IRQFD] = { "REMOVE_FUNCTION of irqfds", "GUNYAH_VM_REMOVE_FUNCTION" },
	[FUZZ_ADD_IOEVENTFD] = { "ADD_FUNCTION of ioeventfds", "GUNYAH_VM_ADD_FUNCTION" },
	[FUZZ_REMOVE_IOEVENTFD] = { "REMOVE_F. of ioeventfds", "GUNYAH_VM_REMOVE_FUNCTION" },
	[FUZZ_START] = { "START", "GUNYAH_VM_START" },
	[FUZZ_RUN] = { "RUN", "GUNYAH_VCPU_RUN" },
	[FUZZ_MMAP_SIZE] = { "MMAP_SIZE", "GUNYAH_VCPU_MMAP_SIZE" },
	[FUZZ_MMAP_RUN] = { "mmap of the run page", "mmap() of a vCPU" },
	[FUZZ_MMAP_RUN_WRONG] = { "wrong mmap of it", NULL, { EINVAL } },
	[FUZZ_MMAP_MEM] = { "mmap of memory", "mmap() of memory" },
	[FUZZ_FALLOCATE] = { "fallocate", "fallocate() of memory" },
	[FUZZ_PUNCH] = { "punch", "fallocate() of memory" },
	[FUZZ_TRUNCATE] = { "ftruncate", NULL, { EINVAL } },
	[FUZZ_READ] = { "read and write", NULL, { EINVAL } },
	/* Not calls of the driver: whatever may happen is listed here. */
	[FUZZ_TOUCH] = { "touch of memory", NULL },
	[FUZZ_STAT] = { "fstat", NULL },
	[FUZZ_DUP] = { "dup", NULL },
	[FUZZ_FORK] = { "fork", NULL },
	[FUZZ_WHOLE_VM] = { "a whole VM", NULL },
	[FUZZ_GARBAGE] = { "garbage", NULL },
	[FUZZ_CLOSE] = { "close", NULL },
};

static bool stop;

/* ---- what is expected ---- */

static bool has_errno(const int *list, unsigned int n, int e)
{
	while (n--)
		if (list[n] == e)
			return true;
	return false;
}

/* NULL for a call that can succeed. */
static const int *only(unsigned int call)
{
	const struct fuzzed *f = &table[call];

	return f->only[0] && !(f->documented && fuzz.paged) ? f->only : NULL;
}

static bool can_succeed(unsigned int call)
{
	return !only(call) && call != FUZZ_GARBAGE;
}

static bool in_documentation(const char *name, int e)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(documented); i++)
		if ((!name || !strcmp(documented[i].call, name)) &&
		    has_errno(documented[i].errnos, FUZZ_ERRNOS, e))
			return true;
	return false;
}

/* Another thread may have closed the file, and its number be another file's. */
static bool is_other_file(unsigned int call, int e)
{
	switch (call) {
	case FUZZ_MMAP_RUN:
	case FUZZ_MMAP_RUN_WRONG:
	case FUZZ_MMAP_MEM:
	case FUZZ_FALLOCATE:
	case FUZZ_PUNCH:
		return e == EBADF || e == ENODEV;
	case FUZZ_READ:
	case FUZZ_SIGNAL:
	case FUZZ_TRUNCATE:
	case FUZZ_STAT:
	case FUZZ_DUP:
		return e == EBADF || e == EINVAL;
	default:
		return e == EBADF || e == ENOTTY;
	}
}

static bool expected(unsigned int call, int e)
{
	const struct fuzzed *f = &table[call];

	if (is_other_file(call, e))
		return true;
	if (only(call))
		return has_errno(f->only, ARRAY_SIZE(f->only), e);
	if (f->documented)
		return in_documentation(f->documented, e);
	switch (call) {
	case FUZZ_TOUCH:
		return e == EFAULT;
	case FUZZ_FORK:
		return e == ENOMEM || e == EAGAIN;
	case FUZZ_EVENT:
		return e == ENOMEM || e == EMFILE;
	case FUZZ_SIGNAL:
		return e == EAGAIN;
	case FUZZ_WHOLE_VM:
	case FUZZ_GARBAGE:
		return in_documentation(NULL, e);
	default:
		return false;
	}
}

/* Has each call had its chance? */
static bool all_seen(void)
{
	unsigned int call;

	for (call = 0; call < NR_FUZZ_CALLS; call++) {
		if (can_succeed(call) && !__atomic_load_n(&fuzz.succeeded[call], __ATOMIC_RELAXED))
			return false;
		if (only(call) &&
		    !__atomic_load_n(&fuzz.failed[call][table[call].only[0]], __ATOMIC_RELAXED))
			return false;
	}
	if (fuzz.inject && !__atomic_load_n(&fuzz.allocations, __ATOMIC_RELAXED))
		return false;
	if (fuzz.paged && !(__atomic_load_n(&fuzz.guest_faults, __ATOMIC_RELAXED) &&
			    __atomic_load_n(&fuzz.guest_retries, __ATOMIC_RELAXED) &&
			    __atomic_load_n(&fuzz.reclaims, __ATOMIC_RELAXED)))
		return false;
	return __atomic_load_n(&fuzz.guest_exits, __ATOMIC_RELAXED) &&
	       __atomic_load_n(&fuzz.guest_ends, __ATOMIC_RELAXED) &&
	       __atomic_load_n(&fuzz.restarts, __ATOMIC_RELAXED);
}

static void report_call(struct __test_metadata *_metadata, unsigned int call)
{
	const struct fuzzed *f = &table[call];
	char line[600];
	unsigned int e;
	int n;

	n = snprintf(line, sizeof(line), "%-26s %8lu times", f->name, fuzz.succeeded[call]);
	for (e = 1; e < FUZZ_ERRNOS; e++) {
		if (!fuzz.failed[call][e] || n > 560)
			continue;
		n += snprintf(line + n, sizeof(line) - n, ", %s %lu%s", strerrorname_np(e),
			      fuzz.failed[call][e], expected(call, e) ? "" : " (not documented)");
		EXPECT_TRUE(expected(call, e));
	}
	ksft_print_msg("%s\n", line);
	EXPECT_EQ(0, fuzz.odd[call]) {
		TH_LOG("%s: %d is an errno of the kernel's own", f->name, fuzz.odd[call]);
	}
	if (can_succeed(call))
		EXPECT_LT(0, fuzz.succeeded[call]);
	if (only(call)) {
		EXPECT_EQ(0, fuzz.succeeded[call]);
		EXPECT_LT(0, fuzz.failed[call][f->only[0]]);
	}
}

static void report_paging(struct __test_metadata *_metadata)
{
	ksft_print_msg("guests came back %lu times for memory, and went on after %lu of them\n",
		       fuzz.guest_faults, fuzz.guest_retries);
	ksft_print_msg("all RAM was taken back from VMs that had started %lu times\n",
		       fuzz.reclaims);
	EXPECT_LT(0, fuzz.guest_faults);
	EXPECT_LT(0, fuzz.guest_retries);
	EXPECT_LT(0, fuzz.reclaims);
}

static void report(struct __test_metadata *_metadata)
{
	unsigned int call;

	for (call = 0; call < NR_FUZZ_CALLS; call++)
		report_call(_metadata, call);
	ksft_print_msg("guests came back %lu times for MMIO, and %lu times at their end\n",
		       fuzz.guest_exits, fuzz.guest_ends);
	EXPECT_LT(0, fuzz.guest_exits);
	EXPECT_LT(0, fuzz.guest_ends);
	ksft_print_msg("VMs were started again %lu times after a reset\n", fuzz.restarts);
	EXPECT_LT(0, fuzz.restarts);
	ksft_print_msg("%lu allocations of the driver were made to fail\n", fuzz.allocations);
	if (fuzz.inject)
		EXPECT_LT(0, fuzz.allocations);
	if (fuzz.paged)
		report_paging(_metadata);
}

/* ---- threads and processes ---- */

static void *worker(void *arg)
{
	fuzz_thread((unsigned long)arg);
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		fuzz_one(fuzz_pick(NR_FUZZ_CALLS));
	return NULL;
}

static void on_signal(int sig)
{
}

/* A process that takes memory, so that the kernel has to look for some. */
static pid_t start_hog(bool large)
{
	unsigned long size = 64UL << 20;
	pid_t pid = fork();

	if (pid)
		return pid;
	/* The one to be killed, should there be too little. */
	write_file("/proc/self/oom_score_adj", "1000");
	/* Here: in the program the number of that file may be one that a thread has picked. */
	if (large)
		size = memory_kib("MemAvailable") * 1024 / 20 * 9;
	if (mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
		 -1, 0) != MAP_FAILED)
		usleep(fuzz_pick(300000));
	_exit(0);
}

/* Ended ones are started anew, now and then with nearly all memory for both. */
static void keep_hogs(pid_t *hogs)
{
	unsigned int i;

	for (i = 0; i < NR_HOGS; i++) {
		if (hogs[i] > 0 && waitpid(hogs[i], NULL, WNOHANG) == hogs[i])
			hogs[i] = 0;
		if (hogs[i] <= 0 && !fuzz_pick(100))
			hogs[i] = start_hog(!fuzz_pick(8));
	}
}

static void end_hogs(pid_t *hogs)
{
	unsigned int i;

	for (i = 0; i < NR_HOGS; i++) {
		if (hogs[i] <= 0)
			continue;
		kill(hogs[i], SIGKILL);
		waitpid(hogs[i], NULL, 0);
	}
}

/* Without signals a vCPU of a guest that spins would have its thread for ever. */
static void disturb(pthread_t *threads, unsigned int seconds)
{
	unsigned int start = uptime(), told = start, i;
	struct gunyah_vcpu_run *run;
	pid_t hogs[NR_HOGS] = {};

	/* A slow machine may need more time until each call has had its chance. */
	while (uptime() < start + seconds ||
	       (!all_seen() && uptime() < start + 6 * seconds)) {
		usleep(5000);
		if (uptime() >= told + 60) {
			told = uptime();
			ksft_print_msg("after %u s: %lu starts, %lu exits of guests\n",
				       told - start, fuzz.succeeded[FUZZ_START],
				       fuzz.guest_exits);
		}
		pthread_kill(threads[fuzz_pick(FUZZ_WORKERS)], SIGUSR1);
		run = __atomic_load_n(&fuzz.pages[fuzz_pick(FUZZ_VCPUS)], __ATOMIC_RELAXED);
		if (run && !fuzz_pick(8))
			run->immediate_exit = 1;
		keep_hogs(hogs);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < FUZZ_WORKERS; i++)
		while (pthread_tryjoin_np(threads[i], NULL)) {
			pthread_kill(threads[i], SIGUSR1);
			usleep(1000);
		}
	end_hogs(hogs);
}

static void close_all(int *slots, unsigned int n)
{
	while (n--)
		if (slots[n] >= 0)
			close(slots[n]);
}

FIXTURE(fuzz) {};

FIXTURE_SETUP(fuzz)
{
	require_gunyah();
	require_user_mem();
}

FIXTURE_TEARDOWN(fuzz)
{
}

/* R44, R6, R21, R23: no report of the kernel, no hang, nothing left behind */
TEST_F_TIMEOUT(fuzz, all_calls, SOAK_LIMIT)
{
	unsigned int seconds = env_number("GUNYAH_FUZZ_SECONDS", 10);
	struct sigaction sa = { .sa_handler = on_signal };
	pthread_t threads[FUZZ_WORKERS];
	struct sweep_state before;
	struct cost nothing = {};
	unsigned long i, first;

	fuzz.inject = fail_nth_there();
	if (!fuzz.inject)
		ksft_print_msg("no allocation is made to fail: %s\n", fail_nth_why());
	fuzz.paged = paging_there();
	first = env_seed("GUNYAH_FUZZ_SEED");
	ksft_print_msg("%u seconds\n", seconds);
	fuzz_seed = first;
	sigaction(SIGUSR1, &sa, NULL);
	memset(fuzz.devs, 0xff, sizeof(fuzz.devs));
	memset(fuzz.vms, 0xff, sizeof(fuzz.vms));
	memset(fuzz.mems, 0xff, sizeof(fuzz.mems));
	memset(fuzz.vcpus, 0xff, sizeof(fuzz.vcpus));
	memset(fuzz.events, 0xff, sizeof(fuzz.events));
	fuzz.user = map_lendable(FUZZ_USER_SIZE);
	if (control_there()) {
		before = sweep_state();
		/* The tables of the hypervisor know where memory was lent. */
		before.pool_pages = 0;
	}
	for (i = 0; i < FUZZ_WORKERS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, worker, (void *)(first + i)));
	disturb(threads, seconds);
	report(_metadata);

	close_all(fuzz.vcpus, FUZZ_VCPUS);
	close_all(fuzz.vms, FUZZ_VMS);
	close_all(fuzz.mems, FUZZ_MEMS);
	close_all(fuzz.devs, FUZZ_DEVS);
	close_all(fuzz.events, FUZZ_EVENTS);
	EXPECT_EQ(0, locked_pages());
	if (control_there()) {
		struct sweep_state now = sweep_state();

		EXPECT_TRUE(sweep_same("fuzz", &before, &nothing, &now));
	}
}

TEST_HARNESS_MAIN
