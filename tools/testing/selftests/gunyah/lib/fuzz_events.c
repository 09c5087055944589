// SPDX-License-Identifier: GPL-2.0-only
/* What the fuzzer does with irqfds, ioeventfds and the eventfds behind them. */
#include <sys/eventfd.h>

#include "events.h"
#include "fuzz.h"

#define pick fuzz_pick

/* Mostly an eventfd. */
static int some_fd(void)
{
	int (* const get[4])(void) = { fuzz_get_dev, fuzz_get_vm, fuzz_get_mem, fuzz_get_vcpu };

	return pick(16) ? fuzz_get_event() : get[pick(4)]();
}

static __u32 some_flags(void)
{
	return pick(16) ? pick(2) : (__u32)fuzz_value();
}

/* Some of the labels are in the device trees of the fuzzer's VMs. */
static int do_irqfd(unsigned long cmd)
{
	struct gunyah_fn_irqfd_arg arg = {
		.fd = some_fd(),
		.label = pick(16) ? 1 + pick(6) : (__u32)fuzz_value(),
		.flags = some_flags(),
		.padding = pick(2),
	};
	struct gunyah_fn_desc desc = {
		.type = GUNYAH_FN_IRQFD,
		.arg_size = sizeof(arg),
		.arg = (uintptr_t)&arg,
	};

	return fuzz_do_function(fuzz_get_vm(), cmd, &desc);
}

static struct gunyah_fn_ioeventfd_arg some_writes(void)
{
	static const __u32 lengths[] = { 0, 1, 2, 4, 8, 8, 3, 9 };

	return (struct gunyah_fn_ioeventfd_arg) {
		.datamatch = pick(4) ? pick(4) : fuzz_value(),
		.addr = pick(8) ? GUEST_MMIO + 8 * pick(2) : fuzz_value(),
		.len = lengths[pick(ARRAY_SIZE(lengths))],
		.fd = some_fd(),
		.flags = some_flags(),
		.padding = pick(2),
	};
}

static int do_ioeventfd(int vm, unsigned long cmd, struct gunyah_fn_ioeventfd_arg *arg)
{
	struct gunyah_fn_desc desc = {
		.type = GUNYAH_FN_IOEVENTFD,
		.arg_size = sizeof(*arg),
		.arg = (uintptr_t)arg,
	};

	return fuzz_do_function(vm, cmd, &desc);
}

static void fuzz_ioeventfd(enum fuzz_call call)
{
	struct gunyah_fn_ioeventfd_arg writes = some_writes();
	int vm = fuzz_get_vm();

	if (call == FUZZ_REMOVE_IOEVENTFD) {
		FUZZ_DO(call, do_ioeventfd(vm, GUNYAH_VM_REMOVE_FUNCTION, &writes));
		return;
	}
	/* By chance alone hardly one of them would be removed. */
	if (!FUZZ_DO(call, do_ioeventfd(vm, GUNYAH_VM_ADD_FUNCTION, &writes)) && !pick(4))
		FUZZ_DO(FUZZ_REMOVE_IOEVENTFD,
			do_ioeventfd(vm, GUNYAH_VM_REMOVE_FUNCTION, &writes));
}

static int do_signal(void)
{
	eventfd_t value;

	/* Some are read, too. */
	if (!pick(4))
		return eventfd_read(fuzz_get_event(), &value) ? -errno : 0;
	return eventfd_write(fuzz_get_event(), pick(8) ? 1 : fuzz_value()) ? -errno : 0;
}

static int do_event(void)
{
	int fd = eventfd(pick(2), EFD_NONBLOCK | EFD_CLOEXEC | (pick(4) ? 0 : EFD_SEMAPHORE));

	return fd < 0 ? -errno : fd;
}

void fuzz_event(enum fuzz_call call)
{
	int fd;

	switch (call) {
	case FUZZ_EVENT:
		fd = fuzz_note(call, do_event());
		if (fd >= 0)
			fuzz_put(fuzz.events, FUZZ_EVENTS, fd);
		break;
	case FUZZ_SIGNAL:
		FUZZ_DO(call, do_signal());
		break;
	case FUZZ_ADD_IRQFD:
		FUZZ_DO(call, do_irqfd(GUNYAH_VM_ADD_FUNCTION));
		break;
	case FUZZ_REMOVE_IRQFD:
		FUZZ_DO(call, do_irqfd(GUNYAH_VM_REMOVE_FUNCTION));
		break;
	default:
		fuzz_ioeventfd(call);
		break;
	}
}
