// SPDX-License-Identifier: GPL-2.0-only
/* The benchmark's monitor for /dev/gunyah. */
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

int main(int argc, char **argv)
{
	static const struct test_bell bells[] = {
		{ .label = 1, .spi = BENCH_SPI_LOOP },
		{ .label = 2, .spi = BENCH_SPI_WFI },
	};
	bool paging = paging_there();
	int new = -1;

	monitor_init(argc, argv);
	vm_add_bell(&vm, &bells[0]);
	vm_add_bell(&vm, &bells[1]);
	vm_create(&vm, 1);
	load();
	if (paging) {
		new = create_guest_mem(vm.dev_fd, BENCH_NEW_SIZE);
		map_mem(vm.fd, new, BENCH_NEW, BENCH_NEW_SIZE, 0, LEND_RWX);
	}
	backend_ioeventfd(event_fd[EVENT], BENCH_EVENT);
	backend_ioeventfd(event_fd[EVENT_LOOP], BENCH_EVENT_LOOP);
	backend_ioeventfd(event_fd[EVENT_BACK], BENCH_EVENT_BACK);
	add_irqfd(vm.fd, event_fd[EVENT_LOOP], 1, 0);
	add_irqfd(vm.fd, event_fd[EVENT_WFI], 2, 0);
	vm_start(&vm);
	run(&vm.vcpu[0]);
	monitor_report();
	return 0;
}
