// SPDX-License-Identifier: GPL-2.0-only
/* irqfds and ioeventfds, and the eventfds behind them. */
#include <poll.h>
#include <sys/eventfd.h>

#include "events.h"

int __function(int vm_fd, unsigned long cmd, __u32 type, const void *arg, __u32 arg_size)
{
	struct gunyah_fn_desc desc = {
		.type = type,
		.arg_size = arg_size,
		.arg = (uintptr_t)arg,
	};

	return __ioctl(vm_fd, cmd, &desc);
}

int __add_irqfd(int vm_fd, int fd, __u32 label, __u32 flags)
{
	struct gunyah_fn_irqfd_arg arg = { .fd = fd, .label = label, .flags = flags };

	return __function(vm_fd, GUNYAH_VM_ADD_FUNCTION, GUNYAH_FN_IRQFD, &arg, sizeof(arg));
}

int __remove_irqfd(int vm_fd, __u32 label)
{
	struct gunyah_fn_irqfd_arg arg = { .fd = -1, .label = label, .padding = 0xa5a5a5a5 };

	return __function(vm_fd, GUNYAH_VM_REMOVE_FUNCTION, GUNYAH_FN_IRQFD, &arg, sizeof(arg));
}

void add_irqfd(int vm_fd, int fd, __u32 label, __u32 flags)
{
	if (__add_irqfd(vm_fd, fd, label, flags))
		test_die("VM_ADD_FUNCTION of an irqfd");
}

int __add_ioeventfd(int vm_fd, const struct gunyah_fn_ioeventfd_arg *arg)
{
	return __function(vm_fd, GUNYAH_VM_ADD_FUNCTION, GUNYAH_FN_IOEVENTFD, arg, sizeof(*arg));
}

int __remove_ioeventfd(int vm_fd, const struct gunyah_fn_ioeventfd_arg *arg)
{
	return __function(vm_fd, GUNYAH_VM_REMOVE_FUNCTION, GUNYAH_FN_IOEVENTFD, arg,
			  sizeof(*arg));
}

void add_ioeventfd(int vm_fd, int fd, __u64 addr, __u32 len)
{
	struct gunyah_fn_ioeventfd_arg arg = { .addr = addr, .len = len, .fd = fd };

	if (__add_ioeventfd(vm_fd, &arg))
		test_die("VM_ADD_FUNCTION of an ioeventfd");
}

int remove_ioeventfd(int vm_fd, __u64 addr, __u32 len)
{
	struct gunyah_fn_ioeventfd_arg arg = { .addr = addr, .len = len, .fd = -1 };

	return __remove_ioeventfd(vm_fd, &arg);
}

int event_new(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		test_die("eventfd");
	return fd;
}

void event_signal(int fd)
{
	if (eventfd_write(fd, 1))
		test_die("write to an eventfd");
}

__u64 event_take(int fd)
{
	eventfd_t value;

	if (!eventfd_read(fd, &value))
		return value;
	if (errno != EAGAIN)
		test_die("read of an eventfd");
	return 0;
}

__u64 event_wait(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	__u64 value;

	while (!(value = event_take(fd)))
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			test_die("poll of an eventfd");
	return value;
}

void bell_on(struct test_vcpu *vcpu, const struct test_bell *bell)
{
	agent_do(vcpu, AGENT_IRQ_ON, GUEST_SPI + bell->spi, !bell->level, 0);
}

const struct test_bell bells[NR_BELLS] = {
	[EDGE] = { .label = 0x10, .spi = 8 },
	[LEVEL_CLEARED] = { .label = 0xfffffff1, .spi = 9, .level = true, .can_clear = true },
	[LEVEL_STUCK] = { .label = 0x12, .spi = 10, .level = true },
	[MARK] = { .label = 0x13, .spi = 40 },
};

__u64 intid(unsigned int bell)
{
	return GUEST_SPI + bells[bell].spi;
}

void bells_create(struct test_vm *vm, unsigned int nr_vcpus)
{
	unsigned int i;

	memset(vm, 0, sizeof(*vm));
	for (i = 0; i < NR_BELLS; i++)
		vm_add_bell(vm, &bells[i]);
	vm_create(vm, nr_vcpus);
}

void bells_start(struct test_vm *vm)
{
	vm_start(vm);
	bell_on(&vm->vcpu[0], &bells[EDGE]);
	bell_on(&vm->vcpu[0], &bells[LEVEL_CLEARED]);
	bell_on(&vm->vcpu[0], &bells[MARK]);
}

__u64 wait_irq(struct test_vcpu *vcpu)
{
	return agent_do(vcpu, AGENT_WAIT_IRQ, 0, 0, 0);
}

int irqs_to_mark(struct test_vcpu *vcpu, int mark, unsigned int bell)
{
	unsigned int marks = 0;
	bool strange = false;
	int n = 0;
	__u64 irq;

	event_signal(mark);
	irq = wait_irq(vcpu);
	do {
		n += irq == intid(bell);
		marks += irq == intid(MARK);
		strange |= irq != intid(bell) && irq != intid(MARK);
		irq = marks ? agent_do(vcpu, AGENT_POLL_IRQ, 0, 0, 0) : wait_irq(vcpu);
	} while (irq < 1020);
	return strange || marks != 1 ? -1 : n;
}
