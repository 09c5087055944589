/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory of this process as a guest's. */
#ifndef GUNYAH_TEST_USER_MEM_H
#define GUNYAH_TEST_USER_MEM_H

#include "gunyah_test.h"

#define USER_RW		(GUNYAH_USER_MEM_READ | GUNYAH_USER_MEM_WRITE)
#define USER_RWX	(USER_RW | GUNYAH_USER_MEM_EXEC)
#define USER_LENT	(USER_RWX | GUNYAH_USER_MEM_LENT)

/* False when this driver has no such call. */
bool user_mem_there(void);

/* SKIP the test where it has not (at the start of a test). */
#define require_user_mem()						\
	do {								\
		if (!user_mem_there())					\
			SKIP(return, "no user memory in this driver");	\
	} while (0)

int __set_user_mem(int vm_fd, __u32 label, __u32 flags, __u64 gpa, __u64 size, const void *p);
int __remove_user_mem(int vm_fd, __u32 label);
void set_user_mem(int vm_fd, __u32 label, __u32 flags, __u64 gpa, __u64 size, const void *p);

/* mmap() that ends the program; @fd is -1 for anonymous memory. */
void *map_user(size_t size, int prot, int flags, int fd);
/*
 * Anonymous memory, at a multiple of 2 MiB, that may be lent: the kernel copies it
 * neither into children nor into core dumps.
 */
char *map_lendable(size_t size);
void *to_lend(void *p, size_t size);

/* Pages that this process is charged for as locked. */
unsigned long locked_pages(void);
/* Those of most guests. */
#define GUEST_PAGES	(GUEST_SIZE / PAGE)

#define RAM_LABEL	0x77

/* vm_create() with @mem, GUEST_SIZE large, as the guest's RAM. */
void vm_create_user(struct test_vm *vm, char *mem);

#endif
