/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage-2 translation tables.  One struct stage2 for each VM.  IPA size 40
 * bits, 4K granule; blocks of 1G, 2M and pages of 4K.  All functions take the
 * table's own lock; map and unmap split blocks where they must, and invalidate
 * TLBs (broadcast, by VMID) before they return.
 */
#ifndef HYP_STAGE2_H
#define HYP_STAGE2_H

#include "lib.h"

enum {				/* the ABI's access bits: X=1 W=2 R=4 */
	S2_X = 1,
	S2_W = 2,
	S2_R = 4,
	S2_RWX = 7,
	S2_DEVICE = 8,		/* nGnRE instead of write-back */
};

struct stage2 {
	spinlock_t lock;	/* guards the tables */
	u64 *root;
	u16 hw_vmid;		/* VMID in VTTBR_EL2 */
};

/* 0, or -1 when the pool is empty. */
int stage2_init(struct stage2 *s2, u16 hw_vmid);
void stage2_destroy(struct stage2 *s2);
/*
 * Map [ipa, ipa + size) to pa.  Replaces what is there.  -1 when the pool is
 * empty: then nothing of the range is changed (tables may have been added).
 */
int stage2_map(struct stage2 *s2, u64 ipa, u64 pa, u64 size, unsigned int prot);
/* Unmap; what is not mapped is passed over.  -1 as in stage2_map. */
int stage2_unmap(struct stage2 *s2, u64 ipa, u64 size);
/* Find the page of ipa: false when unmapped. */
bool stage2_lookup(struct stage2 *s2, u64 ipa, u64 *pa, unsigned int *prot);
/* True when each page of the range is mapped with all of prot. */
bool stage2_range_has(struct stage2 *s2, u64 ipa, u64 size, unsigned int prot);
u64 stage2_vttbr(const struct stage2 *s2);

#endif
