// SPDX-License-Identifier: GPL-2.0-only
/* The benchmark's monitor for /dev/gunyah. */
#define _GNU_SOURCE
#include <linux/falloc.h>
#include <semaphore.h>

#include "events.h"

#include "monitor.h"

static struct test_vm vm;

static void load(void)
{
	char *mem = mmap(NULL, GUEST_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, vm.mem_fd, 0);

	if (mem == MAP_FAILED)
		die("mmap of guest memory");
	memcpy(mem, payload_start, payload_end - payload_start);
	munmap(mem, GUEST_SIZE);
}

/*
 * New memory, allocated in folios of this size, of which no two that follow one another
 * are neighbours: what is measured is giving each.
 */
static void add_memory(uint64_t gpa, uint64_t size, uint64_t folio)
{
	int fd = create_guest_mem(vm.dev_fd, size);
	uint64_t first, done;

	for (first = 0; first < 2 * folio; first += folio)
		for (done = first; done < size; done += 2 * folio)
			if (fallocate(fd, FALLOC_FL_KEEP_SIZE, done, folio))
				die("fallocate");
	map_mem(vm.fd, fd, gpa, size, 0, LEND_RWX);
}

bool backend_ioeventfd(int fd, uint64_t addr)
{
	add_ioeventfd(vm.fd, fd, addr, 4);
	return true;
}

/* Each needs a label of its own; there are no doorbells of these. */
bool backend_irqfd(int fd, unsigned int spi)
{
	static unsigned int label = 0x1000;

	add_irqfd(vm.fd, fd, label++, 0);
	return true;
}

/* The way of each exit to the guest again: nothing in it but what any monitor does. */
static void run(struct test_vcpu *vcpu)
{
	struct gunyah_vcpu_run *run = vcpu->run;
	int fd = vcpu->fd;

	for (;;) {
		if (ioctl(fd, GUNYAH_VCPU_RUN, 0)) {
			if (errno == EINTR)
				continue;
			die("GUNYAH_VCPU_RUN");
		}
		if (run->exit_reason != GUNYAH_VCPU_EXIT_MMIO) {
			fprintf(stderr, "exit %u\n", run->exit_reason);
			exit(1);
		}
		if (!monitor_access(run->mmio.phys_addr, run->mmio.is_write, run->mmio.data))
			return;
	}
}

static sem_t second_there;

static void *run_second(void *vcpu)
{
	monitor_run_on(1);
	sem_post(&second_there);
	run(vcpu);
	return NULL;
}

/* The second vCPU waits until the first one turns it on. */
static void add_second(void)
{
	pthread_t thread;

	backend_ioeventfd(event_fd[EVENT_SECOND], BENCH_EVENT_SECOND);
	if (sem_init(&second_there, 0, 0) ||
	    pthread_create(&thread, NULL, run_second, &vm.vcpu[1]))
		die("pthread_create");
	sem_wait(&second_there);
	monitor_run_on(0);
}

/* With "two" first: two vCPUs. */
int main(int argc, char **argv)
{
	static const struct test_bell bells[] = {
		{ .label = 1, .spi = BENCH_SPI_LOOP },
		{ .label = 2, .spi = BENCH_SPI_WFI },
	};
	bool two = argc > 1 && !strcmp(argv[1], "two");

	monitor_init(argc, argv);
	vm_add_bell(&vm, &bells[0]);
	vm_add_bell(&vm, &bells[1]);
	vm_create(&vm, two ? 2 : 1);
	load();
	if (paging_there()) {
		add_memory(BENCH_NEW, BENCH_NEW_SIZE, SZ_4K);
		add_memory(BENCH_NEW_HUGE, BENCH_NEW_HUGE_SIZE, BENCH_HUGE);
	}
	backend_ioeventfd(event_fd[EVENT], BENCH_EVENT);
	backend_ioeventfd(event_fd[EVENT_LOOP], BENCH_EVENT_LOOP);
	backend_ioeventfd(event_fd[EVENT_BACK], BENCH_EVENT_BACK);
	add_irqfd(vm.fd, event_fd[EVENT_LOOP], 1, 0);
	add_irqfd(vm.fd, event_fd[EVENT_WFI], 2, 0);
	vm_start(&vm);
	if (two)
		add_second();
	run(&vm.vcpu[0]);
	monitor_report();
	exit(0);
}
