// SPDX-License-Identifier: GPL-2.0-only
/*
 * irqfds (R45): a signal of the eventfd is an interrupt of the guest.  The guests have no
 * timer: a signal that does not come through is a test that does not end.
 *
 * That there was no interrupt is seen by the next one: the host rings another
 * doorbell, and the guest has taken no other up to that one.
 */
#include <sched.h>
#include <sys/eventfd.h>

#include "../kselftest_harness.h"
#include "lib/events.h"

#define LEVEL		GUNYAH_IRQFD_FLAGS_LEVEL

FIXTURE(irqfd)
{
	struct test_vm vm;
	struct test_vcpu *vcpu;
	int fd;
	int mark;
};

FIXTURE_SETUP(irqfd)
{
	require_gunyah();
	self->fd = event_new();
	self->mark = event_new();
	bells_create(&self->vm, 2);
	self->vcpu = &self->vm.vcpu[0];
	add_irqfd(self->vm.fd, self->mark, bells[MARK].label, 0);
}

FIXTURE_TEARDOWN(irqfd)
{
	vm_destroy(&self->vm);
	close(self->fd);
	close(self->mark);
}

#define to_mark(bell)	irqs_to_mark(self->vcpu, self->mark, bell)

FIXTURE(one_bell)
{
	struct test_vm vm;
	struct test_vcpu *vcpu;
	int fd;
	int mark;
};

FIXTURE_VARIANT(one_bell)
{
	unsigned int bell;
	__u32 flags;
};

FIXTURE_VARIANT_ADD(one_bell, edge) { .bell = EDGE };
FIXTURE_VARIANT_ADD(one_bell, level) { .bell = LEVEL_CLEARED, .flags = LEVEL };
/* What the flag says is what the host does; what the interrupt is says the device tree. */
FIXTURE_VARIANT_ADD(one_bell, edge_called_level) { .bell = EDGE, .flags = LEVEL };

FIXTURE_SETUP(one_bell)
{
	require_gunyah();
	self->fd = event_new();
	self->mark = event_new();
	bells_create(&self->vm, 1);
	self->vcpu = &self->vm.vcpu[0];
	add_irqfd(self->vm.fd, self->mark, bells[MARK].label, 0);
}

FIXTURE_TEARDOWN(one_bell)
{
	vm_destroy(&self->vm);
	close(self->fd);
	close(self->mark);
}

/* Adds the irqfd of the variant. */
#define add_bell()							\
	add_irqfd(self->vm.fd, self->fd, bells[variant->bell].label, variant->flags)

/* ---- interrupts ---- */

/* R45: what was signalled before the start, however often, is one interrupt after it */
TEST_F(one_bell, signalled_before_start)
{
	add_bell();
	event_signal(self->fd);
	event_signal(self->fd);
	eventfd_write(self->fd, 5);
	bells_start(&self->vm);
	EXPECT_EQ(intid(variant->bell), wait_irq(self->vcpu));
	EXPECT_EQ(0, event_take(self->fd));
	EXPECT_EQ(0, to_mark(variant->bell));
}

/* The same with an eventfd that was signalled before it was added */
TEST_F(one_bell, signalled_before_it_is_added)
{
	event_signal(self->fd);
	add_bell();
	bells_start(&self->vm);
	EXPECT_EQ(intid(variant->bell), wait_irq(self->vcpu));
	EXPECT_EQ(0, to_mark(variant->bell));

	/* And once more, in a VM that runs. */
	EXPECT_EQ(0, __remove_irqfd(self->vm.fd, bells[variant->bell].label));
	event_signal(self->fd);
	add_bell();
	EXPECT_EQ(intid(variant->bell), wait_irq(self->vcpu));
	EXPECT_EQ(0, to_mark(variant->bell));
}

/* No signal, no interrupt: neither at the start nor when the masks are set */
TEST_F(one_bell, not_signalled)
{
	add_bell();
	bells_start(&self->vm);
	EXPECT_EQ(0, to_mark(variant->bell));
	EXPECT_EQ(0, __remove_irqfd(self->vm.fd, bells[variant->bell].label));
	EXPECT_EQ(0, to_mark(variant->bell));
}

/* R45: each signal is an interrupt, and its eventfd is empty by then */
TEST_F(one_bell, each_signal)
{
	unsigned int i;

	add_bell();
	bells_start(&self->vm);
	for (i = 1; i <= 200; i++) {
		if (i % 3)
			event_signal(self->fd);
		else
			ASSERT_EQ(0, eventfd_write(self->fd, i));
		ASSERT_EQ(intid(variant->bell), wait_irq(self->vcpu));
		ASSERT_EQ(0, event_take(self->fd));
	}
	EXPECT_EQ(0, to_mark(variant->bell));
}

/* R20, R45: a signal after the end is of no run; one after the reset is the next run's, once */
TEST_F(one_bell, over_resets)
{
	unsigned int i;

	add_bell();
	bells_start(&self->vm);
	for (i = 0; i < 4; i++) {
		event_signal(self->fd);
		EXPECT_EQ(intid(variant->bell), wait_irq(self->vcpu));
		ASSERT_EQ(AGENT_STATUS, agent_psci(self->vcpu, PSCI_SYSTEM_OFF, 0, 0));
		event_signal(self->fd);
		EXPECT_EQ(0, event_take(self->fd));
		ASSERT_EQ(0, __vm_reset(&self->vm));
		if (i & 1)
			event_signal(self->fd);
		vm_load(&self->vm);
		bells_start(&self->vm);
		if (i & 1)
			EXPECT_EQ(intid(variant->bell), wait_irq(self->vcpu));
		EXPECT_EQ(0, to_mark(variant->bell));
	}
}

/* Signals before the guest looks may become one, but not none, and not more than they are */
TEST_F(one_bell, several_signals)
{
	unsigned int i, j, n;

	add_bell();
	bells_start(&self->vm);
	for (i = 1; i <= 8; i++) {
		for (j = 0; j < i; j++)
			event_signal(self->fd);
		n = to_mark(variant->bell);
		EXPECT_LE(1, n);
		EXPECT_GE(i, n);
		EXPECT_EQ(0, event_take(self->fd));
	}
	EXPECT_EQ(0, to_mark(variant->bell));
}

/* The guest sleeps, and so does the thread in RUN: the signal wakes both */
TEST_F(one_bell, wakes_a_guest_that_sleeps)
{
	struct agent_job job;
	unsigned int i;

	add_bell();
	bells_start(&self->vm);
	for (i = 0; i < 20; i++) {
		job_start(&job, self->vcpu, AGENT_WAIT_IRQ, 0, 0, 0);
		agent_wait_busy(self->vcpu);
		ASSERT_TRUE(wait_for_sleep(&job.tid, &job.over));
		event_signal(self->fd);
		ASSERT_EQ(AGENT_DONE, job_end(&job));
		ASSERT_EQ(intid(variant->bell), self->vcpu->result);
	}
}

/* A doorbell can have its irqfd when the guest runs, and another one afterwards */
TEST_F(one_bell, added_and_removed_while_it_runs)
{
	unsigned int i;

	bells_start(&self->vm);
	for (i = 0; i < 20; i++) {
		add_bell();
		event_signal(self->fd);
		ASSERT_EQ(intid(variant->bell), wait_irq(self->vcpu));
		ASSERT_EQ(0, __remove_irqfd(self->vm.fd, bells[variant->bell].label));
		/* Now it is an eventfd like any other. */
		event_signal(self->fd);
		EXPECT_EQ(0, to_mark(variant->bell));
		EXPECT_EQ(1, event_take(self->fd));
	}
}

/* R45: who closes the eventfd has signalled it before, and removes it by that */
TEST_F(one_bell, hang_up)
{
	unsigned int i;
	int ret;

	bells_start(&self->vm);
	for (i = 0; i < 20; i++) {
		add_bell();
		event_signal(self->fd);
		close(self->fd);
		ASSERT_EQ(intid(variant->bell), wait_irq(self->vcpu));
		self->fd = event_new();
		/* It goes when somebody has the time; a label that stays is a hang here. */
		do {
			ret = __add_irqfd(self->vm.fd, self->fd, bells[variant->bell].label,
					  variant->flags);
			if (ret)
				sched_yield();
		} while (ret == -EEXIST);
		ASSERT_EQ(0, ret);
		event_signal(self->fd);
		ASSERT_EQ(intid(variant->bell), wait_irq(self->vcpu));
		ASSERT_EQ(0, __remove_irqfd(self->vm.fd, bells[variant->bell].label));
	}
	EXPECT_EQ(0, to_mark(variant->bell));
}

/*
 * Level, and the host may not clear it: the interrupt comes again until the guest
 * clears the doorbell, which this one does not.
 */
TEST_F(irqfd, level_that_only_the_guest_can_clear)
{
	int i;

	add_irqfd(self->vm.fd, self->fd, bells[LEVEL_STUCK].label, LEVEL);
	event_signal(self->fd);
	vm_start(&self->vm);
	bell_on(self->vcpu, &bells[LEVEL_STUCK]);
	for (i = 0; i < 10; i++)
		EXPECT_EQ(intid(LEVEL_STUCK), wait_irq(self->vcpu));
	EXPECT_EQ(0, event_take(self->fd));
}

/* Level by the device tree alone: nobody asked to have it cleared */
TEST_F(irqfd, level_called_edge)
{
	int i;

	add_irqfd(self->vm.fd, self->fd, bells[LEVEL_CLEARED].label, 0);
	bells_start(&self->vm);
	EXPECT_EQ(0, to_mark(LEVEL_CLEARED));
	event_signal(self->fd);
	for (i = 0; i < 10; i++)
		EXPECT_EQ(intid(LEVEL_CLEARED), wait_irq(self->vcpu));
}

/* Each write to such an eventfd is one of its counts, and one interrupt */
TEST_F(irqfd, semaphore)
{
	int fd = eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC), i;

	ASSERT_LE(0, fd);
	add_irqfd(self->vm.fd, fd, bells[EDGE].label, 0);
	bells_start(&self->vm);
	for (i = 0; i < 20; i++) {
		event_signal(fd);
		EXPECT_EQ(intid(EDGE), wait_irq(self->vcpu));
		EXPECT_EQ(0, event_take(fd));
	}
	close(fd);
}

/* The CPU that the guest has chosen gets it, and the others sleep on */
TEST_F(irqfd, goes_to_the_right_cpu)
{
	struct agent_job jobs[2];
	int i;

	add_irqfd(self->vm.fd, self->fd, bells[EDGE].label, 0);
	vm_start(&self->vm);
	ASSERT_EQ(0, agent_cpu_on(&self->vm.vcpu[0], 1, 0));
	bell_on(&self->vm.vcpu[0], &bells[MARK]);
	bell_on(&self->vm.vcpu[1], &bells[EDGE]);
	for (i = 0; i < 2; i++) {
		job_start(&jobs[i], &self->vm.vcpu[i], AGENT_WAIT_IRQ, 0, 0, 0);
		agent_wait_busy(&self->vm.vcpu[i]);
		ASSERT_TRUE(wait_for_sleep(&jobs[i].tid, &jobs[i].over));
	}
	event_signal(self->fd);
	ASSERT_EQ(AGENT_DONE, job_end(&jobs[1]));
	EXPECT_EQ(intid(EDGE), self->vm.vcpu[1].result);
	EXPECT_FALSE(__atomic_load_n(&jobs[0].over, __ATOMIC_ACQUIRE));
	event_signal(self->mark);
	ASSERT_EQ(AGENT_DONE, job_end(&jobs[0]));
	EXPECT_EQ(intid(MARK), self->vm.vcpu[0].result);
}

/* What the guest has not enabled waits for it */
TEST_F(irqfd, not_enabled_yet)
{
	add_irqfd(self->vm.fd, self->fd, bells[EDGE].label, 0);
	vm_start(&self->vm);
	bell_on(self->vcpu, &bells[MARK]);
	event_signal(self->fd);
	EXPECT_EQ(0, to_mark(EDGE));
	bell_on(self->vcpu, &bells[EDGE]);
	EXPECT_EQ(intid(EDGE), wait_irq(self->vcpu));
	EXPECT_EQ(0, to_mark(EDGE));
}

/* R45: two irqfds on one eventfd, and two VMs: all of them hear of each signal */
TEST_F(irqfd, one_eventfd_for_several)
{
	struct test_vm other;
	unsigned int i;

	bells_create(&other, 1);
	add_irqfd(self->vm.fd, self->fd, bells[EDGE].label, 0);
	add_irqfd(self->vm.fd, self->fd, bells[LEVEL_CLEARED].label, LEVEL);
	add_irqfd(other.fd, self->fd, bells[EDGE].label, 0);
	bells_start(&self->vm);
	bells_start(&other);
	for (i = 0; i < 50; i++) {
		event_signal(self->fd);
		/* In the order of their numbers. */
		EXPECT_EQ(intid(EDGE), wait_irq(self->vcpu));
		EXPECT_EQ(intid(LEVEL_CLEARED), wait_irq(self->vcpu));
		EXPECT_EQ(intid(EDGE), wait_irq(&other.vcpu[0]));
		EXPECT_EQ(0, event_take(self->fd));
	}
	/* Without the one the others go on. */
	EXPECT_EQ(0, __remove_irqfd(self->vm.fd, bells[EDGE].label));
	event_signal(self->fd);
	EXPECT_EQ(intid(LEVEL_CLEARED), wait_irq(self->vcpu));
	EXPECT_EQ(intid(EDGE), wait_irq(&other.vcpu[0]));
	vm_destroy(&other);
	event_signal(self->fd);
	EXPECT_EQ(intid(LEVEL_CLEARED), wait_irq(self->vcpu));
	EXPECT_EQ(0, to_mark(LEVEL_CLEARED));
}

/* One eventfd for both ways: what the guest writes interrupts it, without the host */
TEST_F(irqfd, rung_by_an_ioeventfd)
{
	unsigned int i;

	add_irqfd(self->vm.fd, self->fd, bells[EDGE].label, 0);
	add_ioeventfd(self->vm.fd, self->fd, GUEST_MMIO, 4);
	bells_start(&self->vm);
	for (i = 0; i < 50; i++) {
		agent_do(self->vcpu, AGENT_STORE, GUEST_MMIO, 4, i);
		EXPECT_EQ(intid(EDGE), wait_irq(self->vcpu));
	}
	EXPECT_EQ(0, to_mark(EDGE));
	EXPECT_EQ(0, event_take(self->fd));
}

TEST_HARNESS_MAIN
