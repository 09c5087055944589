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

/* As C's, for what lib/printf.c lists. */
int hyp_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
int hyp_snprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

/**
 * hyp_log() - one line on the PL011, with "hyp: " in front
 * @fmt: without a newline at the end; some 250 characters fit
 *
 * Any CPU; takes the UART's lock, which is a leaf.
 */
void hyp_log(const char *fmt, ...) __printf(1, 2);

/* As hyp_log(), but only with ghyp.debug=1. */
void hyp_debug(const char *fmt, ...) __printf(1, 2);

/**
 * hyp_panic() - the end: message and this CPU's registers, QEMU's status 2
 * @fmt: what must not happen and has
 *
 * Takes no lock.
 */
void __noreturn hyp_panic(const char *fmt, ...) __printf(1, 2);

/**
 * hyp_exit() - end QEMU
 * @status: its exit status
 *
 * What was given to hyp_rmlog_write() is in its file.
 */
void __noreturn hyp_exit(int status);

/**
 * hyp_rmlog_write() - append to the host's file of ghyp.rmlog=
 * @buf: bytes
 * @len: their number
 *
 * They are in the file on return.  Takes its own lock, a leaf.
 *
 * Return: false when there is no such file, or it can't be written.
 */
bool hyp_rmlog_write(const char *buf, size_t len);

/**
 * hyp_option() - a word "ghyp.NAME=VALUE" of the command line
 * @name: NAME
 *
 * Return: VALUE, or NULL when the word is not there.
 */
const char *hyp_option(const char *name);

/* Ticket lock; interrupts are masked at EL2 always, so one form is enough. */
typedef struct { u32 next, owner; } spinlock_t;

/* A panic when the lock isn't free for a minute. */
void spin_lock(spinlock_t *lock);
void spin_unlock(spinlock_t *lock);
/* true when the lock was free and is held now. */
bool spin_trylock(spinlock_t *lock);

/**
 * page_alloc() - contiguous pages of the hypervisor's pool, zeroed
 * @order: 2^order pages, aligned to their size
 *
 * Return: the address, virtual = physical; NULL when the pool is empty.
 */
void *page_alloc(unsigned int order);

/* Of page_alloc() with the same order; NULL is passed over. */
void page_free(void *va, unsigned int order);

/**
 * hyp_alloc() - zeroed memory for an object
 * @size: in bytes
 *
 * Return: the address, 16-byte aligned; NULL when the pool is empty.
 */
void *hyp_alloc(size_t size);

/* Of hyp_alloc(); NULL is passed over. */
void hyp_free(void *p);

/* Pages of the pool in use, for leak checks. */
u64 page_pool_used(void);

/* Microseconds since boot, from CNTPCT. */
u64 hyp_time_us(void);

/* 64 random bits; the same sequence in each run with ghyp.seed=. */
u64 hyp_random(void);

#endif
