// SPDX-License-Identifier: GPL-2.0-only
/* What VMs and vCPUs cost, who pays, and that it comes back (R28, R30, R71). */
#include <dirent.h>
#include <sys/resource.h>

#include "../kselftest_harness.h"
#include "lib/alloc_fault.h"
#include "lib/control.h"
#include "lib/events.h"
#include "lib/sweep.h"

#define CGROUP		"/sys/fs/cgroup/gunyah-cost"
#define MANY_VCPUS	250
#define MANY_VMS	200
#define MANY_EVENTS	2000
#define OTHER_SIZE	(4UL << 20)

/* ---- R28 ---- */

/* A number of a file of the group: a word's, or the only one. */
static unsigned long group_counter(const char *file, const char *word)
{
	unsigned long value = 0;
	char path[64], line[128];
	size_t len = word ? strlen(word) : 0;
	FILE *f;

	snprintf(path, sizeof(path), CGROUP "/%s", file);
	f = fopen(path, "r");
	if (!f)
		test_die("%s", path);
	while (fgets(line, sizeof(line), f)) {
		if (word && (strncmp(line, word, len) || line[len] != ' '))
			continue;
		value = strtoul(line + len, NULL, 0);
		break;
	}
	fclose(f);
	return value;
}

static bool make_group(const char *max)
{
	write_file("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	if (!mkdir(CGROUP, 0755) && !write_file(CGROUP "/memory.max", max))
		return true;
	rmdir(CGROUP);
	return false;
}

static void allow_files(unsigned int n)
{
	struct rlimit limit = { .rlim_cur = n, .rlim_max = n };

	if (setrlimit(RLIMIT_NOFILE, &limit))
		test_die("setrlimit");
}

/*
 * In the group: its kernel memory.  The kernel adds up what its CPUs have counted when
 * that is 64 pages for each of them; other memory than the kernel's counts for that, too.
 */
static unsigned long kernel_memory(void)
{
	char *other = mmap(NULL, OTHER_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (other == MAP_FAILED)
		test_die("mmap");
	memset(other, 1, OTHER_SIZE);
	if (munmap(other, OTHER_SIZE))
		test_die("munmap");
	return group_counter("memory.stat", "kernel");
}

/* In the group: what it is charged for things that are made. */
static unsigned long charged(int (*make)(int), int arg, unsigned int n)
{
	unsigned long before = kernel_memory();
	unsigned int i;

	for (i = 0; i < n; i++)
		if (make(arg) < 0)
			test_die("number %u", i);
	return kernel_memory() - before;
}

static unsigned int next_id;

static int add_one(int vm)
{
	return __add_vcpu(vm, next_id++);
}

static int event;

static int add_one_irqfd(int vm)
{
	return __add_irqfd(vm, event, next_id++, 0);
}

static int add_one_ioeventfd(int vm)
{
	struct gunyah_fn_ioeventfd_arg arg = { .addr = 8 * next_id++, .len = 8, .fd = event };

	return __add_ioeventfd(vm, &arg);
}

/*
 * 0 when VMs, vCPUs, irqfds and ioeventfds are charged, each with the larger ones of
 * its parts; else which are not.  A page more or less is 2 bytes of an event, of which
 * there are the most, for their parts are small.
 */
static int look_at_charges(void)
{
	unsigned long vms, vcpus, irqfds, ioeventfds;
	int dev, vm;

	if (write_file(CGROUP "/cgroup.procs", "0"))
		return 1;
	allow_files(MANY_VCPUS + MANY_VMS + 100);
	dev = open_gunyah();
	vm = create_vm(dev);
	vms = charged(create_vm, dev, MANY_VMS);
	vcpus = charged(add_one, vm, MANY_VCPUS);
	event = event_new();
	irqfds = charged(add_one_irqfd, vm, MANY_EVENTS);
	ioeventfds = charged(add_one_ioeventfd, vm, MANY_EVENTS);
	ksft_print_msg("charged for a VM %lu, a vCPU %lu, an irqfd %lu, an ioeventfd %lu bytes\n",
		       vms / MANY_VMS, vcpus / MANY_VCPUS, irqfds / MANY_EVENTS,
		       ioeventfds / MANY_EVENTS);
	/* The parts are 64, 16 and 192 bytes, or 64, 32 and 96. */
	if (irqfds < MANY_EVENTS * 255 || ioeventfds < MANY_EVENTS * 180)
		return 4;
	if (vms < MANY_VMS * 4150)
		return 2;
	/* The run page is not the only one of its parts. */
	return vcpus < MANY_VCPUS * (SZ_4K + 750) ? 3 : 0;
}

/* R28: a VM, a vCPU with its page, and other functions are charged to whom made them */
TEST(charged_to_the_cgroup)
{
	int status;
	pid_t pid;

	require_gunyah();
	if (!make_group("256M"))
		SKIP(return, "no memory cgroup");
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(look_at_charges());
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, rmdir(CGROUP));
}

/* Until no more is to be had; the group ends it, and not the machine. */
static int make_vms_for_ever(void)
{
	int dev, vm, n;

	if (write_file(CGROUP "/cgroup.procs", "0"))
		return 1;
	allow_files(60000);
	dev = open_gunyah();
	for (n = 0; n < 5000; n++) {
		vm = __create_vm(dev);
		if (vm < 0)
			return vm == -ENOMEM ? 0 : 2;
		for (next_id = 0; next_id < 8; next_id++) {
			int fd = __add_vcpu(vm, next_id);

			if (fd < 0)
				return fd == -ENOMEM ? 0 : 3;
		}
	}
	return 4;
}

/* R28: VMs made inside of a small group end with it */
TEST(small_cgroup)
{
	int status;
	pid_t pid;

	require_gunyah();
	if (!make_group("8M"))
		SKIP(return, "no memory cgroup");
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(make_vms_for_ever());
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	/* Either is the group's: an error, or the end of the process. */
	EXPECT_TRUE(!status || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
	EXPECT_LT(0, group_counter("memory.events", "max"));
	EXPECT_EQ(0, rmdir(CGROUP));
	EXPECT_EQ(0, last_vmid());
}

/* ---- R30 ---- */

static unsigned int count_entries(const char *path)
{
	struct dirent *entry;
	unsigned int n = 0;
	DIR *dir;

	dir = opendir(path);
	if (!dir)
		test_die("%s", path);
	while ((entry = readdir(dir)))
		n++;
	closedir(dir);
	return n;
}

/* Lines of a file that hold a word. */
static unsigned int count_lines(const char *path, const char *word)
{
	unsigned int n = 0;
	char line[512];
	FILE *f;

	f = fopen(path, "r");
	if (!f)
		test_die("%s", path);
	while (fgets(line, sizeof(line), f))
		n += !!strstr(line, word);
	fclose(f);
	return n;
}

struct left {
	unsigned int fds;
	unsigned int irqs;
	unsigned int handlers;
	unsigned int vms;
	struct control_counters rm;
};

static struct left what_is_there(void)
{
	return (struct left) {
		.fds = count_entries("/proc/self/fd"),
		.irqs = count_entries("/sys/kernel/irq"),
		.handlers = count_lines("/proc/interrupts", "gunyah-vcpu"),
		.vms = count_lines("/sys/kernel/debug/gunyah_vm/vms", "vmid"),
		.rm = control_counters(),
	};
}

/* R30: many lives are a matter of long runs; here it is looked for what one may leave */
TEST(lives_leave_nothing)
{
	struct left before, now;
	struct test_vm vm = {};
	unsigned int i;

	require_gunyah();
	require_control();
	before = what_is_there();
	for (i = 0; i < 6; i++) {
		vm_create(&vm, 4);
		vm_start(&vm);
		agent_do(&vm.vcpu[0], AGENT_NOP, 0, 0, 0);
		now = what_is_there();
		EXPECT_EQ(before.handlers + 4, now.handlers);
		EXPECT_EQ(before.irqs + 4, now.irqs);
		EXPECT_EQ(before.vms + 1, now.vms);
		if (i & 1)
			ASSERT_EQ(AGENT_STATUS, agent_psci(&vm.vcpu[0], PSCI_SYSTEM_OFF, 0, 0));
		vm_destroy(&vm);
		now = what_is_there();
		EXPECT_EQ(0, memcmp(&before, &now, sizeof(now)));
	}
}

/* R30: nor does any of the runs of one life */
TEST(runs_leave_nothing)
{
	struct sweep_state before, after;
	static const struct cost nothing;
	struct left empty, now;
	struct test_vm vm = {};
	unsigned int i;

	require_gunyah();
	require_control();
	vm_create(&vm, 4);
	/* The hypervisor has its tables for this memory from here on. */
	vm_start(&vm);
	ASSERT_EQ(AGENT_STATUS, agent_psci(&vm.vcpu[0], PSCI_SYSTEM_OFF, 0, 0));
	ASSERT_EQ(0, __vm_reset(&vm));
	empty = what_is_there();
	before = sweep_state();
	for (i = 0; i < 10; i++) {
		vm_start_anew(&vm);
		agent_do(&vm.vcpu[0], AGENT_NOP, 0, 0, 0);
		now = what_is_there();
		EXPECT_EQ(empty.handlers + 4, now.handlers);
		EXPECT_EQ(empty.irqs + 4, now.irqs);
		ASSERT_EQ(AGENT_STATUS, agent_psci(&vm.vcpu[0], PSCI_SYSTEM_OFF, 0, 0));
		ASSERT_EQ(0, __vm_reset(&vm));
		now = what_is_there();
		EXPECT_EQ(0, memcmp(&empty, &now, sizeof(now)));
		after = sweep_state();
		EXPECT_TRUE(sweep_same("run", &before, &nothing, &after));
	}
	vm_destroy(&vm);
}

/* ---- R71 ---- */

/* A call with an argument that is wrong, and what it says. */
struct wrong {
	const char *name;
	int (*call)(struct test_vm *vm);
	int ret;
};

static int function(struct test_vm *vm, unsigned long nr, __u32 type, __u32 size, void *arg)
{
	struct gunyah_fn_desc desc = {
		.type = type, .arg_size = size, .arg = (uintptr_t)arg,
	};

	return __ioctl(vm->fd, nr, &desc);
}

static int create_with_argument(struct test_vm *vm)
{
	return __ioctl(vm->dev_fd, GUNYAH_CREATE_VM, 1);
}

static int mem_of_no_size(struct test_vm *vm)
{
	return __create_guest_mem(vm->dev_fd, 0, 0);
}

static int mem_with_flags(struct test_vm *vm)
{
	return __create_guest_mem(vm->dev_fd, SZ_2M, 8);
}

static int mem_with_reserved(struct test_vm *vm)
{
	struct gunyah_create_mem_args args = { .size = SZ_2M, .reserved[5] = 1 };

	return __ioctl(vm->dev_fd, GUNYAH_CREATE_GUEST_MEM, &args);
}

static int add_too_long(struct test_vm *vm)
{
	char arg[300] = "";

	return function(vm, GUNYAH_VM_ADD_FUNCTION, GUNYAH_FN_VCPU, 257, arg);
}

static int add_of_wrong_size(struct test_vm *vm)
{
	char arg[300] = "";

	return function(vm, GUNYAH_VM_ADD_FUNCTION, GUNYAH_FN_VCPU, 8, arg);
}

static int add_from_nowhere(struct test_vm *vm)
{
	return function(vm, GUNYAH_VM_ADD_FUNCTION, GUNYAH_FN_VCPU, 4, (void *)8);
}

static int remove_of_wrong_size(struct test_vm *vm)
{
	char arg[300] = "";

	return function(vm, GUNYAH_VM_REMOVE_FUNCTION, GUNYAH_FN_VCPU, 256, arg);
}

static int map_of_no_size(struct test_vm *vm)
{
	return __map_mem(vm->fd, vm->mem_fd, 0x90000000, 0, 0, LEND_RWX);
}

static int map_unaligned(struct test_vm *vm)
{
	return __map_mem(vm->fd, vm->mem_fd, 0x90000001, PAGE, 0, LEND_RWX);
}

static int map_with_flags(struct test_vm *vm)
{
	return __map_mem(vm->fd, vm->mem_fd, 0x90000000, PAGE, 0, LEND_RWX | 0x1000);
}

static int map_that_wraps(struct test_vm *vm)
{
	return __map_mem(vm->fd, vm->mem_fd, -PAGE, 2 * PAGE, 0, LEND_RWX);
}

static int map_beyond_the_file(struct test_vm *vm)
{
	return __map_mem(vm->fd, vm->mem_fd, 0x90000000, PAGE, GUEST_SIZE, LEND_RWX);
}

static int map_of_no_file(struct test_vm *vm)
{
	return __map_mem(vm->fd, -1, 0x90000000, PAGE, 0, LEND_RWX);
}

static int map_that_overlaps(struct test_vm *vm)
{
	return __map_mem(vm->fd, vm->mem_fd, GUEST_BASE, PAGE, 0, LEND_RWX);
}

static int dtb_unaligned(struct test_vm *vm)
{
	return __set_dtb(vm->fd, 1, 1);
}

static int register_that_is_none(struct test_vm *vm)
{
	return __set_boot_reg(vm->fd, 0x300, 0);
}

static int auth_that_is_none(struct test_vm *vm)
{
	struct gunyah_vm_auth_desc desc = { .type = 3 };

	return __ioctl(vm->fd, GUNYAH_VM_SET_AUTH, &desc);
}

static int start_of_nothing(struct test_vm *vm)
{
	return __ioctl(vm->vcpu[1].fd, GUNYAH_VM_START, 0);
}

static const struct wrong wrongs[] = {
	{ "CREATE_VM with an argument", create_with_argument, -EINVAL },
	{ "CREATE_GUEST_MEM of size 0", mem_of_no_size, -EINVAL },
	{ "CREATE_GUEST_MEM, unknown flag", mem_with_flags, -EINVAL },
	{ "CREATE_GUEST_MEM, reserved", mem_with_reserved, -EINVAL },
	{ "ADD_FUNCTION, too long", add_too_long, -EINVAL },
	{ "ADD_FUNCTION, wrong size", add_of_wrong_size, -EINVAL },
	{ "ADD_FUNCTION, bad pointer", add_from_nowhere, -EFAULT },
	{ "REMOVE_FUNCTION, wrong size", remove_of_wrong_size, -EINVAL },
	{ "MAP_MEM of size 0", map_of_no_size, -EINVAL },
	{ "MAP_MEM, unaligned", map_unaligned, -EINVAL },
	{ "MAP_MEM, unknown flag", map_with_flags, -EINVAL },
	{ "MAP_MEM that wraps", map_that_wraps, -EOVERFLOW },
	{ "MAP_MEM beyond the file", map_beyond_the_file, -EINVAL },
	{ "MAP_MEM of no file", map_of_no_file, -EBADF },
	{ "SET_DTB_CONFIG, unaligned", dtb_unaligned, -EINVAL },
	{ "SET_BOOT_CONTEXT of no register", register_that_is_none, -EINVAL },
	{ "SET_AUTH of no type", auth_that_is_none, -EINVAL },
	{ "VM_START without a device tree", start_of_nothing, -EINVAL },
	{ "MAP_MEM that overlaps", map_that_overlaps, -EEXIST },
};

/* The same of a VM's calls, whose argument is all that there is to say. */
struct wrong_argument {
	const char *name;
	unsigned long call;
	const void *arg;
	int ret;
	int eager;	/* in the eager flow, where that is something else */
};

#define FUNCTION(number, argument) (&(const struct gunyah_fn_desc) {	\
	.type = (number),						\
	.arg_size = sizeof(argument),					\
	.arg = (uintptr_t)&(argument),					\
})
#define IRQFD(...)							\
	FUNCTION(GUNYAH_FN_IRQFD, ((const struct gunyah_fn_irqfd_arg) { __VA_ARGS__ }))
#define IOEVENTFD(...)							\
	FUNCTION(GUNYAH_FN_IOEVENTFD, ((const struct gunyah_fn_ioeventfd_arg) { __VA_ARGS__ }))
#define AUTH(number, argument) (&(const struct gunyah_vm_auth_desc) {	\
	.type = (number),						\
	.arg_size = sizeof(argument),					\
	.arg = (uintptr_t)&(argument),					\
})
#define TRUSTED(...)							\
	AUTH(GUNYAH_VM_AUTH_QCOM_TRUSTED_VM,				\
	     ((const struct gunyah_vm_qtvm_auth_arg) { __VA_ARGS__ }))
#define FIRMWARE(...)							\
	AUTH(GUNYAH_VM_AUTH_QCOM_ANDROID_PVM,				\
	     ((const struct gunyah_vm_firmware_config) { __VA_ARGS__ }))
#define REGION(...)	(&(const struct gunyah_userspace_memory_region) { __VA_ARGS__ })
#define RANGE(...)	(&(const struct gunyah_address_range) { __VA_ARGS__ })

static const struct wrong_argument wrong_arguments[] = {
	{ "ADD_FUNCTION of an irqfd, wrong size", GUNYAH_VM_ADD_FUNCTION,
	  FUNCTION(GUNYAH_FN_IRQFD, ((const __u64) { 0 })), -EINVAL },
	{ "ADD_FUNCTION of an irqfd, unknown flag", GUNYAH_VM_ADD_FUNCTION,
	  IRQFD(.fd = -1, .label = 1, .flags = 2), -EINVAL },
	{ "ADD_FUNCTION of an ioeventfd, unknown flag", GUNYAH_VM_ADD_FUNCTION,
	  IOEVENTFD(.fd = -1, .addr = GUEST_MMIO, .len = 4, .flags = 2), -EINVAL },
	{ "ADD_FUNCTION of an ioeventfd, wrong length", GUNYAH_VM_ADD_FUNCTION,
	  IOEVENTFD(.fd = -1, .addr = GUEST_MMIO, .len = 3), -EINVAL },
	{ "ADD_FUNCTION of an ioeventfd, value without length", GUNYAH_VM_ADD_FUNCTION,
	  IOEVENTFD(.fd = -1, .addr = GUEST_MMIO, .flags = 1), -EINVAL },
	{ "ADD_FUNCTION of an ioeventfd that wraps", GUNYAH_VM_ADD_FUNCTION,
	  IOEVENTFD(.fd = -1, .addr = -3ULL, .len = 4), -EOVERFLOW },
	{ "REMOVE_FUNCTION of an ioeventfd, unknown flag", GUNYAH_VM_REMOVE_FUNCTION,
	  IOEVENTFD(.addr = GUEST_MMIO, .len = 4, .flags = 2), -EINVAL },

	{ "SET_AUTH, none with an argument", GUNYAH_VM_SET_AUTH,
	  AUTH(GUNYAH_VM_AUTH_NONE, ((const __u64) { 0 })), -EINVAL },
	{ "SET_AUTH, wrong size", GUNYAH_VM_SET_AUTH,
	  AUTH(GUNYAH_VM_AUTH_QCOM_TRUSTED_VM, ((const __u64) { 0 })), -EINVAL },
	{ "SET_AUTH, bad pointer", GUNYAH_VM_SET_AUTH,
	  &(const struct gunyah_vm_auth_desc) {
		  GUNYAH_VM_AUTH_QCOM_ANDROID_PVM, sizeof(struct gunyah_vm_firmware_config), 8
	  }, -EFAULT },
	{ "SET_AUTH, padding", GUNYAH_VM_SET_AUTH,
	  TRUSTED(.padding = 1, .guest_phys_addr = GUEST_BASE, .size = SZ_4K), -EINVAL },
	{ "SET_AUTH, image of size 0", GUNYAH_VM_SET_AUTH,
	  TRUSTED(.guest_phys_addr = GUEST_BASE), -EINVAL },
	{ "SET_AUTH, image that wraps", GUNYAH_VM_SET_AUTH,
	  TRUSTED(.guest_phys_addr = -SZ_4K, .size = 2 * SZ_4K), -EOVERFLOW },
	{ "SET_AUTH, firmware unaligned", GUNYAH_VM_SET_AUTH,
	  FIRMWARE(.guest_phys_addr = GUEST_BASE + 8, .size = SZ_4K), -EINVAL },
	{ "SET_AUTH, firmware that wraps", GUNYAH_VM_SET_AUTH,
	  FIRMWARE(.guest_phys_addr = -SZ_4K, .size = 2 * SZ_4K), -EOVERFLOW },

	/* The first thing that is looked at is whether there is such a call. */
	{ "RECLAIM_MEM of size 0", GUNYAH_VM_RECLAIM_MEM,
	  RANGE(.guest_phys_addr = GUEST_BASE), -EINVAL, -EOPNOTSUPP },
	{ "RECLAIM_MEM, unaligned", GUNYAH_VM_RECLAIM_MEM,
	  RANGE(.guest_phys_addr = GUEST_BASE + 8, .size = SZ_2M), -EINVAL, -EOPNOTSUPP },
	{ "RECLAIM_MEM that wraps", GUNYAH_VM_RECLAIM_MEM,
	  RANGE(.guest_phys_addr = -SZ_2M, .size = 2 * SZ_2M), -EOVERFLOW, -EOPNOTSUPP },
	{ "RECLAIM_MEM of nothing", GUNYAH_VM_RECLAIM_MEM,
	  RANGE(.guest_phys_addr = 0x90000000, .size = SZ_2M), -ENOENT, -EOPNOTSUPP },

	{ "SET_USER_MEM_REGION, unknown flag", GUNYAH_VM_SET_USER_MEM_REGION,
	  REGION(.flags = 0x11, .guest_phys_addr = 0x90000000, .memory_size = SZ_2M), -EINVAL },
	{ "SET_USER_MEM_REGION, not to be read", GUNYAH_VM_SET_USER_MEM_REGION,
	  REGION(.flags = 2, .guest_phys_addr = 0x90000000, .memory_size = SZ_2M), -EINVAL },
	{ "SET_USER_MEM_REGION, unaligned", GUNYAH_VM_SET_USER_MEM_REGION,
	  REGION(.flags = 3, .guest_phys_addr = 0x90000001, .memory_size = SZ_2M), -EINVAL },
	{ "SET_USER_MEM_REGION, memory unaligned", GUNYAH_VM_SET_USER_MEM_REGION,
	  REGION(.flags = 3, .guest_phys_addr = 0x90000000, .memory_size = SZ_2M,
		 .userspace_addr = 8), -EINVAL },
	{ "SET_USER_MEM_REGION that wraps", GUNYAH_VM_SET_USER_MEM_REGION,
	  REGION(.flags = 3, .guest_phys_addr = -SZ_2M, .memory_size = 2 * SZ_2M), -EOVERFLOW },
	{ "SET_USER_MEM_REGION, memory that wraps", GUNYAH_VM_SET_USER_MEM_REGION,
	  REGION(.flags = 3, .guest_phys_addr = 0x90000000, .memory_size = 2 * SZ_2M,
		 .userspace_addr = -SZ_2M), -EOVERFLOW },
	{ "SET_USER_MEM_REGION that overlaps", GUNYAH_VM_SET_USER_MEM_REGION,
	  REGION(.flags = 3, .guest_phys_addr = GUEST_BASE, .memory_size = SZ_2M), -EEXIST },
	{ "SET_USER_MEM_REGION, none to take out", GUNYAH_VM_SET_USER_MEM_REGION,
	  REGION(.label = 1), -ENOENT },
};

/* Of the user's memory, in a driver that has no such call? */
static bool is_missing(const struct test_vm *vm, const struct wrong_argument *w)
{
	return w->call == GUNYAH_VM_SET_USER_MEM_REGION &&
	       !__ioctl(vm->fd, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_USER_MEM);
}

/*
 * R71, R41: the first allocation would fail, so whoever allocates before all is
 * checked says ENOMEM, and uses the failure up.
 */
TEST(checked_before_anything_is_allocated)
{
	struct test_vm vm = {};
	unsigned int i;
	int ret;

	require_gunyah();
	vm_create(&vm, 1);
	vm.vcpu[1].fd = create_vm(vm.dev_fd);
	if (!fail_nth_there())
		SKIP(return, "%s", fail_nth_why());
	for (i = 0; i < ARRAY_SIZE(wrongs); i++) {
		fail_nth(1);
		ret = wrongs[i].call(&vm);
		EXPECT_EQ(1, fail_nth_end()) {
			ksft_print_msg("%s: allocates\n", wrongs[i].name);
		}
		EXPECT_EQ(wrongs[i].ret, ret) {
			ksft_print_msg("%s\n", wrongs[i].name);
		}
	}
	close(vm.vcpu[1].fd);
	vm_destroy(&vm);
}

/* R71: the same */
TEST(argument_checked_before_anything_is_allocated)
{
	const struct wrong_argument *w;
	struct test_vm vm = {};
	bool paged;
	int ret;

	require_gunyah();
	if (!fail_nth_there())
		SKIP(return, "%s", fail_nth_why());
	/* From here on the driver knows which flow it is, and asks nobody. */
	paged = paging_there();
	vm_create(&vm, 1);
	/* And with these there it has their modules. */
	event = event_new();
	add_irqfd(vm.fd, event, 7, 0);
	add_ioeventfd(vm.fd, event, GUEST_MMIO + 8, 4);
	for (w = wrong_arguments; w < wrong_arguments + ARRAY_SIZE(wrong_arguments); w++) {
		if (is_missing(&vm, w))
			continue;
		fail_nth(1);
		ret = __ioctl(vm.fd, w->call, w->arg);
		EXPECT_EQ(1, fail_nth_end()) {
			ksft_print_msg("%s: allocates\n", w->name);
		}
		EXPECT_EQ(!paged && w->eager ? w->eager : w->ret, ret) {
			ksft_print_msg("%s\n", w->name);
		}
	}
	vm_destroy(&vm);
	close(event);
}

TEST_HARNESS_MAIN
