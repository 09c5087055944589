// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of capabilities.
 *
 * A number is base + slot * step; base and step are random and new at each
 * boot, so bit 63 is set half of the time.  The remainder of the division does
 * not count: a number a little above a good one works too, as it may on the
 * published hypervisor's production build.  A number outside of the table is
 * an invalid argument, an empty slot or another holder's a null capability.
 *
 * Invariant: slots are given lowest first, so a VM that comes after another
 * may get the same numbers again.  The slots of the resource manager's queues
 * are apart from the others: one wrong bit doesn't lead to another object.
 */

#include "abi.h"
#include "cap.h"

#define CAP_SPACE	4096UL	/* slots that have a number */
#define CAP_RM_SLOT	1000UL
#define CAP_FIRST	2048UL	/* all other objects */
#define CAP_STEP_MIN	0x1001UL

struct cap_slot {
	struct object *obj;	/* NULL: free */
	struct vm *holder;
	u32 rights;
};

static struct {
	spinlock_t lock;	/* guards slot[] */
	u64 base, step;
	struct cap_slot slot[CAP_SPACE];
} caps;

void cap_init(void)
{
	caps.step = CAP_STEP_MIN + (hyp_random() & 0xffe);
	do {
		caps.base = hyp_random();
	} while (caps.base > ~0UL - 2 * CAP_SPACE * caps.step);
}

static u64 cap_new_in(struct vm *holder, struct object *obj, u32 rights, u64 first, u64 end)
{
	u64 id = CAP_INVALID;
	u64 i;

	spin_lock(&caps.lock);
	for (i = first; i < end; i++) {
		if (caps.slot[i].obj)
			continue;
		caps.slot[i].obj = obj;
		caps.slot[i].holder = holder;
		caps.slot[i].rights = rights;
		id = caps.base + i * caps.step;
		break;
	}
	spin_unlock(&caps.lock);
	return id;
}

u64 cap_new(struct vm *holder, struct object *obj, u32 rights)
{
	return cap_new_in(holder, obj, rights, CAP_FIRST, CAP_SPACE);
}

u64 cap_new_rm(struct vm *holder, struct object *obj, u32 rights)
{
	return cap_new_in(holder, obj, rights, CAP_RM_SLOT, CAP_RM_SLOT + 4);
}

/**
 * cap_get() - look a capability up and keep its object alive
 * @holder: the VM that names it
 * @id: the number
 * @type: the type that the call works on
 * @rights: all of them are needed
 * @obj: set on success
 *
 * Return: HYP_OK, HYP_ARG_INVAL, HYP_CAP_NULL, HYP_WRONG_TYPE, HYP_NO_RIGHTS.
 */
u64 cap_get(struct vm *holder, u64 id, enum obj_type type, u32 rights, struct object **obj)
{
	u64 i = (id - caps.base) / caps.step;
	struct cap_slot *s;
	u64 err = HYP_OK;

	if (id < caps.base || i >= CAP_SPACE)
		return HYP_ARG_INVAL;

	spin_lock(&caps.lock);
	s = &caps.slot[i];
	if (!s->obj || s->holder != holder)
		err = HYP_CAP_NULL;
	else if (s->obj->type != type)
		err = HYP_WRONG_TYPE;
	else if ((s->rights & rights) != rights)
		err = HYP_NO_RIGHTS;
	if (!err) {
		__atomic_add_fetch(&s->obj->users, 1, __ATOMIC_RELAXED);
		*obj = s->obj;
	}
	spin_unlock(&caps.lock);
	return err;
}

void cap_put(struct object *obj)
{
	__atomic_sub_fetch(&obj->users, 1, __ATOMIC_RELEASE);
}

/**
 * cap_revoke() - take all capabilities of an object away
 * @obj: the object
 *
 * Returns when no hypercall uses the object any more.  The caller has stopped
 * the VM whose vCPU it is, so that a vcpu_run that is under way ends.
 */
void cap_revoke(struct object *obj)
{
	u64 i;

	spin_lock(&caps.lock);
	for (i = 0; i < CAP_SPACE; i++) {
		if (caps.slot[i].obj == obj)
			caps.slot[i].obj = NULL;
	}
	spin_unlock(&caps.lock);

	while (__atomic_load_n(&obj->users, __ATOMIC_ACQUIRE))
		;
}
