/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A provider is where a VM's memory comes from: today a guest-memory file;
 * pages of a process, carve-outs of the device tree and others fit in here.
 *
 * A provider owns a range of offsets, from 0.  A binding claims a part of it:
 * each offset is claimed once only, by any VM.  Then each page of a claim has
 * one state (enum gunyah_mem_state) and moves
 *
 *	host --give--> shared or lent --take_back--> host
 *	                      |
 *	                      +--leak--> leaked, for good
 *
 * A claim may make these moves as a whole or in parts.
 *
 * The provider says whether the pages can make the move, and keeps them where
 * they are while they are not the host's.  Telling the hypervisor, and taking
 * lent pages out of the kernel's direct map, is the caller's work, between give
 * and take_back.
 *
 * The way from a provider to who has claimed its memory is struct gunyah_mem_owner,
 * for a provider that wants memory back while a guest has it.
 */
#ifndef _GUNYAH_MEM_PROVIDER_H
#define _GUNYAH_MEM_PROVIDER_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/wait_bit.h>

struct gunyah_mem_list;
struct gunyah_mem_owner;
struct gunyah_mem_provider;

/**
 * enum gunyah_mem_state - who has a page
 * @GUNYAH_MEM_HOST: this VM alone
 * @GUNYAH_MEM_SHARED: this VM and one guest
 * @GUNYAH_MEM_LENT: one guest alone; nobody here may touch it
 * @GUNYAH_MEM_LEAKED: the hypervisor may have it, it did not come back: never
 *	used again and never freed
 */
enum gunyah_mem_state {
	GUNYAH_MEM_HOST,
	GUNYAH_MEM_SHARED,
	GUNYAH_MEM_LENT,
	GUNYAH_MEM_LEAKED,
};

/**
 * struct gunyah_mem_owner_ops - what the owner of claims does for a provider
 * @can_reclaim: can what is shared come back while the guest has it?  Called with
 *	any lock held, does not sleep.  The answer holds as long as the owner has
 *	anything shared
 * @reclaim: take back what the guest has of shared memory in a range of the provider,
 *	all of it the owner's claim at the time of the call or before it; with the
 *	owner's lock held.  0: the guest has nothing of it, until that lock is given
 *	up; -EBUSY: not now; other errnos: some of it did not come back
 */
struct gunyah_mem_owner_ops {
	bool (*can_reclaim)(const struct gunyah_mem_owner *owner);
	int (*reclaim)(struct gunyah_mem_owner *owner, struct gunyah_mem_provider *provider,
		       u64 offset, u64 size);
};

/**
 * struct gunyah_mem_owner - who has claims: embedded in the memory of a VM
 * @ops: what it does
 * @lock: the lock of the bindings: no claim of the owner changes its state, but for
 *	what @ops does, while another has it
 * @users: providers that are about to ask it
 *
 * A provider finds the owner by a claim, with a lock held that it takes to change
 * claims.  Before it gives that up, to take @lock, which comes first in the order of
 * locks, it has to become a user.  The owner goes away only when it has no claims
 * and then no users.
 */
struct gunyah_mem_owner {
	const struct gunyah_mem_owner_ops *ops;
	struct mutex *lock;	/* see above */
	atomic_t users;
};

/* Become a user; there is a claim of the owner, and it stays for the moment. */
static inline void gunyah_mem_owner_get(struct gunyah_mem_owner *owner)
{
	atomic_inc(&owner->users);
}

/* The owner may be gone on return. */
static inline void gunyah_mem_owner_put(struct gunyah_mem_owner *owner)
{
	/* Fully ordered; and who waits is found by the address alone. */
	if (atomic_dec_and_test(&owner->users))
		wake_up_var(&owner->users);
}

/* Wait until the owner, without claims, has no users.  Its lock is not held. */
static inline void gunyah_mem_owner_wait(struct gunyah_mem_owner *owner)
{
	wait_var_event(&owner->users, !atomic_read(&owner->users));
}

/**
 * struct gunyah_mem_provider_ops - what a provider does
 * @get: take a reference
 * @put: drop it; may be the last
 * @claim: claim offsets for one binding.  -EINVAL: beyond the end, or not
 *	aligned as this provider needs it; -EEXIST: claimed already; -ENOMEM;
 *	-EINTR: a fatal signal
 * @unclaim: give up a claim or a part of it; the state is host or leaked, and what
 *	is leaked stays claimed, by nobody
 * @piece: find a physically contiguous piece around @offset, as large as it is to be
 *	given at once, allocated if need be.  @start and @size are the range in which it
 *	is looked for, a part of a claim; filled in: its first offset and its size.  It
 *	says nothing about states.  -ENOMEM; -EINTR: a fatal signal
 * @give: move a claim, or any part of one that is the host's, to @state, which
 *	is shared or lent, and append its pages to @list, in the order of their
 *	offsets.  -EBUSY: lent is not possible, as user space has mapped or pinned
 *	a page; -EIO: some of it was leaked before, or has failed; -EINTR: a
 *	fatal signal; -ENOMEM.  On an error the state is as before, and @list may have more
 *	entries
 * @take_back: the pages are this VM's again, mapped as they were; any part of what
 *	was given
 * @leak: the pages are lost, see GUNYAH_MEM_LEAKED; any part of what was given
 *
 * @gpa of @claim is the guest address that goes with @offset, for providers that
 * want the two aligned; @owner is who claims, NULL for somebody who can't be asked for
 * anything.  All offsets and sizes are multiples of the page size.
 *
 * Context: all may sleep; the caller holds the lock of the bindings, and a
 * reference for each binding.
 */
struct gunyah_mem_provider_ops {
	void (*get)(struct gunyah_mem_provider *provider);
	void (*put)(struct gunyah_mem_provider *provider);
	int (*claim)(struct gunyah_mem_provider *provider, struct gunyah_mem_owner *owner,
		     u64 gpa, u64 offset, u64 size);
	void (*unclaim)(struct gunyah_mem_provider *provider, u64 offset, u64 size);
	int (*piece)(struct gunyah_mem_provider *provider, u64 offset, u64 *start, u64 *size);
	int (*give)(struct gunyah_mem_provider *provider, u64 offset, u64 size,
		    enum gunyah_mem_state state, struct gunyah_mem_list *list);
	void (*take_back)(struct gunyah_mem_provider *provider, u64 offset, u64 size);
	void (*leak)(struct gunyah_mem_provider *provider, u64 offset, u64 size);
};

/**
 * struct gunyah_mem_provider - embedded in the provider's own structure
 * @ops: what it does
 */
struct gunyah_mem_provider {
	const struct gunyah_mem_provider_ops *ops;
};

#endif
