// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioeventfd: an eventfd that is signalled by writes of the guest, without an exit
 * to the monitor.
 *
 * It is a handler of guest writes, whose eventfd is signalled by the vCPU that wrote: see
 * vm_io.c for which writes those are, and for why the eventfd can't go while it is
 * signalled.
 */
#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <uapi/linux/gunyah.h>

#include "ioeventfd.h"
#include "vm.h"

static const u64 *datamatch(const struct gunyah_fn_ioeventfd_arg *arg)
{
	return arg->flags & GUNYAH_IOEVENTFD_FLAGS_DATAMATCH ? &arg->datamatch : NULL;
}

static int make_key(struct gunyah_vm_io_key *key, const struct gunyah_fn_ioeventfd_arg *arg)
{
	return gunyah_vm_io_make_key(key, arg->addr, arg->len, datamatch(arg));
}

static int check_flags(const void *arg)
{
	const struct gunyah_fn_ioeventfd_arg *a = arg;

	return a->flags & ~GUNYAH_IOEVENTFD_FLAGS_DATAMATCH ? -EINVAL : 0;
}

static int check_add(const void *arg)
{
	struct gunyah_vm_io_key key;

	return check_flags(arg) ?: make_key(&key, arg);
}

/* The eventfd @fd, referenced, or ERR_PTR: -EBADF, -EINVAL.  Has a stub in tests. */
VISIBLE_IF_KUNIT struct eventfd_ctx *gunyah_ioeventfd_eventfd(int fd)
{
	KUNIT_STATIC_STUB_REDIRECT(gunyah_ioeventfd_eventfd, fd);
	return eventfd_ctx_fdget(fd);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_ioeventfd_eventfd);

static int ioeventfd_bind(struct gunyah_vm_function *fn)
{
	const struct gunyah_fn_ioeventfd_arg *arg = fn->arg;
	struct gunyah_vm_io_handler *handler;
	struct eventfd_ctx *eventfd;
	int ret;

	eventfd = gunyah_ioeventfd_eventfd(arg->fd);
	if (IS_ERR(eventfd))
		return PTR_ERR(eventfd);

	ret = -ENOMEM;
	handler = kzalloc(sizeof(*handler), GFP_KERNEL_ACCOUNT);
	if (!handler)
		goto err_put;

	handler->eventfd = eventfd;
	ret = make_key(&handler->key, arg) ?: gunyah_vm_io_add(&fn->vm->io, handler);
	if (ret)
		goto err_free;

	fn->priv = handler;
	return 0;

err_free:
	kfree(handler);
err_put:
	eventfd_ctx_put(eventfd);
	return ret;
}

static void ioeventfd_unbind(struct gunyah_vm_function *fn)
{
	struct gunyah_vm_io_handler *handler = fn->priv;

	/* On return no vCPU signals the eventfd or finds the way to it. */
	gunyah_vm_io_remove(&fn->vm->io, handler);
	eventfd_ctx_put(handler->eventfd);
	kfree(handler);
}

/* The same writes; the eventfd is not asked for. */
static bool ioeventfd_compare(const struct gunyah_vm_function *fn, const void *arg)
{
	struct gunyah_vm_io_handler *handler = fn->priv;
	struct gunyah_vm_io_key key;

	return !make_key(&key, arg) && !memcmp(&key, &handler->key, sizeof(key));
}

VISIBLE_IF_KUNIT const struct gunyah_vm_function_type gunyah_ioeventfd_function = {
	.type = GUNYAH_FN_IOEVENTFD,
	.name = "ioeventfd",
	.owner = THIS_MODULE,
	.arg_size = sizeof(struct gunyah_fn_ioeventfd_arg),
	.check_add = check_add,
	.bind = ioeventfd_bind,
	.unbind = ioeventfd_unbind,
	.check_remove = check_flags,
	.compare = ioeventfd_compare,
};
EXPORT_SYMBOL_IF_KUNIT(gunyah_ioeventfd_function);

module_gunyah_vm_function(gunyah_ioeventfd_function);

/* GUNYAH_FN_IOEVENTFD */
MODULE_ALIAS_GUNYAH_VM_FUNCTION(3);
MODULE_DESCRIPTION("Gunyah VM function: eventfds that a guest signals");
MODULE_LICENSE("GPL");
