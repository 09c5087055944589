// SPDX-License-Identifier: GPL-2.0-only
/* The part of the benchmark's monitors that knows no hypervisor. */
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "monitor.h"

#define WARM_UP		64

/**
 * struct operation - what the guest is told to do
 * @name: as in the table
 * @id: number of bench.h
 * @count: how often
 * @ioeventfds: there are to be so many
 * @irqfds: and so many of these
 * @skipped: not this time
 * @ticks: how long it took
 */
struct operation {
	const char *name;
	unsigned int id;
	unsigned int count;
	unsigned int ioeventfds;
	unsigned int irqfds;
	bool skipped;
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
	{ "ioeventfd_10", BENCH_IOEVENTFD, 10000, 10 },
	{ "mmio_write_10", BENCH_MMIO_WRITE, 10000, 10 },
	{ "ioeventfd_100", BENCH_IOEVENTFD, 10000, 100 },
	{ "mmio_write_100", BENCH_MMIO_WRITE, 10000, 100 },
	{ "ioeventfd_1000", BENCH_IOEVENTFD, 10000, 1000 },
	{ "mmio_write_1000", BENCH_MMIO_WRITE, 10000, 1000 },
	{ "loop_1000", BENCH_LOOP, 10000, 1000, 1000 },
};

#define NR_OPERATIONS	(sizeof(operations) / sizeof(operations[0]))

int event_fd[NR_EVENTS];

static struct operation *now = operations;
static bool warm;

/* The thread that wakes the guest and waits for its answer. */
static sem_t ringer_go;
static unsigned int ringer_count;

static void *ringer(void *unused)
{
	uint64_t value = 1;

	for (;;) {
		sem_wait(&ringer_go);
		while (ringer_count--) {
			if (write(event_fd[EVENT_WFI], &value, sizeof(value)) < 0 ||
			    read(event_fd[EVENT_BACK], &value, sizeof(value)) < 0)
				die("eventfd");
		}
	}
	return NULL;
}

static int event_new_fd(void)
{
	int fd = eventfd(0, EFD_CLOEXEC);

	if (fd < 0)
		die("eventfd");
	return fd;
}

void monitor_init(int argc, char **argv)
{
	const struct rlimit files = { 4096, 4096 };
	pthread_t thread;
	unsigned int i;
	int arg;

	for (arg = 1; arg < argc; arg++)
		for (i = 0; i < NR_OPERATIONS; i++)
			if (!strcmp(argv[arg], operations[i].name))
				operations[i].skipped = true;

	if (setrlimit(RLIMIT_NOFILE, &files))
		die("setrlimit");
	for (i = 0; i < NR_EVENTS; i++)
		event_fd[i] = event_new_fd();
	if (sem_init(&ringer_go, 0, 0) || pthread_create(&thread, NULL, ringer, NULL))
		die("pthread_create");
}

/* More ioeventfds and irqfds: each at an address, an interrupt and an eventfd of its own. */
static void populate(const struct operation *op)
{
	static unsigned int ioeventfds = NR_EVENTS - 1, irqfds = 2;
	bool room = true;

	for (; room && ioeventfds < op->ioeventfds; ioeventfds++)
		room = backend_ioeventfd(event_new_fd(), BENCH_EVENT_MORE + 8 * ioeventfds);
	for (room = true; room && irqfds < op->irqfds; irqfds++)
		room = backend_irqfd(event_new_fd(), BENCH_SPI_MORE);
}

/* Each operation is done twice: a few times first, so that all is there that it needs. */
static uint64_t next(void)
{
	unsigned int count;

	while (now < operations + NR_OPERATIONS && now->skipped)
		now++;
	if (now == operations + NR_OPERATIONS)
		return BENCH_END;

	populate(now);
	count = warm ? now->count : WARM_UP;
	if (now->id == BENCH_WFI) {
		ringer_count = count;
		sem_post(&ringer_go);
	}
	return now->id | (uint64_t)count << 8;
}

bool monitor_control(uint64_t offset, bool write, uint64_t *data)
{
	if (!write) {
		*data = next();
		return *data != BENCH_END;
	}

	if (offset == BENCH_TICKS) {
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

	for (op = operations; op < operations + NR_OPERATIONS; op++) {
		if (op->skipped)
			continue;
		/* The one before was to warm up. */
		phase += 2;
		printf("BENCH %s phase=%u count=%u ticks=%llu\n", op->name, phase - 1,
		       op->count, (unsigned long long)op->ticks);
	}
	printf("BENCH done\n");
}
