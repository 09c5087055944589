/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Basic types and helpers of the test hypervisor.  Freestanding: nothing of
 * the kernel's headers is used.
 */
#ifndef HYP_TYPES_H
#define HYP_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;

#define PAGE_SHIFT	12
#define PAGE_SIZE	BIT(PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define BIT(n)		(UINT64_C(1) << (n))
#define GENMASK(h, l)	((~0UL >> (63 - (h))) & (~0UL << (l)))
#define ALIGN_UP(x, a)	({			\
	__typeof__(x) __m = (a) - 1;		\
	((x) + __m) & ~__m;			\
})
#define ALIGN_DOWN(x, a) ((x) & ~((__typeof__(x))(a) - 1))
#define IS_ALIGNED(x, a) (((x) & ((a) - 1)) == 0)
#define MIN(a, b)	({			\
	__typeof__(a) __a = (a);		\
	__typeof__(b) __b = (b);		\
	__a < __b ? __a : __b;			\
})
#define MAX(a, b)	({			\
	__typeof__(a) __a = (a);		\
	__typeof__(b) __b = (b);		\
	__a > __b ? __a : __b;			\
})
/* At file scope; false is a compile-time error. */
#define ASSERT_TRUE(c)	extern char assert_true[(c) ? 1 : -1]
#define container_of(p, type, member) \
	((type *)((char *)(p) - offsetof(type, member)))
#define __packed	__attribute__((packed))
#define __aligned(n)	__attribute__((aligned(n)))
#define __noreturn	__attribute__((noreturn))
#define __printf(a, b)	__attribute__((format(printf, a, b)))
#define READ_ONCE(x)	(*(volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

#endif
