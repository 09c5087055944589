// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calls of gunyah-test-vmm: memory by a second open of the device, vCPUs before
 * it, started again and again, removed in use.
 */
#include "../kselftest_harness.h"
#include "lib/events.h"
#include "lib/monitor.h"

#define RAM		0x80000000UL
#define RAM_SIZE	(4 * SZ_2M)
#define IMAGE		(RAM + 0x80000)
#define DTB		(RAM + 2 * SZ_2M)
#define LENT_LATE	0xa0000000UL
#define SHARED_LATE	0x80000UL
#define SHARED_SIZE	(16 * SZ_4K)
#define NR_VCPUS	2

static const struct test_bell bell = { .label = 1, .spi = 1 };

struct test_vmm {
	struct monitor m;
	struct mon_vcpu vcpu[NR_VCPUS];
	pthread_t thread;
	int event;
	int mem;
};

static bool add_vcpus(struct test_vmm *t)
{
	struct mon_vcpu *vcpu;
	int size;

	for (vcpu = t->vcpu; vcpu < t->vcpu + NR_VCPUS; vcpu++)
		if (!monitor_step(&t->m, "GUNYAH_VM_ADD_FUNCTION of a vCPU",
				  mon_add_vcpu(&t->m, vcpu, vcpu - t->vcpu)))
			return false;
	for (vcpu = t->vcpu; vcpu < t->vcpu + NR_VCPUS; vcpu++) {
		size = __ioctl(vcpu->fd, MON_MMAP_SIZE, MON_GARBAGE);
		if (!monitor_step(&t->m, "GUNYAH_VCPU_MMAP_SIZE", size))
			return false;
	}
	for (vcpu = t->vcpu; vcpu < t->vcpu + NR_VCPUS; vcpu++)
		if (!monitor_step(&t->m, "mmap() of a vCPU", mon_map_vcpu(vcpu, SZ_4K)))
			return false;
	return true;
}

/* Image and device tree by mappings of their own; 0 or -errno. */
static int load(struct test_vmm *t)
{
	char *image = mmap(NULL, SZ_2M, PROT_READ | PROT_WRITE, MAP_SHARED, t->mem, IMAGE - RAM);
	char *dtb = mmap(NULL, SZ_2M, PROT_READ | PROT_WRITE, MAP_SHARED, t->mem, DTB - RAM);

	if (image == MAP_FAILED || dtb == MAP_FAILED)
		return -errno;
	mon_load(&t->m, image, dtb, SZ_2M / 2);
	munmap(image, SZ_2M);
	munmap(dtb, SZ_2M);
	return 0;
}

static bool add_memory(struct test_vmm *t, __u64 flags)
{
	t->mem = mon_create_mem(RAM_SIZE, flags);
	return monitor_step(&t->m, "GUNYAH_CREATE_GUEST_MEM", t->mem) &&
	       monitor_step(&t->m, "GUNYAH_VM_MAP_MEM of RAM, lent",
			    mon_map_mem(&t->m, t->mem, RAM, RAM_SIZE, MON_LEND_RWX)) &&
	       !load(t);
}

static bool start(struct test_vmm *t)
{
	return monitor_step(&t->m, "GUNYAH_VM_SET_BOOT_CONTEXT of the PC",
			    mon_set_pc(&t->m, IMAGE)) &&
	       monitor_step(&t->m, "GUNYAH_VM_START", mon_start(&t->m)) &&
	       monitor_step(&t->m, "GUNYAH_VM_START again", mon_start(&t->m)) &&
	       monitor_step(&t->m, "GUNYAH_VM_START again", mon_start(&t->m));
}

/* Sleeps until it is powered on, does what it is told, sleeps until the end. */
static void *secondary(void *arg)
{
	struct mon_vcpu *vcpu = arg;

	return (void *)(long)mon_command(vcpu, AGENT_WFI, 0, 0, 0, NULL);
}

/* Entry, device tree, interrupt, the other vCPU: 0 when the guest saw all as it should. */
static int use_guest(struct test_vmm *t)
{
	struct mon_vcpu *boot = &t->vcpu[0];
	__u64 pc = 0, x0 = 0, irq = 0, on = 1;
	int ret;

	pthread_create(&t->thread, NULL, secondary, &t->vcpu[1]);
	ret = mon_command(boot, AGENT_PC, 0, 0, 0, &pc) ?:
	      mon_command(boot, AGENT_BOOT_X0, 0, 0, 0, &x0) ?:
	      mon_command(boot, AGENT_IRQ_ON, GUEST_SPI + bell.spi, 1, 0, NULL);
	if (ret)
		return ret;
	event_signal(t->event);
	ret = mon_command(boot, AGENT_WAIT_IRQ, 0, 0, 0, &irq) ?:
	      mon_command(boot, AGENT_HVC, PSCI_CPU_ON, 1, IMAGE + AGENT_SECONDARY, &on);
	if (ret)
		return ret;
	return pc == IMAGE && x0 == DTB && irq == GUEST_SPI + bell.spi && !on ? 0 : -EPROTO;
}

/* The guest finds what the host has written, and the other way round. */
static bool shared_is_seen(struct test_vmm *t, int mem)
{
	__u64 *p = mmap(NULL, SHARED_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, mem, 0);
	__u64 value = 0;

	if (p == MAP_FAILED)
		return false;
	p[1] = 0x1234;
	if (mon_command(&t->vcpu[0], AGENT_LOAD, SHARED_LATE + 8, 8, 0, &value) ||
	    mon_command(&t->vcpu[0], AGENT_STORE, SHARED_LATE + 16, 8, 0x5678, NULL))
		return false;
	return value == 0x1234 && p[2] == 0x5678;
}

/* The guest writes and reads, from one end to the other. */
static bool lent_is_used(struct test_vmm *t)
{
	__u64 first = 0, last = 0;

	return !mon_command(&t->vcpu[0], AGENT_STORE, LENT_LATE, 8, 0x1234, NULL) &&
	       !mon_command(&t->vcpu[0], AGENT_STORE, LENT_LATE + SZ_2M - 8, 8, 0x5678, NULL) &&
	       !mon_command(&t->vcpu[0], AGENT_LOAD, LENT_LATE, 8, 0, &first) &&
	       !mon_command(&t->vcpu[0], AGENT_LOAD, LENT_LATE + SZ_2M - 8, 8, 0, &last) &&
	       first == 0x1234 && last == 0x5678;
}

/* Memory that comes while the guest runs; true unless what was said to be there is not. */
static bool late_memory(struct test_vmm *t)
{
	int lent = mon_create_mem(SZ_2M, 0), shared = mon_create_mem(SHARED_SIZE, 0);
	bool ok = lent >= 0 && shared >= 0;

	if (monitor_step(&t->m, "GUNYAH_VM_MAP_MEM of 0xa0000000, lent",
			 mon_map_mem(&t->m, lent, LENT_LATE, SZ_2M, MON_LEND_RWX)))
		ok &= lent_is_used(t);
	if (monitor_step(&t->m, "GUNYAH_VM_MAP_MEM of 0x80000, shared",
			 mon_map_mem(&t->m, shared, SHARED_LATE, SHARED_SIZE, MON_SHARE_RWX)))
		ok &= shared_is_seen(t, shared);
	monitor_step(&t->m, "GUNYAH_VM_MAP_MEM of 0x80000, out again",
		     mon_map_mem(&t->m, shared, SHARED_LATE, SHARED_SIZE,
				 MON_SHARE_RWX | MON_UNMAP));
	monitor_step(&t->m, "GUNYAH_VM_MAP_MEM of 0xa0000000, out again",
		     mon_map_mem(&t->m, lent, LENT_LATE, SZ_2M, MON_LEND_RWX | MON_UNMAP));
	close(lent);
	close(shared);
	return ok;
}

/* The other vCPU's thread comes to its end with the VM. */
static int finish(struct test_vmm *t)
{
	int ret = mon_power_off(&t->vcpu[0]);
	void *other;

	pthread_join(t->thread, &other);
	return ret ?: (long)other == 0 || (long)other == MON_ENDED ? ret : (int)(long)other;
}

/* An error is a panic there; all files are open, all pages mapped. */
static void remove_vcpus(struct test_vmm *t)
{
	unsigned int i;

	for (i = 0; i < NR_VCPUS; i++)
		monitor_step(&t->m, "GUNYAH_VM_REMOVE_FUNCTION of a vCPU",
			     mon_remove_vcpu(&t->m, &t->vcpu[i]));
	for (i = 0; i < NR_VCPUS; i++)
		mon_close_vcpu(&t->vcpu[i]);
}

FIXTURE(test_vmm)
{
	struct test_vmm t;
};

FIXTURE_VARIANT(test_vmm)
{
	__u64 flags;
};

FIXTURE_VARIANT_ADD(test_vmm, small_pages)
{
	.flags = 0,
};

FIXTURE_VARIANT_ADD(test_vmm, huge_pages)
{
	.flags = 2,
};

FIXTURE_SETUP(test_vmm)
{
	require_gunyah();
	self->t.event = event_new();
	monitor_begin(&self->t.m, "gunyah-test-vmm", 0);
	self->t.m.tree.nr_vcpus = NR_VCPUS;
	vm_add_bell(&self->t.m.tree, &bell);
}

FIXTURE_TEARDOWN(test_vmm)
{
	EXPECT_TRUE(monitor_end(&self->t.m));
	close(self->t.mem);
	close(self->t.event);
}

/* R20, R60, R81 */
TEST_F(test_vmm, runs)
{
	struct test_vmm *t = &self->t;

	ASSERT_TRUE(monitor_step(&t->m, "GUNYAH_CREATE_VM", mon_create_vm(&t->m)) &&
		    add_vcpus(t) &&
		    monitor_step(&t->m, "GUNYAH_VM_ADD_FUNCTION of irqfd 1",
				 mon_add_irqfd(&t->m, t->event, bell.label, 0)) &&
		    monitor_step(&t->m, "GUNYAH_VM_SET_DTB_CONFIG",
				 mon_set_dtb(&t->m, DTB, SZ_2M)) &&
		    add_memory(t, variant->flags) && start(t));
	ASSERT_TRUE(monitor_step(&t->m, "GUNYAH_VCPU_RUN", use_guest(t)));
	EXPECT_TRUE(late_memory(t));
	EXPECT_TRUE(monitor_step(&t->m, "GUNYAH_VCPU_RUN to the end", finish(t)));
	remove_vcpus(t);
}

TEST_HARNESS_MAIN
