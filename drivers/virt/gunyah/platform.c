// SPDX-License-Identifier: GPL-2.0-only
/*
 * The platform's functions: a place for one set of them.
 *
 * The lock is held for moments only, not over the functions.  What keeps them
 * there is the reference to their module that each parcel takes for whose memory
 * it calls them, until it has undone that: a module with references does not
 * begin its exit, in which it would unregister.
 */
#include <linux/cleanup.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <kunit/visibility.h>

#include "platform.h"

static DEFINE_MUTEX(gunyah_platform_lock);
/* Changed under the lock, read under RCU: giving memory takes no lock for it. */
static const struct gunyah_platform_ops __rcu *gunyah_platform_ops;

int gunyah_platform_register(const struct gunyah_platform_ops *ops)
{
	if (!ops->pre_give || !ops->post_reclaim || !ops->pre_demand_page ||
	    !ops->release_demand_page)
		return -EINVAL;

	guard(mutex)(&gunyah_platform_lock);
	if (rcu_access_pointer(gunyah_platform_ops))
		return -EEXIST;

	rcu_assign_pointer(gunyah_platform_ops, ops);
	return 0;
}
EXPORT_SYMBOL_GPL(gunyah_platform_register);

void gunyah_platform_unregister(const struct gunyah_platform_ops *ops)
{
	scoped_guard(mutex, &gunyah_platform_lock) {
		if (rcu_access_pointer(gunyah_platform_ops) != ops)
			return;
		RCU_INIT_POINTER(gunyah_platform_ops, NULL);
	}
	/* Who has found it has a reference, or was refused one. */
	synchronize_rcu();
}
EXPORT_SYMBOL_GPL(gunyah_platform_unregister);

const struct gunyah_platform_ops *gunyah_platform_get(void)
{
	const struct gunyah_platform_ops *ops;

	guard(rcu)();
	ops = rcu_dereference(gunyah_platform_ops);
	/* A module that is going has none: it is about to unregister. */
	if (!ops || !try_module_get(ops->owner))
		return NULL;

	return ops;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_platform_get);

const struct gunyah_platform_ops *gunyah_platform_dup(const struct gunyah_platform_ops *ops)
{
	if (ops)
		__module_get(ops->owner);
	return ops;
}

void gunyah_platform_put(const struct gunyah_platform_ops *ops)
{
	if (ops)
		module_put(ops->owner);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_platform_put);
