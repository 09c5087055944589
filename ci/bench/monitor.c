// SPDX-License-Identifier: GPL-2.0-only
/* The part of the benchmark's monitors that knows no hypervisor. */
#define _GNU_SOURCE
#include <linux/perf_event.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "monitor.h"

#define WARM_UP		64

/* Between two interrupts of the host in the middle of what the guest does. */
#define TIMER_NS	100000

/**
 * struct operation - what the guest is told to do
 * @name: as in the table
 * @id: number of bench.h
 * @count: how often
 * @ioeventfds: there are to be so many
 * @irqfds: and so many of these
 * @timer: the host is interrupted all the time
 * @second: two vCPUs do it at the same time
 * @wanted: this time
 * @ticks: how long it took
 */
struct operation {
	const char *name;
	unsigned int id;
	unsigned int count;
	unsigned int ioeventfds;
	unsigned int irqfds;
	bool timer;
	bool second;
	bool wanted;
	uint64_t ticks;
};

static struct operation operations[] = {
	{ "nothing", BENCH_NOTHING, 1000000 },
	{ "mmio_write", BENCH_MMIO_WRITE, 10000 },
	{ "mmio_read", BENCH_MMIO_READ, 10000 },
	{ "ioeventfd", BENCH_IOEVENTFD, 10000 },
	{ "loop", BENCH_LOOP, 10000 },
	{ "wfi", BENCH_WFI, 4000 },
	{ "psci", BENCH_PSCI, 10000 },
	{ "fault", BENCH_FAULT, 4000 },
	{ "fault_2m", BENCH_FAULT_HUGE, 64 },
	{ "ioeventfd_10", BENCH_IOEVENTFD, 10000, 10 },
	{ "mmio_write_10", BENCH_MMIO_WRITE, 10000, 10 },
	{ "loop_10", BENCH_LOOP, 10000, 10, 10 },
	{ "ioeventfd_100", BENCH_IOEVENTFD, 10000, 100 },
	{ "mmio_write_100", BENCH_MMIO_WRITE, 10000, 100 },
	{ "loop_100", BENCH_LOOP, 10000, 100, 100 },
	{ "ioeventfd_1000", BENCH_IOEVENTFD, 10000, 1000 },
	{ "mmio_write_1000", BENCH_MMIO_WRITE, 10000, 1000 },
	{ "loop_1000", BENCH_LOOP, 10000, 1000, 1000 },
	/* Last: a thread that has such a timer is dearer to switch to and from. */
	{ "ready", BENCH_NOTHING, 200000000, .timer = true },
	/* With two vCPUs these are the only ones. */
	{ "two_on", BENCH_CPU_ON, 1, .second = true },
	{ "two_mmio_write", BENCH_MMIO_WRITE, 4000, .second = true },
	{ "two_mmio_read", BENCH_MMIO_READ, 4000, .second = true },
	{ "two_ioeventfd", BENCH_IOEVENTFD, 20000, .second = true },
};

#define NR_OPERATIONS	(sizeof(operations) / sizeof(operations[0]))
#define END		(operations + NR_OPERATIONS)

int event_fd[NR_EVENTS];

static struct operation *now = operations;
static bool warm;
static int timer;

/* What the second vCPU does. */
static uint64_t second_id = BENCH_NOTHING;

/*
 * The thread that wakes the guest and waits for its answer.  There is none while something
 * else is measured: in a process with threads each system call that has a file is dearer.
 */
static pthread_t ringer_thread;
static unsigned int ringer_count;

static void *ringer(void *unused)
{
	uint64_t value = 1;

	while (ringer_count--) {
		if (write(event_fd[EVENT_WFI], &value, sizeof(value)) < 0 ||
		    read(event_fd[EVENT_BACK], &value, sizeof(value)) < 0)
			die("eventfd");
	}
	return NULL;
}

/* Begins a part of the operation; the thread of the part before is gone. */
static void start_ringer(unsigned int count)
{
	ringer_count = count;
	if (pthread_create(&ringer_thread, NULL, ringer, NULL))
		die("pthread_create");
}

static int event_new_fd(void)
{
	int fd = eventfd(0, EFD_CLOEXEC);

	if (fd < 0)
		die("eventfd");
	return fd;
}

/* A timer that interrupts this thread while it runs, and wakes nobody. */
static int new_timer(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = TIMER_NS,
	};
	int fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		die("perf_event_open");
	return fd;
}

static void choose(const char *name)
{
	struct operation *op;

	for (op = operations; op < END; op++)
		if (strcmp(name, "all") ? !strcmp(name, op->name) : !op->second)
			op->wanted = true;
}

void monitor_init(int argc, char **argv)
{
	const struct rlimit files = { 4096, 4096 };
	unsigned int i;
	int arg;

	for (arg = 1; arg < argc; arg++)
		choose(argv[arg]);

	if (setrlimit(RLIMIT_NOFILE, &files))
		die("setrlimit");
	for (i = 0; i < NR_EVENTS; i++)
		event_fd[i] = event_new_fd();
}

void monitor_run_on(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
}

/* More ioeventfds and irqfds: each at an address, an interrupt and an eventfd of its own. */
static void populate(const struct operation *op)
{
	static unsigned int ioeventfds = 3, irqfds = 2;
	bool room = true;

	for (; room && ioeventfds < op->ioeventfds; ioeventfds++)
		room = backend_ioeventfd(event_new_fd(), BENCH_EVENT_MORE + 8 * ioeventfds);
	for (room = true; room && irqfds < op->irqfds; irqfds++)
		room = backend_irqfd(event_new_fd(), BENCH_SPI_MORE);
}

static void set_timer(bool on)
{
	if (on)
		timer = new_timer();
	else
		close(timer);
}

/* Each operation is done twice: a few times first, so that all is there that it needs. */
static uint64_t next(void)
{
	static bool timed;
	unsigned int count;

	while (now < END && !now->wanted)
		now++;
	if (now == END)
		return BENCH_END;

	populate(now);
	count = warm ? now->count : now->count / 8;
	if (!warm && count > WARM_UP)
		count = WARM_UP;
	if (now->id == BENCH_WFI)
		start_ringer(count);
	if (timed != now->timer)
		set_timer(now->timer);
	timed = now->timer;
	/* A CPU is started once. */
	if (now->id == BENCH_CPU_ON)
		warm = true;
	else
		__atomic_store_n(&second_id, now->id, __ATOMIC_RELAXED);
	return now->id | (uint64_t)count << 8;
}

bool monitor_control(uint64_t offset, bool write, uint64_t *data)
{
	uint64_t second = BENCH_CONTROL_SECOND - BENCH_CONTROL;

	/* It does what the first one does, for ever. */
	if (offset >= second) {
		if (!write)
			*data = __atomic_load_n(&second_id, __ATOMIC_RELAXED) | 100 << 8;
		return true;
	}

	if (!write) {
		*data = next();
		return *data != BENCH_END;
	}

	if (offset == BENCH_TICKS) {
		if (now->id == BENCH_WFI)
			pthread_join(ringer_thread, NULL);
		now->ticks = *data;
		if (warm)
			now++;
		warm = !warm;
	}
	return true;
}

void monitor_report(void)
{
	const struct operation *op;
	unsigned int phase = 0;

	for (op = operations; op < END; op++) {
		if (!op->wanted || op->id == BENCH_CPU_ON)
			continue;
		/* The one before was to warm up. */
		phase += 2;
		printf("BENCH %s phase=%u count=%u ticks=%llu\n", op->name, phase - 1,
		       op->count, (unsigned long long)op->ticks);
	}
	printf("BENCH done phases=%u\n", phase);
}
