/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a failure sweep needs: a "life" that is lived on when one of its steps
 * fails, and the counters before and after it.
 *
 * A "point" is one thing that failed in one life: an allocation, a hypercall or
 * a message to the resource manager.  The "cost" of a point is what the machine
 * has lost by it for good.
 */
#ifndef GUNYAH_TEST_SWEEP_H
#define GUNYAH_TEST_SWEEP_H

#include "control.h"

/**
 * struct cost - what is given up
 * @pages: not the host's any more, by the resource manager's count
 * @vmids: not free any more, by its count
 * @parcels: not reclaimed, by its count
 * @vms: left in the hypervisor
 * @leaked_pages: by the driver's count
 * @lost_vms: by the driver's count
 * @lost_vmids: by the driver's count
 */
struct cost {
	unsigned int pages;
	unsigned int vmids;
	unsigned int parcels;
	unsigned int vms;
	unsigned int leaked_pages;
	unsigned int lost_vms;
	unsigned int lost_vmids;
};

/**
 * struct sweep_state - the counters
 * @rm: the resource manager's
 * @pool_pages: of the hypervisor's own, without tables of the primary VM; 0: not looked at
 * @leaked_pages: the driver's
 * @lent: bytes, the driver's
 * @shared: bytes, the driver's
 * @parcels: the driver's
 * @entries: the driver's
 * @lost_vms: the driver's
 * @lost_vmids: the driver's
 */
struct sweep_state {
	struct control_counters rm;
	__u64 pool_pages;
	__u64 leaked_pages;
	__u64 lent;
	__u64 shared;
	__u64 parcels;
	__u64 entries;
	__u64 lost_vms;
	__u64 lost_vmids;
};

struct sweep_state sweep_state(void);

/* False when the hypervisor has more pages in use than the place of what was lent explains. */
bool sweep_pool_same(const char *what, const struct sweep_state *before,
		     const struct sweep_state *now);

/*
 * True when @now is @before and @cost, no more and no less; says what is not.
 * The hypervisor's pages and the entries are compared when nothing is lost.
 */
bool sweep_same(const char *what, const struct sweep_state *before, const struct cost *cost,
		const struct sweep_state *now);

/* A line now and then: a console that says nothing for long is taken for a hang. */
void sweep_progress(const char *what, unsigned int n);

/**
 * struct life - a VM's, with each step tried again when it failed
 * @vm: the VM
 * @shared_fd: file of the shared memory, -1 without any
 * @many_fd: file of the guest's memory that is in many pieces, -1 without any
 * @late_fd: file of what is bound while the guest runs, -1 without any
 * @user: memory of this process that the guest has, NULL without any
 * @to_guest: eventfds of the irqfds, -1 without any
 * @from_guest: eventfd of the ioeventfds, -1 without any
 * @lost_signals: that were no interrupt, and had to be made again
 * @share: with shared memory
 * @off: the guest ends the VM, not the host
 * @error: errno of the first step that failed, 0 when none did
 * @again: errno of that step when it was tried again
 * @failed: its name
 * @vm_ran: the guest did what it was told, in the last run
 */
struct life {
	struct test_vm vm;
	int shared_fd;
	int many_fd;
	int late_fd;
	char *user;
	int to_guest[2];
	int from_guest;
	unsigned int lost_signals;
	bool share;
	bool off;
	int error;
	int again;
	const char *failed;
	bool vm_ran;
};

/* A step failed: is it to be tried again? */
bool life_try_again(struct life *l, const char *name, int error);

/* Do it, and when it fails do it again: false when that fails too. */
#define STEP(l, name, expr) ({						\
	int _ret;							\
									\
	do {								\
		_ret = (expr);						\
	} while (_ret < 0 && life_try_again(l, name, _ret));		\
	_ret >= 0;							\
})

/* What is shared. */
#define SHARED_GPA	(GUEST_BASE + 0x10000000UL)
#define SHARED_SIZE	SZ_2M

/* The steps.  False when one has failed twice. */
bool life_open(struct life *l);
bool life_memory(struct life *l);
bool life_small_memory(struct life *l);
bool life_map(struct life *l);
bool life_unmap(struct life *l);
/* In their place: RAM, and what is shared, are this process's own. */
bool life_user_memory(struct life *l);
bool life_user_regions(struct life *l);
/* Pages behind the guest's memory, in so many pieces that MEM_APPEND is needed. */
#define LIFE_PIECES	600
bool life_many_pieces(struct life *l);
bool life_vcpus(struct life *l, unsigned int nr_vcpus);
bool life_remove_vcpu(struct life *l, unsigned int id);
/* Two irqfds and two ioeventfds; the first time before the start, for the device tree. */
bool life_add_events(struct life *l);
bool life_remove_events(struct life *l);
/* Each of them once, when the guest runs. */
bool life_use_events(struct life *l);
bool life_start(struct life *l);
bool life_run(struct life *l);
/* The VM has ended; another run begins. */
bool life_reset(struct life *l);
void life_close(struct life *l);
/* All fields as before the first step. */
void life_init(struct life *l);

/* True when @n failures have cost @cost each, and the resource manager is alive. */
bool cost_is(const struct sweep_state *was, unsigned int n, const struct cost *cost);

/* All that a VM of one lent parcel has. */
#define ALL_LOST {							\
	.pages = VM_PAGES, .vmids = 1, .parcels = 1, .vms = 1,		\
	.leaked_pages = VM_PAGES, .lost_vms = 1, .lost_vmids = 1,	\
}

/* Everything as it was for the next test: pages that were leaked stay leaked. */
#define clean_up() do {							\
	EXPECT_TRUE(control_revive(true));				\
	control_reclaim();						\
	EXPECT_EQ(0, control_read(CTL_PAGES_NOT_HOST));			\
} while (0)

#endif
