// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registry of function types, and the instances of a VM.
 *
 * A type stays registered as long as its module is loaded, and its module
 * stays loaded as long as there is an instance: the reference is taken under
 * the registry's lock, so that a type is never found while it goes away.
 *
 * An instance is in its VM's list only when it is complete; then, as the last
 * step, which can't fail, it becomes visible to user space.
 *
 * An instance may ask for its own removal from where nothing can be waited for
 * (it "hangs up").  It is marked, and who next has the list's lock, a worker at the
 * latest, removes what is marked.  The worker knows the list only, never an
 * instance, so an instance that somebody else removes first is no concern of it.
 */
#include <kunit/visibility.h>
#include <linux/cleanup.h>
#include <linux/export.h>
#include <linux/kmod.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <uapi/linux/gunyah.h>

#include "vm_function.h"

/* Registered types by number.  Guarded by types_lock. */
static DEFINE_XARRAY(types);
static DEFINE_MUTEX(types_lock);

/**
 * gunyah_vm_function_register() - make a type known
 * @type: the type; stays until it is unregistered
 *
 * Context: may sleep.
 * Return: 0; -EINVAL when a member is missing; -EEXIST when there is a type of
 * that number; -ENOMEM.
 */
int gunyah_vm_function_register(const struct gunyah_vm_function_type *type)
{
	int ret;

	if (!type->bind || !type->unbind || !type->compare ||
	    type->arg_size > GUNYAH_FN_MAX_ARG_SIZE)
		return -EINVAL;

	guard(mutex)(&types_lock);
	ret = xa_insert(&types, type->type, (void *)type, GFP_KERNEL);
	return ret == -EBUSY ? -EEXIST : ret;
}
EXPORT_SYMBOL_GPL(gunyah_vm_function_register);

/**
 * gunyah_vm_function_unregister() - make a type unknown
 * @type: the type
 *
 * Called from the exit of the type's module, so there is no instance.
 */
void gunyah_vm_function_unregister(const struct gunyah_vm_function_type *type)
{
	guard(mutex)(&types_lock);
	if (xa_load(&types, type->type) == type)
		xa_erase(&types, type->type);
}
EXPORT_SYMBOL_GPL(gunyah_vm_function_unregister);

/* Look a type up and keep its module. */
static const struct gunyah_vm_function_type *lookup_type(u32 nr)
{
	const struct gunyah_vm_function_type *type;

	guard(mutex)(&types_lock);
	type = xa_load(&types, nr);
	if (type && !try_module_get(type->owner))
		type = NULL;
	return type;
}

static void put_type(const struct gunyah_vm_function_type *type)
{
	module_put(type->owner);
}

/* As lookup_type(), but loads the type's module when it is not there. */
static const struct gunyah_vm_function_type *get_type(u32 nr)
{
	const struct gunyah_vm_function_type *type;

	type = lookup_type(nr);
	if (type)
		return type;

	if (request_module("ghfunc:%u", nr))
		return NULL;
	return lookup_type(nr);
}

static void free_function(struct gunyah_vm_function *fn)
{
	kfree(fn->arg);
	kfree(fn);
}

static void dispose_locked(struct gunyah_vm_functions *fns, struct gunyah_vm_function *fn)
{
	const struct gunyah_vm_function_type *type = fn->type;

	lockdep_assert_held(&fns->lock);
	list_del(&fn->list);
	type->unbind(fn);
	free_function(fn);
	/* From here on the module may go, and nothing of it runs. */
	put_type(type);
}

static void dispose_hung_up_locked(struct gunyah_vm_functions *fns)
{
	struct gunyah_vm_function *fn, *tmp;

	lockdep_assert_held(&fns->lock);
	list_for_each_entry_safe(fn, tmp, &fns->list, list) {
		if (READ_ONCE(fn->hung_up))
			dispose_locked(fns, fn);
	}
}

static void hang_up_work(struct work_struct *work)
{
	struct gunyah_vm_functions *fns;

	fns = container_of(work, struct gunyah_vm_functions, hang_up_work);
	guard(mutex)(&fns->lock);
	dispose_hung_up_locked(fns);
}

/**
 * gunyah_vm_function_hang_up() - have an instance removed, by and by
 * @fn: the instance; may be in its bind, but not behind its unbind
 *
 * It is gone before anything is added or removed after this call, and soon in any
 * case.
 *
 * Context: any, also hard interrupts.
 */
void gunyah_vm_function_hang_up(struct gunyah_vm_function *fn)
{
	WRITE_ONCE(fn->hung_up, true);
	/* Also when it is queued already: it begins after this and sees the mark. */
	queue_work(system_unbound_wq, &fn->fns->hang_up_work);
}
EXPORT_SYMBOL_GPL(gunyah_vm_function_hang_up);

/**
 * gunyah_vm_functions_init() - make an empty list
 * @fns: the list
 */
void gunyah_vm_functions_init(struct gunyah_vm_functions *fns)
{
	mutex_init(&fns->lock);
	INIT_LIST_HEAD(&fns->list);
	fns->closed = false;
	INIT_WORK(&fns->hang_up_work, hang_up_work);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_functions_init);

/* The caller gives its reference to @type to the instance. */
static struct gunyah_vm_function *alloc_function(const struct gunyah_vm_function_type *type,
						 struct gunyah_vm_functions *fns,
						 struct gunyah_vm *vm, const void *arg)
{
	struct gunyah_vm_function *fn;

	fn = kzalloc(sizeof(*fn), GFP_KERNEL_ACCOUNT);
	if (!fn)
		return NULL;

	fn->arg = kmemdup(arg, type->arg_size, GFP_KERNEL_ACCOUNT);
	if (type->arg_size && !fn->arg) {
		kfree(fn);
		return NULL;
	}
	fn->type = type;
	fn->fns = fns;
	fn->vm = vm;
	return fn;
}

static int bind_and_publish(struct gunyah_vm_functions *fns, struct gunyah_vm_function *fn)
{
	int ret;

	guard(mutex)(&fns->lock);
	if (fns->closed)
		return -ENODEV;

	dispose_hung_up_locked(fns);
	ret = fn->type->bind(fn);
	if (ret)
		return ret;

	list_add_tail(&fn->list, &fns->list);
	return fn->type->publish ? fn->type->publish(fn) : 0;
}

/* R71: all that an argument can be asked for by itself. */
static int check_add(const struct gunyah_vm_function_type *type, const void *arg,
		     size_t arg_size)
{
	if (arg_size != type->arg_size)
		return -EINVAL;
	return type->check_add ? type->check_add(arg) : 0;
}

/**
 * gunyah_vm_functions_add() - add a function to a VM
 * @fns: the VM's list
 * @vm: the VM
 * @type: number of the type
 * @arg: its argument, a kernel copy
 * @arg_size: size of the argument
 *
 * Context: may sleep, load a module; takes the list's lock.
 * Return: what the ioctl returns: the type's publish, or 0; -EINVAL for an
 * unknown type or a wrong size; what the type's check_add says; -ENODEV when the VM
 * goes away; -ENOMEM; the errno of the type's bind.
 */
int gunyah_vm_functions_add(struct gunyah_vm_functions *fns, struct gunyah_vm *vm, u32 type,
			    const void *arg, size_t arg_size)
{
	const struct gunyah_vm_function_type *t;
	struct gunyah_vm_function *fn;
	int ret;

	if (arg_size > GUNYAH_FN_MAX_ARG_SIZE)
		return -EINVAL;

	t = get_type(type);
	if (!t)
		return -EINVAL;

	ret = check_add(t, arg, arg_size);
	if (ret)
		goto err_put;

	ret = -ENOMEM;
	fn = alloc_function(t, fns, vm, arg);
	if (!fn)
		goto err_put;

	ret = bind_and_publish(fns, fn);
	if (ret < 0)
		goto err_free;
	return ret;

err_free:
	free_function(fn);
err_put:
	put_type(t);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_functions_add);

static int find_and_dispose(struct gunyah_vm_functions *fns,
			    const struct gunyah_vm_function_type *type, const void *arg)
{
	struct gunyah_vm_function *fn;

	guard(mutex)(&fns->lock);
	dispose_hung_up_locked(fns);
	list_for_each_entry(fn, &fns->list, list) {
		if (fn->type != type || !type->compare(fn, arg))
			continue;
		dispose_locked(fns, fn);
		return 0;
	}
	return -ENOENT;
}

/**
 * gunyah_vm_functions_remove() - remove a function of a VM
 * @fns: the VM's list
 * @type: number of the type
 * @arg: which one, a kernel copy
 * @arg_size: size of the argument
 *
 * Context: may sleep; takes the list's lock.
 * Return: 0; -EINVAL for an unknown type or a wrong size; what the type's
 * check_remove says; -ENOENT when there is no such function.
 */
int gunyah_vm_functions_remove(struct gunyah_vm_functions *fns, u32 type,
			       const void *arg, size_t arg_size)
{
	const struct gunyah_vm_function_type *t;
	int ret;

	if (arg_size > GUNYAH_FN_MAX_ARG_SIZE)
		return -EINVAL;

	t = get_type(type);
	if (!t)
		return -EINVAL;

	if (arg_size != t->arg_size)
		ret = -EINVAL;
	else if (t->check_remove && t->check_remove(arg))
		ret = t->check_remove(arg);
	else
		ret = find_and_dispose(fns, t, arg);

	put_type(t);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_functions_remove);

/**
 * gunyah_vm_functions_close() - remove all functions, for good
 * @fns: the VM's list
 *
 * The last one added goes first.
 *
 * Context: may sleep; takes the list's lock.
 */
void gunyah_vm_functions_close(struct gunyah_vm_functions *fns)
{
	struct gunyah_vm_function *fn, *tmp;

	scoped_guard(mutex, &fns->lock) {
		fns->closed = true;
		list_for_each_entry_safe_reverse(fn, tmp, &fns->list, list)
			dispose_locked(fns, fn);
	}
	/* It may be queued or wait for the lock, but nobody queues it any more. */
	cancel_work_sync(&fns->hang_up_work);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_functions_close);
