// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls that meet: START, RESET, RUN and the end of the guest; functions that are
 * added, run and removed by several threads.  Lockdep and KASAN look on.
 */
#include <sys/resource.h>
#include <sys/syscall.h>

#include "../kselftest_harness.h"
#include "lib/control.h"
#include "lib/gunyah_test.h"

#define LIVES		20
#define ROUNDS		100

/* SYSTEM_OFF as the first thing, without a word to anybody. */
static const __u32 off_at_once[] = {
	0x52b08000,	/* movz w0, #0x8400, lsl #16 */
	0x72800100,	/* movk w0, #8 */
	0xd4000002,	/* hvc #0 */
	0x14000000,	/* b . */
};

static void *start_it(void *arg)
{
	return (void *)(long)__vm_start(arg);
}

static bool over;

/* From before the start to the end. */
static void *run_to_the_end(void *arg)
{
	struct test_vcpu *vcpu = arg;
	int ret;

	do {
		ret = __vcpu_run(vcpu);
	} while (ret == -ENODEV && !__atomic_load_n(&over, __ATOMIC_RELAXED));
	return (void *)(long)ret;
}

static void write_code(struct test_vm *vm)
{
	char *mem = mmap(NULL, SZ_4K, PROT_READ | PROT_WRITE, MAP_SHARED, vm->mem_fd, 0);

	if (mem == MAP_FAILED)
		test_die("mmap of guest memory");
	memcpy(mem, off_at_once, sizeof(off_at_once));
	munmap(mem, SZ_4K);
}

/*
 * R10, R20, R21: the guest ends with its first instruction, while START is on its
 * way back, another START comes, and all vCPUs are being run since before.
 */
TEST(start_run_and_exit)
{
	pthread_t starters[2], runners[3];
	struct test_vm vm = {};
	unsigned int life, i;
	void *ret;

	require_gunyah();
	for (life = 0; life < LIVES; life++) {
		unsigned int started = 0;

		over = false;
		vm_create(&vm, 2);
		write_code(&vm);
		/* Two threads for the first vCPU. */
		for (i = 0; i < 3; i++)
			ASSERT_EQ(0, pthread_create(&runners[i], NULL, run_to_the_end,
						    &vm.vcpu[i / 2]));
		for (i = 0; i < 2; i++)
			ASSERT_EQ(0, pthread_create(&starters[i], NULL, start_it, &vm));
		for (i = 0; i < 2; i++) {
			ASSERT_EQ(0, pthread_join(starters[i], &ret));
			/* The second one may come when all is over. */
			EXPECT_TRUE(!ret || (long)ret == -ENODEV);
			started += !ret;
		}
		EXPECT_LE(1, started);
		for (i = 0; i < 3; i++) {
			ASSERT_EQ(0, pthread_join(runners[i], &ret));
			EXPECT_EQ(0, (long)ret);
		}
		for (i = 0; i < 2; i++) {
			struct gunyah_vcpu_run *run = vm.vcpu[i].run;

			EXPECT_EQ(GUNYAH_VCPU_EXIT_STATUS, run->exit_reason);
			EXPECT_EQ(GUNYAH_VM_STATUS_EXITED, run->status.status);
			EXPECT_EQ(GUNYAH_VM_EXIT_TYPE_PSCI_OFF, run->status.exit_info.type);
		}
		EXPECT_EQ(-ENODEV, __vm_start(&vm));
		vm_destroy(&vm);
	}
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "lent"));
}

/* R21, R44: the same, and the vCPU is removed at some time of it, and the VM closed */
TEST(start_run_and_remove)
{
	struct test_vm vm = {};
	pthread_t starter, runner;
	unsigned int life;
	void *ret;

	require_gunyah();
	for (life = 0; life < LIVES; life++) {
		over = false;
		vm_create(&vm, 1);
		write_code(&vm);
		ASSERT_EQ(0, pthread_create(&runner, NULL, run_to_the_end, &vm.vcpu[0]));
		ASSERT_EQ(0, pthread_create(&starter, NULL, start_it, &vm));
		/* Any time will do. */
		usleep(500 * life);
		EXPECT_EQ(0, __remove_vcpu(vm.fd, 0));
		ASSERT_EQ(0, pthread_join(starter, &ret));
		EXPECT_EQ(0, (long)ret);
		__atomic_store_n(&over, true, __ATOMIC_RELAXED);
		ASSERT_EQ(0, pthread_join(runner, &ret));
		/* It was there in time, or not. */
		EXPECT_TRUE(!ret || (long)ret == -ENODEV);
		EXPECT_EQ(-ENODEV, __vcpu_run(&vm.vcpu[0]));
		vm_destroy(&vm);
	}
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "lent"));
}

/* ---- reset ---- */

enum call { RESET, START, RUN, ADD, REMOVE, NR_CALLS };

static const char *const call_names[NR_CALLS] = { "RESET", "START", "RUN", "ADD", "REMOVE" };

/* What each may answer besides 0, all states taken together. */
static const int answers[NR_CALLS][3] = {
	[RESET] = { -EBUSY, -ENODEV },
	/*
	 * The device tree is the last run's, or the VM has exited; the memory is mapped;
	 * it is the VM that has the closed one's number.
	 */
	[START] = { -ENODEV, -EBUSY, -EINVAL },
	[RUN] = { -ENODEV, -EBUSY },
	[ADD] = { -EEXIST, -ENODEV },
	[REMOVE] = { -ENOENT, -ENODEV },
};

static struct test_vm *raced;
static unsigned long done[NR_CALLS];
static unsigned long odd;

static int note(enum call call, int ret)
{
	unsigned int i;

	if (ret >= 0) {
		__atomic_fetch_add(&done[call], 1, __ATOMIC_RELAXED);
		return ret;
	}
	for (i = 0; i < ARRAY_SIZE(answers[call]); i++)
		if (answers[call][i] == ret)
			return ret;
	ksft_print_msg("%s: %d\n", call_names[call], ret);
	__atomic_fetch_add(&odd, 1, __ATOMIC_RELAXED);
	return ret;
}

static void *call_again_and_again(void *arg)
{
	enum call call = (unsigned long)arg;
	int fd;

	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		/* The CPUs are few, and somebody has to get at the memory. */
		usleep(call == START ? 2000 : 200);
		switch (call) {
		case RESET:
			note(RESET, __vm_reset(raced));
			break;
		case START:
			note(START, __vm_start(raced));
			break;
		case RUN:
			note(RUN, __vcpu_run(&raced->vcpu[0]));
			break;
		default:
			note(REMOVE, __remove_vcpu(raced->fd, 1));
			fd = note(ADD, __add_vcpu(raced->fd, 1));
			if (fd < 0)
				break;
			note(RUN, __ioctl(fd, GUNYAH_VCPU_RUN, 0));
			close(fd);
		}
	}
	return NULL;
}

static bool all_done(void)
{
	unsigned int i;

	for (i = 0; i < NR_CALLS; i++)
		if (!__atomic_load_n(&done[i], __ATOMIC_RELAXED))
			return false;
	return true;
}

static char *map_part(struct test_vm *vm, __u64 offset, size_t size)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vm->mem_fd, offset);

	if (p == MAP_FAILED)
		test_die("mmap of guest memory");
	return p;
}

/*
 * A mapping of the device tree keeps the others from starting it meanwhile, as what is
 * the host's and mapped stays so; false when one has.  Nothing else may be mapped then:
 * where a guest gets memory when it touches it, it would not get that.
 */
static bool write_anew(struct test_vm *vm)
{
	char *tree = map_part(vm, GUEST_DTB - GUEST_BASE, GUEST_DTB_SIZE), *mem;
	bool there = touch_range(tree, GUEST_DTB_SIZE);

	if (there) {
		mem = map_part(vm, 0, GUEST_SIZE);
		/* It may be on its way back. */
		there = touch_range(mem, AGENT_ROOM);
		if (there) {
			vm_write(vm, mem);
			memcpy(mem, off_at_once, sizeof(off_at_once));
		}
		munmap(mem, GUEST_SIZE);
	}
	munmap(tree, GUEST_DTB_SIZE);
	return there;
}

FIXTURE(reset)
{
	struct test_vm vm;
	pthread_t threads[7];
	__u64 lent;
};

FIXTURE_VARIANT(reset)
{
	bool close;
	bool unbind;
};

FIXTURE_VARIANT_ADD(reset, to_the_end) {};
FIXTURE_VARIANT_ADD(reset, closed) { .close = true };
FIXTURE_VARIANT_ADD(reset, unbound) { .unbind = true };

FIXTURE_SETUP(reset)
{
	require_gunyah();
	if (variant->unbind)
		require_control();
	memset(done, 0, sizeof(done));
	odd = 0;
}

FIXTURE_TEARDOWN(reset)
{
}

#define raced_by(n, call)						\
	ASSERT_EQ(0, pthread_create(&self->threads[n], NULL, call_again_and_again, \
				    (void *)(unsigned long)(call)))

/*
 * R5, R20, R21, R44, R54: a guest that ends at once is started again and again, and
 * everybody calls everything; then the VM is closed, or the driver unbound.
 */
TEST_F_TIMEOUT(reset, against_all_calls, 300)
{
	bool to_the_end = !variant->close && !variant->unbind;
	unsigned int starts = to_the_end ? LIVES : 2;
	unsigned int lives = to_the_end ? 1 : 5;
	unsigned int life, i;
	unsigned long began;
	int fd;

	for (life = 0; life < lives; life++) {
		over = false;
		vm_create(&self->vm, 2);
		write_code(&self->vm);
		raced = &self->vm;
		raced_by(0, RESET);
		raced_by(1, RESET);
		raced_by(2, START);
		raced_by(3, RUN);
		raced_by(4, RUN);
		raced_by(5, ADD);
		began = __atomic_load_n(&done[START], __ATOMIC_RELAXED);
		while (__atomic_load_n(&done[START], __ATOMIC_RELAXED) < began + starts ||
		       (to_the_end && !all_done())) {
			if (write_anew(&self->vm))
				note(START, __vm_start(&self->vm));
			usleep(200);
		}
		if (variant->unbind)
			EXPECT_TRUE(driver_unbind());
		if (variant->close) {
			/* The last reference may be that of a call which is on its way. */
			fd = create_vm(self->vm.dev_fd);
			ASSERT_EQ(self->vm.fd, dup2(fd, self->vm.fd));
			close(fd);
		}
		__atomic_store_n(&over, true, __ATOMIC_RELAXED);
		for (i = 0; i < 5; i++)
			ASSERT_EQ(0, pthread_join(self->threads[i], NULL));
		/* If it was started once more: the last thread may be in the other vCPU. */
		note(RUN, __vcpu_run(&self->vm.vcpu[0]));
		ASSERT_EQ(0, pthread_join(self->threads[5], NULL));
		vm_destroy(&self->vm);
		if (variant->unbind)
			ASSERT_TRUE(driver_bind());
	}
	for (i = 0; i < NR_CALLS; i++) {
		ksft_print_msg("%s: %lu times\n", call_names[i], done[i]);
		/* In a short life each RUN may be overtaken. */
		if (to_the_end)
			EXPECT_LT(0, done[i]);
	}
	EXPECT_EQ(0, odd);
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "lent"));
}

/* ---- functions ---- */

FIXTURE(functions)
{
	struct test_vm vm;
};

FIXTURE_SETUP(functions)
{
	require_gunyah();
	vm_create(&self->vm, 1);
	vm_start(&self->vm);
}

FIXTURE_TEARDOWN(functions)
{
	vm_destroy(&self->vm);
}

static int vm_fd;
static int made[8];
static unsigned long added, removed, ran, exhausted;
static int wrong;

static void count(unsigned long *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static void note_wrong(int ret)
{
	if (ret)
		__atomic_store_n(&wrong, ret, __ATOMIC_RELAXED);
}

/* A file goes into a slot; what was there is closed. */
static void put_in_slot(unsigned int i, int fd)
{
	fd = __atomic_exchange_n(&made[i % ARRAY_SIZE(made)], fd, __ATOMIC_ACQ_REL);
	if (fd >= 0)
		close(fd);
}

static bool enough(void)
{
	return __atomic_load_n(&added, __ATOMIC_RELAXED) >= ROUNDS;
}

static void *add_them(void *arg)
{
	unsigned int i = 0;
	int fd;

	while (!enough()) {
		fd = __add_vcpu(vm_fd, 0);
		if (fd == -EMFILE)
			count(&exhausted);
		else if (fd >= 0)
			count(&added);
		else if (fd != -EEXIST)
			note_wrong(fd);
		if (fd >= 0 || fd == -EMFILE)
			put_in_slot(i++, fd < 0 ? -1 : fd);
	}
	return NULL;
}

static void *remove_them(void *arg)
{
	unsigned int i;
	int ret;

	for (i = 0; !enough(); i++) {
		ret = __remove_vcpu(vm_fd, 0);
		if (!ret)
			count(&removed);
		else if (ret != -ENOENT)
			note_wrong(ret);
		/* Let some live for a while. */
		if (!(i % 4))
			usleep(1000);
	}
	return NULL;
}

/* Of files that may be closed under it, and whose function may be gone. */
static void *run_them(void *arg)
{
	unsigned int i;
	int fd, ret;

	for (i = 0; !__atomic_load_n(&over, __ATOMIC_RELAXED); i++) {
		fd = __atomic_load_n(&made[i % ARRAY_SIZE(made)], __ATOMIC_ACQUIRE);
		if (fd < 0)
			continue;
		ret = __ioctl(fd, GUNYAH_VCPU_RUN, 0);
		if (!ret)
			count(&ran);
		else if (ret != -ENODEV && ret != -EBADF && ret != -ENOTTY)
			note_wrong(ret);
	}
	return NULL;
}

/* R43: a file that is not there yet is not there: the number is guessed. */
static void *guess_them(void *arg)
{
	int next = (long)arg, ret;
	void *p;

	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		ret = __ioctl(next, GUNYAH_VCPU_MMAP_SIZE, 0);
		if (ret != (int)PAGE && ret != -EBADF)
			note_wrong(ret);
		p = mmap(NULL, SZ_4K, PROT_READ | PROT_WRITE, MAP_SHARED, next, 0);
		if (p != MAP_FAILED) {
			*(volatile __u32 *)p;
			munmap(p, SZ_4K);
		}
		ret = __ioctl(next, GUNYAH_VCPU_RUN, 0);
		if (ret && ret != -EBADF && ret != -ENODEV && ret != -ENOTTY)
			note_wrong(ret);
	}
	return NULL;
}

static void race(struct __test_metadata *_metadata, struct test_vm *vm)
{
	pthread_t workers[4], runners[3];
	unsigned int i;
	int next;

	vm_fd = vm->fd;
	over = false;
	added = 0;
	memset(made, -1, sizeof(made));
	ASSERT_EQ(0, __remove_vcpu(vm_fd, 0));
	next = dup(vm_fd);
	close(next);
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, pthread_create(&runners[i], NULL, i ? run_them : guess_them,
					    (void *)(long)next));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_create(&workers[i], NULL, i & 1 ? remove_them : add_them,
					    NULL));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_join(workers[i], NULL));
	/* A thread may be in a guest that has nothing to say. */
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	__remove_vcpu(vm_fd, 0);
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, pthread_join(runners[i], NULL));
	for (i = 0; i < ARRAY_SIZE(made); i++)
		if (made[i] >= 0)
			close(made[i]);
	ksft_print_msg("%lu added, %lu removed, %lu exits, %lu times no file to be had\n",
		       added, removed, ran, exhausted);
	EXPECT_EQ(0, wrong);
	EXPECT_LT(0, added);
	EXPECT_LT(0, removed);
}

/* The vCPU can be added once more, and the guest is where it was. */
static void expect_alive(struct __test_metadata *_metadata, struct test_vm *vm)
{
	munmap(vm->vcpu[0].run, SZ_4K);
	close(vm->vcpu[0].fd);
	vcpu_add(vm, 0);
	/* It may have been left in the middle of a command. */
	agent_do(&vm->vcpu[0], AGENT_NOP, 0, 0, 0);
	EXPECT_EQ(GUEST_BASE, agent_do(&vm->vcpu[0], AGENT_PC, 0, 0, 0));
}

/* R44 */
TEST_F(functions, added_run_and_removed)
{
	race(_metadata, &self->vm);
	EXPECT_LT(0, ran);
	expect_alive(_metadata, &self->vm);
}

/* R43, R44: with hardly a file to be had */
TEST_F(functions, added_run_and_removed_without_files)
{
	struct rlimit old, few;
	int next;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	next = dup(self->vm.fd);
	close(next);
	few = old;
	few.rlim_cur = next + 2;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	race(_metadata, &self->vm);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
	EXPECT_LT(0, exhausted);
	expect_alive(_metadata, &self->vm);
}

/* ---- VM_EXITED before START knows that it was successful ---- */

struct vm_exited {
	__u16 vmid;
	__u16 type;
	__u32 reason_size;
};

/*
 * R10, R21, R22: START is 0, the VM has exited.  (It is not true, so the VM can't
 * be reset, and is given up: with its parcels, but not with pieces.)
 */
TEST(exited_before_start_is_answered)
{
	struct vm_exited exited = { .type = 4 };
	__u64 told;
	struct test_vm vm = {};
	pthread_t starter;
	void *ret;

	require_gunyah();
	require_control();
	control_clear(-1);
	control_mark();
	vm_create(&vm, 1);
	MSG_RULE(MSG_VM_START, CTL_DELAY, .p = { 3000000 });
	ASSERT_EQ(0, pthread_create(&starter, NULL, start_it, &vm));
	while (!control_count(CTL_MSG, MSG_VM_START))
		usleep(1000);
	exited.vmid = last_vmid();
	ASSERT_NE(0, exited.vmid);
	told = driver_counter("gunyah_rm/notifications_delivered", NULL);
	control_notify(NOTE_VM_EXITED, &exited, sizeof(exited));
	while (driver_counter("gunyah_rm/notifications_delivered", NULL) == told)
		usleep(1000);
	EXPECT_EQ(-ENODEV, __vcpu_run(&vm.vcpu[0]));
	ASSERT_EQ(0, pthread_join(starter, &ret));
	EXPECT_EQ(0, (long)ret);
	ASSERT_EQ(0, __vcpu_run(&vm.vcpu[0]));
	EXPECT_EQ(GUNYAH_VCPU_EXIT_STATUS, vm.vcpu[0].run->exit_reason);
	EXPECT_EQ(GUNYAH_VM_STATUS_EXITED, vm.vcpu[0].run->status.status);
	EXPECT_EQ(GUNYAH_VM_EXIT_TYPE_WATCHDOG_BITE, vm.vcpu[0].run->status.exit_info.type);
	EXPECT_EQ(-ENODEV, __vm_start(&vm));
	control_clear(-1);
	vm_destroy(&vm);
	EXPECT_EQ(0, control_read(CTL_RM_DEAD));
	EXPECT_TRUE(control_revive(true));
	EXPECT_EQ(paging_there() ? 0 : GUEST_SIZE / SZ_4K, control_reclaim());
}

TEST_HARNESS_MAIN
