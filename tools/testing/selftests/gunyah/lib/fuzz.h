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
/* One more than the largest errno. */
#define FUZZ_ERRNOS	134

enum fuzz_call {
	FUZZ_OPEN, FUZZ_CREATE_VM, FUZZ_CREATE_MEM, FUZZ_EXTENSION, FUZZ_VM_EXTENSION,
	FUZZ_MAP, FUZZ_SHARE, FUZZ_UNMAP, FUZZ_USER_MEM, FUZZ_RECLAIM, FUZZ_RESET,
	FUZZ_DTB, FUZZ_BOOT, FUZZ_AUTH, FUZZ_AUTH_OTHER,
	FUZZ_ADD, FUZZ_ADD_OTHER, FUZZ_REMOVE, FUZZ_REMOVE_OTHER, FUZZ_START,
	FUZZ_RUN, FUZZ_MMAP_SIZE, FUZZ_MMAP_RUN, FUZZ_MMAP_RUN_WRONG,
	FUZZ_MMAP_MEM, FUZZ_TOUCH, FUZZ_FALLOCATE, FUZZ_PUNCH, FUZZ_TRUNCATE, FUZZ_READ,
	FUZZ_STAT, FUZZ_DUP, FUZZ_FORK, FUZZ_WHOLE_VM, FUZZ_GARBAGE, FUZZ_CLOSE,
	NR_FUZZ_CALLS,
};

/**
 * struct fuzz_state - what all threads work on
 * @succeeded: how often each call did
 * @failed: and how often it failed, by errno
 * @guest_exits: times that a guest came back for MMIO
 * @guest_ends: times that RUN told the end of a VM
 * @allocations: that were made to fail
 * @devs: open files; -1 is empty
 * @vms: the same
 * @mems: the same
 * @vcpus: the same
 * @pages: run pages; a vCPU and the page in the same slot may not belong together
 * @inject: allocations can be made to fail
 */
struct fuzz_state {
	unsigned long succeeded[NR_FUZZ_CALLS];
	unsigned long failed[NR_FUZZ_CALLS][FUZZ_ERRNOS];
	unsigned long guest_exits;
	unsigned long guest_ends;
	unsigned long allocations;
	int devs[FUZZ_DEVS];
	int vms[FUZZ_VMS];
	int mems[FUZZ_MEMS];
	int vcpus[FUZZ_VCPUS];
	struct gunyah_vcpu_run *pages[FUZZ_VCPUS];
	bool inject;
};

extern struct fuzz_state fuzz;

/* Of this thread; the choices follow from it. */
extern __thread unsigned int fuzz_seed;

/* Once in a thread, before the others. */
void fuzz_thread(unsigned int seed);
/* Less than @n. */
unsigned int fuzz_pick(unsigned int n);
void fuzz_one(enum fuzz_call call);

#endif
