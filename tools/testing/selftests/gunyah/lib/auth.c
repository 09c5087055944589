// SPDX-License-Identifier: GPL-2.0-only
/* See auth.h. */
#include "auth.h"

int __set_auth(int fd, __u32 type, const void *arg, __u32 size)
{
	struct gunyah_vm_auth_desc desc = {
		.type = type,
		.arg_size = size,
		.arg = (uintptr_t)arg,
	};

	return __ioctl(fd, GUNYAH_VM_SET_AUTH, &desc);
}

int __set_none(struct test_vm *vm)
{
	return __set_auth(vm->fd, GUNYAH_VM_AUTH_NONE, NULL, 0);
}

int __set_trusted(struct test_vm *vm, __u16 vmid)
{
	struct gunyah_vm_qtvm_auth_arg arg = {
		.vm_id = vmid,
		.peripheral_id = PAS_ID,
		.guest_phys_addr = GUEST_BASE,
		.size = 2 * SZ_4K,
	};

	return __set_auth(vm->fd, GUNYAH_VM_AUTH_QCOM_TRUSTED_VM, &arg, sizeof(arg));
}

int __set_protected(struct test_vm *vm, __u64 gpa, __u64 size)
{
	struct gunyah_vm_firmware_config arg = { .guest_phys_addr = gpa, .size = size };

	return __set_auth(vm->fd, GUNYAH_VM_AUTH_QCOM_ANDROID_PVM, &arg, sizeof(arg));
}

unsigned int words_in(int mem_fd, __u64 offset, __u64 size)
{
	unsigned int n = 0;
	__u64 *p, i;

	p = mmap(NULL, size, PROT_READ, MAP_SHARED, mem_fd, offset);
	if (p == MAP_FAILED)
		test_die("mmap of guest memory");
	for (i = 0; i < size / sizeof(*p); i++)
		n += !!p[i];
	munmap(p, size);
	return n;
}

unsigned int words_left(struct test_vm *vm)
{
	return words_in(vm->mem_fd, 0, GUEST_SIZE);
}
