// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mistakes on purpose: when this module is loaded it makes the one that the
 * parameter "kind" names, so that a test run can show that the kernel's report
 * of it is seen.  Without a parameter it does nothing.  It has nothing to do
 * with the drivers; LKDTM has the mistakes that are not here.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timer.h>

static char *kind = "";
module_param(kind, charp, 0444);
MODULE_PARM_DESC(kind, "lockdep, atomic_sleep or object");

static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);
static DEFINE_SPINLOCK(spin);

/* Two locks in both orders. */
static void splat_lockdep(void)
{
	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);

	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
}

/* A call that may sleep, with a spinlock held. */
static void splat_atomic_sleep(void)
{
	spin_lock(&spin);
	might_sleep();
	spin_unlock(&spin);
}

static void splat_expired(struct timer_list *timer)
{
}

/* Memory is freed while a timer in it runs. */
static void splat_object(void)
{
	struct timer_list *timer = kzalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return;
	timer_setup(timer, splat_expired, 0);
	mod_timer(timer, jiffies + 3600 * HZ);
	kfree(timer);
}

static int __init splat_init(void)
{
	if (!strcmp(kind, "lockdep"))
		splat_lockdep();
	else if (!strcmp(kind, "atomic_sleep"))
		splat_atomic_sleep();
	else if (!strcmp(kind, "object"))
		splat_object();
	else if (*kind)
		return -EINVAL;
	return 0;
}
module_init(splat_init);

static void __exit splat_exit(void)
{
}
module_exit(splat_exit);

MODULE_DESCRIPTION("Mistakes on purpose");
MODULE_LICENSE("GPL");
