// SPDX-License-Identifier: GPL-2.0-only
/*
 * irqfds as functions of a VM: what is refused, what is removed, doorbells that are
 * not there, and the end of one of those that an irqfd connects.
 */
#include <sched.h>
#include <sys/epoll.h>

#include "../kselftest_harness.h"
#include "lib/control.h"
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

/* ---- what is refused ---- */

/* R43, R45 */
TEST_F(irqfd, label_twice)
{
	int other = event_new();

	add_irqfd(self->vm.fd, self->fd, bells[EDGE].label, 0);
	EXPECT_EQ(-EEXIST, __add_irqfd(self->vm.fd, other, bells[EDGE].label, 0));
	EXPECT_EQ(-EEXIST, __add_irqfd(self->vm.fd, other, bells[EDGE].label, LEVEL));
	bells_start(&self->vm);
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
	bells_start(&self->vm);
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
	bells_start(&self->vm);
	event_signal(self->fd);
	EXPECT_EQ(intid(EDGE), wait_irq(self->vcpu));
}

/* R43, R45 */
TEST_F(irqfd, wrong_file)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int epoll = epoll_create1(EPOLL_CLOEXEC);
	const int closed = fcntl(self->fd, F_DUPFD_CLOEXEC, 500);
	const struct { int fd, ret; } table[] = {
		{ -1, -EBADF }, { closed, -EBADF }, { 0x7fffffff, -EBADF },
		{ -0x7fffffff, -EBADF }, { null, -EINVAL }, { epoll, -EINVAL },
		{ self->vm.fd, -EINVAL }, { self->vm.dev_fd, -EINVAL },
		{ self->vm.mem_fd, -EINVAL }, { self->vcpu->fd, -EINVAL },
	};
	unsigned int i;

	close(closed);
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		EXPECT_EQ(table[i].ret, __add_irqfd(self->vm.fd, table[i].fd, bells[EDGE].label,
						    0)) {
			TH_LOG("row %u", i);
		}
		EXPECT_EQ(-ENOENT, __remove_irqfd(self->vm.fd, bells[EDGE].label));
	}
	add_irqfd(self->vm.fd, self->fd, bells[EDGE].label, 0);
	close(null);
	close(epoll);
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
			bells_start(&self->vm);
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
	bells_create(&self->vm, 1);
}

/* ---- the module ---- */

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
	EXPECT_EQ(0, module_unload("gunyah_irqfd"));
	add_irqfd(vm.fd, fd, 1, 0);
	EXPECT_GT(0, module_unload("gunyah_irqfd"));
	add_ioeventfd(vm.fd, fd, GUEST_MMIO, 4);
	EXPECT_EQ(0, access(files[1], F_OK));
	EXPECT_GT(0, module_unload("gunyah_ioeventfd"));
	EXPECT_EQ(0, remove_ioeventfd(vm.fd, GUEST_MMIO, 4));
	EXPECT_EQ(0, module_unload("gunyah_ioeventfd"));
	/* The other one goes with the VM. */
	close(vm.fd);
	EXPECT_EQ(0, module_unload("gunyah_irqfd"));
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
	bells_start(&vm);
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
		bells_start(&self->vm);
		if (i & 2)
			EXPECT_EQ(intid(EDGE), wait_irq(self->vcpu));
		/* The guest's end first, or the host's alone. */
		if (i & 4)
			EXPECT_EQ(AGENT_STATUS,
				  agent_psci(self->vcpu, PSCI_SYSTEM_OFF, 0, 0));
		vm_destroy(&self->vm);
		bells_create(&self->vm, 1);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
}

/* R54: without the driver signals go nowhere and calls are refused, until the VM is closed */
TEST_F(irqfd, signalled_over_an_unbind)
{
	pthread_t thread;

	require_control();
	stop = false;
	add_irqfd(self->vm.fd, self->fd, bells[EDGE].label, LEVEL);
	bells_start(&self->vm);
	ASSERT_EQ(0, pthread_create(&thread, NULL, signal_on, &self->fd));
	EXPECT_EQ(intid(EDGE), wait_irq(self->vcpu));
	ASSERT_TRUE(driver_unbind());
	EXPECT_EQ(-ENODEV, __remove_irqfd(self->vm.fd, bells[EDGE].label));
	EXPECT_EQ(-ENODEV, __add_irqfd(self->vm.fd, self->mark, bells[EDGE].label, 0));
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	event_signal(self->fd);
	EXPECT_EQ(0, event_take(self->fd));
	vm_destroy(&self->vm);
	event_signal(self->fd);
	EXPECT_EQ(1, event_take(self->fd));
	ASSERT_TRUE(driver_bind());
	bells_create(&self->vm, 1);
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
		bells_create(&vm, 1);
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
