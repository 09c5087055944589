/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HYP_ALLOC_H
#define HYP_ALLOC_H

#include "../types.h"

/* The pool covers [base, base + size), and has none of it yet. */
void page_pool_init(u64 base, u64 size);
/* Puts whole pages of the covered range into the pool. */
void page_pool_add(u64 start, u64 end);

/*
 * What is as large as RAM makes it, is made at boot, and is never freed: from a room
 * of its own, or, where none was set, from the pool.
 */
void boot_room_set(u64 start, u64 end);
/* Zeroed; NULL: there is not so much. */
void *boot_alloc(u64 size);

#endif
