/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VM functions: what a monitor adds to a VM with GUNYAH_VM_ADD_FUNCTION.  A
 * type of function is a const descriptor that its module registers; an instance
 * belongs to a VM.
 */
#ifndef _GUNYAH_VM_FUNCTION_H
#define _GUNYAH_VM_FUNCTION_H

#include <linux/device/driver.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct gunyah_vm;
struct gunyah_vm_function;
struct gunyah_vm_functions;

/**
 * struct gunyah_vm_function_type - a type of function
 * @type: enum gunyah_fn_type
 * @name: for messages
 * @owner: module that an instance keeps loaded
 * @arg_size: size of the argument of GUNYAH_VM_ADD_FUNCTION
 * @check_add: is @arg fit for GUNYAH_VM_ADD_FUNCTION, by itself?  0 or an errno; called
 *	before anything is allocated.  NULL: any is.
 * @bind: make an instance; its argument was copied, of the right size, and passed
 *	@check_add.  After an error nothing is left.  -EEXIST where there is one for
 *	the same resource.
 * @publish: bind was successful and the instance is in the VM's list: make it
 *	visible to user space.  Can't fail; returns what the ioctl returns.
 *	NULL: the ioctl returns 0.
 * @unbind: undo both; on return nothing uses the instance
 * @check_remove: is @arg fit for GUNYAH_VM_REMOVE_FUNCTION?  0 or an errno.  NULL:
 *	any is.
 * @compare: is this instance the one that GUNYAH_VM_REMOVE_FUNCTION means by
 *	@arg?  @arg has @arg_size bytes.
 *
 * All may sleep.  All but @check_add and @check_remove are called with the VM's list of
 * functions locked.
 */
struct gunyah_vm_function_type {
	u32 type;
	const char *name;
	struct module *owner;
	size_t arg_size;
	int (*check_add)(const void *arg);
	int (*bind)(struct gunyah_vm_function *fn);
	int (*publish)(struct gunyah_vm_function *fn);
	void (*unbind)(struct gunyah_vm_function *fn);
	int (*check_remove)(const void *arg);
	bool (*compare)(const struct gunyah_vm_function *fn, const void *arg);
};

/**
 * struct gunyah_vm_function - an instance
 * @type: its type; the instance holds a reference to its module
 * @fns: the list that it is, or is to be, in
 * @vm: the VM; valid until unbind returns
 * @arg: its argument, of the size that the type wants
 * @priv: for the type
 * @hung_up: it is to be removed, see gunyah_vm_function_hang_up()
 * @list: private to the VM's list
 */
struct gunyah_vm_function {
	const struct gunyah_vm_function_type *type;
	struct gunyah_vm_functions *fns;
	struct gunyah_vm *vm;
	void *arg;
	void *priv;
	bool hung_up;
	struct list_head list;
};

/**
 * struct gunyah_vm_functions - the functions of a VM
 * @lock: guards @list and @closed; held over bind and unbind
 * @list: instances
 * @closed: the VM goes away: nothing can be added any more
 * @hang_up_work: removes the instances that hung up
 */
struct gunyah_vm_functions {
	struct mutex lock;	/* see above */
	struct list_head list;
	bool closed;
	struct work_struct hang_up_work;
};

int gunyah_vm_function_register(const struct gunyah_vm_function_type *type);
void gunyah_vm_function_unregister(const struct gunyah_vm_function_type *type);
void gunyah_vm_function_hang_up(struct gunyah_vm_function *fn);

void gunyah_vm_functions_init(struct gunyah_vm_functions *fns);
int gunyah_vm_functions_add(struct gunyah_vm_functions *fns, struct gunyah_vm *vm, u32 type,
			    const void *arg, size_t arg_size);
int gunyah_vm_functions_remove(struct gunyah_vm_functions *fns, u32 type,
			       const void *arg, size_t arg_size);
void gunyah_vm_functions_close(struct gunyah_vm_functions *fns);

/* The module is loaded on demand; @n is the number of the type, a literal. */
#define MODULE_ALIAS_GUNYAH_VM_FUNCTION(n)	MODULE_ALIAS("ghfunc:" __stringify(n))

/* Module init and exit of a module that holds one type of function. */
#define module_gunyah_vm_function(_type)	\
	module_driver(_type, gunyah_vm_function_register, gunyah_vm_function_unregister)

#endif
