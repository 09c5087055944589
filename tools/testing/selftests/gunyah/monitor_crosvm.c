// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calls of crosvm, for a VM whose memory it shares and for a protected one; and
 * Android's private calls, which it knows.
 */
#include "../kselftest_harness.h"
#include "lib/events.h"
#include "lib/monitor.h"

#define RAM		0x80000000UL
#define RAM_SIZE	(4 * SZ_2M)
#define DTB_SIZE	SZ_2M
#define DTB		(RAM + RAM_SIZE - DTB_SIZE)
#define IMAGE		(RAM + 0x10000)
#define OTHER		0x90000000UL
#define OTHER_SIZE	(16 * SZ_4K)
#define LATE		0x98000000UL
/* Right below RAM. */
#define FIRMWARE_SIZE	(2 * SZ_2M)
#define FIRMWARE	(RAM - FIRMWARE_SIZE)

/* irqfds have the number of the interrupt as a label. */
static const struct test_bell crosvm_bells[] = {
	{ .label = 4, .spi = 4, .level = true, .can_clear = true },
	{ .label = 5, .spi = 5, .level = true, .can_clear = true },
	{ .label = 6, .spi = 6, .level = true, .can_clear = true },
	{ .label = 0, .spi = 0, .can_clear = true },
	{ .label = 1, .spi = 1, .can_clear = true },
	{ .label = 2, .spi = 2, .can_clear = true },
	{ .label = 15, .spi = 15, .can_clear = true },
};

#define NR_BELLS_CROSVM	ARRAY_SIZE(crosvm_bells)

struct crosvm {
	struct monitor m;
	struct mon_vcpu vcpu;
	int event[NR_BELLS_CROSVM];
	int kick;
	char *ram;
	char *other;
	__u64 image;
};

static void crosvm_begin(struct crosvm *c, const char *name, unsigned long needs)
{
	unsigned int i;

	monitor_begin(&c->m, name, needs);
	c->m.tree.nr_vcpus = 1;
	for (i = 0; i < NR_BELLS_CROSVM; i++) {
		vm_add_bell(&c->m.tree, &crosvm_bells[i]);
		c->event[i] = event_new();
	}
	c->kick = event_new();
	c->ram = mon_user_pages(RAM_SIZE);
	c->other = mon_user_pages(OTHER_SIZE);
	c->image = IMAGE;
	c->vcpu.fd = -1;
}

static bool add_irqfds(struct crosvm *c, bool level)
{
	unsigned int i;

	for (i = 0; i < NR_BELLS_CROSVM; i++)
		if (crosvm_bells[i].level == level &&
		    !monitor_step(&c->m, level ? "GUNYAH_VM_ADD_FUNCTION of irqfds, level" :
						 "GUNYAH_VM_ADD_FUNCTION of irqfds, edge",
				  mon_add_irqfd(&c->m, c->event[i], crosvm_bells[i].label, level)))
			return false;
	return true;
}

/* From the first vCPU to the start. */
static bool start(struct crosvm *c)
{
	struct monitor *m = &c->m;

	if (!monitor_step(m, "GUNYAH_VM_ADD_FUNCTION of a vCPU", mon_add_vcpu(m, &c->vcpu, 0)) ||
	    !monitor_step(m, "mmap() of a vCPU", mon_map_vcpu(&c->vcpu, SZ_4K)) ||
	    !add_irqfds(c, true) || !add_irqfds(c, false))
		return false;
	monitor_step(m, "GH_VM_CHECK_EXTENSION", __ioctl(m->vm, MON_CHECK_TIMER, 0));
	mon_load(m, c->ram + c->image - RAM, c->ram + DTB - RAM, DTB_SIZE / 2);
	return monitor_step(m, "GUNYAH_VM_SET_DTB_CONFIG", mon_set_dtb(m, DTB, DTB_SIZE)) &&
	       monitor_step(m, "GUNYAH_VM_SET_BOOT_CONTEXT of the PC", mon_set_pc(m, c->image)) &&
	       monitor_step(m, "GUNYAH_VM_START", mon_start(m));
}

/* Entry, device tree, buffers, all interrupts: 0 when the guest saw all as it should. */
static int use_guest(struct crosvm *c)
{
	__u64 pc = 0, x0 = 0, value = 0, irq;
	unsigned int i;
	int ret;

	*(__u64 *)c->other = 0x1234;
	ret = mon_command(&c->vcpu, AGENT_PC, 0, 0, 0, &pc) ?:
	      mon_command(&c->vcpu, AGENT_BOOT_X0, 0, 0, 0, &x0) ?:
	      mon_command(&c->vcpu, AGENT_LOAD, OTHER, 8, 0, &value) ?:
	      mon_command(&c->vcpu, AGENT_STORE, OTHER + 8, 8, 0x5678, NULL);
	if (ret)
		return ret;
	if (pc != c->image || x0 != DTB || value != 0x1234 || ((__u64 *)c->other)[1] != 0x5678)
		return -EPROTO;

	for (i = 0; i < NR_BELLS_CROSVM; i++) {
		irq = 0;
		event_signal(c->event[i]);
		ret = mon_command(&c->vcpu, AGENT_IRQ_ON, GUEST_SPI + crosvm_bells[i].spi,
				  !crosvm_bells[i].level, 0, NULL) ?:
		      mon_command(&c->vcpu, AGENT_WAIT_IRQ, 0, 0, 0, &irq);
		if (ret || irq != GUEST_SPI + crosvm_bells[i].spi)
			return ret ?: -EPROTO;
	}
	return 0;
}

static int ioeventfd(struct crosvm *c, unsigned long nr, __u64 addr, __u32 len, __u32 flags, int fd)
{
	struct mon_ioeventfd arg = { .addr = addr, .len = len, .fd = fd, .flags = flags };

	return mon_function(&c->m, nr, MON_FN_IOEVENTFD, &arg, sizeof(arg));
}

/* A write of any length signals; with a value to compare the flag is a wrong one. */
static bool use_ioeventfds(struct crosvm *c)
{
	monitor_step(&c->m, "GUNYAH_VM_ADD_FUNCTION of an ioeventfd",
		     ioeventfd(c, MON_ADD_FUNCTION, GUEST_MMIO, 0, 0, c->kick));
	monitor_step(&c->m, "GUNYAH_VM_ADD_FUNCTION, ioeventfd of a value",
		     ioeventfd(c, MON_ADD_FUNCTION, GUEST_MMIO + 8, 4, 2, c->kick));
	return !mon_command(&c->vcpu, AGENT_STORE, GUEST_MMIO, 2, 5, NULL) &&
	       !mon_command(&c->vcpu, AGENT_STORE, GUEST_MMIO, 4, 6, NULL) &&
	       event_take(c->kick) == 2;
}

/* By label only. */
static bool remove_irqfds(struct crosvm *c)
{
	struct mon_irqfd arg = {};
	unsigned int i;

	for (i = 0; i < NR_BELLS_CROSVM; i++) {
		arg.label = crosvm_bells[i].label;
		if (!monitor_step(&c->m, "GUNYAH_VM_REMOVE_FUNCTION of irqfds",
				  mon_function(&c->m, MON_REMOVE_FUNCTION, MON_FN_IRQFD, &arg,
					       sizeof(arg))))
			return false;
	}
	return true;
}

static int reclaim(struct monitor *m, __u64 gpa, __u64 size)
{
	struct mon_range range = { .gpa = gpa, .size = size };

	return __ioctl(m->vm, MON_RECLAIM_REGION, &range);
}

/* What it does while the guest runs. */
static bool change(struct crosvm *c)
{
	char *late = mon_user_pages(OTHER_SIZE);
	struct monitor *m = &c->m;
	bool ok = use_ioeventfds(c);
	int ret;

	monitor_step(m, "GUNYAH_VM_SET_USER_MEM_REGION after the start",
		     mon_user_mem(m, MON_SET_USER_MEM, 3, 7, LATE, OTHER_SIZE, late));
	ret = reclaim(m, DTB - SZ_2M, SZ_2M);
	if (ret == -ENOTTY)
		monitor_absent(m, "GH_VM_RECLAIM_REGION of the balloon", ret);
	else
		monitor_step(m, "GH_VM_RECLAIM_REGION of the balloon", ret);
	/* By address only. */
	return monitor_step(m, "GUNYAH_VM_REMOVE_FUNCTION of the ioeventfd",
			    ioeventfd(c, MON_REMOVE_FUNCTION, GUEST_MMIO, 0, 0, 0)) &&
	       remove_irqfds(c) && ok;
}

FIXTURE(crosvm)
{
	struct crosvm c;
};

FIXTURE_SETUP(crosvm)
{
	require_gunyah();
}

FIXTURE_TEARDOWN(crosvm)
{
	mon_close_vcpu(&self->c.vcpu);
	EXPECT_TRUE(monitor_end(&self->c.m));
}

/* R20, R25, R45, R81: its RAM is shared */
TEST_F(crosvm, unprotected)
{
	struct crosvm *c = &self->c;
	struct monitor *m = &c->m;

	crosvm_begin(c, "crosvm, unprotected", MON_SET_USER_MEM);
	(void)(monitor_step(m, "GUNYAH_CREATE_VM", mon_create_vm(m)) &&
	       monitor_step(m, "GUNYAH_VM_SET_USER_MEM_REGION of RAM",
			    mon_user_mem(m, MON_SET_USER_MEM, 0, 7, RAM, RAM_SIZE, c->ram)) &&
	       monitor_step(m, "GUNYAH_VM_SET_USER_MEM_REGION, read-only",
			    mon_user_mem(m, MON_SET_USER_MEM, 1, 5, OTHER, OTHER_SIZE, c->other)) &&
	       start(c));
}

/* R20, R25, R45, R81: its RAM is lent by Android's call */
TEST_F(crosvm, protected)
{
	struct crosvm *c = &self->c;
	struct monitor *m = &c->m;

	crosvm_begin(c, "crosvm, protected", MON_LEND_USER_MEM);
	m->tree.shm = (struct test_shm) { .gpa = OTHER, .size = OTHER_SIZE, .label = 1 };
	if (!monitor_step(m, "GUNYAH_CREATE_VM", mon_create_vm(m)) ||
	    !monitor_step(m, "GH_VM_ANDROID_LEND_USER_MEM of RAM",
			  mon_user_mem(m, MON_LEND_USER_MEM, 0, 7, RAM, RAM_SIZE, c->ram)))
		return;
	ASSERT_TRUE(monitor_step(m, "GUNYAH_VM_SET_USER_MEM_REGION of buffers",
				 mon_user_mem(m, MON_SET_USER_MEM, 1, 7, OTHER, OTHER_SIZE,
					      c->other)) &&
		    start(c) && monitor_step(m, "GUNYAH_VCPU_RUN", use_guest(c)));
	EXPECT_TRUE(change(c));
	monitor_step(m, "GUNYAH_VCPU_RUN to the end", mon_power_off(&c->vcpu));
}

static int set_firmware(struct monitor *m, __u64 gpa, __u64 size)
{
	struct mon_range range = { .gpa = gpa, .size = size };

	return __ioctl(m->vm, MON_SET_FW_CONFIG, &range);
}

/* R20, R29, R81: the same, with firmware that the resource manager has or has not */
TEST_F(crosvm, protected_with_firmware)
{
	char *firmware = mon_user_pages(FIRMWARE_SIZE);
	struct crosvm *c = &self->c;
	struct monitor *m = &c->m;

	crosvm_begin(c, "crosvm, protected with firmware", MON_LEND_USER_MEM);
	m->tree.shm = (struct test_shm) { .gpa = OTHER, .size = OTHER_SIZE, .label = 1 };
	c->image = RAM;
	if (!monitor_step(m, "GUNYAH_CREATE_VM", mon_create_vm(m)) ||
	    !monitor_step(m, "GH_VM_ANDROID_LEND_USER_MEM of RAM",
			  mon_user_mem(m, MON_LEND_USER_MEM, 0, 7, RAM, RAM_SIZE, c->ram)))
		return;
	ASSERT_TRUE(monitor_step(m, "GUNYAH_VM_SET_USER_MEM_REGION of buffers",
				 mon_user_mem(m, MON_SET_USER_MEM, 1, 7, OTHER, OTHER_SIZE,
					      c->other)) &&
		    monitor_step(m, "GH_VM_ANDROID_LEND_USER_MEM of firmware",
				 mon_user_mem(m, MON_LEND_USER_MEM, 2, 7, FIRMWARE, FIRMWARE_SIZE,
					      firmware)) &&
		    monitor_step(m, "GH_VM_ANDROID_SET_FW_CONFIG",
				 set_firmware(m, FIRMWARE, FIRMWARE_SIZE)));
	if (!start(c))
		return;
	EXPECT_TRUE(monitor_step(m, "GUNYAH_VCPU_RUN", use_guest(c)));
	monitor_step(m, "GUNYAH_VCPU_RUN to the end", mon_power_off(&c->vcpu));
}

/* R12: Android's calls are there or not, on a VM's file; on the others they never are */
TEST_F(crosvm, calls_of_android)
{
	static const unsigned int calls[] = {
		MON_LEND_USER_MEM, MON_SET_FW_CONFIG, MON_RECLAIM_REGION, MON_SET_AUTH_TYPE,
		MON_CREATE_CMA_MEM, MON_MAP_CMA_MEM, MON_CHECK_TIMER,
	};
	struct crosvm *c = &self->c;
	unsigned int i;

	monitor_begin(&c->m, "no table", 0);
	c->vcpu.fd = -1;
	ASSERT_LE(0, mon_create_vm(&c->m));
	ASSERT_LE(0, mon_add_vcpu(&c->m, &c->vcpu, 0));
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		EXPECT_FALSE(monitor_has(c->m.dev, calls[i]));
		EXPECT_FALSE(monitor_has(c->vcpu.fd, calls[i]));
		/* The first four may be built in. */
		if (i > 3)
			EXPECT_FALSE(monitor_has(c->m.vm, calls[i]));
	}
}

TEST_HARNESS_MAIN
