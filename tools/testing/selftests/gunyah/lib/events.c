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
