// SPDX-License-Identifier: GPL-2.0-only
/*
 * Long races: VMs that start, run, end, are reset and closed at the same time, their
 * vCPUs being added and removed, while signals storm, CPUs of the host go and come,
 * and the driver is unbound.
 *
 * A "race" is one VM with the threads that race for it; several go on at once.  A
 * file's number may be closed by one thread while another is about to use it, and
 * then be another race's file: what a call may answer is one list for all.
 *
 * Where guests get their memory when they touch it, it is taken back from them, too,
 * bound and unbound while they use it.
 *
 * Not a part of the usual run: GUNYAH_SOAK_SECONDS (20) says for how long,
 * GUNYAH_SOAK_SEED repeats the choices.  It prints how often each call gave what;
 * what never happened fails the test.
 */
#include <sched.h>

#include <sys/eventfd.h>

#include "../kselftest_harness.h"
#include "lib/events.h"
#include "lib/soak.h"
#include "lib/sweep.h"

#define NR_RACES	3
#define NR_STARTERS	2
/* vCPU files of a race: those added and removed stay open until its end. */
#define NR_FILES	48
/* One more than the largest errno of user space. */
#define NR_ERRNOS	134

/* Memory that comes and goes. */
#define MORE		(GUEST_BASE + 0x20000000)

enum what { START, RESET, RUN, ADD, REMOVE, MAP, RECLAIM, ADD_EVENT, REMOVE_EVENT, NR_WHATS };

static const char * const names[NR_WHATS] = {
	"START", "RESET", "RUN", "ADD", "REMOVE", "MAP_MEM", "RECLAIM_MEM",
	"ADD of irqfds and ioeventfds", "REMOVE of them",
};

/* What each may answer; EBADF and ENOTTY: see above. */
static const int allowed[NR_WHATS][10] = {
	[START] = { ENODEV, EBUSY, EINVAL, EINTR, ENOMEM, EBADF, ENOTTY },
	[RESET] = { ENODEV, EBUSY, EINTR, EBADF, ENOTTY },
	[RUN] = { ENODEV, EBUSY, EINTR, EBADF, ENOTTY },
	[ADD] = { ENODEV, EEXIST, ENOMEM, EBADF, ENOTTY },
	[REMOVE] = { ENODEV, ENOENT, EBADF, ENOTTY },
	[ADD_EVENT] = { ENODEV, EEXIST, ENOMEM, EBADF, EINVAL, ENOTTY },
	[REMOVE_EVENT] = { ENODEV, ENOENT, EBADF, ENOTTY },
	[MAP] = { ENODEV, EOPNOTSUPP, EEXIST, ENOENT, ENOMEM, EBADF, EINVAL, ENOTTY },
	[RECLAIM] = { ENODEV, EOPNOTSUPP, EBADF, ENOTTY },
};

/* In the demand-paged flow, where that is something else. */
static const int allowed_paged[NR_WHATS][10] = {
	[MAP] = { ENODEV, EBUSY, EEXIST, ENOENT, ENOMEM, EBADF, EINVAL, ENOTTY },
	[RECLAIM] = { ENODEV, EBUSY, ENOENT, ENOMEM, EBADF, ENOTTY },
};

/* What must have happened. */
static const struct {
	enum what what;
	int result;
	enum { BOTH, EAGER, PAGED } flow;
} wanted[] = {
	{ START, 0 }, { START, ENODEV }, { RESET, 0 }, { RESET, EBUSY },
	{ RUN, 0 }, { RUN, EINTR }, { RUN, ENODEV },
	{ RUN, EBUSY }, { ADD, 0 }, { ADD, EEXIST }, { REMOVE, 0 }, { REMOVE, ENOENT },
	{ MAP, 0 }, { ADD_EVENT, 0 }, { ADD_EVENT, EEXIST },
	{ REMOVE_EVENT, 0 }, { REMOVE_EVENT, ENOENT },
	{ MAP, EOPNOTSUPP, EAGER }, { RECLAIM, EOPNOTSUPP, EAGER },
	{ RECLAIM, 0, PAGED }, { RECLAIM, ENOENT, PAGED },
};

static unsigned long seen[NR_WHATS][NR_ERRNOS];
/* An errno of each that is none of user space's. */
static int odd[NR_WHATS];
static unsigned long mmio_exits, faults, ends, answers, races, restarts, unbinds, hotplugs;
static bool stop, paged;

static __thread unsigned int seed;

static unsigned int pick(unsigned int n)
{
	return rand_r(&seed) % n;
}

static void count(unsigned long *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static int note(enum what what, int ret)
{
	if (ret > -NR_ERRNOS)
		count(&seen[what][ret < 0 ? -ret : 0]);
	else
		__atomic_store_n(&odd[what], -ret, __ATOMIC_RELAXED);
	return ret;
}

static bool stopped(const bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_RELAXED);
}

/* ---- one race ---- */

/**
 * struct race - a VM and who races for it
 * @vm: the VM; vcpu[] has the vCPUs that were there first
 * @over: its threads are to end
 * @quick: the guest powers off as the first thing
 * @started: threads that have done their starts
 * @nr_threads: that were made
 * @threads: these
 * @helpers: their arguments
 * @nr_files: in @files
 * @files: vCPUs added later
 */
struct race {
	struct test_vm vm;
	bool over;
	bool quick;
	unsigned int started;
	unsigned int nr_threads;
	pthread_t threads[32];
	struct helper {
		struct race *race;
		struct test_vcpu *vcpu;
		unsigned int seed;
	} helpers[32];
	unsigned int nr_files;
	int files[NR_FILES];
};

static void *start_it(void *arg)
{
	struct helper *h = arg;

	seed = h->seed;
	usleep(pick(3000));
	note(START, __vm_start(&h->race->vm));
	if (pick(2))
		note(START, __vm_start(&h->race->vm));
	__atomic_fetch_add(&h->race->started, 1, __ATOMIC_RELAXED);
	return NULL;
}

/* Labels of doorbells, the last one has none. */
#define NR_LABELS	4

/*
 * A mapping of the memory keeps others from starting the VM while it is written: what is
 * the host's and mapped stays so.  If it has been started, a part may be the host's: what
 * was taken back, or not touched yet.
 */
static bool write_anew(struct test_vm *vm)
{
	bool there;
	char *mem;

	mem = mmap(NULL, GUEST_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, vm->mem_fd, 0);
	if (mem == MAP_FAILED)
		return false;
	there = touch_range(mem, AGENT_ROOM) &&
		touch_range(mem + GUEST_DTB - GUEST_BASE, GUEST_DTB_SIZE);
	if (there)
		vm_write(vm, mem);
	munmap(mem, GUEST_SIZE);
	return there;
}

/* Starts it again whenever it has ended. */
static void *reset_it(void *arg)
{
	struct helper *h = arg;
	struct race *r = h->race;

	seed = h->seed;
	while (!stopped(&r->over)) {
		if (!note(RESET, __vm_reset(&r->vm)) && write_anew(&r->vm)) {
			if (!note(START, __vm_start(&r->vm)))
				count(&restarts);
		}
		usleep(pick(5000));
	}
	return NULL;
}

/* What the agent does next. */
static void choose(struct helper *h)
{
	struct test_vcpu *vcpu = h->vcpu;

	if (h->race->quick || !pick(30))
		agent_post(vcpu, AGENT_HVC, pick(2) ? PSCI_SYSTEM_OFF : PSCI_SYSTEM_RESET, 0, 0);
	else if (!pick(8))
		agent_post(vcpu, pick(2) ? AGENT_SPIN : AGENT_WAIT_IRQ, 0, 0, 0);
	else if (paged && !pick(4))
		agent_post(vcpu, AGENT_STORE, MORE + pick(2) * SZ_2M / 2, 8, 1);
	else if (h->race->vm.nr_vcpus > 1 && pick(2))
		agent_post(vcpu, AGENT_HVC, PSCI_CPU_ON, pick(MAX_VCPUS),
			   GUEST_BASE + AGENT_SECONDARY);
	else if (!pick(4))
		agent_post(vcpu, pick(2) ? AGENT_IRQ_ON : AGENT_POLL_IRQ,
			   GUEST_SPI + 1 + pick(NR_LABELS - 1), pick(2), 0);
	else
		agent_post(vcpu, AGENT_STORE_LOOP, GUEST_MMIO, 20, 0);
}

/* Memory that the guest did not get: mostly it tries again. */
static void answer_fault(struct gunyah_vcpu_run *run)
{
	if (run->exit_reason != GUNYAH_VCPU_EXIT_PAGE_FAULT)
		return;
	count(&faults);
	if (pick(8))
		run->page_fault.resume_action = GUNYAH_VCPU_RESUME_RETRY;
}

/* A vCPU's thread: RUN before the start, and until after the end. */
static void *run_it(void *arg)
{
	struct helper *h = arg;
	int event;

	seed = h->seed;
	choose(h);
	while (!stopped(&h->race->over)) {
		event = agent_run(h->vcpu);
		note(RUN, event < 0 ? event : 0);
		if (event == AGENT_MMIO)
			count(&mmio_exits);
		if (event == AGENT_STATUS)
			count(&ends);
		if (event == AGENT_OTHER_EXIT)
			answer_fault(h->vcpu->run);
		if (event == AGENT_DONE)
			choose(h);
		else if (event != AGENT_MMIO && event != -EINTR)
			usleep(pick(2000));
	}
	return NULL;
}

/* Takes vCPUs out and puts others in their places. */
static void *exchange(void *arg)
{
	struct helper *h = arg;
	struct race *r = h->race;
	unsigned int id;
	int fd;

	seed = h->seed;
	while (!stopped(&r->over) && r->nr_files < NR_FILES) {
		id = pick(r->vm.nr_vcpus);
		while (pick(2))
			note(REMOVE, __remove_vcpu(r->vm.fd, id));
		fd = note(ADD, __add_vcpu(r->vm.fd, id));
		if (fd >= 0) {
			r->files[r->nr_files++] = fd;
			if (pick(2))
				note(RUN, __ioctl(fd, GUNYAH_VCPU_RUN, 0));
		}
		usleep(pick(500));
	}
	return NULL;
}

static void *bind_memory(void *arg)
{
	struct helper *h = arg;
	struct race *r = h->race;
	int fd;

	seed = h->seed;
	fd = __create_guest_mem(r->vm.dev_fd, SZ_2M, GHMF_CLOEXEC);
	while (fd >= 0 && !stopped(&r->over)) {
		note(MAP, __map_mem(r->vm.fd, fd, MORE, SZ_2M, 0, LEND_RWX));
		usleep(pick(2) ? pick(500) : 0);
		note(MAP, __map_mem(r->vm.fd, fd, MORE, SZ_2M, 0, LEND_RWX | GUNYAH_MEM_UNMAP));
		usleep(pick(500));
	}
	if (fd >= 0)
		close(fd);
	return NULL;
}

/* While what the guest runs in is mapped, it does not get it again. */
static void keep_code(struct test_vm *vm)
{
	char *p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, vm->mem_fd, 0);

	if (p == MAP_FAILED)
		return;
	touch(p, false);
	usleep(pick(1000));
	munmap(p, PAGE);
}

/* All memory or a part, also what the guest runs in, and what may not be bound. */
static void *reclaim_memory(void *arg)
{
	struct helper *h = arg;
	struct race *r = h->race;

	seed = h->seed;
	while (!stopped(&r->over)) {
		struct gunyah_address_range range = {
			.guest_phys_addr = (pick(2) ? GUEST_BASE : MORE) + pick(2) * PAGE,
			.size = PAGE << pick(10),
		};

		if (!note(RECLAIM, __ioctl(r->vm.fd, GUNYAH_VM_RECLAIM_MEM, &range)) && pick(2))
			keep_code(&r->vm);
		usleep(pick(1000));
	}
	return NULL;
}

/*
 * irqfds and ioeventfds come and go, and are signalled; most of the eventfds are
 * closed before the function is removed.
 */
static void *exchange_events(void *arg)
{
	struct helper *h = arg;
	struct race *r = h->race;
	int fds[2] = { event_new(), event_new() };
	struct gunyah_fn_ioeventfd_arg write = { .addr = GUEST_MMIO };
	__u32 label;

	seed = h->seed;
	while (!stopped(&r->over)) {
		label = 1 + pick(NR_LABELS);
		write.len = pick(2) * 8;
		write.fd = fds[1];
		note(ADD_EVENT, __add_irqfd(r->vm.fd, fds[0], label, pick(2)));
		note(ADD_EVENT, __add_ioeventfd(r->vm.fd, &write));
		while (pick(8))
			eventfd_write(fds[0], 1);
		usleep(pick(500));
		if (event_take(fds[1]))
			count(&answers);
		if (pick(2)) {
			close(fds[0]);
			fds[0] = event_new();
		}
		if (pick(2)) {
			close(fds[1]);
			fds[1] = event_new();
		}
		note(REMOVE_EVENT, __remove_irqfd(r->vm.fd, label));
		if (pick(4))
			note(REMOVE_EVENT, __remove_ioeventfd(r->vm.fd, &write));
	}
	close(fds[0]);
	close(fds[1]);
	return NULL;
}

static void add_helper(struct race *r, void *(*fn)(void *), struct test_vcpu *vcpu)
{
	struct helper *h = &r->helpers[r->nr_threads];

	*h = (struct helper) { .race = r, .vcpu = vcpu, .seed = rand_r(&seed) };
	if (!pthread_create(&r->threads[r->nr_threads], NULL, fn, h))
		r->nr_threads++;
}

/* As vm_create(); the driver may be unbound at each step.  False then. */
static bool set_up(struct race *r, unsigned int nr_vcpus)
{
	struct test_vm *vm = &r->vm;
	unsigned int i;
	void *p;

	for (i = 1; i < NR_LABELS; i++)
		vm_add_bell(vm, &(struct test_bell) {
			.label = i, .spi = i, .level = i & 1, .can_clear = i & 2,
		});
	vm->fd = -1;
	vm->mem_fd = -1;
	vm->dev_fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (vm->dev_fd < 0)
		return false;
	vm->fd = __create_vm(vm->dev_fd);
	vm->mem_fd = __create_guest_mem(vm->dev_fd, GUEST_SIZE, GHMF_CLOEXEC);
	if (vm->fd < 0 || vm->mem_fd < 0)
		return false;
	for (i = 0; i < nr_vcpus; i++) {
		struct test_vcpu *vcpu = &vm->vcpu[i];

		vcpu->vm = vm;
		vcpu->id = i;
		vcpu->fd = __add_vcpu(vm->fd, i);
		if (vcpu->fd < 0)
			return false;
		p = mmap(NULL, SZ_4K, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
		if (p == MAP_FAILED)
			test_die("mmap of a run page");
		vcpu->run = p;
		vm->nr_vcpus++;
	}
	vm_load(vm);
	return !__map_mem(vm->fd, vm->mem_fd, GUEST_BASE, GUEST_SIZE, 0, LEND_RWX) &&
	       !__set_dtb(vm->fd, GUEST_DTB, GUEST_DTB_SIZE);
}

static void tear_down(struct race *r)
{
	struct test_vm *vm = &r->vm;
	unsigned int i;

	for (i = 0; i < r->nr_files; i++)
		close(r->files[i]);
	for (i = 0; i < MAX_VCPUS; i++) {
		if (!vm->vcpu[i].run)
			continue;
		munmap(vm->vcpu[i].run, SZ_4K);
		close(vm->vcpu[i].fd);
	}
	if (vm->mem_fd >= 0)
		close(vm->mem_fd);
	if (vm->dev_fd >= 0)
		close(vm->dev_fd);
}

static void one_race(void)
{
	static const unsigned int some[] = { 1, 1, 2, 2, 4, 8 };
	struct race r = { .quick = !pick(3) };
	unsigned int i, n = some[pick(ARRAY_SIZE(some))];
	bool wait = pick(2);

	if (set_up(&r, n)) {
		if (pick(2))
			add_helper(&r, bind_memory, NULL);
		if (!pick(3))
			add_helper(&r, reclaim_memory, NULL);
		if (pick(2))
			add_helper(&r, exchange, NULL);
		for (i = 0; i < 2; i++)
			if (pick(2))
				add_helper(&r, exchange_events, NULL);
		for (i = 0; i < NR_STARTERS; i++)
			add_helper(&r, start_it, NULL);
		if (pick(2))
			add_helper(&r, reset_it, NULL);
		for (i = 0; i < n; i++)
			add_helper(&r, run_it, &r.vm.vcpu[i]);
		/* A second thread for one of them. */
		add_helper(&r, run_it, &r.vm.vcpu[pick(n)]);
		/* Half of them end at any time, the others when the VM has run for a while. */
		usleep(pick(pick(2) ? 10000 : 100000));
		while (wait && __atomic_load_n(&r.started, __ATOMIC_RELAXED) < NR_STARTERS)
			usleep(1000);
		if (wait)
			usleep(pick(200000));
		count(&races);
	} else {
		usleep(1000);
	}
	/* Closed while they all run, or when they have ended. */
	if (pick(4) && r.vm.fd >= 0)
		close(r.vm.fd), r.vm.fd = -1;
	__atomic_store_n(&r.over, true, __ATOMIC_RELAXED);
	for (i = 0; i < r.nr_threads; i++) {
		/* A vCPU that the guest never wakes is left by a signal only. */
		while (pthread_tryjoin_np(r.threads[i], NULL)) {
			pthread_kill(r.threads[i], SIGUSR1);
			usleep(500);
		}
	}
	if (r.vm.fd >= 0)
		close(r.vm.fd);
	tear_down(&r);
}

/* ---- all of them ---- */

static void *race_on(void *arg)
{
	seed = (unsigned long)arg;
	while (!stopped(&stop))
		one_race();
	return NULL;
}

static void on_signal(int sig)
{
}

/* To whichever thread the kernel chooses. */
static void *storm(void *unused)
{
	while (!stopped(&stop)) {
		kill(getpid(), SIGUSR1);
		usleep(1000);
	}
	return NULL;
}

static void *plug(void *arg)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	unsigned int cpu;
	char path[64];

	seed = (unsigned long)arg;
	while (!stopped(&stop) && cpus > 1) {
		cpu = 1 + pick(cpus - 1);
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online", cpu);
		if (!write_file(path, "0"))
			count(&hotplugs);
		usleep(pick(100000));
		write_file(path, "1");
		usleep(pick(1000000));
	}
	return NULL;
}

static void *unbind(void *arg)
{
	seed = (unsigned long)arg;
	while (!stopped(&stop)) {
		usleep(500000 + pick(4000000));
		if (!driver_unbind())
			test_die("unbind");
		count(&unbinds);
		usleep(pick(20000));
		if (!driver_bind())
			test_die("bind");
	}
	return NULL;
}

static bool is_allowed(enum what what, int e)
{
	const int *list = paged && allowed_paged[what][0] ? allowed_paged[what] : allowed[what];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(allowed[what]); i++)
		if (list[i] == e)
			return true;
	return false;
}

/* Is this one of those of this flow, and has it not happened? */
static bool is_missing(unsigned int i)
{
	if (wanted[i].flow == (paged ? EAGER : PAGED))
		return false;
	return !__atomic_load_n(&seen[wanted[i].what][wanted[i].result], __ATOMIC_RELAXED);
}

static void report(struct __test_metadata *_metadata)
{
	unsigned int what, e, i;
	char line[300];
	int n;

	for (what = 0; what < NR_WHATS; what++) {
		n = snprintf(line, sizeof(line), "%-28s %8lu times", names[what], seen[what][0]);
		for (e = 1; e < NR_ERRNOS; e++) {
			if (!seen[what][e] || n > 260)
				continue;
			n += snprintf(line + n, sizeof(line) - n, ", %s %lu", strerrorname_np(e),
				      seen[what][e]);
			EXPECT_TRUE(is_allowed(what, e)) {
				TH_LOG("%s: %s", names[what], strerrorname_np(e));
			}
		}
		ksft_print_msg("%s\n", line);
		EXPECT_EQ(0, odd[what]) {
			TH_LOG("%s: %d is an errno of the kernel's own", names[what], odd[what]);
		}
	}
	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		EXPECT_FALSE(is_missing(i)) {
			TH_LOG("%s never gave %d", names[wanted[i].what], wanted[i].result);
		}
	}
	ksft_print_msg("%lu races, %lu ends told, %lu restarts\n", races, ends, restarts);
	ksft_print_msg("%lu exits for MMIO, %lu for memory\n", mmio_exits, faults);
	ksft_print_msg("%lu unbinds, %lu hotplugs\n", unbinds, hotplugs);
	ksft_print_msg("%lu times that an ioeventfd was signalled\n", answers);
	EXPECT_LT(0, races);
	EXPECT_LT(0, restarts);
	EXPECT_LT(0, answers);
	EXPECT_LT(0, mmio_exits);
	EXPECT_LT(0, ends);
	if (paged)
		EXPECT_LT(0, faults);
	EXPECT_LT(0, unbinds);
	if (sysconf(_SC_NPROCESSORS_CONF) > 1)
		EXPECT_LT(0, hotplugs);
}

static bool all_seen(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wanted); i++)
		if (is_missing(i))
			return false;
	if (paged && !__atomic_load_n(&faults, __ATOMIC_RELAXED))
		return false;
	return __atomic_load_n(&mmio_exits, __ATOMIC_RELAXED) &&
	       __atomic_load_n(&restarts, __ATOMIC_RELAXED) &&
	       __atomic_load_n(&ends, __ATOMIC_RELAXED) &&
	       __atomic_load_n(&answers, __ATOMIC_RELAXED) &&
	       __atomic_load_n(&unbinds, __ATOMIC_RELAXED);
}

static void pass_time(unsigned int seconds)
{
	unsigned int start = uptime(), told = start;

	/* A slow machine may need more time until everything has had its chance. */
	while (uptime() < start + seconds ||
	       (!all_seen() && uptime() < start + 4 * seconds)) {
		sleep(1);
		if (uptime() < told + 60)
			continue;
		told = uptime();
		ksft_print_msg("after %u s: %lu races, %lu unbinds\n", told - start, races,
			       unbinds);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
}

FIXTURE(races) {};

FIXTURE_SETUP(races)
{
	require_gunyah();
	require_control();
	paged = paging_there();
}

FIXTURE_TEARDOWN(races)
{
}

/* R5, R6, R21, R23, R40, R44, R54: no hang, nothing undocumented, nothing left */
TEST_F_TIMEOUT(races, everything_against_everything, SOAK_LIMIT)
{
	unsigned int seconds = env_number("GUNYAH_SOAK_SECONDS", 20);
	struct sigaction sa = { .sa_handler = on_signal };
	pthread_t threads[NR_RACES + 3];
	struct sweep_state before, now;
	struct cost nothing = {};
	unsigned long i, n = 0;

	seed = env_seed("GUNYAH_SOAK_SEED");
	sigaction(SIGUSR1, &sa, NULL);
	before = sweep_state();
	/* The tables of the hypervisor know where memory was lent. */
	before.pool_pages = 0;
	for (i = 0; i < NR_RACES; i++)
		ASSERT_EQ(0, pthread_create(&threads[n++], NULL, race_on,
					    (void *)(unsigned long)rand_r(&seed)));
	ASSERT_EQ(0, pthread_create(&threads[n++], NULL, storm, NULL));
	ASSERT_EQ(0, pthread_create(&threads[n++], NULL, plug,
				    (void *)(unsigned long)rand_r(&seed)));
	ASSERT_EQ(0, pthread_create(&threads[n++], NULL, unbind,
				    (void *)(unsigned long)rand_r(&seed)));
	pass_time(seconds);
	for (i = 0; i < n; i++)
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
	report(_metadata);
	now = sweep_state();
	EXPECT_TRUE(sweep_same("races", &before, &nothing, &now));
}

TEST_HARNESS_MAIN
