/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a platform has to do besides when memory goes to a guest and comes back:
 * firmware that keeps owners of memory of its own, above all.  A module of that
 * platform registers its functions.  See platform.c.
 */
#ifndef _GUNYAH_PLATFORM_H
#define _GUNYAH_PLATFORM_H

#include <linux/types.h>

struct gunyah_rm_mem_acl;
struct gunyah_rm_mem_entry;
struct module;

/**
 * struct gunyah_platform_ops - what the platform does
 * @owner: the module
 * @pre_give: @entry, which has left the direct map if it is to be lent, is about
 *	to be lent or shared in a memparcel with the access list @acl; this VM is
 *	in it when it is shared
 * @post_reclaim: undo @pre_give: @entry is this VM's again, or was refused.  Of lent
 *	memory of a parcel that became the guest's when it was started @entry may be a
 *	part, once for each part
 * @pre_demand_page: @entry, which has left the direct map if it is to be lent, is
 *	about to be donated to the guest and mapped there; @shared: this VM keeps
 *	its access
 * @release_demand_page: undo @pre_demand_page.  @entry may be a part of what that was
 *	called for, once for each part
 *
 * All must be there.  The first and the third are called before anything is
 * asked of hypervisor or resource manager, the others when all of that is
 * undone; the caller undoes what was done in reverse order, each once, with the
 * same arguments but for the above.
 *
 * A function that fails has changed nothing.  When it is one that undoes, the
 * memory is leaked: it is not asked for again.
 *
 * Context: all may sleep; the lock of the VM's memory is held.
 */
struct gunyah_platform_ops {
	struct module *owner;
	int (*pre_give)(const struct gunyah_rm_mem_entry *entry,
			const struct gunyah_rm_mem_acl *acl, size_t n_acl);
	int (*post_reclaim)(const struct gunyah_rm_mem_entry *entry,
			    const struct gunyah_rm_mem_acl *acl, size_t n_acl);
	int (*pre_demand_page)(const struct gunyah_rm_mem_entry *entry, bool shared);
	int (*release_demand_page)(const struct gunyah_rm_mem_entry *entry, bool shared);
};

/**
 * gunyah_platform_register() - register the platform's functions
 * @ops: for all memory that is given from now on
 *
 * Return: 0; -EEXIST when there are some already; -EINVAL when one is missing.
 */
int gunyah_platform_register(const struct gunyah_platform_ops *ops);

/**
 * gunyah_platform_unregister() - undo gunyah_platform_register()
 * @ops: what was registered
 *
 * For a module's exit: that does not begin while memory is given for which a
 * function has been called, as such memory has a reference to the module.
 */
void gunyah_platform_unregister(const struct gunyah_platform_ops *ops);

/**
 * gunyah_platform_get() - the platform's functions
 *
 * Who has done something by them undoes it by the same, whatever is registered
 * meanwhile.
 *
 * Return: the functions, with a reference to their module that
 * gunyah_platform_put() gives up; NULL when there are none.
 */
const struct gunyah_platform_ops *gunyah_platform_get(void);

/* A second reference for who has one; NULL does nothing.  Returns @ops. */
const struct gunyah_platform_ops *gunyah_platform_dup(const struct gunyah_platform_ops *ops);

/* Undo gunyah_platform_get() or gunyah_platform_dup(); NULL does nothing. */
void gunyah_platform_put(const struct gunyah_platform_ops *ops);

#endif
