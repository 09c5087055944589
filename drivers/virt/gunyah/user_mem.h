/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages of a process as memory of a VM, see user_mem.c.
 */
#ifndef _GUNYAH_USER_MEM_H
#define _GUNYAH_USER_MEM_H

#include <linux/types.h>

struct gunyah_mem_provider;

/**
 * gunyah_user_mem_create() - pin a range of the calling process
 * @addr: its address, page aligned
 * @size: bytes, a multiple of the page size, not 0; @addr + @size does not wrap
 * @write: the guest may write, or is lent the pages
 *
 * The pages are pinned and charged to the process's locked memory until the last
 * reference is put; those that are leaked, for good.
 *
 * Context: a system call; may sleep.
 * Return: the provider of offsets 0 to @size, with a reference; or ERR_PTR:
 * -EFAULT for what is not mapped, or not as @write needs it; -EINVAL for what is
 * neither anonymous nor shared memory; -EEXIST when a page of it is in another
 * such provider; -ENOMEM, also beyond RLIMIT_MEMLOCK; -EINTR: a fatal signal.
 */
struct gunyah_mem_provider *gunyah_user_mem_create(u64 addr, u64 size, bool write);

#ifdef CONFIG_GUNYAH_USER_MEMORY
/* The module goes: there is no provider any more.  What was leaked stays pinned. */
void gunyah_user_mem_exit(void);
#else
static inline void gunyah_user_mem_exit(void)
{
}
#endif

#endif
