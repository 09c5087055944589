// SPDX-License-Identifier: GPL-2.0-only
/* The benchmark's monitor for /dev/kvm. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "monitor.h"

static int vm, vcpu;
static struct kvm_run *page;

static int x_ioctl(int fd, unsigned long nr, void *arg, const char *what)
{
	int ret = ioctl(fd, nr, arg);

	if (ret < 0)
		die(what);
	return ret;
}

#define call(fd, nr, arg)	x_ioctl(fd, nr, arg, #nr)

/* Allocated: what is measured is giving it.  @huge: in huge pages, of which it is a number. */
static void *add_memory(unsigned int slot, uint64_t gpa, size_t size, bool huge)
{
	char *all = mmap(NULL, size + BENCH_HUGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *mem = (char *)(((uintptr_t)all + BENCH_HUGE - 1) & ~(BENCH_HUGE - 1UL));
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = (uintptr_t)mem,
	};

	if (all == MAP_FAILED)
		die("mmap");
	if (madvise(mem, size, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE) ||
	    madvise(mem, size, MADV_POPULATE_WRITE))
		die("madvise");
	call(vm, KVM_SET_USER_MEMORY_REGION, &region);
	return mem;
}

static void set_gic(int gic, unsigned int group, unsigned int attr, void *addr)
{
	struct kvm_device_attr device_attr = {
		.group = group,
		.attr = attr,
		.addr = (uintptr_t)addr,
	};

	call(gic, KVM_SET_DEVICE_ATTR, &device_attr);
}

static void add_gic(void)
{
	struct kvm_create_device device = { .type = KVM_DEV_TYPE_ARM_VGIC_V3 };
	uint64_t dist = BENCH_GICD, redist = BENCH_GICR;

	call(vm, KVM_CREATE_DEVICE, &device);
	set_gic(device.fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, &dist);
	set_gic(device.fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, &redist);
	set_gic(device.fd, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL);
}

static void add_vcpu(int kvm)
{
	uint64_t pc = BENCH_RAM;
	struct kvm_one_reg reg = {
		.id = KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE |
		      KVM_REG_ARM_CORE_REG(regs.pc),
		.addr = (uintptr_t)&pc,
	};
	struct kvm_vcpu_init init;

	vcpu = call(vm, KVM_CREATE_VCPU, 0);
	call(vm, KVM_ARM_PREFERRED_TARGET, &init);
	init.features[0] |= 1U << KVM_ARM_VCPU_PSCI_0_2;
	call(vcpu, KVM_ARM_VCPU_INIT, &init);
	call(vcpu, KVM_SET_ONE_REG, &reg);
	page = mmap(NULL, call(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), PROT_READ | PROT_WRITE,
		    MAP_SHARED, vcpu, 0);
	if (page == MAP_FAILED)
		die("mmap of the run page");
}

bool backend_ioeventfd(int fd, uint64_t addr)
{
	struct kvm_ioeventfd ioeventfd = { .addr = addr, .len = 4, .fd = fd };

	/* A little under 1,000 devices have room on its bus. */
	if (!ioctl(vm, KVM_IOEVENTFD, &ioeventfd))
		return true;
	if (errno != ENOSPC)
		die("KVM_IOEVENTFD");
	return false;
}

bool backend_irqfd(int fd, unsigned int spi)
{
	struct kvm_irqfd irqfd = { .fd = fd, .gsi = spi };

	call(vm, KVM_IRQFD, &irqfd);
	return true;
}

/* As in the other monitor. */
static void run(void)
{
	struct kvm_run *run = page;
	int fd = vcpu;

	for (;;) {
		if (ioctl(fd, KVM_RUN, 0)) {
			if (errno == EINTR)
				continue;
			die("KVM_RUN");
		}
		if (run->exit_reason != KVM_EXIT_MMIO) {
			fprintf(stderr, "exit %u\n", run->exit_reason);
			exit(1);
		}
		if (!monitor_access(run->mmio.phys_addr, run->mmio.is_write, run->mmio.data))
			return;
	}
}

int main(int argc, char **argv)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	void *mem;

	if (kvm < 0)
		die("/dev/kvm");
	monitor_init(argc, argv);
	vm = call(kvm, KVM_CREATE_VM, 0);
	mem = add_memory(0, BENCH_RAM, BENCH_RAM_SIZE, false);
	memcpy(mem, payload_start, payload_end - payload_start);
	__builtin___clear_cache(mem, (char *)mem + (payload_end - payload_start));
	add_memory(1, BENCH_NEW, BENCH_NEW_SIZE, false);
	add_memory(2, BENCH_NEW_HUGE, BENCH_NEW_HUGE_SIZE, true);
	add_vcpu(kvm);
	add_gic();
	backend_ioeventfd(event_fd[EVENT], BENCH_EVENT);
	backend_ioeventfd(event_fd[EVENT_LOOP], BENCH_EVENT_LOOP);
	backend_ioeventfd(event_fd[EVENT_BACK], BENCH_EVENT_BACK);
	backend_irqfd(event_fd[EVENT_LOOP], BENCH_SPI_LOOP);
	backend_irqfd(event_fd[EVENT_WFI], BENCH_SPI_WFI);
	run();
	monitor_report();
	return 0;
}
