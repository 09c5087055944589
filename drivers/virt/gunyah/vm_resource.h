/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tickets: a VM function asks for a resource of a type and label before the VM
 * has any.  Each start of the VM fills the tickets from GET_HYP_RESOURCES, each
 * end of a run takes the resources out again; the tickets stand.
 */
#ifndef _GUNYAH_VM_RESOURCE_H
#define _GUNYAH_VM_RESOURCE_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>

struct device_node;
struct gunyah_resource;
struct gunyah_rm_hyp_resource;
struct gunyah_vm_ticket;

/**
 * struct gunyah_vm_ticket_ops - what a ticket's holder does with its resource
 * @populate: the resource came; an errno makes the start fail (-EOPNOTSUPP and so on)
 * @unpopulate: give it up: on return nothing uses capability or interrupt
 *
 * Both may sleep and are called with the table's lock held; unpopulate only
 * after a populate that returned 0.
 */
struct gunyah_vm_ticket_ops {
	int (*populate)(struct gunyah_vm_ticket *ticket, struct gunyah_resource *res);
	void (*unpopulate)(struct gunyah_vm_ticket *ticket, struct gunyah_resource *res);
};

/**
 * struct gunyah_vm_ticket - a claim on a resource
 * @type: type of the resource
 * @label: its label
 * @ops: callbacks
 * @res: the resource while the VM has it (guarded by the table's lock)
 * @list: private to the table
 */
struct gunyah_vm_ticket {
	u32 type;
	u32 label;
	const struct gunyah_vm_ticket_ops *ops;
	struct gunyah_resource *res;
	struct list_head list;
};

/**
 * struct gunyah_vm_resources - the tickets and resources of a VM
 * @lock: guards all below
 * @tickets: all tickets
 * @resources: resources of the present run that nobody has claimed yet
 */
struct gunyah_vm_resources {
	struct mutex lock;	/* see above */
	struct list_head tickets;
	struct list_head resources;
};

void gunyah_vm_resources_init(struct gunyah_vm_resources *r);
/* -EEXIST for a second ticket of the same type and label; populates at once in a running VM. */
int gunyah_vm_ticket_add(struct gunyah_vm_resources *r, struct gunyah_vm_ticket *ticket);
void gunyah_vm_ticket_remove(struct gunyah_vm_resources *r, struct gunyah_vm_ticket *ticket);
/* All or nothing; unknown types are passed over quietly (R26, R27). */
int gunyah_vm_resources_fill(struct gunyah_vm_resources *r, struct device_node *irq_parent,
			     size_t n, const struct gunyah_rm_hyp_resource *list);
void gunyah_vm_resources_drain(struct gunyah_vm_resources *r);

#endif
