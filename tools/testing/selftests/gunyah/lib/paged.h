/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of the demand-paged flow share. */
#ifndef GUNYAH_TEST_PAGED_H
#define GUNYAH_TEST_PAGED_H

#include "control.h"

#define MSG_SET_BOOT_CONTEXT	0x56000031
#define MSG_SET_ADDRESS_LAYOUT	0x56000034

#define CALL_ADDRSPACE_MAP	0x2b
#define CALL_ADDRSPACE_UNMAP	0x2c
#define CALL_DONATE		0x61

#define HYP_NOMEM		10

/* Outside of RAM, and not where each guest has a page of the hypervisor (0x40000000). */
#define SHARED			0x48000000UL
/* Lent memory apart from RAM. */
#define APART			0xa0000000UL

#define SHARE_RW	(GUNYAH_MEM_FORCE_SHARE | GUNYAH_MEM_ALLOW_READ | GUNYAH_MEM_ALLOW_WRITE)

/* SKIP the test where it does not (at the start of a test). */
#define require_paging()						\
	do {								\
		require_gunyah();					\
		if (!paging_there())					\
			SKIP(return, "no demand paging");		\
	} while (0)

/* Pages that are not the host's, and bytes that the driver counts. */
__u64 pages_away(void);
__u64 bytes_leaked(void);

int __reclaim(struct test_vm *vm, __u64 gpa, __u64 size);

/*
 * Lets the agent do something, which ends in a page-fault exit: its errno; or 1,
 * when it was another end.
 */
int paged_attempt(struct test_vcpu *vcpu, __u64 op, __u64 a, __u64 b, __u64 c);
/* Answers that exit; what agent_run() gives. */
int paged_answer(struct test_vcpu *vcpu, __u8 action);

/* Maps a part of a file for a moment; dies if that does not work. */
void *paged_map(int mem_fd, size_t size, off_t offset);

#endif
