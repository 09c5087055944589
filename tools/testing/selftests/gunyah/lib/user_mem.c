// SPDX-License-Identifier: GPL-2.0-only
/* Regions of user memory, and a VM whose RAM is one. */
#include "user_mem.h"

bool user_mem_there(void)
{
	int dev = open_gunyah();
	bool there = __ioctl(dev, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_USER_MEM) > 0;

	close(dev);
	return there;
}

int __set_user_mem(int vm_fd, __u32 label, __u32 flags, __u64 gpa, __u64 size, const void *p)
{
	struct gunyah_userspace_memory_region region = {
		.label = label,
		.flags = flags,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = (uintptr_t)p,
	};

	return __ioctl(vm_fd, GUNYAH_VM_SET_USER_MEM_REGION, &region);
}

int __remove_user_mem(int vm_fd, __u32 label)
{
	return __set_user_mem(vm_fd, label, 0, 0, 0, NULL);
}

void set_user_mem(int vm_fd, __u32 label, __u32 flags, __u64 gpa, __u64 size, const void *p)
{
	if (__set_user_mem(vm_fd, label, flags, gpa, size, p))
		test_die("VM_SET_USER_MEM_REGION");
}

void *map_user(size_t size, int prot, int flags, int fd)
{
	void *p = mmap(NULL, size, prot, flags, fd, 0);

	if (p == MAP_FAILED)
		test_die("mmap");
	return p;
}

void *to_lend(void *p, size_t size)
{
	if (madvise(p, size, MADV_DONTFORK) || madvise(p, size, MADV_DONTDUMP))
		test_die("madvise");
	return p;
}

char *map_lendable(size_t size)
{
	char *p = map_user(size + SZ_2M, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	size_t front = -(uintptr_t)p % SZ_2M;

	if (front)
		munmap(p, front);
	munmap(p + front + size, SZ_2M - front);
	return to_lend(p + front, size);
}

unsigned long locked_pages(void)
{
	unsigned long kib = ~0UL;
	char line[128];
	FILE *f = fopen("/proc/self/status", "r");

	if (!f)
		test_die("/proc/self/status");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "VmLck: %lu kB", &kib) == 1)
			break;
	fclose(f);
	return kib * 1024 / PAGE;
}

void vm_create_user(struct test_vm *vm, char *mem)
{
	vm_open(vm);
	vm->mem_fd = -1;
	vm->nr_vcpus = 1;
	vm_write(vm, mem);
	set_user_mem(vm->fd, RAM_LABEL, USER_LENT, GUEST_BASE, GUEST_SIZE, mem);
	if (__set_dtb(vm->fd, GUEST_DTB, GUEST_DTB_SIZE))
		test_die("VM_SET_DTB_CONFIG");
	vcpu_add(vm, 0);
}
