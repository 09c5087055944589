// SPDX-License-Identifier: GPL-2.0-only
/* The calls of /dev/gunyah, and a VM ready to be started. */
#include "gunyah_test.h"

extern const char agent_start[], agent_end[];

int open_gunyah(void)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		test_die(DEVICE);
	return fd;
}

int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int __create_vm(int dev_fd)
{
	return __ioctl(dev_fd, GUNYAH_CREATE_VM, 0);
}

int create_vm(int dev_fd)
{
	int fd = __create_vm(dev_fd);

	if (fd < 0)
		test_die("CREATE_VM");
	return fd;
}

int __create_guest_mem(int dev_fd, __u64 size, __u64 flags)
{
	struct gunyah_create_mem_args args = { .flags = flags, .size = size };

	return __ioctl(dev_fd, GUNYAH_CREATE_GUEST_MEM, &args);
}

int create_guest_mem(int dev_fd, __u64 size)
{
	int fd = __create_guest_mem(dev_fd, size, 0);

	if (fd < 0)
		test_die("CREATE_GUEST_MEM");
	return fd;
}

int __map_mem(int vm_fd, int mem_fd, __u64 gpa, __u64 size, __u64 offset, __u32 flags)
{
	struct gunyah_map_mem_args args = {
		.guest_addr = gpa,
		.flags = flags,
		.guest_mem_fd = mem_fd,
		.offset = offset,
		.size = size,
	};

	return __ioctl(vm_fd, GUNYAH_VM_MAP_MEM, &args);
}

void map_mem(int vm_fd, int mem_fd, __u64 gpa, __u64 size, __u64 offset, __u32 flags)
{
	if (__map_mem(vm_fd, mem_fd, gpa, size, offset, flags))
		test_die("VM_MAP_MEM");
}

int __set_dtb(int vm_fd, __u64 gpa, __u64 size)
{
	struct gunyah_vm_dtb_config config = { .guest_phys_addr = gpa, .size = size };

	return __ioctl(vm_fd, GUNYAH_VM_SET_DTB_CONFIG, &config);
}

int __set_boot_reg(int vm_fd, __u32 reg, __u64 value)
{
	struct gunyah_vm_boot_context context = { .reg = reg, .value = value };

	return __ioctl(vm_fd, GUNYAH_VM_SET_BOOT_CONTEXT, &context);
}

static struct gunyah_fn_desc vcpu_desc(struct gunyah_fn_vcpu_arg *arg)
{
	return (struct gunyah_fn_desc) {
		.type = GUNYAH_FN_VCPU,
		.arg_size = sizeof(*arg),
		.arg = (uintptr_t)arg,
	};
}

int __add_vcpu(int vm_fd, __u32 id)
{
	struct gunyah_fn_vcpu_arg arg = { .id = id };
	struct gunyah_fn_desc desc = vcpu_desc(&arg);

	return __ioctl(vm_fd, GUNYAH_VM_ADD_FUNCTION, &desc);
}

int __remove_vcpu(int vm_fd, __u32 id)
{
	struct gunyah_fn_vcpu_arg arg = { .id = id };
	struct gunyah_fn_desc desc = vcpu_desc(&arg);

	return __ioctl(vm_fd, GUNYAH_VM_REMOVE_FUNCTION, &desc);
}

void vcpu_add(struct test_vm *vm, unsigned int id)
{
	struct test_vcpu *vcpu = &vm->vcpu[id];

	vcpu->vm = vm;
	vcpu->id = id;
	vcpu->irq = -1;
	vcpu->fd = __add_vcpu(vm->fd, id);
	if (vcpu->fd < 0)
		test_die("VM_ADD_FUNCTION");
	vcpu->run = mmap(NULL, SZ_4K, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED)
		test_die("mmap of the run page");
}

void vm_write(const struct test_vm *vm, char *mem)
{
	memcpy(mem, agent_start, agent_end - agent_start);
	guest_devicetree(vm, mem + GUEST_DTB - GUEST_BASE, GUEST_DTB_SIZE / 2);
}

void vm_load(struct test_vm *vm)
{
	char *mem = mmap(NULL, GUEST_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, vm->mem_fd, 0);

	if (mem == MAP_FAILED)
		test_die("mmap of guest memory");
	vm_write(vm, mem);
	munmap(mem, GUEST_SIZE);
}

void vm_add_bell(struct test_vm *vm, const struct test_bell *bell)
{
	if (vm->nr_bells == MAX_BELLS)
		test_die("too many doorbells");
	vm->bell[vm->nr_bells++] = *bell;
}

void vm_open(struct test_vm *vm)
{
	vm->dev_fd = open_gunyah();
	vm->fd = create_vm(vm->dev_fd);
}

void vm_fill(struct test_vm *vm, unsigned int nr_vcpus)
{
	unsigned int i;

	vm->nr_vcpus = nr_vcpus;
	vm->mem_fd = create_guest_mem(vm->dev_fd, GUEST_SIZE);
	map_mem(vm->fd, vm->mem_fd, GUEST_BASE, GUEST_SIZE, 0, LEND_RWX);
	vm_load(vm);
	if (__set_dtb(vm->fd, GUEST_DTB, GUEST_DTB_SIZE))
		test_die("VM_SET_DTB_CONFIG");
	for (i = 0; i < nr_vcpus; i++)
		vcpu_add(vm, i);
}

void vm_create(struct test_vm *vm, unsigned int nr_vcpus)
{
	vm_open(vm);
	vm_fill(vm, nr_vcpus);
}

int __vm_start(struct test_vm *vm)
{
	return __ioctl(vm->fd, GUNYAH_VM_START, 0);
}

void vm_start(struct test_vm *vm)
{
	if (__vm_start(vm))
		test_die("VM_START");
}

int __vm_reset(struct test_vm *vm)
{
	return __ioctl(vm->fd, GUNYAH_VM_RESET, 0);
}

void vm_start_anew(struct test_vm *vm)
{
	vm_load(vm);
	vm_start(vm);
}

void vm_destroy(struct test_vm *vm)
{
	unsigned int i;

	for (i = 0; i < vm->nr_vcpus; i++) {
		munmap(vm->vcpu[i].run, SZ_4K);
		close(vm->vcpu[i].fd);
	}
	close(vm->fd);
	close(vm->mem_fd);
	close(vm->dev_fd);
}

int __vcpu_run(struct test_vcpu *vcpu)
{
	return __ioctl(vcpu->fd, GUNYAH_VCPU_RUN, 0);
}

bool paging_there(void)
{
	int fd = open_gunyah();
	int ret = __ioctl(fd, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_DEMAND_PAGING);

	close(fd);
	return ret > 0;
}
