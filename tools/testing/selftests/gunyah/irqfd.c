// SPDX-License-Identifier: GPL-2.0-only
/*
 * irqfds: a signal of the eventfd is an interrupt of the guest.  The guests have no
 * timer: a signal that does not come through is a test that does not end.
 *
 * That there was no interrupt is seen by the next one: the host rings another
 * doorbell, and the guest has taken no other up to that one.
 */
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

#include "../kselftest_harness.h"
#include "lib/control.h"
#include "lib/events.h"

#define LEVEL		GUNYAH_IRQFD_FLAGS_LEVEL

/* The doorbells of these guests.  The mark is the last of several that are pending. */
enum { EDGE, LEVEL_CLEARED, LEVEL_STUCK, MARK, NR_BELLS };

static const struct test_bell bells[NR_BELLS] = {
	[EDGE] = { .label = 0x10, .spi = 8 },
	[LEVEL_CLEARED] = { .label = 0xfffffff1, .spi = 9, .level = true, .can_clear = true },
	[LEVEL_STUCK] = { .label = 0x12, .spi = 10, .level = true },
	[MARK] = { .label = 0x13, .spi = 40 },
};

#define NO_SUCH_LABEL	0x77

static __u64 intid(unsigned int bell)
{
	return GUEST_SPI + bells[bell].spi;
}

/* A VM with these doorbells; its vCPUs are not started yet. */
static void create(struct test_vm *vm, unsigned int nr_vcpus)
{
	unsigned int i;

	memset(vm, 0, sizeof(*vm));
	for (i = 0; i < NR_BELLS; i++)
		vm_add_bell(vm, &bells[i]);
	vm_create(vm, nr_vcpus);
}

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
	create(&self->vm, 2);
	self->vcpu = &self->vm.vcpu[0];
	add_irqfd(self->vm.fd, self->mark, bells[MARK].label, 0);
}

FIXTURE_TEARDOWN(irqfd)
{
	vm_destroy(&self->vm);
	close(self->fd);
	close(self->mark);
}

/* The agent takes the interrupts of all doorbells but those that can't be ended. */
static void start(struct test_vm *vm)
{
	vm_start(vm);
	bell_on(&vm->vcpu[0], &bells[EDGE]);
	bell_on(&vm->vcpu[0], &bells[LEVEL_CLEARED]);
	bell_on(&vm->vcpu[0], &bells[MARK]);
}

static __u64 wait_irq(struct test_vcpu *vcpu)
{
	return agent_do(vcpu, AGENT_WAIT_IRQ, 0, 0, 0);
}

static __u64 poll_irq(struct test_vcpu *vcpu)
{
	return agent_do(vcpu, AGENT_POLL_IRQ, 0, 0, 0);
}

/* Interrupts of a doorbell up to the mark, and no others. */
static unsigned int irqs_to_mark(struct __test_metadata *_metadata, struct test_vcpu *vcpu,
				 int mark, unsigned int bell)
{
	unsigned int n = 0, marks = 0;
	__u64 irq;

	event_signal(mark);
	irq = wait_irq(vcpu);
	do {
		EXPECT_TRUE(irq == intid(bell) || irq == intid(MARK));
		n += irq == intid(bell);
		marks += irq == intid(MARK);
		irq = marks ? poll_irq(vcpu) : wait_irq(vcpu);
	} while (irq < 1020);
	EXPECT_EQ(1, marks);
	return n;
}

#define to_mark(bell)	irqs_to_mark(_metadata, self->vcpu, self->mark, bell)

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
	create(&self->vm, 1);
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
	start(&self->vm);
	EXPECT_EQ(intid(variant->bell), wait_irq(self->vcpu));
	EXPECT_EQ(0, event_take(self->fd));
	EXPECT_EQ(0, to_mark(variant->bell));
}

/* The same with an eventfd that was signalled before it was added */
TEST_F(one_bell, signalled_before_it_is_added)
{
	event_signal(self->fd);
	add_bell();
	start(&self->vm);
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
	start(&self->vm);
	EXPECT_EQ(0, to_mark(variant->bell));
	EXPECT_EQ(0, __remove_irqfd(self->vm.fd, bells[variant->bell].label));
	EXPECT_EQ(0, to_mark(variant->bell));
}

/* R45: each signal is an interrupt, and its eventfd is empty by then */
TEST_F(one_bell, each_signal)
{
	unsigned int i;

	add_bell();
	start(&self->vm);
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

/* Signals before the guest looks may become one, but not none, and not more than they are */
TEST_F(one_bell, several_signals)
{
	unsigned int i, j, n;

	add_bell();
	start(&self->vm);
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
	start(&self->vm);
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

	start(&self->vm);
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

	start(&self->vm);
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
	start(&self->vm);
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
	start(&self->vm);
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

	create(&other, 1);
	add_irqfd(self->vm.fd, self->fd, bells[EDGE].label, 0);
	add_irqfd(self->vm.fd, self->fd, bells[LEVEL_CLEARED].label, LEVEL);
	add_irqfd(other.fd, self->fd, bells[EDGE].label, 0);
	start(&self->vm);
	start(&other);
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
	start(&self->vm);
	for (i = 0; i < 50; i++) {
		agent_do(self->vcpu, AGENT_STORE, GUEST_MMIO, 4, i);
		EXPECT_EQ(intid(EDGE), wait_irq(self->vcpu));
	}
	EXPECT_EQ(0, to_mark(EDGE));
	EXPECT_EQ(0, event_take(self->fd));
}

/* ---- what is refused ---- */

/* R43, R45 */
TEST_F(irqfd, label_twice)
{
	int other = event_new();

	add_irqfd(self->vm.fd, self->fd, bells[EDGE].label, 0);
	EXPECT_EQ(-EEXIST, __add_irqfd(self->vm.fd, other, bells[EDGE].label, 0));
	EXPECT_EQ(-EEXIST, __add_irqfd(self->vm.fd, other, bells[EDGE].label, LEVEL));
	start(&self->vm);
	EXPECT_EQ(-EEXIST, __add_irqfd(self->vm.fd, other, bells[EDGE].label, 0));
	/* It has no more to do with the doorbell, and that one works on. */
	event_signal(other);
	EXPECT_EQ(0, to_mark(EDGE));
	EXPECT_EQ(1, event_take(other));
	event_signal(self->fd);
	EXPECT_EQ(intid(EDGE), wait_irq(self->vcpu));
	/* The one that was there is removed, once. */
	EXPECT_EQ(0, __remove_irqfd(self->vm.fd, bells[EDGE].label));
	EXPECT_EQ(-ENOENT, __remove_irqfd(self->vm.fd, bells[EDGE].label));
	EXPECT_EQ(0, __add_irqfd(self->vm.fd, other, bells[EDGE].label, 0));
	event_signal(other);
	EXPECT_EQ(intid(EDGE), wait_irq(self->vcpu));
	close(other);
}

/* The label is what is compared, and nothing else */
TEST_F(irqfd, removed_by_label)
{
	struct gunyah_fn_irqfd_arg arg = { .fd = self->mark, .label = bells[EDGE].label };

	EXPECT_EQ(-ENOENT, __remove_irqfd(self->vm.fd, bells[EDGE].label));
	add_irqfd(self->vm.fd, self->fd, bells[EDGE].label, LEVEL);
	EXPECT_EQ(-ENOENT, __remove_irqfd(self->vm.fd, bells[EDGE].label + 1));
	EXPECT_EQ(0, __function(self->vm.fd, GUNYAH_VM_REMOVE_FUNCTION, GUNYAH_FN_IRQFD, &arg,
				sizeof(arg)));
	EXPECT_EQ(-ENOENT, __function(self->vm.fd, GUNYAH_VM_REMOVE_FUNCTION, GUNYAH_FN_IRQFD,
				      &arg, sizeof(arg)));
	start(&self->vm);
	EXPECT_EQ(0, to_mark(EDGE));
}

/* R43: unknown flags; padding is what it is */
TEST_F(irqfd, flags)
{
	struct gunyah_fn_irqfd_arg arg = {
		.fd = self->fd, .label = bells[EDGE].label, .padding = 0xffffffff,
	};
	unsigned int bit;

	for (bit = 1; bit < 32; bit++) {
		arg.flags = 1U << bit | (bit & 1);
		EXPECT_EQ(-EINVAL, __function(self->vm.fd, GUNYAH_VM_ADD_FUNCTION,
					      GUNYAH_FN_IRQFD, &arg, sizeof(arg)));
		EXPECT_EQ(-ENOENT, __remove_irqfd(self->vm.fd, arg.label));
	}
	arg.flags = 0;
	EXPECT_EQ(0, __function(self->vm.fd, GUNYAH_VM_ADD_FUNCTION, GUNYAH_FN_IRQFD, &arg,
				sizeof(arg)));
	start(&self->vm);
	event_signal(self->fd);
	EXPECT_EQ(intid(EDGE), wait_irq(self->vcpu));
}

/* R43, R45 */
TEST_F(irqfd, wrong_file)
{
	int closed = event_new(), pipes[2], i;

	close(closed);
	ASSERT_EQ(0, pipe(pipes));
	{
		const struct { int fd, ret; } table[] = {
			{ -1, -EBADF }, { 1000, -EBADF }, { 0x7fffffff, -EBADF },
			{ -0x7fffffff, -EBADF },
			{ pipes[0], -EINVAL }, { pipes[1], -EINVAL }, { self->vm.fd, -EINVAL },
			{ self->vm.dev_fd, -EINVAL }, { self->vcpu->fd, -EINVAL },
		};

		for (i = 0; i < (int)ARRAY_SIZE(table); i++) {
			EXPECT_EQ(table[i].ret, __add_irqfd(self->vm.fd, table[i].fd,
							    bells[EDGE].label, 0)) {
				TH_LOG("row %d", i);
			}
			EXPECT_EQ(-ENOENT, __remove_irqfd(self->vm.fd, bells[EDGE].label));
		}
	}
	add_irqfd(self->vm.fd, self->fd, bells[EDGE].label, 0);
	close(pipes[0]);
	close(pipes[1]);
}

/* R41 */
TEST_F(irqfd, wrong_argument)
{
	struct gunyah_fn_irqfd_arg arg = { .fd = self->fd, .label = bells[EDGE].label };
	static const __u32 sizes[] = { 0, 1, 8, 12, 15, 17, 32, 256, 257, 0xffffffff };
	static const unsigned int cmds[] = {
		GUNYAH_VM_ADD_FUNCTION, GUNYAH_VM_REMOVE_FUNCTION,
	};
	char buf[256] = "";
	unsigned int i, c;

	memcpy(buf, &arg, sizeof(arg));
	for (c = 0; c < ARRAY_SIZE(cmds); c++) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++)
			EXPECT_EQ(-EINVAL, __function(self->vm.fd, cmds[c], GUNYAH_FN_IRQFD, buf,
						      sizes[i]));
		EXPECT_EQ(-EFAULT, __function(self->vm.fd, cmds[c], GUNYAH_FN_IRQFD, (void *)8,
					      sizeof(arg)));
	}
	add_irqfd(self->vm.fd, self->fd, bells[EDGE].label, 0);
}

/* ---- doorbells that are not there ---- */

#define MANY	256

/* As QEMU does it: more than there will ever be; their signals are taken and do nothing */
TEST_F(irqfd, many_without_a_doorbell)
{
	unsigned int i, round;
	int fds[MANY];

	for (i = 0; i < MANY; i++) {
		fds[i] = event_new();
		add_irqfd(self->vm.fd, fds[i], 0x1000 + i, i & 1);
	}
	add_irqfd(self->vm.fd, self->fd, bells[EDGE].label, 0);
	for (round = 0; round < 2; round++) {
		for (i = 0; i < MANY; i += 3)
			event_signal(fds[i]);
		if (!round)
			start(&self->vm);
		EXPECT_EQ(0, to_mark(EDGE));
		event_signal(self->fd);
		EXPECT_EQ(intid(EDGE), wait_irq(self->vcpu));
	}
	for (i = 0; i < MANY; i++) {
		EXPECT_EQ(-EEXIST, __add_irqfd(self->vm.fd, self->fd, 0x1000 + i, 0));
		/* Half of them are left to the end of the VM. */
		if (i & 1)
			EXPECT_EQ(0, __remove_irqfd(self->vm.fd, 0x1000 + i));
	}
	for (i = 0; i < MANY; i += 4)
		close(fds[i]);
	vm_destroy(&self->vm);
	for (i = 0; i < MANY; i++)
		if (i % 4)
			close(fds[i]);
	create(&self->vm, 1);
}

/* ---- the module ---- */

static bool unload(const char *module)
{
	return !syscall(SYS_delete_module, module, O_NONBLOCK);
}

/* R40, R42: each comes when it is wanted, and stays as long as it is used */
TEST(modules_on_demand)
{
	static const char *const files[] = {
		"/sys/module/gunyah_irqfd", "/sys/module/gunyah_ioeventfd",
	};
	struct test_vm vm = {};
	int fd = event_new();

	require_gunyah();
	if (access("/sys/module/gunyah_vm/refcnt", F_OK))
		SKIP(return, "the driver is built in");
	unload_functions();
	ASSERT_NE(0, access(files[0], F_OK));
	ASSERT_NE(0, access(files[1], F_OK));
	vm_open(&vm);
	/* REMOVE has to know the type, too. */
	EXPECT_EQ(-ENOENT, __remove_irqfd(vm.fd, 1));
	EXPECT_EQ(0, access(files[0], F_OK));
	EXPECT_NE(0, access(files[1], F_OK));
	EXPECT_TRUE(unload("gunyah_irqfd"));
	add_irqfd(vm.fd, fd, 1, 0);
	EXPECT_FALSE(unload("gunyah_irqfd"));
	add_ioeventfd(vm.fd, fd, GUEST_MMIO, 4);
	EXPECT_EQ(0, access(files[1], F_OK));
	EXPECT_FALSE(unload("gunyah_ioeventfd"));
	EXPECT_EQ(0, remove_ioeventfd(vm.fd, GUEST_MMIO, 4));
	EXPECT_TRUE(unload("gunyah_ioeventfd"));
	/* The other one goes with the VM. */
	close(vm.fd);
	EXPECT_TRUE(unload("gunyah_irqfd"));
	close(vm.dev_fd);
	close(fd);
}

/* ---- ends ---- */

/* R42, R43: before memory, before the start, after it, after the end */
TEST_F(irqfd, added_at_any_time)
{
	struct test_vm vm = {};
	unsigned int i;
	int fds[3];

	for (i = 0; i < NR_BELLS; i++)
		vm_add_bell(&vm, &bells[i]);
	vm_open(&vm);
	for (i = 0; i < 3; i++)
		fds[i] = event_new();
	add_irqfd(vm.fd, fds[0], bells[EDGE].label, 0);
	event_signal(fds[0]);
	vm_fill(&vm, 1);
	add_irqfd(vm.fd, fds[1], bells[LEVEL_CLEARED].label, LEVEL);
	start(&vm);
	add_irqfd(vm.fd, fds[2], bells[MARK].label, 0);
	EXPECT_EQ(intid(EDGE), wait_irq(&vm.vcpu[0]));
	event_signal(fds[1]);
	EXPECT_EQ(intid(LEVEL_CLEARED), wait_irq(&vm.vcpu[0]));
	event_signal(fds[2]);
	EXPECT_EQ(intid(MARK), wait_irq(&vm.vcpu[0]));
	ASSERT_EQ(AGENT_STATUS, agent_psci(&vm.vcpu[0], PSCI_SYSTEM_OFF, 0, 0));
	for (i = 0; i < 3; i++)
		event_signal(fds[i]);
	EXPECT_EQ(0, __remove_irqfd(vm.fd, bells[EDGE].label));
	add_irqfd(vm.fd, self->fd, bells[EDGE].label, LEVEL);
	event_signal(self->fd);
	EXPECT_EQ(0, __remove_irqfd(vm.fd, bells[EDGE].label));
	vm_destroy(&vm);
	for (i = 0; i < 3; i++) {
		event_signal(fds[i]);
		close(fds[i]);
	}
}

static bool stop;

static void *signal_on(void *arg)
{
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		event_signal(*(int *)arg);
	return NULL;
}

/* R44, R54: the signals go on while the guest ends, the VM is closed, another comes */
TEST_F(irqfd, signalled_over_the_end)
{
	pthread_t threads[2];
	unsigned int i;

	stop = false;
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, signal_on, &self->fd));
	for (i = 0; i < 12; i++) {
		add_irqfd(self->vm.fd, self->fd, bells[EDGE].label, i & 1);
		start(&self->vm);
		if (i & 2)
			EXPECT_EQ(intid(EDGE), wait_irq(self->vcpu));
		/* The guest's end first, or the host's alone. */
		if (i & 4)
			EXPECT_EQ(AGENT_STATUS,
				  agent_psci(self->vcpu, PSCI_SYSTEM_OFF, 0, 0));
		vm_destroy(&self->vm);
		create(&self->vm, 1);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
}

/* R54: without the driver it is an eventfd like any other, and calls are refused */
TEST_F(irqfd, signalled_over_an_unbind)
{
	pthread_t thread;

	require_control();
	stop = false;
	add_irqfd(self->vm.fd, self->fd, bells[EDGE].label, LEVEL);
	start(&self->vm);
	ASSERT_EQ(0, pthread_create(&thread, NULL, signal_on, &self->fd));
	EXPECT_EQ(intid(EDGE), wait_irq(self->vcpu));
	ASSERT_TRUE(driver_unbind());
	EXPECT_EQ(-ENODEV, __remove_irqfd(self->vm.fd, bells[EDGE].label));
	EXPECT_EQ(-ENODEV, __add_irqfd(self->vm.fd, self->mark, bells[EDGE].label, 0));
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	event_take(self->fd);
	event_signal(self->fd);
	EXPECT_EQ(1, event_take(self->fd));
	ASSERT_TRUE(driver_bind());
}

static void *close_eventfds(void *arg)
{
	int *fds = arg, i;

	for (i = 0; i < 16; i++) {
		event_signal(fds[i]);
		close(fds[i]);
	}
	return NULL;
}

/* R44, R54: both ends go at the same time */
TEST_F(irqfd, eventfds_closed_while_the_vm_is)
{
	struct test_vm vm = {};
	unsigned int round, i;
	pthread_t thread;
	int fds[16];

	for (round = 0; round < 30; round++) {
		create(&vm, 1);
		for (i = 0; i < 16; i++) {
			fds[i] = event_new();
			add_irqfd(vm.fd, fds[i], i ? 0x1000 + i : bells[EDGE].label, 0);
		}
		if (round & 1)
			vm_start(&vm);
		ASSERT_EQ(0, pthread_create(&thread, NULL, close_eventfds, fds));
		if (round & 2)
			sched_yield();
		vm_destroy(&vm);
		ASSERT_EQ(0, pthread_join(thread, NULL));
	}
}

TEST_HARNESS_MAIN
