/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who owns each page of the primary VM's RAM.  Every page has one state; a
 * transition looks at all pages of all ranges first and changes nothing unless
 * all may change (check, then commit).  Guarded by one lock; callers pass
 * ranges in the primary VM's IPA (= PA).
 */
#ifndef HYP_MEM_H
#define HYP_MEM_H

#include "lib.h"

#define MEM_STATE_SIZE	1	/* bytes for each page of RAM */

enum page_state { PAGE_HYP, PAGE_HOST, PAGE_SHARED, PAGE_LENT, PAGE_DEVICE };

struct mem_range { u64 ipa, size; };

struct vm;

void mem_init(u64 ram_base, u64 ram_size);	/* the primary VM's RAM: all PAGE_HOST */
enum page_state mem_state(u64 pa);
/* Every range PAGE_HOST, no page twice?  0, or -1 (MEM_INVALID). */
int mem_check_host(const struct mem_range *r, unsigned int n);
/*
 * Commit after a check under mem_lock/mem_unlock: changes state and the primary VM's stage 2.
 * host_prot: what the host keeps (0 for lend). -1 when the pool is empty, nothing changed.
 */
int mem_take(const struct mem_range *r, unsigned int n, enum page_state to, unsigned int host_prot);
/* Back to PAGE_HOST with full access; zeroes first when sanitize is set. */
int mem_return(const struct mem_range *r, unsigned int n, bool sanitize);
/*
 * The same for a range that a VM's extents get or give back, without a parcel;
 * -1 when a table could not be had: then nothing changed.
 */
int mem_give(const struct mem_range *r, enum page_state to, bool nosync);
int mem_take_back(const struct mem_range *r);
/* All of it RAM of the primary VM?  The range does not wrap. */
bool mem_is_ram(u64 pa, u64 size);
/* Pages of RAM, the number of the one at @pa among them, and the way back. */
u64 mem_ram_pages(void);
u64 mem_page_number(u64 pa);
u64 mem_page_address(u64 number);
void mem_lock(void);
void mem_unlock(void);
u64 mem_pages_not_host_owned(void);
/*
 * Copy to/from guest-physical memory of vm by its stage 2 (the primary's VA
 * arguments are IPAs after translation; see vcpu_translate in vcpu.c).
 * false when a page is not mapped with prot.
 */
bool mem_copy_from_vm(struct vm *vm, void *dst, u64 ipa, u64 size);
bool mem_copy_to_vm(struct vm *vm, u64 ipa, const void *src, u64 size);
/* Clean and invalidate data cache, invalidate instruction cache for a physical range. */
void mem_sync_icache(u64 pa, u64 size);

#endif
