// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calls of QEMU's accelerator: an irqfd for each interrupt there is, vCPUs from
 * their own threads, nothing asked before it is done.
 */
#include <sched.h>

#include "../kselftest_harness.h"
#include "lib/events.h"
#include "lib/monitor.h"

#define RAM		0x80000000UL
#define RAM_SIZE	(2 * SZ_2M)
#define DTB		(RAM + SZ_2M)
#define DTB_SIZE	0x100000UL
#define LATE		0x98000000UL
#define LATE_SIZE	(16 * SZ_4K)

#define NR_IRQFDS	256
#define NR_VCPUS	2
/* More than the published resource manager takes, and each as small as can be. */
#define NR_REGIONS	70

/* The only ones that the device tree knows. */
static const struct test_bell qemu_bells[] = {
	{ .label = 7, .spi = 7, .level = true, .can_clear = true },
	{ .label = 200, .spi = 31, .level = true, .can_clear = true },
};

struct qemu;

struct qemu_thread {
	struct qemu *q;
	struct mon_vcpu vcpu;
	pthread_t thread;
	int added;
	int mapped;
	int early;
	int end;
	bool ready;
};

struct qemu {
	struct monitor m;
	struct qemu_thread thread[NR_VCPUS];
	int event[NR_IRQFDS];
};

static void qemu_begin(struct qemu *q, const char *name, unsigned long needs)
{
	unsigned int i;

	monitor_begin(&q->m, name, needs);
	q->m.tree.nr_vcpus = NR_VCPUS;
	for (i = 0; i < ARRAY_SIZE(qemu_bells); i++)
		vm_add_bell(&q->m.tree, &qemu_bells[i]);
	for (i = 0; i < NR_IRQFDS; i++)
		q->event[i] = event_new();
}

static void load(struct qemu *q, char *ram)
{
	mon_load(&q->m, ram, ram + DTB - RAM, DTB_SIZE / 2);
}

static bool add_irqfds(struct qemu *q)
{
	unsigned int i;

	for (i = 0; i < NR_IRQFDS; i++)
		if (!monitor_step(&q->m, "GUNYAH_VM_ADD_FUNCTION of irqfds",
				  mon_add_irqfd(&q->m, q->event[i], i, 1)))
			return false;
	return true;
}

/* Also those that no doorbell belongs to: nothing happens then. */
static void signal_all(struct qemu *q)
{
	unsigned int i;

	for (i = 0; i < NR_IRQFDS; i++)
		event_signal(q->event[i]);
}

/* The interrupt of one of the doorbells, which was signalled: 0 or -errno. */
static int take_interrupt(struct mon_vcpu *vcpu, const struct test_bell *bell)
{
	__u64 irq = 0;
	int ret;

	ret = mon_command(vcpu, AGENT_IRQ_ON, GUEST_SPI + bell->spi, 0, 0, NULL) ?:
	      mon_command(vcpu, AGENT_WAIT_IRQ, 0, 0, 0, &irq);
	return ret ?: irq == GUEST_SPI + bell->spi ? 0 : -EPROTO;
}

/* What the first vCPU does: interrupts from before the start and after, and the other. */
static int boot_vcpu(struct qemu *q)
{
	struct mon_vcpu *vcpu = &q->thread[0].vcpu;
	__u64 pc = 0, x0 = 0, on = 1;
	int ret;

	ret = mon_command(vcpu, AGENT_PC, 0, 0, 0, &pc) ?:
	      mon_command(vcpu, AGENT_BOOT_X0, 0, 0, 0, &x0) ?:
	      take_interrupt(vcpu, &qemu_bells[0]) ?:
	      take_interrupt(vcpu, &qemu_bells[1]);
	if (ret)
		return ret;
	if (pc != RAM || x0 != DTB)
		return -EPROTO;
	event_signal(q->event[qemu_bells[1].label]);
	ret = take_interrupt(vcpu, &qemu_bells[1]) ?:
	      mon_command(vcpu, AGENT_HVC, PSCI_CPU_ON, 1, RAM + AGENT_SECONDARY, &on);
	if (ret || on)
		return ret ?: -EPROTO;
	return mon_power_off(vcpu);
}

/* The other one is busy until the end, which is all that its thread is told. */
static int secondary_vcpu(struct mon_vcpu *vcpu)
{
	int ret;

	do {
		ret = mon_command(vcpu, AGENT_NOP, 0, 0, 0, NULL);
	} while (!ret);
	return ret == MON_ENDED ? 0 : ret;
}

static void *vcpu_thread(void *arg)
{
	struct qemu_thread *t = arg;

	t->added = mon_add_vcpu(&t->q->m, &t->vcpu, t - t->q->thread);
	t->mapped = t->added < 0 ? -EBADF : mon_map_vcpu(&t->vcpu, 4096);
	t->early = t->mapped ? -EBADF : __ioctl(t->vcpu.fd, MON_RUN, MON_GARBAGE);
	__atomic_store_n(&t->ready, true, __ATOMIC_RELEASE);
	if (t->early != -ENODEV)
		return NULL;

	/* Until it is started. */
	do {
		t->end = t->vcpu.id ? secondary_vcpu(&t->vcpu) : boot_vcpu(t->q);
		sched_yield();
	} while (t->end == -ENODEV);
	return NULL;
}

/* The threads' calls up to where they wait for the start. */
static bool add_vcpus(struct qemu *q)
{
	struct qemu_thread *t;
	bool ok = true;

	for (t = q->thread; t < q->thread + NR_VCPUS; t++) {
		t->q = q;
		if (pthread_create(&t->thread, NULL, vcpu_thread, t))
			test_die("pthread_create");
		while (!__atomic_load_n(&t->ready, __ATOMIC_ACQUIRE))
			sched_yield();
	}
	for (t = q->thread; t < q->thread + NR_VCPUS; t++)
		ok &= monitor_step(&q->m, "GUNYAH_VM_ADD_FUNCTION of a vCPU", t->added);
	for (t = q->thread; t < q->thread + NR_VCPUS; t++)
		ok &= monitor_step(&q->m, "mmap() of a vCPU", t->mapped);
	return ok;
}

/* Meanwhile their runs are interrupted, which is an answer, too. */
static void end_vcpus(struct qemu *q)
{
	struct qemu_thread *t;
	sigset_t mask;

	/* The signals are for them alone. */
	sigemptyset(&mask);
	sigaddset(&mask, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &mask, NULL);
	alarm_every_ms(5);
	for (t = q->thread; t < q->thread + NR_VCPUS; t++) {
		pthread_join(t->thread, NULL);
		mon_close_vcpu(&t->vcpu);
	}
	alarm_every_ms(0);
}

FIXTURE(qemu)
{
	struct qemu q;
};

FIXTURE_SETUP(qemu)
{
	require_gunyah();
}

FIXTURE_TEARDOWN(qemu)
{
	EXPECT_TRUE(monitor_end(&self->q.m));
}

/* R20, R41, R81: its RAM is shared */
TEST_F(qemu, shared_ram)
{
	struct qemu *q = &self->q;
	struct monitor *m = &q->m;
	struct mon_vcpu vcpu;
	char *ram = mon_user_pages(RAM_SIZE);

	qemu_begin(q, "QEMU", MON_SET_USER_MEM);
	load(q, ram);
	if (!monitor_step(m, "GUNYAH_CREATE_VM", mon_create_vm(m)) ||
	    !monitor_step(m, "GUNYAH_VM_SET_USER_MEM_REGION of RAM",
			  mon_user_mem(m, MON_SET_USER_MEM, 0, 7, RAM, RAM_SIZE, ram)))
		return;
	/* That one is tolerated. */
	monitor_step(m, "GUNYAH_VM_SET_USER_MEM_REGION again",
		     mon_user_mem(m, MON_SET_USER_MEM, 0, 7, RAM, RAM_SIZE, ram));
	ASSERT_TRUE(add_irqfds(q));
	ASSERT_TRUE(monitor_step(m, "GUNYAH_VM_ADD_FUNCTION of a vCPU", mon_add_vcpu(m, &vcpu, 0)));
	ASSERT_TRUE(monitor_step(m, "mmap() of a vCPU", mon_map_vcpu(&vcpu, 4096)));
	monitor_step(m, "GUNYAH_VM_SET_DTB_CONFIG", mon_set_dtb(m, DTB, DTB_SIZE));
	monitor_step(m, "GUNYAH_VM_START", mon_start(m));
	mon_close_vcpu(&vcpu);
}

/* R20, R81 */
TEST_F(qemu, many_shared_regions)
{
	char *ram = mon_user_pages(RAM_SIZE), *other = mon_user_pages(NR_REGIONS * PAGE);
	struct qemu *q = &self->q;
	struct monitor *m = &q->m;
	unsigned int i;

	qemu_begin(q, "QEMU, many regions", MON_SET_USER_MEM);
	load(q, ram);
	if (!monitor_step(m, "GUNYAH_CREATE_VM", mon_create_vm(m)) ||
	    !monitor_step(m, "GUNYAH_VM_SET_USER_MEM_REGION of RAM",
			  mon_user_mem(m, MON_SET_USER_MEM, 0, 0xf, RAM, RAM_SIZE, ram)))
		return;
	for (i = 0; i < NR_REGIONS; i++)
		ASSERT_TRUE(monitor_step(m, "GUNYAH_VM_SET_USER_MEM_REGION, shared",
					 mon_user_mem(m, MON_SET_USER_MEM, i + 1, 7,
						      LATE + i * SZ_2M, PAGE,
						      other + i * PAGE)));
	monitor_step(m, "GUNYAH_VM_SET_DTB_CONFIG", mon_set_dtb(m, DTB, DTB_SIZE));
	monitor_step(m, "GUNYAH_VM_START", mon_start(m));
}

/* A region each of a block of RAM, of which the second one has the device tree. */
static bool lend_ram(struct monitor *m, int fd, unsigned int nr_regions)
{
	__u64 size = RAM_SIZE / nr_regions;
	unsigned int i;

	for (i = 0; i < nr_regions; i++)
		if (!monitor_step(m, "GUNYAH_VM_MAP_MEM of RAM, lent",
				  mon_map_mem_at(m, fd, i * size, RAM + i * size, size,
						 MON_LEND_RWX)))
			return false;
	return true;
}

FIXTURE(lent)
{
	struct qemu q;
};

FIXTURE_VARIANT(lent)
{
	unsigned int nr_regions;
};

FIXTURE_VARIANT_ADD(lent, one_region) { .nr_regions = 1 };
/*
 * Without a boot context the entry is the start of RAM: the base of the guest's memory,
 * which is where the regions begin that follow one another up to the device tree, and not
 * the region that happens to hold it.
 */
FIXTURE_VARIANT_ADD(lent, adjoining_regions) { .nr_regions = 2 };

FIXTURE_SETUP(lent)
{
	require_gunyah();
}

FIXTURE_TEARDOWN(lent)
{
	EXPECT_TRUE(monitor_end(&self->q.m));
}

/* R5, R20, R41, R45, R81: what it does besides, in a VM that runs */
TEST_F(lent, ram)
{
	int fd = mon_create_mem(RAM_SIZE, 0);
	char *ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *late = mon_user_pages(LATE_SIZE);
	struct qemu *q = &self->q;
	struct monitor *m = &q->m;
	unsigned int i;

	qemu_begin(q, "QEMU, RAM lent", MON_SET_USER_MEM);
	ASSERT_NE(MAP_FAILED, ram);
	load(q, ram);
	munmap(ram, RAM_SIZE);
	ASSERT_TRUE(monitor_step(m, "GUNYAH_CREATE_VM", mon_create_vm(m)) &&
		    lend_ram(m, fd, variant->nr_regions));
	ASSERT_TRUE(add_irqfds(q));
	signal_all(q);
	ASSERT_TRUE(add_vcpus(q));
	for (i = 0; i < NR_VCPUS; i++)
		monitor_step(m, "GUNYAH_VCPU_RUN too early", q->thread[i].early);
	ASSERT_TRUE(monitor_step(m, "GUNYAH_VM_SET_DTB_CONFIG", mon_set_dtb(m, DTB, DTB_SIZE)));
	ASSERT_TRUE(monitor_step(m, "GUNYAH_VM_START", mon_start(m)));
	monitor_step(m, "GUNYAH_VM_SET_USER_MEM_REGION after the start",
		     mon_user_mem(m, MON_SET_USER_MEM, 1, 7, LATE, LATE_SIZE, late));
	end_vcpus(q);
	for (i = 0; i < NR_VCPUS; i++)
		monitor_step(m, "GUNYAH_VCPU_RUN to the end", q->thread[i].end);
}

TEST_HARNESS_MAIN
