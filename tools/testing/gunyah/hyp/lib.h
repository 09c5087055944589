/* SPDX-License-Identifier: GPL-2.0-only */
/* What every file of the test hypervisor may call: strings, output, memory. */
#ifndef HYP_LIB_H
#define HYP_LIB_H

#include <stdarg.h>
#include "types.h"

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t n);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
unsigned long strtoul(const char *s, char **end, int base);
int hyp_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
int hyp_snprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

/* One line on the PL011, with "hyp: " in front; any CPU, takes the uart lock. */
void hyp_log(const char *fmt, ...) __printf(1, 2);
/* Prints the message and this CPU's registers, ends QEMU with status 2. */
void __noreturn hyp_panic(const char *fmt, ...) __printf(1, 2);
/* Ends QEMU by semihosting with this status; flushes the RM log before. */
void __noreturn hyp_exit(int status);
/* Append bytes to the host file ghyp.rmlog=; returns false when there is none. */
bool hyp_rmlog_write(const char *buf, size_t len);
/* Value of the command-line word "ghyp.NAME=", or NULL; NUL-terminated copy. */
const char *hyp_option(const char *name);

/* Ticket lock; interrupts are masked at EL2 always, so one form is enough. */
typedef struct { u32 next, owner; } spinlock_t;
void spin_lock(spinlock_t *lock);
void spin_unlock(spinlock_t *lock);
/* true when the lock was free and is held now. */
bool spin_trylock(spinlock_t *lock);

/* 2^order contiguous zeroed pages of the hypervisor's pool, VA = PA; NULL when empty. */
void *page_alloc(unsigned int order);
void page_free(void *va, unsigned int order);
/* Zeroed memory for objects, 16-byte aligned; NULL when the pool is empty. */
void *hyp_alloc(size_t size);
void hyp_free(void *p);
/* Pages of the pool in use, for leak checks. */
u64 page_pool_used(void);

/* Microseconds since boot, from CNTPCT. */
u64 hyp_time_us(void);
u64 hyp_random(void);

#endif
