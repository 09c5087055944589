// SPDX-License-Identifier: GPL-2.0-only
/*
 * Eventfds that the driver ties to the guest: one that rings a doorbell of the
 * guest, and one that is signalled when the guest writes to an address.
 */
#include <sys/eventfd.h>
#include <sys/ioctl.h>

#include "gunyah-vmm.h"

static int make_eventfd(void)
{
	int fd = eventfd(0, EFD_CLOEXEC);

	if (fd < 0)
		die_errno("eventfd");
	return fd;
}

static void add_function(const struct guest *guest, const char *what, __u32 type,
			 const void *arg, __u32 size)
{
	struct gunyah_fn_desc desc = {
		.type = type,
		.arg_size = size,
		.arg = (uintptr_t)arg,
	};

	if (ioctl(guest->vm_fd, GUNYAH_VM_ADD_FUNCTION, &desc) < 0)
		die_errno(what);
}

/*
 * A write to the eventfd becomes an interrupt of the guest: that of the doorbell
 * with this label in its device tree.
 *
 * The doorbell is an edge.  A level has to be taken back when the guest has
 * answered, and the host never learns that the guest has ended the interrupt;
 * a level doorbell would have to clear itself at once, which is an edge with
 * more calls.  Nothing is lost that way: a device rings for each thing it has
 * to say, an edge while the guest serves the one before stays pending, and the
 * guest looks for what there is in the registers and the rings.
 */
int irqfd_add(const struct guest *guest, __u32 label)
{
	struct gunyah_fn_irqfd_arg arg = {
		.fd = make_eventfd(),
		.label = label,
	};

	add_function(guest, "VM_ADD_FUNCTION (irqfd; try --no-virtio)", GUNYAH_FN_IRQFD,
		     &arg, sizeof(arg));
	return arg.fd;
}

/* A write of this value and length to the guest address signals the eventfd. */
int ioeventfd_add(const struct guest *guest, __u64 addr, __u32 len, __u64 datamatch)
{
	struct gunyah_fn_ioeventfd_arg arg = {
		.datamatch = datamatch,
		.addr = addr,
		.len = len,
		.fd = make_eventfd(),
		.flags = GUNYAH_IOEVENTFD_FLAGS_DATAMATCH,
	};

	add_function(guest, "VM_ADD_FUNCTION (ioeventfd; try --no-virtio)",
		     GUNYAH_FN_IOEVENTFD, &arg, sizeof(arg));
	return arg.fd;
}
