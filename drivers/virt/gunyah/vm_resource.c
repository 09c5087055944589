// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tickets and resources of a VM.
 *
 * A ticket is a standing claim on a resource of a type and label.  A resource
 * is in one of two places: in the table's list while nobody claims it, or in
 * the ticket that claims it, which was told so (populated).  Between runs of
 * the VM there are tickets but no resources.
 *
 * A resource that nobody asks for stays in the list, quietly, until the end of
 * the run: a function that is added late finds it there.
 */
#include <kunit/visibility.h>
#include <linux/err.h>
#include <linux/module.h>

#include "resource.h"
#include "rm_calls.h"
#include "vm_resource.h"

/**
 * gunyah_vm_resources_init() - make an empty table
 * @r: the table
 */
void gunyah_vm_resources_init(struct gunyah_vm_resources *r)
{
	mutex_init(&r->lock);
	INIT_LIST_HEAD(&r->tickets);
	INIT_LIST_HEAD(&r->resources);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_resources_init);

static struct gunyah_vm_ticket *find_ticket_locked(struct gunyah_vm_resources *r,
						   u32 type, u32 label)
{
	struct gunyah_vm_ticket *ticket;

	lockdep_assert_held(&r->lock);
	list_for_each_entry(ticket, &r->tickets, list) {
		if (ticket->type == type && ticket->label == label)
			return ticket;
	}
	return NULL;
}

static struct gunyah_resource *find_resource_locked(struct gunyah_vm_resources *r,
						    u32 type, u32 label)
{
	struct gunyah_resource *res;

	lockdep_assert_held(&r->lock);
	list_for_each_entry(res, &r->resources, list) {
		if (res->type == type && res->label == label)
			return res;
	}
	return NULL;
}

/* The resource of @ticket, where there is one, moves into the ticket. */
static int populate_locked(struct gunyah_vm_resources *r, struct gunyah_vm_ticket *ticket)
{
	struct gunyah_resource *res;
	int ret;

	lockdep_assert_held(&r->lock);
	res = find_resource_locked(r, ticket->type, ticket->label);
	if (!res)
		return 0;

	ret = ticket->ops->populate(ticket, res);
	if (ret)
		return ret;

	list_del(&res->list);
	ticket->res = res;
	return 0;
}

static void unpopulate_locked(struct gunyah_vm_resources *r, struct gunyah_vm_ticket *ticket)
{
	struct gunyah_resource *res = ticket->res;

	lockdep_assert_held(&r->lock);
	if (!res)
		return;

	ticket->ops->unpopulate(ticket, res);
	ticket->res = NULL;
	list_add(&res->list, &r->resources);
}

/**
 * gunyah_vm_ticket_add() - claim a resource
 * @r: the VM's table
 * @ticket: type, label and ops are filled in; it stays until it is removed
 *
 * Where the VM runs and has the resource, the ticket is populated at once.
 *
 * Context: may sleep; takes the table's lock.
 * Return: 0; -EEXIST when there is a ticket for this type and label; what
 * populate said, and then the ticket was not added.
 */
int gunyah_vm_ticket_add(struct gunyah_vm_resources *r, struct gunyah_vm_ticket *ticket)
{
	int ret;

	guard(mutex)(&r->lock);
	if (find_ticket_locked(r, ticket->type, ticket->label))
		return -EEXIST;

	ticket->res = NULL;
	ret = populate_locked(r, ticket);
	if (ret)
		return ret;

	list_add_tail(&ticket->list, &r->tickets);
	return 0;
}
EXPORT_SYMBOL_GPL(gunyah_vm_ticket_add);

/**
 * gunyah_vm_ticket_remove() - give a claim up
 * @r: the VM's table
 * @ticket: a ticket that was added; the caller may free it afterwards
 *
 * The resource, if the ticket has it, is there for another ticket.
 *
 * Context: may sleep; takes the table's lock.
 */
void gunyah_vm_ticket_remove(struct gunyah_vm_resources *r, struct gunyah_vm_ticket *ticket)
{
	guard(mutex)(&r->lock);
	unpopulate_locked(r, ticket);
	list_del(&ticket->list);
}
EXPORT_SYMBOL_GPL(gunyah_vm_ticket_remove);

static bool known_type(u32 type)
{
	switch (type) {
	case GUNYAH_RESOURCE_BELL_TX:
	case GUNYAH_RESOURCE_BELL_RX:
	case GUNYAH_RESOURCE_MSGQ_TX:
	case GUNYAH_RESOURCE_MSGQ_RX:
	case GUNYAH_RESOURCE_VCPU:
	case GUNYAH_RESOURCE_MEM_EXTENT:
	case GUNYAH_RESOURCE_ADDR_SPACE:
		return true;
	default:
		return false;
	}
}

static void drain_locked(struct gunyah_vm_resources *r)
{
	struct gunyah_vm_ticket *ticket;
	struct gunyah_resource *res, *tmp;

	lockdep_assert_held(&r->lock);
	list_for_each_entry_reverse(ticket, &r->tickets, list)
		unpopulate_locked(r, ticket);

	list_for_each_entry_safe(res, tmp, &r->resources, list) {
		list_del(&res->list);
		gunyah_resource_destroy(res);
	}
}

/* Can there be no such resource?  -ENXIO may be a lack of memory, see map_irq(). */
static bool is_impossible(int error)
{
	return error == -EINVAL || error == -EBUSY;
}

static int fill_locked(struct gunyah_vm_resources *r, struct device_node *irq_parent,
		       size_t n, const struct gunyah_rm_hyp_resource *list)
{
	struct gunyah_vm_ticket *ticket;
	struct gunyah_resource *res;
	size_t i;
	int ret;

	lockdep_assert_held(&r->lock);
	for (i = 0; i < n; i++) {
		if (!known_type(list[i].type))
			continue;
		res = gunyah_resource_create(irq_parent, list[i].type, list[i].label,
					     list[i].capid, list[i].virq);
		if (IS_ERR(res)) {
			/* What nobody claims is of no consequence. */
			if (is_impossible(PTR_ERR(res)) &&
			    !find_ticket_locked(r, list[i].type, list[i].label))
				continue;
			return PTR_ERR(res);
		}
		list_add_tail(&res->list, &r->resources);
	}

	list_for_each_entry(ticket, &r->tickets, list) {
		ret = populate_locked(r, ticket);
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * gunyah_vm_resources_fill() - take the resources of a new run in
 * @r: the VM's table, without resources
 * @irq_parent: interrupt controller of the resources' interrupts
 * @n: entries of @list
 * @list: what the resource manager said; unknown types are passed over, and those with
 *	an interrupt that can't be, where nobody has claimed them
 *
 * All or nothing: after an error no ticket is populated and there are no
 * resources.
 *
 * Context: may sleep; takes the table's lock.
 * Return: 0, or the errno of gunyah_resource_create() or of a ticket's populate.
 */
int gunyah_vm_resources_fill(struct gunyah_vm_resources *r, struct device_node *irq_parent,
			     size_t n, const struct gunyah_rm_hyp_resource *list)
{
	int ret;

	guard(mutex)(&r->lock);
	ret = fill_locked(r, irq_parent, n, list);
	if (ret)
		drain_locked(r);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_resources_fill);

/**
 * gunyah_vm_resources_drain() - take the resources of a run out
 * @r: the VM's table
 *
 * Context: may sleep; takes the table's lock.
 */
void gunyah_vm_resources_drain(struct gunyah_vm_resources *r)
{
	guard(mutex)(&r->lock);
	drain_locked(r);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_resources_drain);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Gunyah virtual machines");
