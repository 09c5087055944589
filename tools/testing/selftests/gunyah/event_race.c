// SPDX-License-Identifier: GPL-2.0-only
/*
 * irqfds and ioeventfds that are added, removed, signalled, written to and closed
 * by several threads at once, in VMs that run and end.  Lockdep and KASAN look on.
 */
#include <sched.h>
#include <sys/eventfd.h>

#include "../kselftest_harness.h"
#include "lib/control.h"
#include "lib/events.h"
#include "lib/soak.h"

#define SECONDS		3

static bool stop;
static int wrong;

static bool stopped(void)
{
	return __atomic_load_n(&stop, __ATOMIC_RELAXED);
}

static void count(unsigned long *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* ---- 63 that never rest ---- */

#define NR_NOISY	(MAX_BELLS - 1)
#define NR_SIGNALLERS	3
#define SIGNALS		1000

static int noisy[NR_NOISY];

static void *make_noise(void *unused)
{
	unsigned int i;

	while (!stopped())
		for (i = 0; i < NR_NOISY; i++)
			event_signal(noisy[i]);
	return NULL;
}

/*
 * R87: each signal of the 64th comes through, and so does its answer.  (Of several
 * that are pending the guest's interrupt controller gives it the lowest: that is
 * this one's, because the others may be pending at any time.)
 */
TEST(no_starvation)
{
	struct test_bell bell = { .label = 1, .spi = 1 };
	pthread_t threads[NR_SIGNALLERS];
	struct test_vm vm = {};
	struct agent_job job;
	int there, back, answers;
	unsigned int i;
	__u64 noise;

	require_gunyah();
	stop = false;
	vm_add_bell(&vm, &bell);
	for (bell.label = 2; bell.label <= MAX_BELLS; bell.label++) {
		bell.spi = bell.label;
		vm_add_bell(&vm, &bell);
	}
	vm_create(&vm, 1);
	there = event_new();
	back = event_new();
	answers = event_new();
	add_irqfd(vm.fd, there, 1, 0);
	add_ioeventfd(vm.fd, back, GUEST_MMIO + 8 * (GUEST_SPI + 1), 4);
	for (i = 0; i < NR_NOISY; i++) {
		noisy[i] = event_new();
		add_irqfd(vm.fd, noisy[i], 2 + i, 0);
		add_ioeventfd(vm.fd, answers, GUEST_MMIO + 8 * (GUEST_SPI + 2 + i), 4);
	}
	vm_start(&vm);
	for (i = 0; i < vm.nr_bells; i++)
		bell_on(&vm.vcpu[0], &vm.bell[i]);
	job_start(&job, &vm.vcpu[0], AGENT_ECHO, GUEST_MMIO, 0, 0);
	for (i = 0; i < NR_SIGNALLERS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, make_noise, NULL));
	event_wait(answers);
	for (i = 0; i < SIGNALS; i++) {
		event_signal(there);
		ASSERT_EQ(1, event_wait(back));
	}
	noise = event_take(answers);
	/* The noise was there all the time. */
	EXPECT_LT(0, noise);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < NR_SIGNALLERS; i++)
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
	ksft_print_msg("%u signals answered, and %llu interrupts of others meanwhile\n", SIGNALS,
		       (unsigned long long)noise);
	/* Unbound, the next answer is an exit, and that is the end of the job. */
	EXPECT_EQ(0, remove_ioeventfd(vm.fd, GUEST_MMIO + 8 * (GUEST_SPI + 1), 4));
	event_signal(there);
	EXPECT_EQ(AGENT_MMIO, job_end(&job));
	vm_destroy(&vm);
	for (i = 0; i < NR_NOISY; i++)
		close(noisy[i]);
	close(there);
	close(back);
	close(answers);
}

/* ---- everything at once ---- */

#define NR_LABELS	4
#define NR_ADDRESSES	4
#define NR_FDS		8

/* A VM, and eventfds, which all threads use; -1: none. */
static struct test_vm vm;
static int vm_fd;
static int fds[NR_FDS];

static unsigned long adds, exists, removes, absents, signals, closes, exits, commands, lives;

static __thread unsigned int seed;

static unsigned int pick(unsigned int n)
{
	return rand_r(&seed) % n;
}

static int some_fd(void)
{
	return __atomic_load_n(&fds[pick(NR_FDS)], __ATOMIC_RELAXED);
}

/* What ADD and REMOVE of a function may answer, and how often they did. */
static void note(int ret, unsigned long *good, int also, unsigned long *other)
{
	if (!ret)
		count(good);
	else if (ret == also)
		count(other);
	else
		/* The eventfd was closed meanwhile; the VM was. */
		if (ret != -EBADF && ret != -ENOTTY && ret != -EINVAL)
			__atomic_store_n(&wrong, ret, __ATOMIC_RELAXED);
}

static struct gunyah_fn_ioeventfd_arg some_address(void)
{
	return (struct gunyah_fn_ioeventfd_arg) {
		.addr = GUEST_MMIO + 8 * pick(NR_ADDRESSES),
		.len = 8 * pick(2),
		.datamatch = pick(4),
		.fd = some_fd(),
	};
}

static void *add_them(void *arg)
{
	struct gunyah_fn_ioeventfd_arg arg3;

	seed = (unsigned long)arg;
	while (!stopped()) {
		note(__add_irqfd(vm_fd, some_fd(), 1 + pick(NR_LABELS), pick(2)), &adds, -EEXIST,
		     &exists);
		arg3 = some_address();
		if (arg3.len && pick(2))
			arg3.flags = GUNYAH_IOEVENTFD_FLAGS_DATAMATCH;
		note(__add_ioeventfd(vm_fd, &arg3), &adds, -EEXIST, &exists);
	}
	return NULL;
}

static void *remove_them(void *arg)
{
	struct gunyah_fn_ioeventfd_arg arg3;

	seed = (unsigned long)arg;
	while (!stopped()) {
		note(__remove_irqfd(vm_fd, 1 + pick(NR_LABELS)), &removes, -ENOENT, &absents);
		arg3 = some_address();
		if (arg3.len && pick(2))
			arg3.flags = GUNYAH_IOEVENTFD_FLAGS_DATAMATCH;
		note(__remove_ioeventfd(vm_fd, &arg3), &removes, -ENOENT, &absents);
		/* Let some live for a while. */
		usleep(pick(300));
	}
	return NULL;
}

static void *signal_them(void *arg)
{
	seed = (unsigned long)arg;
	while (!stopped()) {
		if (!eventfd_write(some_fd(), 1))
			count(&signals);
		if (!pick(16))
			usleep(pick(200));
	}
	return NULL;
}

/* Other eventfds in their places. */
static void *close_them(void *arg)
{
	int fd;

	seed = (unsigned long)arg;
	while (!stopped()) {
		fd = __atomic_exchange_n(&fds[pick(NR_FDS)], event_new(), __ATOMIC_ACQ_REL);
		close(fd);
		count(&closes);
		usleep(pick(500));
	}
	return NULL;
}

/* The guest writes to all addresses, and takes the interrupts that it gets. */
static void *run_it(void *arg)
{
	struct test_vcpu *vcpu = arg;
	int event = AGENT_DONE;
	__u64 n = 0;

	agent_post(vcpu, AGENT_STORE_LOOP, GUEST_MMIO, 4, 0);
	while (!stopped()) {
		event = agent_run(vcpu);
		if (event == AGENT_MMIO) {
			count(&exits);
		} else if (event == AGENT_DONE) {
			count(&commands);
			if (++n % 8)
				agent_post(vcpu, AGENT_STORE_LOOP,
					   GUEST_MMIO + 8 * (n % NR_ADDRESSES), 4, 0);
			else
				agent_post(vcpu, AGENT_POLL_IRQ, 0, 0, 0);
		} else {
			break;
		}
	}
	return (void *)(long)event;
}

static void open_vm(bool start)
{
	struct test_bell bell = {};
	unsigned int i;

	memset(&vm, 0, sizeof(vm));
	/* One of the labels has no doorbell. */
	for (i = 1; i < NR_LABELS; i++) {
		bell.label = i;
		bell.spi = i;
		bell.level = i & 1;
		bell.can_clear = i & 2;
		vm_add_bell(&vm, &bell);
	}
	vm_create(&vm, 1);
	__atomic_store_n(&vm_fd, vm.fd, __ATOMIC_RELAXED);
	if (!start)
		return;
	vm_start(&vm);
	for (i = 0; i < vm.nr_bells; i++)
		bell_on(&vm.vcpu[0], &vm.bell[i]);
}

static void begin(void)
{
	unsigned int i;

	stop = false;
	wrong = 0;
	for (i = 0; i < NR_FDS; i++)
		fds[i] = event_new();
}

static void finish(struct __test_metadata *_metadata)
{
	unsigned int i;

	for (i = 0; i < NR_FDS; i++)
		close(fds[i]);
	ksft_print_msg("%lu added, %lu there already, %lu removed, %lu not there\n", adds, exists,
		       removes, absents);
	ksft_print_msg("%lu signals, %lu eventfds closed, %lu exits, %lu commands, %lu VMs\n",
		       signals, closes, exits, commands, lives);
	EXPECT_EQ(0, wrong);
	EXPECT_LT(0, adds);
	EXPECT_LT(0, exists);
	EXPECT_LT(0, removes);
	EXPECT_LT(0, absents);
	EXPECT_LT(0, signals);
	EXPECT_LT(0, closes);
}

static void *(*const racers[])(void *) = {
	add_them, add_them, remove_them, signal_them, signal_them, close_them,
};

/* R44: on one VM, whose guest writes */
TEST(added_removed_signalled_and_run)
{
	pthread_t threads[ARRAY_SIZE(racers)], runner;
	unsigned long i;
	void *ret;

	require_gunyah();
	begin();
	open_vm(true);
	ASSERT_EQ(0, pthread_create(&runner, NULL, run_it, &vm.vcpu[0]));
	for (i = 0; i < ARRAY_SIZE(racers); i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, racers[i], (void *)(i + 1)));
	sleep(env_number("GUNYAH_RACE_SECONDS", SECONDS));
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < ARRAY_SIZE(racers); i++)
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
	ASSERT_EQ(0, pthread_join(runner, &ret));
	EXPECT_LE(0, (long)ret);
	finish(_metadata);
	EXPECT_LT(0, commands);
	EXPECT_LT(0, exits);
	/* It is a VM like any other afterwards. */
	while (agent_run(&vm.vcpu[0]) == AGENT_MMIO)
		;
	EXPECT_EQ(GUEST_BASE, agent_do(&vm.vcpu[0], AGENT_PC, 0, 0, 0));
	vm_destroy(&vm);
}

/* R44, R54: VMs come and go under it, in all states */
TEST(added_removed_and_signalled_while_vms_are_closed)
{
	pthread_t threads[ARRAY_SIZE(racers)], runner;
	unsigned int until, life;
	unsigned long i;

	require_gunyah();
	begin();
	open_vm(false);
	for (i = 0; i < ARRAY_SIZE(racers); i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, racers[i], (void *)(i + 1)));
	until = uptime() + env_number("GUNYAH_RACE_SECONDS", SECONDS);
	for (life = 0; uptime() < until; life++) {
		bool run = life & 1;

		/* Its number may be used for the next one's, but never for another thing. */
		close(vm.fd);
		if (run)
			ASSERT_EQ(0, pthread_join(runner, NULL));
		vm.fd = -1;
		vm_destroy(&vm);
		open_vm(!run);
		if (!run)
			ASSERT_EQ(0, pthread_create(&runner, NULL, run_it, &vm.vcpu[0]));
		count(&lives);
		usleep(5000);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < ARRAY_SIZE(racers); i++)
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
	if (life & 1)
		ASSERT_EQ(0, pthread_join(runner, NULL));
	vm_destroy(&vm);
	finish(_metadata);
	EXPECT_LT(0, lives);
	if (control_there())
		EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "lent"));
}

/* ---- the modules go meanwhile, and come again ---- */

#define NR_ADDERS	2
/* Of each module: so often it went, and so often a function was added. */
#define ENOUGH		10

/**
 * struct fn_module - a module that is loaded when a function of its type is added
 * @name: its name
 * @add: adds one to a VM
 * @remove: and removes it again
 * @adds: functions added
 * @refused: that were not, as the module was just going
 * @deletes: times that it went
 * @in_use: times that it was to go and could not
 */
struct fn_module {
	const char *name;
	int (*add)(int vm);
	int (*remove)(int vm);
	unsigned long adds, refused, deletes, in_use;
};

static int module_event;

static int add_an_irqfd(int vm)
{
	return __add_irqfd(vm, module_event, 1, 0);
}

static int remove_the_irqfd(int vm)
{
	return __remove_irqfd(vm, 1);
}

static int add_an_ioeventfd(int vm)
{
	struct gunyah_fn_ioeventfd_arg arg = { .addr = GUEST_MMIO, .len = 4, .fd = module_event };

	return __add_ioeventfd(vm, &arg);
}

static int remove_the_ioeventfd(int vm)
{
	return remove_ioeventfd(vm, GUEST_MMIO, 4);
}

static struct fn_module modules[] = {
	{ "gunyah_irqfd", add_an_irqfd, remove_the_irqfd },
	{ "gunyah_ioeventfd", add_an_ioeventfd, remove_the_ioeventfd },
};

static void note_wrong(const char *what, const char *module, int ret)
{
	__atomic_store_n(&wrong, ret ?: 1, __ATOMIC_RELAXED);
	ksft_print_msg("%s, %s: %d\n", what, module, ret);
}

static void *delete_them(void *arg)
{
	struct fn_module *m;
	int ret;

	seed = (unsigned long)arg;
	while (!stopped()) {
		for (m = modules; m < modules + ARRAY_SIZE(modules); m++) {
			ret = module_unload(m->name);
			if (!ret)
				count(&m->deletes);
			else if (ret == -EWOULDBLOCK)
				count(&m->in_use);
			/* Not there, or on its way. */
			else if (ret != -ENOENT && ret != -EBUSY)
				note_wrong("to go", m->name, ret);
		}
		/* Leave them time to be used. */
		usleep(pick(2000));
	}
	return NULL;
}

/* A function is added, and while it is there its module stays. */
static void add_and_remove(struct fn_module *m, int vm)
{
	int ret = m->add(vm);

	/* A type whose module is just going is none. */
	if (ret == -EINVAL) {
		count(&m->refused);
		return;
	}
	if (ret) {
		note_wrong("ADD", m->name, ret);
		return;
	}
	ret = module_unload(m->name);
	/* Busy: who loads it is not done with that. */
	if (ret != -EWOULDBLOCK && ret != -EBUSY)
		note_wrong("to go with a function", m->name, ret);
	ret = m->remove(vm);
	if (ret)
		note_wrong("REMOVE", m->name, ret);
	count(&m->adds);
}

static void *add_to_a_vm(void *arg)
{
	int vm = (long)arg;
	unsigned int i;

	seed = vm;
	while (!stopped()) {
		for (i = 0; i < ARRAY_SIZE(modules); i++)
			add_and_remove(&modules[i], vm);
		/* Leave them time to go. */
		usleep(pick(2000));
	}
	return NULL;
}

static bool enough(const struct fn_module *m)
{
	return __atomic_load_n(&m->adds, __ATOMIC_RELAXED) >= ENOUGH &&
	       __atomic_load_n(&m->deletes, __ATOMIC_RELAXED) >= ENOUGH;
}

/*
 * R40, R42, R44: who looks a type up while its module goes has it loaded again, is told
 * that there is no such type, or keeps it
 */
TEST(added_while_modules_go)
{
	pthread_t adders[NR_ADDERS], deleter;
	int vms[NR_ADDERS], dev;
	struct fn_module *m;
	unsigned int i;
	double end;

	require_gunyah();
	if (access("/sys/module/gunyah_vm/refcnt", F_OK))
		SKIP(return, "the driver is built in");
	stop = false;
	wrong = 0;
	module_event = event_new();
	dev = open_gunyah();
	ASSERT_EQ(0, pthread_create(&deleter, NULL, delete_them, (void *)1));
	for (i = 0; i < NR_ADDERS; i++) {
		vms[i] = create_vm(dev);
		ASSERT_EQ(0, pthread_create(&adders[i], NULL, add_to_a_vm, (void *)(long)vms[i]));
	}
	/* Where all is slow, less often. */
	end = seconds() + 15;
	for (m = modules; m < modules + ARRAY_SIZE(modules); m++)
		while (!enough(m) && seconds() < end && !__atomic_load_n(&wrong, __ATOMIC_RELAXED))
			usleep(1000);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	ASSERT_EQ(0, pthread_join(deleter, NULL));
	for (i = 0; i < NR_ADDERS; i++) {
		ASSERT_EQ(0, pthread_join(adders[i], NULL));
		close(vms[i]);
	}
	for (m = modules; m < modules + ARRAY_SIZE(modules); m++) {
		ksft_print_msg("%s: %lu added, %lu not, went %lu times, was in use %lu times\n",
			       m->name, m->adds, m->refused, m->deletes, m->in_use);
		EXPECT_LT(0, m->adds);
		EXPECT_LT(0, m->deletes);
	}
	EXPECT_EQ(0, wrong);
	close(module_event);
	close(dev);
}

TEST_HARNESS_MAIN
