/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HYP_ALLOC_H
#define HYP_ALLOC_H

#include "../types.h"

/* The pool covers [base, base + size), and has none of it yet. */
void page_pool_init(u64 base, u64 size);
/* Puts whole pages of the covered range into the pool. */
void page_pool_add(u64 start, u64 end);

#endif
