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
#include <kunit/visibility.h>

#include "platform.h"

static DEFINE_MUTEX(gunyah_platform_lock);
static const struct gunyah_platform_ops *gunyah_platform_ops;

int gunyah_platform_register(const struct gunyah_platform_ops *ops)
{
	if (!ops->pre_give || !ops->post_reclaim || !ops->pre_demand_page ||
	    !ops->release_demand_page)
		return -EINVAL;

	guard(mutex)(&gunyah_platform_lock);
	if (gunyah_platform_ops)
		return -EEXIST;

	gunyah_platform_ops = ops;
	return 0;
}
EXPORT_SYMBOL_GPL(gunyah_platform_register);

void gunyah_platform_unregister(const struct gunyah_platform_ops *ops)
{
	guard(mutex)(&gunyah_platform_lock);
	if (gunyah_platform_ops == ops)
		gunyah_platform_ops = NULL;
}
EXPORT_SYMBOL_GPL(gunyah_platform_unregister);

const struct gunyah_platform_ops *gunyah_platform_get(void)
{
	guard(mutex)(&gunyah_platform_lock);
	/* A module that is going has none: it is about to unregister. */
	if (!gunyah_platform_ops || !try_module_get(gunyah_platform_ops->owner))
		return NULL;

	return gunyah_platform_ops;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_platform_get);

void gunyah_platform_put(const struct gunyah_platform_ops *ops)
{
	if (ops)
		module_put(ops->owner);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_platform_put);
