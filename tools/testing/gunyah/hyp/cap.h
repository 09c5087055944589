/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Capabilities: 64-bit numbers by which a VM names an object of the hypervisor.
 *
 * An object begins with struct object.  A capability belongs to one VM (its
 * holder), names one object and carries rights.  In another VM the number
 * means nothing.
 *
 * Life: cap_get() marks the object as in use until cap_put(); cap_revoke()
 * takes all capabilities of an object away and returns when nobody uses it any
 * more, so that the caller may free it.
 */
#ifndef HYP_CAP_H
#define HYP_CAP_H

#include "lib.h"

struct vm;

enum obj_type { OBJ_DOORBELL, OBJ_MSGQ, OBJ_VCPU, OBJ_THREAD, OBJ_ADDRSPACE, OBJ_EXTENT };

struct object {
	enum obj_type type;
	u32 users;		/* atomic: between cap_get() and cap_put() */
};

enum cap_rights {
	CAP_SEND = 1,		/* doorbell, queue */
	CAP_RECEIVE = 2,	/* doorbell (also its masks), queue */
	CAP_RUN = 4,		/* vCPU */
	CAP_MAP = 8,		/* address space, extent */
	CAP_DONATE = 16,	/* extent */
};

/* No capability ever has this value. */
#define CAP_INVALID	(~0UL)

/* A vCPU as an object: what vcpu_run names. */
struct vcpu_object {
	struct object obj;
	struct vcpu *vcpu;
	bool proxy;		/* vcpu_run works; else it is BUSY */
};

void cap_init(void);
/* New capability of @holder; CAP_INVALID when the table is full. */
u64 cap_new(struct vm *holder, struct object *obj, u32 rights);
/* The two of the resource manager's queues at the primary VM. */
u64 cap_new_rm(struct vm *holder, struct object *obj, u32 rights);
u64 cap_get(struct vm *holder, u64 id, enum obj_type type, u32 rights, struct object **obj);
void cap_put(struct object *obj);
void cap_revoke(struct object *obj);

#endif
