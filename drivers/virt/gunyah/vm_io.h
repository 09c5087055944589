/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Handlers of writes to guest addresses: what the kernel answers itself,
 * without an exit to the monitor.
 */
#ifndef _GUNYAH_VM_IO_H
#define _GUNYAH_VM_IO_H

#include <linux/bitops.h>
#include <linux/eventfd.h>
#include <linux/hash.h>
#include <linux/hashtable.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

struct gunyah_vm_io_handler;

/**
 * struct gunyah_vm_io_ops - what a handler does
 * @write: a vCPU wrote what the handler asked for.  Runs in the vCPU's thread
 *	under rcu_read_lock(): must not sleep.  Returns 0 when the access is
 *	done, else the monitor gets it as an exit.
 */
struct gunyah_vm_io_ops {
	int (*write)(struct gunyah_vm_io_handler *handler, u64 addr, u32 len, u64 data);
};

/**
 * struct gunyah_vm_io_key - which writes a handler wants, without holes
 * @addr: guest address
 * @data: value, cut to @len; 0 without @match
 * @len: length of the access: 1, 2, 4 or 8, or 0 for any
 * @match: 1 when only writes of @data are wanted, else 0
 */
struct gunyah_vm_io_key {
	u64 addr;
	u64 data;
	u32 len;
	u32 match;
};

/**
 * struct gunyah_vm_io_handler - a handler
 * @node: private to the table
 * @eventfd: what is signalled, if that is all; the guest goes on whatever its counter is
 * @ops: else: what it does
 * @key: which writes it wants, from gunyah_vm_io_make_key()
 * @list: private to the table
 */
struct gunyah_vm_io_handler {
	struct hlist_node node;
	struct eventfd_ctx *eventfd;
	const struct gunyah_vm_io_ops *ops;
	struct gunyah_vm_io_key key;
	struct list_head list;
};

/**
 * struct gunyah_vm_io - the handlers of a VM
 * @lock: held by who adds or removes, never by a vCPU
 * @handlers: all handlers, guarded by @lock
 * @table: the same by key, until it is closed: changed under @lock, read under RCU
 * @n_values: how many in @table want a value; changed under @lock, read without
 * @closed: no handler can be found or added any more; guarded by @lock
 */
struct gunyah_vm_io {
	struct mutex lock;	/* see above */
	struct list_head handlers;
	DECLARE_HASHTABLE(table, 8);
	unsigned int n_values;
	bool closed;
};

void gunyah_vm_io_init(struct gunyah_vm_io *io);
void gunyah_vm_io_destroy(struct gunyah_vm_io *io);
int gunyah_vm_io_make_key(struct gunyah_vm_io_key *key, u64 addr, u32 len,
			  const u64 *datamatch);
int gunyah_vm_io_add(struct gunyah_vm_io *io, struct gunyah_vm_io_handler *handler);
void gunyah_vm_io_remove(struct gunyah_vm_io *io, struct gunyah_vm_io_handler *handler);
void gunyah_vm_io_close(struct gunyah_vm_io *io);

/* @data is 0 without a value.  It is turned: addresses and values are small numbers. */
static inline struct hlist_head *gunyah_vm_io_chain(struct gunyah_vm_io *io, u64 addr, u64 data)
{
	return &io->table[hash_64(addr ^ ror64(data, 32), HASH_BITS(io->table))];
}

/* In a read-side section: the handler of writes of just @data. */
static inline struct gunyah_vm_io_handler *
gunyah_vm_io_find_value(struct gunyah_vm_io *io, u64 addr, u32 len, u64 data)
{
	struct gunyah_vm_io_handler *handler;

	data &= ~0ULL >> (64 - len * 8);
	hlist_for_each_entry_rcu(handler, gunyah_vm_io_chain(io, addr, data), node) {
		if (handler->key.addr == addr && handler->key.data == data &&
		    handler->key.len == len && handler->key.match)
			return handler;
	}
	return NULL;
}

/* The same of those that want no value. */
static inline struct gunyah_vm_io_handler *
gunyah_vm_io_find(struct gunyah_vm_io *io, u64 addr, u32 len)
{
	struct gunyah_vm_io_handler *handler;

	hlist_for_each_entry_rcu(handler, gunyah_vm_io_chain(io, addr, 0), node) {
		if (handler->key.addr == addr && !handler->key.match &&
		    (handler->key.len == len || !handler->key.len))
			return handler;
	}
	return NULL;
}

/**
 * gunyah_vm_io_write() - a vCPU wrote
 * @io: the table of its VM
 * @addr: guest address
 * @len: length: 1, 2, 4 or 8
 * @data: value, of which the low @len bytes count
 *
 * In line: it is in the way of each exit for a write.
 *
 * Context: the vCPU's thread; does not sleep, takes no lock.
 * Return: 0 when a handler did it; -ENOENT when there is none; what the
 * handler said.
 */
static inline int gunyah_vm_io_write(struct gunyah_vm_io *io, u64 addr, u32 len, u64 data)
{
	struct gunyah_vm_io_handler *handler = NULL;

	guard(rcu)();
	/* One that is being added was added after the write. */
	if (unlikely(READ_ONCE(io->n_values)))
		handler = gunyah_vm_io_find_value(io, addr, len, data);
	if (!handler)
		handler = gunyah_vm_io_find(io, addr, len);
	if (!handler)
		return -ENOENT;
	if (unlikely(!handler->eventfd))
		return handler->ops->write(handler, addr, len, data);
	eventfd_signal(handler->eventfd);
	return 0;
}

#endif
