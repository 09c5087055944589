/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of authenticated VMs share. */
#ifndef GUNYAH_TEST_AUTH_H
#define GUNYAH_TEST_AUTH_H

#include "gunyah_test.h"

/* The one vmid that the test hypervisor's resource manager gives to who asks for it. */
#define FIXED_VMID		28
#define PAS_ID			0x1c

int __set_auth(int fd, __u32 type, const void *arg, __u32 size);
int __set_none(struct test_vm *vm);
/* The image is the first two pages of the guest's memory. */
int __set_trusted(struct test_vm *vm, __u16 vmid);
int __set_protected(struct test_vm *vm, __u64 gpa, __u64 size);

/* How many 8-byte words of a file are not zero. */
unsigned int words_in(int mem_fd, __u64 offset, __u64 size);
/* Of the guest's memory. */
unsigned int words_left(struct test_vm *vm);

#endif
