/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fuzzer's calls (fuzz_calls.c) and the program around them (fuzz.c)
 * share.
 */
#ifndef GUNYAH_TEST_FUZZ_H
#define GUNYAH_TEST_FUZZ_H

#include "gunyah_test.h"

#define FUZZ_WORKERS	4
#define FUZZ_DEVS	2
#define FUZZ_VMS	6
#define FUZZ_MEMS	6
#define FUZZ_VCPUS	8
#define FUZZ_EVENTS	8
#define FUZZ_USER_SIZE	(2 * SZ_2M)
/* Where guests have memory besides their RAM: what is shared, and what is the user's. */
#define FUZZ_SHARED	(GUEST_BASE + 0x10000000UL)
#define FUZZ_USER	(GUEST_BASE + 0x20000000UL)
/* One more than the largest errno of user space. */
#define FUZZ_ERRNOS	134

enum fuzz_call {
	FUZZ_OPEN, FUZZ_CREATE_VM, FUZZ_CREATE_MEM, FUZZ_EXTENSION, FUZZ_VM_EXTENSION,
	FUZZ_MAP, FUZZ_SHARE, FUZZ_UNMAP, FUZZ_USER_MEM, FUZZ_RECLAIM, FUZZ_RESET,
	FUZZ_DTB, FUZZ_BOOT, FUZZ_AUTH, FUZZ_AUTH_OTHER,
	FUZZ_ADD, FUZZ_ADD_OTHER, FUZZ_REMOVE, FUZZ_REMOVE_OTHER, FUZZ_START,
	FUZZ_EVENT, FUZZ_SIGNAL, FUZZ_ADD_IRQFD, FUZZ_REMOVE_IRQFD,
	FUZZ_ADD_IOEVENTFD, FUZZ_REMOVE_IOEVENTFD,
	FUZZ_RUN, FUZZ_MMAP_SIZE, FUZZ_MMAP_RUN, FUZZ_MMAP_RUN_WRONG,
	FUZZ_MMAP_MEM, FUZZ_TOUCH, FUZZ_FALLOCATE, FUZZ_PUNCH, FUZZ_TRUNCATE, FUZZ_READ,
	FUZZ_STAT, FUZZ_DUP, FUZZ_FORK, FUZZ_WHOLE_VM, FUZZ_GARBAGE, FUZZ_CLOSE,
	NR_FUZZ_CALLS,
};

/**
 * struct fuzz_state - what all threads work on
 * @succeeded: how often each call did
 * @failed: and how often it failed, by errno
 * @odd: an errno of each call that is none of user space's, 0 without any
 * @guest_exits: times that a guest came back for MMIO
 * @guest_ends: times that RUN told the end of a VM
 * @restarts: times that a VM was started again after a reset
 * @guest_faults: times that a guest came back for memory that it did not get
 * @guest_retries: times that one went on after that
 * @reclaims: VMs that had started, and all of whose RAM was taken back
 * @allocations: that were made to fail
 * @devs: open files; -1 is empty
 * @vms: the same
 * @mems: the same
 * @vcpus: the same
 * @events: the same
 * @pages: run pages; a vCPU and the page in the same slot may not belong together
 * @user: memory of this process that VMs may have: not to be touched
 * @inject: allocations can be made to fail
 * @paged: guests get memory when they touch it, and it can be taken back
 */
struct fuzz_state {
	unsigned long succeeded[NR_FUZZ_CALLS];
	unsigned long failed[NR_FUZZ_CALLS][FUZZ_ERRNOS];
	int odd[NR_FUZZ_CALLS];
	unsigned long guest_exits;
	unsigned long guest_ends;
	unsigned long restarts;
	unsigned long guest_faults;
	unsigned long guest_retries;
	unsigned long reclaims;
	unsigned long allocations;
	int devs[FUZZ_DEVS];
	int vms[FUZZ_VMS];
	int mems[FUZZ_MEMS];
	int vcpus[FUZZ_VCPUS];
	int events[FUZZ_EVENTS];
	struct gunyah_vcpu_run *pages[FUZZ_VCPUS];
	char *user;
	bool inject;
	bool paged;
};

extern struct fuzz_state fuzz;

/* Of this thread; the choices follow from it. */
extern __thread unsigned int fuzz_seed;

/* Once in a thread, before the others. */
void fuzz_thread(unsigned int seed);
/* Less than @n. */
unsigned int fuzz_pick(unsigned int n);
void fuzz_one(enum fuzz_call call);

/* ---- for the calls only ---- */

/* Count it; returns @ret. */
int fuzz_note(enum fuzz_call call, int ret);
/* One of the driver's next allocations in this thread fails, now and then: true then. */
bool fuzz_arm(void);
void fuzz_disarm(bool armed);

/* Do and count it. */
#define FUZZ_DO(call, expr) ({						\
	bool _armed = fuzz_arm();					\
	int _did = (expr);						\
									\
	fuzz_disarm(_armed);						\
	fuzz_note(call, _did);						\
})

/* A file that is mostly there. */
int fuzz_get_dev(void);
int fuzz_get_vm(void);
int fuzz_get_mem(void);
int fuzz_get_vcpu(void);
int fuzz_get_event(void);
/* Another file takes the place; what was there is closed. */
void fuzz_replace(int *slot, int fd);
void fuzz_put(int *slots, unsigned int n, int fd);
/* Numbers that are special in one way or another. */
__u64 fuzz_value(void);
/* As the argument of a call: sometimes one that can't be read. */
void *fuzz_arg(void *arg);
/* A page of a guest that may be memory. */
__u64 fuzz_guest_page(void);

/* ADD or REMOVE of a function; the description may get an error or two. */
int fuzz_do_function(int vm, unsigned long cmd, struct gunyah_fn_desc *desc);
void fuzz_add(int vm, __u32 id, unsigned int slot);
void fuzz_event(enum fuzz_call call);
/* A region of a page or more, with labels and addresses that are seldom free. */
void fuzz_user_mem(int vm, __u64 gpa, bool lent);
int fuzz_do_reclaim(int vm, __u64 gpa, __u64 size);
void fuzz_run(unsigned int slot);
int fuzz_do_mmap_run_wrong(void);
void fuzz_touch(void);
int fuzz_do_fallocate(bool punch);
int fuzz_do_read(void);
int fuzz_do_stat(void);
void fuzz_dup(void);
int fuzz_do_fork(void);
void fuzz_close(void);
void fuzz_whole_vm(void);
int fuzz_do_garbage(void);

#endif
