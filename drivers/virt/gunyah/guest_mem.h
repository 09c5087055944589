/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest-memory files, see guest_mem.c.
 */
#ifndef _GUNYAH_GUEST_MEM_H
#define _GUNYAH_GUEST_MEM_H

#include <linux/mm_types.h>

struct file;
struct gunyah_create_mem_args;
struct gunyah_guest_pages;
struct gunyah_mem_provider;
struct vm_fault;

/**
 * gunyah_guest_mem_create() - CREATE_GUEST_MEM
 * @args: kernel copy, unchecked
 *
 * Return: a new fd, or -EINVAL, -ENOMEM, -EMFILE, -ENFILE.
 */
int gunyah_guest_mem_create(const struct gunyah_create_mem_args *args);

/**
 * gunyah_guest_mem_file() - make a guest-memory file without an fd
 * @args: as for gunyah_guest_mem_create()
 *
 * Return: the file, or ERR_PTR.
 */
struct file *gunyah_guest_mem_file(const struct gunyah_create_mem_args *args);

/**
 * gunyah_guest_mem_provider() - the provider in a guest-memory file
 * @file: any file
 *
 * No reference is taken.
 *
 * Return: the provider, NULL when @file is of another kind.
 */
struct gunyah_mem_provider *gunyah_guest_mem_provider(struct file *file);

#if IS_ENABLED(CONFIG_KUNIT)
vm_fault_t gunyah_guest_mem_fault_lock(struct vm_fault *vmf, struct gunyah_guest_pages *gp);
#endif

#endif
