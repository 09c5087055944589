/* SPDX-License-Identifier: GPL-2.0-only */
/* What libfdt uses of it; the compiler's own wants a C library's behind it. */
#ifndef HYP_LIMITS_H
#define HYP_LIMITS_H

#define INT_MAX		__INT_MAX__
#define INT_MIN		(-INT_MAX - 1)
#define UINT_MAX	(INT_MAX * 2U + 1)

#endif
