// SPDX-License-Identifier: GPL-2.0-only
/*
 * Handlers of writes to guest addresses.
 *
 * The table is a hash of what a handler asks for: address, length and value,
 * where length and value may be "any".  So one write matches at most three
 * keys, and is looked up in constant time however many handlers there are.
 * Two handlers that one write could match are never in the table together.
 *
 * Who reads and who writes: a vCPU's thread looks up and calls the handler
 * inside of one RCU read-side section and takes no lock.  Adding and removing
 * is done under the table's mutex, which no vCPU takes; a removed handler is
 * given back to its owner only after all readers that could have found it are
 * gone.
 *
 * The table itself is on nobody's account, for there is no way to charge it: 64
 * pointers for a VM, and about one for each handler; what they belong to, the VM
 * and the handlers, is many times larger and is charged (R28).
 */
#include <kunit/visibility.h>
#include <linux/bits.h>
#include <linux/export.h>
#include <linux/overflow.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable.h>

#include "vm_io.h"

static const struct rhashtable_params table_params = {
	.key_len = sizeof(struct gunyah_vm_io_key),
	.key_offset = offsetof(struct gunyah_vm_io_handler, key),
	.head_offset = offsetof(struct gunyah_vm_io_handler, node),
	.automatic_shrinking = true,
};

/* A hole would be compared, too. */
static_assert(sizeof(struct gunyah_vm_io_key) == 24);

/**
 * gunyah_vm_io_init() - make an empty table
 * @io: the table
 *
 * Return: 0 or -ENOMEM.
 */
int gunyah_vm_io_init(struct gunyah_vm_io *io)
{
	mutex_init(&io->lock);
	INIT_LIST_HEAD(&io->handlers);
	return rhashtable_init(&io->table, &table_params);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_io_init);

/**
 * gunyah_vm_io_destroy() - free a table
 * @io: the table; all handlers were removed and no vCPU runs
 */
void gunyah_vm_io_destroy(struct gunyah_vm_io *io)
{
	rhashtable_destroy(&io->table);
	mutex_destroy(&io->lock);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_io_destroy);

static u64 cut(u64 data, u32 len)
{
	return len ? data & GENMASK_ULL(len * 8 - 1, 0) : data;
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
 * gunyah_vm_io_add() - add a handler
 * @io: the table
 * @handler: its ops are set; it stays until it is removed
 * @addr: guest address of the writes
 * @len: their length: 1, 2, 4 or 8, or 0 for any
 * @datamatch: their value, of which the low @len bytes count; NULL for any
 *
 * Context: may sleep; takes the table's lock.
 * Return: 0; -EINVAL for another length, or a value without a length;
 * -EOVERFLOW when the range wraps; -EEXIST when a handler is there that could
 * match the same write; -ENOMEM.
 */
int gunyah_vm_io_add(struct gunyah_vm_io *io, struct gunyah_vm_io_handler *handler,
		     u64 addr, u32 len, const u64 *datamatch)
{
	struct gunyah_vm_io_handler *other;
	u64 end;
	int ret;

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

	handler->key = (struct gunyah_vm_io_key) {
		.addr = addr,
		.len = len,
		.data = datamatch ? cut(*datamatch, len) : 0,
		.match = !!datamatch,
	};

	guard(mutex)(&io->lock);
	list_for_each_entry(other, &io->handlers, list) {
		if (overlap(&other->key, &handler->key))
			return -EEXIST;
	}

	/* Publish: from here on vCPUs find it. */
	ret = rhashtable_insert_fast(&io->table, &handler->node, table_params);
	if (ret)
		return ret == -E2BIG || ret == -EBUSY ? -ENOMEM : ret;
	list_add_tail(&handler->list, &io->handlers);
	return 0;
}
EXPORT_SYMBOL_GPL(gunyah_vm_io_add);

/**
 * gunyah_vm_io_remove() - remove a handler
 * @io: the table
 * @handler: a handler that was added; on return nobody uses it
 *
 * Context: may sleep; takes the table's lock; waits for an RCU grace period.
 */
void gunyah_vm_io_remove(struct gunyah_vm_io *io, struct gunyah_vm_io_handler *handler)
{
	scoped_guard(mutex, &io->lock) {
		rhashtable_remove_fast(&io->table, &handler->node, table_params);
		list_del(&handler->list);
	}
	/* For the section in gunyah_vm_io_write(); a VM may have hundreds to remove. */
	synchronize_rcu_expedited();
}
EXPORT_SYMBOL_GPL(gunyah_vm_io_remove);

static struct gunyah_vm_io_handler *find(struct gunyah_vm_io *io, u64 addr, u32 len,
					 u64 data, u32 match)
{
	struct gunyah_vm_io_key key = {
		.addr = addr,
		.data = data,
		.len = len,
		.match = match,
	};

	return rhashtable_lookup(&io->table, &key, table_params);
}

/**
 * gunyah_vm_io_write() - a vCPU wrote
 * @io: the table of its VM
 * @addr: guest address
 * @len: length: 1, 2, 4 or 8
 * @data: value
 *
 * Context: the vCPU's thread; does not sleep, takes no lock.
 * Return: 0 when a handler did it; -ENOENT when there is none; what the
 * handler said.
 */
int gunyah_vm_io_write(struct gunyah_vm_io *io, u64 addr, u32 len, u64 data)
{
	struct gunyah_vm_io_handler *handler;

	/* The usual case; a handler that is added now was added after the write. */
	if (!atomic_read(&io->table.nelems))
		return -ENOENT;

	guard(rcu)();
	handler = find(io, addr, len, cut(data, len), 1);
	if (!handler)
		handler = find(io, addr, len, 0, 0);
	if (!handler)
		handler = find(io, addr, 0, 0, 0);
	return handler ? handler->ops->write(handler, addr, len, data) : -ENOENT;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_io_write);
