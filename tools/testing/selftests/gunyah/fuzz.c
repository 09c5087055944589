// SPDX-License-Identifier: GPL-2.0-only
/*
 * A fuzzer of /dev/gunyah: threads do all calls on all files in random order,
 * some as they should be and some not, while other threads send signals and use
 * memory up.  What it looks for is found by the kernel: lockdep, KASAN, a hang.
 *
 * GUNYAH_FUZZ_SECONDS (default 10) says for how long, GUNYAH_FUZZ_SEED repeats
 * the choices of a run.  It prints how often each call succeeded and with which
 * errnos it failed; a call that never succeeded fails the test, and so does a
 * run in which no guest ran.
 */
#include <linux/falloc.h>
#include <sys/random.h>
#include <time.h>

#include "../kselftest_harness.h"
#include "lib/gunyah_test.h"

#define NR_WORKERS	4
#define NR_VMS		6
#define NR_MEMS		6
#define NR_VCPUS	8
#define MAX_ERRNO_SEEN	134

enum call {
	CALL_OPEN, CALL_CREATE_VM, CALL_CREATE_MEM, CALL_MAP, CALL_UNMAP, CALL_DTB, CALL_BOOT,
	CALL_ADD, CALL_REMOVE, CALL_START, CALL_RUN, CALL_MMAP_SIZE, CALL_EXTENSION, CALL_AUTH,
	CALL_MMAP_MEM, CALL_TOUCH, CALL_FALLOCATE, CALL_PUNCH, CALL_MMAP_RUN, CALL_WHOLE_VM,
	CALL_GARBAGE, CALL_CLOSE, NR_CALLS,
};

/* The calls that may well never succeed: garbage is made to fail. */
static const bool may_always_fail[NR_CALLS] = { [CALL_GARBAGE] = true };

static const char * const call_names[NR_CALLS] = {
	"open", "CREATE_VM", "CREATE_GUEST_MEM", "MAP_MEM", "UNMAP_MEM", "SET_DTB_CONFIG",
	"SET_BOOT_CONTEXT", "ADD_FUNCTION", "REMOVE_FUNCTION", "START", "RUN", "MMAP_SIZE",
	"CHECK_EXTENSION", "SET_AUTH", "mmap of memory", "touch of memory", "fallocate", "punch",
	"mmap of the run page", "a whole VM", "garbage", "close",
};

static unsigned long succeeded[NR_CALLS];
static unsigned long failed[NR_CALLS][MAX_ERRNO_SEEN];
static unsigned long guest_exits;

/* File descriptors that everybody uses; -1 is empty. */
static int devs[2] = { -1, -1 };
static int vms[NR_VMS];
static int mems[NR_MEMS];
static int vcpus[NR_VCPUS];
static struct gunyah_vcpu_run *pages[NR_VCPUS];
static bool stop;

static __thread unsigned int seed;

static unsigned int pick(unsigned int n)
{
	return rand_r(&seed) % n;
}

static int note(enum call call, int ret)
{
	if (ret >= 0)
		__atomic_fetch_add(&succeeded[call], 1, __ATOMIC_RELAXED);
	else if (-ret < MAX_ERRNO_SEEN)
		__atomic_fetch_add(&failed[call][-ret], 1, __ATOMIC_RELAXED);
	return ret;
}

/* Mostly one that is there. */
static int get(int *slots, unsigned int n)
{
	unsigned int tries;
	int fd;

	for (tries = 0; tries < 4; tries++) {
		fd = __atomic_load_n(&slots[pick(n)], __ATOMIC_RELAXED);
		if (fd >= 0)
			break;
	}
	return fd;
}

/* Only who takes an fd out of its slot closes it. */
static void put(int *slots, unsigned int n, int fd)
{
	int old = __atomic_exchange_n(&slots[pick(n)], fd, __ATOMIC_RELAXED);

	if (old >= 0)
		note(CALL_CLOSE, close(old) ? -errno : 0);
}

static const __u64 some_values[] = {
	0, 1, 0xfff, SZ_4K, SZ_2M, GUEST_BASE, GUEST_DTB, GUEST_BASE + 1, 1UL << 40, 1UL << 63,
	~0xfffUL, ~0UL,
};

static __u64 some_value(void)
{
	return some_values[pick(ARRAY_SIZE(some_values))];
}

static __u64 some_gpa(void)
{
	return pick(8) ? GUEST_BASE + pick(4) * SZ_2M : some_value();
}

static __u64 some_size(void)
{
	return pick(8) ? (1 + pick(2)) * SZ_2M : some_value();
}

static void fuzz_map(bool unmap)
{
	__u32 flags = pick(8) ? LEND_RWX : rand_r(&seed);
	int vm = get(vms, NR_VMS), mem = get(mems, NR_MEMS);
	__u64 offset = pick(2) * SZ_2M;
	__u64 gpa = GUEST_BASE + offset;
	__u64 size;
	int ret;

	if (!pick(4)) {
		gpa = some_gpa();
		offset = some_value();
	}
	size = pick(4) ? SZ_2M : some_size();
	if (!unmap) {
		ret = note(CALL_MAP, __map_mem(vm, mem, gpa, size, offset, flags));
		/* Mostly it stays. */
		unmap = !ret && !pick(4);
	}
	if (unmap)
		note(CALL_UNMAP, __map_mem(vm, mem, gpa, size, offset, flags | GUNYAH_MEM_UNMAP));
}

static void fuzz_mem(void)
{
	__u64 size = pick(16) ? GUEST_SIZE : some_value();
	int fd;

	/* Not so much that the machine is out of memory. */
	if (size > (1UL << 30) && size < (1UL << 62))
		size = SZ_2M;
	fd = note(CALL_CREATE_MEM, __create_guest_mem(get(devs, 2), size, pick(4)));
	if (fd >= 0)
		put(mems, NR_MEMS, fd);
}

static void fuzz_add(void)
{
	unsigned int slot = pick(NR_VCPUS);
	int old, fd;
	void *p;

	fd = note(CALL_ADD, __add_vcpu(get(vms, NR_VMS), pick(8) ? pick(3) : rand_r(&seed)));
	if (fd < 0)
		return;
	p = mmap(NULL, SZ_4K, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	note(CALL_MMAP_RUN, p == MAP_FAILED ? -errno : 0);
	/* Pages are never unmapped: another thread may be writing to one. */
	if (p != MAP_FAILED)
		__atomic_store_n(&pages[slot], p, __ATOMIC_RELAXED);
	old = __atomic_exchange_n(&vcpus[slot], fd, __ATOMIC_RELAXED);
	if (old >= 0)
		note(CALL_CLOSE, close(old) ? -errno : 0);
}

/* Answers a run page with something that lets the agent do something, or not. */
static void answer(struct gunyah_vcpu_run *run)
{
	__u64 value = pick(4) ? pick(20) : some_value();

	memcpy(run->mmio.data, &value, sizeof(value));
	if (!pick(16))
		run->mmio.resume_action = pick(5);
	if (!pick(16))
		((char *)run)[pick(64)] = pick(256);
	if (!pick(4))
		run->immediate_exit = 0;
}

static void fuzz_run(void)
{
	unsigned int slot = pick(NR_VCPUS);
	struct gunyah_vcpu_run *run = __atomic_load_n(&pages[slot], __ATOMIC_RELAXED);
	int fd = __atomic_load_n(&vcpus[slot], __ATOMIC_RELAXED);
	unsigned int n = pick(50);

	do {
		if (note(CALL_RUN, __ioctl(fd, GUNYAH_VCPU_RUN, rand_r(&seed))))
			break;
		if (!run)
			continue;
		if (run->exit_reason == GUNYAH_VCPU_EXIT_MMIO)
			__atomic_fetch_add(&guest_exits, 1, __ATOMIC_RELAXED);
		answer(run);
	} while (n--);
}

static void fuzz_touch(void)
{
	__u64 offset = pick(4) * SZ_2M / 2;
	char *p;

	p = mmap(NULL, SZ_2M, PROT_READ | PROT_WRITE, MAP_SHARED, get(mems, NR_MEMS), offset);
	note(CALL_MMAP_MEM, p == MAP_FAILED ? -errno : 0);
	if (p == MAP_FAILED)
		return;
	note(CALL_TOUCH, touch(p + pick(SZ_2M), pick(2)) ? -EFAULT : 0);
	munmap(p, SZ_2M);
}

/* A VM made as it should be: its parts land in the slots and are fuzzed on. */
static void fuzz_whole_vm(void)
{
	struct test_vm vm = { .nr_vcpus = 1 + pick(2), .fd = -1, .mem_fd = -1 };
	int dev = get(devs, 2), ret = -EBADF;
	unsigned int i;

	vm.fd = __create_vm(dev);
	vm.mem_fd = __create_guest_mem(dev, GUEST_SIZE, 1);
	if (vm.fd >= 0 && vm.mem_fd >= 0) {
		void *p = mmap(NULL, SZ_4K, PROT_READ, MAP_SHARED, vm.mem_fd, 0);

		/* Another thread can't have this file yet. */
		if (p != MAP_FAILED) {
			munmap(p, SZ_4K);
			vm_load(&vm);
		}
		ret = __map_mem(vm.fd, vm.mem_fd, GUEST_BASE, GUEST_SIZE, 0, LEND_RWX);
		ret = ret ?: __set_dtb(vm.fd, GUEST_DTB, GUEST_DTB_SIZE);
		ret = ret ?: __vm_start(&vm);
	}
	note(CALL_WHOLE_VM, ret);
	if (vm.mem_fd >= 0)
		put(mems, NR_MEMS, vm.mem_fd);
	if (vm.fd >= 0)
		put(vms, NR_VMS, vm.fd);
	for (i = 0; i < 4; i++) {
		fuzz_add();
		fuzz_run();
	}
}

static void fuzz_garbage(void)
{
	int fds[4] = { get(devs, 2), get(vms, NR_VMS), get(mems, NR_MEMS), get(vcpus, NR_VCPUS) };
	__u64 arg[32];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(arg); i++)
		arg[i] = some_value();
	/* All our numbers and some more, with arguments of any kind. */
	note(CALL_GARBAGE, __ioctl(fds[pick(4)], _IOC(pick(4), 'G' - 6 * pick(2), pick(20),
						      8 * pick(9)),
				   pick(2) ? (unsigned long)arg : some_value()));
}

static void fuzz_auth(void)
{
	struct gunyah_vm_auth_desc desc = { .type = pick(4) ? 0 : pick(5) };

	note(CALL_AUTH, __ioctl(get(vms, NR_VMS), GUNYAH_VM_SET_AUTH, &desc));
}

static void fuzz_fallocate(bool punch)
{
	int mode = FALLOC_FL_KEEP_SIZE | (punch ? FALLOC_FL_PUNCH_HOLE : 0);
	__u64 len = pick(8) ? (1 + pick(4)) * SZ_4K * (1 + pick(256)) : some_value();

	if (fallocate(get(mems, NR_MEMS), pick(8) ? mode : pick(64), pick(4) * SZ_4K, len))
		note(punch ? CALL_PUNCH : CALL_FALLOCATE, -errno);
	else
		note(punch ? CALL_PUNCH : CALL_FALLOCATE, 0);
}

static void fuzz_open(void)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

	if (note(CALL_OPEN, fd < 0 ? -errno : fd) >= 0)
		put(devs, 2, fd);
}

static void fuzz_create_vm(void)
{
	int fd = note(CALL_CREATE_VM, __ioctl(get(devs, 2), GUNYAH_CREATE_VM, !pick(8)));

	if (fd >= 0)
		put(vms, NR_VMS, fd);
}

static void fuzz_one(enum call call)
{
	switch (call) {
	case CALL_OPEN:
		fuzz_open();
		break;
	case CALL_CREATE_VM:
		fuzz_create_vm();
		break;
	case CALL_CREATE_MEM:
		fuzz_mem();
		break;
	case CALL_MAP:
	case CALL_UNMAP:
		fuzz_map(call == CALL_UNMAP);
		break;
	case CALL_DTB:
		note(call, __set_dtb(get(vms, NR_VMS), pick(2) ? GUEST_DTB : some_value(),
				     pick(2) ? GUEST_DTB_SIZE : some_value()));
		break;
	case CALL_BOOT:
		note(call, __set_boot_reg(get(vms, NR_VMS), pick(0x210), some_value()));
		break;
	case CALL_ADD:
		fuzz_add();
		break;
	case CALL_REMOVE:
		note(call, __remove_vcpu(get(vms, NR_VMS), pick(3)));
		break;
	case CALL_START:
		note(call, __ioctl(get(vms, NR_VMS), GUNYAH_VM_START, rand_r(&seed)));
		break;
	case CALL_RUN:
	case CALL_MMAP_RUN:
		fuzz_run();
		break;
	case CALL_MMAP_SIZE:
		note(call, __ioctl(get(vcpus, NR_VCPUS), GUNYAH_VCPU_MMAP_SIZE, rand_r(&seed)));
		break;
	case CALL_EXTENSION:
		note(call, __ioctl(get(vms, NR_VMS), GUNYAH_CHECK_EXTENSION, pick(16)));
		break;
	case CALL_AUTH:
		fuzz_auth();
		break;
	case CALL_MMAP_MEM:
	case CALL_TOUCH:
		fuzz_touch();
		break;
	case CALL_FALLOCATE:
	case CALL_PUNCH:
		fuzz_fallocate(call == CALL_PUNCH);
		break;
	case CALL_WHOLE_VM:
		/* It takes as long as a hundred others. */
		if (!pick(4))
			fuzz_whole_vm();
		break;
	case CALL_GARBAGE:
		fuzz_garbage();
		break;
	case CALL_CLOSE:
		if (pick(2))
			put(vms, NR_VMS, -1);
		else
			put(mems, NR_MEMS, -1);
		break;
	case NR_CALLS:
		break;
	}
}

static void *worker(void *arg)
{
	seed = (unsigned long)arg;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		fuzz_one(pick(NR_CALLS));
	return NULL;
}

static void on_signal(int sig)
{
}

/* Uses memory up and gives it back, so that the kernel has to look for some. */
static void *memory_user(void *arg)
{
	size_t size = 16UL << 20;
	char *p;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		p = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		if (p != MAP_FAILED)
			munmap(p, size);
		usleep(200000);
	}
	return NULL;
}

static bool each_succeeded(void)
{
	unsigned int call;

	for (call = 0; call < NR_CALLS; call++)
		if (!may_always_fail[call] &&
		    !__atomic_load_n(&succeeded[call], __ATOMIC_RELAXED))
			return false;
	return __atomic_load_n(&guest_exits, __ATOMIC_RELAXED);
}

/* Without signals a vCPU of a guest that spins would have its thread for ever. */
static void kick_workers(pthread_t *threads, unsigned int seconds)
{
	time_t start = time(NULL);
	struct gunyah_vcpu_run *run;
	unsigned int i;

	/* A slow machine may need more time until each call has had its chance. */
	while (time(NULL) < start + seconds ||
	       (!each_succeeded() && time(NULL) < start + 6 * seconds)) {
		usleep(5000);
		pthread_kill(threads[pick(NR_WORKERS)], SIGUSR1);
		run = __atomic_load_n(&pages[pick(NR_VCPUS)], __ATOMIC_RELAXED);
		if (run && !pick(8))
			run->immediate_exit = 1;
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < NR_WORKERS; i++)
		while (pthread_tryjoin_np(threads[i], NULL)) {
			pthread_kill(threads[i], SIGUSR1);
			usleep(1000);
		}
}

static void report(struct __test_metadata *_metadata)
{
	unsigned int call, e;
	char line[512];
	int n;

	for (call = 0; call < NR_CALLS; call++) {
		n = snprintf(line, sizeof(line), "%-22s %8lu times", call_names[call],
			     succeeded[call]);
		for (e = 0; e < MAX_ERRNO_SEEN; e++)
			if (failed[call][e] && n < 480)
				n += snprintf(line + n, sizeof(line) - n, ", %s %lu",
					      strerrorname_np(e), failed[call][e]);
		ksft_print_msg("%s\n", line);
		if (!may_always_fail[call])
			EXPECT_LT(0, succeeded[call]);
	}
	ksft_print_msg("guests came back %lu times for MMIO\n", guest_exits);
	EXPECT_LT(0, guest_exits);
}

static unsigned int env_number(const char *name, unsigned int otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

static unsigned int random_seed(void)
{
	unsigned int value = 1;

	/* There may be no clock that knows the date. */
	if (getrandom(&value, sizeof(value), 0) != sizeof(value))
		ksft_print_msg("no random seed\n");
	return value;
}

/* R44, R6, R21: no report of the kernel, no hang */
TEST(all_calls)
{
	unsigned int first = env_number("GUNYAH_FUZZ_SEED", random_seed());
	unsigned int seconds = env_number("GUNYAH_FUZZ_SECONDS", 10);
	struct sigaction sa = { .sa_handler = on_signal };
	pthread_t threads[NR_WORKERS], memory;
	unsigned long i;

	require_gunyah();
	ksft_print_msg("GUNYAH_FUZZ_SEED=%u, %u seconds\n", first, seconds);
	seed = first;
	sigaction(SIGUSR1, &sa, NULL);
	memset(vms, 0xff, sizeof(vms));
	memset(mems, 0xff, sizeof(mems));
	memset(vcpus, 0xff, sizeof(vcpus));
	ASSERT_EQ(0, pthread_create(&memory, NULL, memory_user, NULL));
	for (i = 0; i < NR_WORKERS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, worker, (void *)(first + i)));
	kick_workers(threads, seconds);
	ASSERT_EQ(0, pthread_join(memory, NULL));
	report(_metadata);
}

TEST_HARNESS_MAIN
