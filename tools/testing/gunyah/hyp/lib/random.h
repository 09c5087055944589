/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HYP_RANDOM_H
#define HYP_RANDOM_H

#include "../types.h"

/* After options_init(); @seed may be NULL with @len 0. */
void random_init(const void *seed, size_t len);

#endif
