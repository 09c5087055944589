// SPDX-License-Identifier: GPL-2.0-only
/*
 * Handlers of writes to guest addresses.
 *
 * The table is a hash: of a handler's address, and of its value where it wants one.  So
 * a write is looked up in one chain, and in a second one when any handler of the VM wants
 * a value; and many handlers on one address, each for a value, are as quick as many
 * addresses.  The table does not grow: with 1,000 handlers there are four in a chain.
 * Two handlers that one write could match are never in the table together.
 *
 * Who reads and who writes: a vCPU's thread looks up and calls the handler
 * inside of one RCU read-side section and takes no lock (R87).  Adding and removing
 * is done under the table's mutex, which no vCPU takes.
 *
 * Why a handler is not used after it was removed:
 *
 * - It is found in the table only, and only inside of a read-side section.
 * - Who removes it takes it out of the table first.  A section that begins after
 *   that does not find it; one that found it began before.
 * - Then a grace period is waited for: all sections that began before it are over,
 *   and with them each call of the handler, for it is made inside of the section.
 * - The pointer does not leave the section.
 *
 * So the owner may free the handler, and what it refers to, when
 * gunyah_vm_io_remove() returns.  A look-up may miss a handler that is added at the
 * same time, or find one that is removed at the same time: then the write came
 * before the one or the other.
 *
 * A VM that goes away has all of its handlers taken out at once, for one grace
 * period (gunyah_vm_io_close()).
 */
#include <kunit/visibility.h>
#include <linux/bits.h>
#include <linux/export.h>
#include <linux/overflow.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>

#include "vm_io.h"

/* A hole would be compared by who has two keys. */
static_assert(sizeof(struct gunyah_vm_io_key) == 24);

/**
 * gunyah_vm_io_init() - make an empty table
 * @io: the table
 */
void gunyah_vm_io_init(struct gunyah_vm_io *io)
{
	mutex_init(&io->lock);
	INIT_LIST_HEAD(&io->handlers);
	hash_init(io->table);
	io->n_values = 0;
	io->closed = false;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_io_init);

/**
 * gunyah_vm_io_destroy() - end a table
 * @io: the table; all handlers were removed and no vCPU runs
 */
void gunyah_vm_io_destroy(struct gunyah_vm_io *io)
{
	mutex_destroy(&io->lock);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_io_destroy);

/* From here on vCPUs find it. */
static void publish_locked(struct gunyah_vm_io *io, struct gunyah_vm_io_handler *handler)
{
	lockdep_assert_held(&io->lock);
	hlist_add_head_rcu(&handler->node,
			   gunyah_vm_io_chain(io, handler->key.addr, handler->key.data));
	WRITE_ONCE(io->n_values, io->n_values + handler->key.match);
}

static void unpublish_locked(struct gunyah_vm_io *io, struct gunyah_vm_io_handler *handler)
{
	lockdep_assert_held(&io->lock);
	WRITE_ONCE(io->n_values, io->n_values - handler->key.match);
	hlist_del_rcu(&handler->node);
}

/* Is there a write that both keys match? */
static bool overlap(const struct gunyah_vm_io_key *a, const struct gunyah_vm_io_key *b)
{
	if (a->addr != b->addr)
		return false;
	if (a->len && b->len && a->len != b->len)
		return false;
	return !a->match || !b->match || a->data == b->data;
}

/**
 * gunyah_vm_io_make_key() - say which writes are wanted
 * @key: filled in
 * @addr: guest address of the writes
 * @len: their length: 1, 2, 4 or 8, or 0 for any
 * @datamatch: their value, of which the low @len bytes count; NULL for any
 *
 * Two keys are of the same writes when they are equal, byte by byte.
 *
 * Return: 0; -EINVAL for another length, or a value without a length;
 * -EOVERFLOW when the range wraps.
 */
int gunyah_vm_io_make_key(struct gunyah_vm_io_key *key, u64 addr, u32 len,
			  const u64 *datamatch)
{
	u64 end;

	switch (len) {
	case 0:
		if (datamatch)
			return -EINVAL;
		break;
	case 1:
	case 2:
	case 4:
	case 8:
		if (check_add_overflow(addr, (u64)len - 1, &end))
			return -EOVERFLOW;
		break;
	default:
		return -EINVAL;
	}

	*key = (struct gunyah_vm_io_key) {
		.addr = addr,
		.len = len,
		.data = datamatch ? *datamatch & GENMASK_ULL(len * 8 - 1, 0) : 0,
		.match = !!datamatch,
	};
	return 0;
}
EXPORT_SYMBOL_GPL(gunyah_vm_io_make_key);

/**
 * gunyah_vm_io_add() - add a handler
 * @io: the table
 * @handler: its eventfd or ops, and its key, are set; it stays until it is removed
 *
 * Context: may sleep; takes the table's lock.
 * Return: 0; -EEXIST when a handler is there that could match the same write;
 * -ENODEV when the table was closed.
 */
int gunyah_vm_io_add(struct gunyah_vm_io *io, struct gunyah_vm_io_handler *handler)
{
	struct gunyah_vm_io_handler *other;

	guard(mutex)(&io->lock);
	if (io->closed)
		return -ENODEV;

	list_for_each_entry(other, &io->handlers, list) {
		if (overlap(&other->key, &handler->key))
			return -EEXIST;
	}

	publish_locked(io, handler);
	list_add_tail(&handler->list, &io->handlers);
	return 0;
}
EXPORT_SYMBOL_GPL(gunyah_vm_io_add);

/**
 * gunyah_vm_io_remove() - remove a handler
 * @io: the table
 * @handler: a handler that was added; on return nobody uses it
 *
 * Context: may sleep; takes the table's lock; waits for an RCU grace period, but
 * not after gunyah_vm_io_close().
 */
void gunyah_vm_io_remove(struct gunyah_vm_io *io, struct gunyah_vm_io_handler *handler)
{
	scoped_guard(mutex, &io->lock) {
		list_del(&handler->list);
		if (io->closed)
			return;
		unpublish_locked(io, handler);
	}
	/* For the section in gunyah_vm_io_write(): see the top. */
	synchronize_rcu_expedited();
}
EXPORT_SYMBOL_GPL(gunyah_vm_io_remove);

/**
 * gunyah_vm_io_close() - let no write find a handler any more, for good
 * @io: the table; its handlers are still to be removed, which is quick now
 *
 * Context: may sleep; takes the table's lock; waits for an RCU grace period.
 */
void gunyah_vm_io_close(struct gunyah_vm_io *io)
{
	struct gunyah_vm_io_handler *handler;

	guard(mutex)(&io->lock);
	if (io->closed)
		return;
	io->closed = true;
	if (list_empty(&io->handlers))
		return;

	list_for_each_entry(handler, &io->handlers, list)
		unpublish_locked(io, handler);
	/* As in gunyah_vm_io_remove(), for all at once. */
	synchronize_rcu_expedited();
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_io_close);
