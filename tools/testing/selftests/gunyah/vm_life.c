// SPDX-License-Identifier: GPL-2.0-only
/* The life of a VM: start, refused start, end, close. */
#include <sys/syscall.h>

#include "../kselftest_harness.h"
#include "lib/control.h"
#include "lib/gunyah_test.h"

FIXTURE(life)
{
	struct test_vm vm;
};

FIXTURE_SETUP(life)
{
	require_gunyah();
	vm_create(&self->vm, 1);
}

FIXTURE_TEARDOWN(life)
{
	vm_destroy(&self->vm);
}

/* R20 */
TEST_F(life, start_and_close)
{
	EXPECT_EQ(0, __vm_start(&self->vm));
	EXPECT_EQ(GUEST_BASE, agent_do(&self->vm.vcpu[0], AGENT_PC, 0, 0, 0));
}

/* R20: an existing monitor starts again and again */
TEST_F(life, start_while_running_is_zero)
{
	vm_start(&self->vm);
	EXPECT_EQ(0, __vm_start(&self->vm));
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
	EXPECT_EQ(0, __vm_start(&self->vm));
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
}

/* R20 */
TEST_F(life, start_after_the_end_is_enodev)
{
	vm_start(&self->vm);
	ASSERT_EQ(AGENT_STATUS, agent_psci(&self->vm.vcpu[0], PSCI_SYSTEM_OFF, 0, 0));
	EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
}

/* Table call x VM state: what is fixed once the VM runs */
TEST_F(life, settings_are_fixed_while_running)
{
	vm_start(&self->vm);
	EXPECT_EQ(-EBUSY, __set_dtb(self->vm.fd, GUEST_DTB, SZ_4K));
	EXPECT_EQ(-EBUSY, __set_boot_reg(self->vm.fd, 0, 0));
}

/* Memory of a running VM can't be changed with this kind of resource manager. */
TEST_F(life, memory_is_fixed_while_running)
{
	int mem = create_guest_mem(self->vm.dev_fd, SZ_2M);

	vm_start(&self->vm);
	EXPECT_EQ(-EOPNOTSUPP, __map_mem(self->vm.fd, mem, 0x90000000, SZ_2M, 0, LEND_RWX));
	EXPECT_EQ(-EOPNOTSUPP, __map_mem(self->vm.fd, self->vm.mem_fd, GUEST_BASE, GUEST_SIZE, 0,
					 LEND_RWX | GUNYAH_MEM_UNMAP));
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
	close(mem);
}

/* R10 */
TEST_F(life, power_off)
{
	struct gunyah_vcpu_run *run = self->vm.vcpu[0].run;

	vm_start(&self->vm);
	ASSERT_EQ(AGENT_STATUS, agent_psci(&self->vm.vcpu[0], PSCI_SYSTEM_OFF, 0, 0));
	EXPECT_EQ(GUNYAH_VM_STATUS_EXITED, run->status.status);
	EXPECT_EQ(GUNYAH_VM_EXIT_TYPE_PSCI_OFF, run->status.exit_info.type);
	EXPECT_LE(run->status.exit_info.reason_size, 8);
}

/* R9, R10 */
TEST_F(life, system_reset)
{
	struct gunyah_vcpu_run *run = self->vm.vcpu[0].run;

	vm_start(&self->vm);
	ASSERT_EQ(AGENT_STATUS, agent_psci(&self->vm.vcpu[0], PSCI_SYSTEM_RESET, 0, 0));
	EXPECT_EQ(GUNYAH_VM_STATUS_EXITED, run->status.status);
	EXPECT_EQ(GUNYAH_VM_EXIT_TYPE_SYSTEM_RESET, run->status.exit_info.type);
}

/* R9, R10: the reason has 16 bytes, a program gets 8 and is told so */
TEST_F(life, system_reset2)
{
	struct gunyah_vcpu_run *run = self->vm.vcpu[0].run;
	__u32 word;

	vm_start(&self->vm);
	ASSERT_EQ(AGENT_STATUS, agent_psci(&self->vm.vcpu[0], PSCI_SYSTEM_RESET2_64, 0x80000005,
					   0x1122334455667788));
	EXPECT_EQ(GUNYAH_VM_STATUS_EXITED, run->status.status);
	EXPECT_EQ(GUNYAH_VM_EXIT_TYPE_SYSTEM_RESET2, run->status.exit_info.type);
	EXPECT_EQ(8, run->status.exit_info.reason_size);
	memcpy(&word, run->status.exit_info.reason, 4);
	EXPECT_EQ(0x8000, word & 0xffff);
	memcpy(&word, run->status.exit_info.reason + 4, 4);
	EXPECT_EQ(0x80000005, word);
}

/* R9, R10: and by 32-bit registers, as SYSTEM_RESET2 may be called, too */
TEST_F(life, system_reset2_32)
{
	struct gunyah_vcpu_run *run = self->vm.vcpu[0].run;
	__u32 word;

	vm_start(&self->vm);
	ASSERT_EQ(AGENT_STATUS, agent_psci(&self->vm.vcpu[0], PSCI_SYSTEM_RESET2_32, 0x80000006,
					   1));
	EXPECT_EQ(GUNYAH_VM_STATUS_EXITED, run->status.status);
	EXPECT_EQ(GUNYAH_VM_EXIT_TYPE_SYSTEM_RESET2, run->status.exit_info.type);
	EXPECT_EQ(8, run->status.exit_info.reason_size);
	memcpy(&word, run->status.exit_info.reason, 4);
	EXPECT_EQ(0, word & 0x8000);
	memcpy(&word, run->status.exit_info.reason + 4, 4);
	EXPECT_EQ(0x80000006, word);
}

/* R10: what is not said is zero, wherever the reason ends */
TEST_F(life, status_is_clean)
{
	struct gunyah_vcpu_run *run = self->vm.vcpu[0].run;
	unsigned int i;

	vm_start(&self->vm);
	ASSERT_EQ(AGENT_STATUS, agent_psci(&self->vm.vcpu[0], PSCI_SYSTEM_OFF, 0, 0));
	memset((char *)run + 8, 0xff, sizeof(*run) - 8);
	ASSERT_EQ(0, __vcpu_run(&self->vm.vcpu[0]));
	EXPECT_EQ(0, run->status.exit_info.padding);
	EXPECT_EQ(0, run->status.padding);
	EXPECT_GE(8, run->status.exit_info.reason_size);
	for (i = run->status.exit_info.reason_size; i < 8; i++)
		EXPECT_EQ(0, run->status.exit_info.reason[i]);
}

/* R5: the same content each time, whatever the page holds */
TEST_F(life, status_exit_again_and_again)
{
	struct gunyah_vcpu_run *run = self->vm.vcpu[0].run;
	int i;

	vm_start(&self->vm);
	ASSERT_EQ(AGENT_STATUS, agent_psci(&self->vm.vcpu[0], PSCI_SYSTEM_OFF, 0, 0));
	for (i = 0; i < 3; i++) {
		memset(run, 0, sizeof(*run));
		ASSERT_EQ(0, __vcpu_run(&self->vm.vcpu[0]));
		EXPECT_EQ(GUNYAH_VCPU_EXIT_STATUS, run->exit_reason);
		EXPECT_EQ(GUNYAH_VM_STATUS_EXITED, run->status.status);
		EXPECT_EQ(GUNYAH_VM_EXIT_TYPE_PSCI_OFF, run->status.exit_info.type);
	}
}

/* R63: nothing is lost over many lives; the memory comes back each time */
TEST_F(life, ten_lives)
{
	struct test_vm vm = {};
	int i;

	for (i = 0; i < 10; i++) {
		vm_create(&vm, 1);
		vm_start(&vm);
		ASSERT_EQ(AGENT_STATUS, agent_psci(&vm.vcpu[0], PSCI_SYSTEM_OFF, 0, 0));
		vm_destroy(&vm);
	}
}

/* The memory file is whole again once its VM is closed: another VM runs from it. */
TEST_F(life, memory_of_a_closed_vm_is_used_again)
{
	struct test_vm *vm = &self->vm;

	vm_start(vm);
	agent_do(&vm->vcpu[0], AGENT_NOP, 0, 0, 0);
	munmap(vm->vcpu[0].run, SZ_4K);
	close(vm->vcpu[0].fd);
	close(vm->fd);

	vm->fd = create_vm(vm->dev_fd);
	map_mem(vm->fd, vm->mem_fd, GUEST_BASE, GUEST_SIZE, 0, LEND_RWX);
	vm_load(vm);
	ASSERT_EQ(0, __set_dtb(vm->fd, GUEST_DTB, GUEST_DTB_SIZE));
	vcpu_add(vm, 0);
	vm_start(vm);
	agent_do(&vm->vcpu[0], AGENT_NOP, 0, 0, 0);
}

TEST_F(life, two_vms_at_once)
{
	struct test_vm other = {};

	vm_create(&other, 1);
	vm_start(&self->vm);
	vm_start(&other);
	agent_do(&other.vcpu[0], AGENT_FILL, GUEST_BASE + 0x10000, SZ_4K, 1);
	agent_do(&self->vm.vcpu[0], AGENT_FILL, GUEST_BASE + 0x10000, SZ_4K, 2);
	EXPECT_EQ(SZ_4K / 8, agent_do(&other.vcpu[0], AGENT_SUM, GUEST_BASE + 0x10000, SZ_4K, 0));
	EXPECT_EQ(2 * SZ_4K / 8,
		  agent_do(&self->vm.vcpu[0], AGENT_SUM, GUEST_BASE + 0x10000, SZ_4K, 0));
	ASSERT_EQ(AGENT_STATUS, agent_psci(&other.vcpu[0], PSCI_SYSTEM_OFF, 0, 0));
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
	vm_destroy(&other);
}

/* A VM that no vCPU function was added to starts, and is closed. */
TEST_F(life, start_without_a_vcpu)
{
	ASSERT_EQ(0, __remove_vcpu(self->vm.fd, 0));
	EXPECT_EQ(0, __vm_start(&self->vm));
}

/* The last close of the VM's fd ends the VM; a vCPU fd that is left finds nobody. */
TEST_F(life, vm_closed_before_its_vcpu)
{
	vm_start(&self->vm);
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
	close(self->vm.fd);
	EXPECT_EQ(-ENODEV, __vcpu_run(&self->vm.vcpu[0]));
	EXPECT_EQ(GUNYAH_VCPU_EXIT_UNKNOWN, self->vm.vcpu[0].run->exit_reason);
	self->vm.fd = create_vm(self->vm.dev_fd);
}

/* A copy of the fd keeps it. */
TEST_F(life, dup_of_the_fd_keeps_the_vm)
{
	int copy = dup(self->vm.fd);

	vm_start(&self->vm);
	close(self->vm.fd);
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
	self->vm.fd = copy;
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
}

static int unload(const char *module)
{
	return syscall(__NR_delete_module, module, O_NONBLOCK) ? -errno : 0;
}

/* R40, R54: an unbound driver's modules stay as long as one of its files is open */
TEST_F(life, modules_stay_with_files_of_an_unbound_driver)
{
	int fd = self->vm.vcpu[0].fd;

	if (access("/sys/module/gunyah_vm/refcnt", F_OK))
		SKIP(return, "the driver is built in");
	unload_functions();
	vm_start(&self->vm);
	ASSERT_TRUE(driver_unbind());
	EXPECT_GT(0, unload("gunyah_vm"));
	/* The last one. */
	self->vm.vcpu[0].fd = -1;
	vm_destroy(&self->vm);
	EXPECT_GT(0, unload("gunyah_vm"));
	EXPECT_GT(0, unload("gunyah_rm"));
	EXPECT_EQ(-ENODEV, __ioctl(fd, GUNYAH_VCPU_RUN, 0));
	close(fd);
	ASSERT_TRUE(driver_bind());
	vm_create(&self->vm, 1);
}

/* The files are close-on-exec: another program ends the VM, and its memory is back. */
TEST_F(life, exec_ends_the_vm)
{
	int status;
	pid_t pid;

	vm_start(&self->vm);
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	/* That was the child's copy. */
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);

	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		struct test_vm vm = {};

		vm_create(&vm, 1);
		vm_start(&vm);
		/* Nothing but the memory is open in the program that comes now. */
		execl("/bin/sh", "sh", "-c", "! ls -l /proc/self/fd | grep -q gunyah-v", NULL);
		_exit(1);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

FIXTURE(refused)
{
	struct test_vm vm;
};

FIXTURE_SETUP(refused)
{
	require_gunyah();
	vm_create(&self->vm, 1);
}

FIXTURE_TEARDOWN(refused)
{
	vm_destroy(&self->vm);
}

/* R20: after each refusal the same VM starts */
static void starts_now(struct __test_metadata *_metadata, struct test_vm *vm)
{
	ASSERT_EQ(0, __vm_start(vm));
	agent_do(&vm->vcpu[0], AGENT_NOP, 0, 0, 0);
}

/* R20 */
TEST_F(refused, without_memory)
{
	int vm = create_vm(self->vm.dev_fd);

	EXPECT_EQ(-EINVAL, __ioctl(vm, GUNYAH_VM_START, 0));
	ASSERT_EQ(0, __set_dtb(vm, GUEST_DTB, SZ_4K));
	EXPECT_EQ(-EINVAL, __ioctl(vm, GUNYAH_VM_START, 0));
	close(vm);
}

/* R20, R24 */
TEST_F(refused, device_tree_outside_of_memory)
{
	ASSERT_EQ(0, __set_dtb(self->vm.fd, GUEST_BASE + GUEST_SIZE, SZ_4K));
	EXPECT_EQ(-EINVAL, __vm_start(&self->vm));
	ASSERT_EQ(0, __set_dtb(self->vm.fd, GUEST_BASE + GUEST_SIZE - SZ_4K, 2 * SZ_4K));
	EXPECT_EQ(-EINVAL, __vm_start(&self->vm));
	ASSERT_EQ(0, __set_dtb(self->vm.fd, GUEST_DTB, GUEST_DTB_SIZE));
	starts_now(_metadata, &self->vm);
}

/* R20, R58: VM_INIT is refused; the VM goes through RESET and back */
TEST_F(refused, device_tree_that_is_none)
{
	char *mem = mmap(NULL, SZ_4K, PROT_READ | PROT_WRITE, MAP_SHARED, self->vm.mem_fd,
			 GUEST_DTB - GUEST_BASE);

	ASSERT_NE(MAP_FAILED, mem);
	memset(mem, 0, SZ_4K);
	munmap(mem, SZ_4K);
	EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
	EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
	vm_load(&self->vm);
	starts_now(_metadata, &self->vm);
}

/* R20, R58 */
TEST_F(refused, device_tree_without_image_name)
{
	self->vm.no_image_name = true;
	vm_load(&self->vm);
	EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
	self->vm.no_image_name = false;
	vm_load(&self->vm);
	starts_now(_metadata, &self->vm);
}

/* R20, R58: a guest may have one channel of its own to the resource manager, as wide as all */
TEST_F(refused, channels_that_no_guest_can_have)
{
	self->vm.nr_channels = 2;
	self->vm.channel_size = 0xf0;
	vm_load(&self->vm);
	EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
	self->vm.nr_channels = 1;
	self->vm.channel_size = 0x80;
	vm_load(&self->vm);
	EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
	self->vm.channel_size = 0xf0;
	vm_load(&self->vm);
	starts_now(_metadata, &self->vm);
}

/* R20: mapped means refused, also when no page was touched */
TEST_F(refused, lent_memory_mapped)
{
	void *p = mmap(NULL, SZ_4K, PROT_READ, MAP_SHARED, self->vm.mem_fd, 3 * SZ_2M / 2);

	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(-EBUSY, __vm_start(&self->vm));
	munmap(p, SZ_4K);
	starts_now(_metadata, &self->vm);
}

/* Lent memory with less than all rights can't be given up front. */
TEST_F(refused, lent_memory_without_exec)
{
	int mem = create_guest_mem(self->vm.dev_fd, SZ_2M);
	__u32 flags = GUNYAH_MEM_FORCE_LEND | GUNYAH_MEM_ALLOW_READ | GUNYAH_MEM_ALLOW_WRITE;

	map_mem(self->vm.fd, mem, 0x90000000, SZ_2M, 0, flags);
	EXPECT_EQ(-EOPNOTSUPP, __vm_start(&self->vm));
	map_mem(self->vm.fd, mem, 0x90000000, SZ_2M, 0, flags | GUNYAH_MEM_UNMAP);
	starts_now(_metadata, &self->vm);
	close(mem);
}

/* The image has to be lent. */
TEST_F(refused, image_shared)
{
	map_mem(self->vm.fd, self->vm.mem_fd, GUEST_BASE, GUEST_SIZE, 0,
		LEND_RWX | GUNYAH_MEM_UNMAP);
	map_mem(self->vm.fd, self->vm.mem_fd, GUEST_BASE, GUEST_SIZE, 0,
		GUNYAH_MEM_FORCE_SHARE | GUNYAH_MEM_ALLOW_RWX);
	EXPECT_GT(0, __vm_start(&self->vm));
}

/* Boot registers: a PC inside of the image is honoured, X0 is the device tree anyway. */
TEST_F(refused, boot_registers)
{
	ASSERT_EQ(0, __set_boot_reg(self->vm.fd, 5, 0x1234));
	EXPECT_EQ(-EOPNOTSUPP, __vm_start(&self->vm));
}

TEST_F(refused, pc_outside_of_the_image)
{
	ASSERT_EQ(0, __set_boot_reg(self->vm.fd, 0x100, GUEST_BASE - SZ_4K));
	EXPECT_EQ(-EOPNOTSUPP, __vm_start(&self->vm));
	ASSERT_EQ(0, __set_boot_reg(self->vm.fd, 0x100, GUEST_BASE));
	ASSERT_EQ(0, __set_boot_reg(self->vm.fd, 0, GUEST_DTB));
	starts_now(_metadata, &self->vm);
}

/* R81: PC as the image's offset */
TEST_F(refused, pc_inside_of_the_image)
{
	__u64 offset = SZ_2M / 2;
	char *mem;

	mem = mmap(NULL, GUEST_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, self->vm.mem_fd, 0);
	ASSERT_NE(MAP_FAILED, mem);
	memcpy(mem + offset, mem, SZ_2M / 4);
	memset(mem, 0, SZ_4K);
	munmap(mem, GUEST_SIZE);
	ASSERT_EQ(0, __set_boot_reg(self->vm.fd, 0x100, GUEST_BASE + offset));
	vm_start(&self->vm);
	EXPECT_EQ(GUEST_BASE + offset, agent_do(&self->vm.vcpu[0], AGENT_PC, 0, 0, 0));
	EXPECT_EQ(GUEST_DTB, agent_do(&self->vm.vcpu[0], AGENT_BOOT_X0, 0, 0, 0));
}

/* The resource manager has room for 14 VMs; the next one is refused cleanly. */
TEST(the_fifteenth_vm)
{
	static struct test_vm vms[15];
	int i;

	require_gunyah();
	for (i = 0; i < 15; i++)
		vm_create(&vms[i], 1);
	for (i = 0; i < 14; i++)
		ASSERT_EQ(0, __vm_start(&vms[i]));
	EXPECT_EQ(-ENODEV, __vm_start(&vms[14]));
	agent_do(&vms[13].vcpu[0], AGENT_NOP, 0, 0, 0);
	vm_destroy(&vms[0]);
	EXPECT_EQ(0, __vm_start(&vms[14]));
	agent_do(&vms[14].vcpu[0], AGENT_NOP, 0, 0, 0);
	for (i = 1; i < 15; i++)
		vm_destroy(&vms[i]);
}

TEST_HARNESS_MAIN
