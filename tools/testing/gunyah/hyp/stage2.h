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
	u32 tables;		/* below the root */
	u16 hw_vmid;		/* VMID in VTTBR_EL2 */
	bool stale;		/* TLBs may hold what stage2_unmap_nosync() took away */
};

/**
 * stage2_init() - an empty table
 * @s2: to be filled in
 * @hw_vmid: VMID for the MMU, of no other VM that exists
 *
 * Return: 0, or -1 when the pool is empty.
 */
int stage2_init(struct stage2 *s2, u16 hw_vmid);

/* Frees the tables; no CPU has the VM loaded any more. */
void stage2_destroy(struct stage2 *s2);

/**
 * stage2_map() - map a range in the place of what is there
 * @s2: the VM's
 * @ipa: first address, of pages, as the others
 * @pa: physical address for it
 * @size: in bytes
 * @prot: S2_*
 *
 * Other CPUs that use the range meanwhile may fault, and find it mapped with
 * stage2_lookup() then.
 *
 * Return: 0, or -1 when the pool is empty or the range is not of pages within
 * 40 bits; then nothing of it is changed (tables may have been added).
 */
int stage2_map(struct stage2 *s2, u64 ipa, u64 pa, u64 size, unsigned int prot);

/**
 * stage2_unmap() - make a range fault
 * @s2: the VM's
 * @ipa: first address, of pages
 * @size: in bytes
 *
 * What is not mapped is passed over.
 *
 * Return: as stage2_map().
 */
int stage2_unmap(struct stage2 *s2, u64 ipa, u64 size);

/**
 * stage2_unmap_nosync() - as stage2_unmap(), but TLBs may keep the range
 * @s2: the VM's
 * @ipa: first address, of pages
 * @size: in bytes
 *
 * Until stage2_sync(), or any change of the VM's tables but another of these.
 *
 * Return: as stage2_map().
 */
int stage2_unmap_nosync(struct stage2 *s2, u64 ipa, u64 size);
void stage2_sync(struct stage2 *s2);
/* How often CPUs had to forget translations since boot. */
u64 stage2_flushes(void);

/**
 * stage2_lookup() - find the page of an address
 * @s2: the VM's
 * @ipa: any address
 * @pa: the page's physical address, or NULL
 * @prot: its S2_*, or NULL
 *
 * Return: false when it is unmapped.
 */
bool stage2_lookup(struct stage2 *s2, u64 ipa, u64 *pa, unsigned int *prot);

/**
 * stage2_hold() - as stage2_lookup(), and the page stays the VM's
 * @s2: the VM's
 * @ipa: any address
 * @pa: the page's physical address
 * @prot: its S2_*
 *
 * For who is to touch the page: it can't be taken away from the VM, and so not be
 * given to another, before stage2_release(), which follows soon.
 *
 * Return: false when it is unmapped; nothing is held then.
 */
bool stage2_hold(struct stage2 *s2, u64 ipa, u64 *pa, unsigned int *prot);
void stage2_release(struct stage2 *s2);

/**
 * stage2_range_has() - is all of a range mapped with these rights?
 * @s2: the VM's
 * @ipa: first address
 * @size: in bytes
 * @prot: S2_R, S2_W, S2_X
 *
 * Return: true when each page has all of @prot; an empty range has.
 */
bool stage2_range_has(struct stage2 *s2, u64 ipa, u64 size, unsigned int prot);

/* Is no page of the range mapped?  It ends below 40 bits. */
bool stage2_range_empty(struct stage2 *s2, u64 ipa, u64 size);

/* VTTBR_EL2 for the VM. */
u64 stage2_vttbr(const struct stage2 *s2);

#endif
