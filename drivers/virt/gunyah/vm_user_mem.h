/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The regions of user memory of one VM, see vm_user_mem.c.
 */
#ifndef _GUNYAH_VM_USER_MEM_H
#define _GUNYAH_VM_USER_MEM_H

#include <linux/mutex.h>
#include <linux/xarray.h>

struct gunyah_userspace_memory_region;
struct gunyah_vm_mem;
struct mm_struct;

/**
 * struct gunyah_vm_user_mem - regions of a VM
 * @mm: of the process that made the VM; the struct is held, not its memory
 * @lock: guards @regions, over the making and removing of a region
 * @regions: label to struct gunyah_vm_user_region
 */
struct gunyah_vm_user_mem {
	struct mm_struct *mm;
	struct mutex lock;	/* see above */
	struct xarray regions;
};

#ifdef CONFIG_GUNYAH_USER_MEMORY

/* The calling process is the only one that can add regions. */
void gunyah_vm_user_mem_init(struct gunyah_vm_user_mem *um);

/* After gunyah_vm_mem_destroy(): what was not leaked is the process's alone. */
void gunyah_vm_user_mem_destroy(struct gunyah_vm_user_mem *um);

/**
 * gunyah_vm_user_mem_set() - SET_USER_MEM_REGION
 * @um: the VM's regions
 * @mem: the VM's memory
 * @what: kernel copy, unchecked; of size 0: remove the region with that label
 *
 * Context: a system call; may sleep.
 * Return: 0; -EINVAL for unknown flags, no READ, what is not aligned, memory
 * that is neither anonymous nor shared memory; -ENOENT when there is no region
 * with the label to be removed; -EOVERFLOW when a range wraps; -EPERM for
 * another process than that which made the VM; -EEXIST when the label, guest
 * addresses, or a page are in use; -EFAULT; -ENOMEM, also beyond RLIMIT_MEMLOCK;
 * -EINTR: a fatal signal; and, while the memory is given, what
 * gunyah_vm_mem_map() returns then.
 */
int gunyah_vm_user_mem_set(struct gunyah_vm_user_mem *um, struct gunyah_vm_mem *mem,
			   const struct gunyah_userspace_memory_region *what);

#else

static inline void gunyah_vm_user_mem_init(struct gunyah_vm_user_mem *um)
{
}

static inline void gunyah_vm_user_mem_destroy(struct gunyah_vm_user_mem *um)
{
}

#endif

#endif
