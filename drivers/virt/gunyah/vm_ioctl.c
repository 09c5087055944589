// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls of /dev/gunyah and of a VM: copy in, check what can be checked
 * without the VM, call.
 *
 * Each is a line of a table: the number, which holds the size of the argument,
 * and a function that sees the argument as a kernel copy, or as the number that
 * it is.  What is not in the table is -ENOTTY.
 */
#include <linux/anon_inodes.h>
#include <linux/array_size.h>
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/gunyah.h>

#include "guest_mem.h"
#include "vm.h"
#include "vm_android.h"
#include "vm_ioctl.h"
#include "vm_ioctl_arg.h"
#include "vm_paging.h"
#include "vm_parcel.h"

/* A VM of the published hypervisor (Dec 2023). */
#define MAX_VCPUS	8

/* Fill @arg in from the user's argument of @cmd. */
static int copy_arg(unsigned int cmd, unsigned long uarg, union gunyah_ioctl_arg *arg)
{
	if (!(_IOC_DIR(cmd) & _IOC_WRITE)) {
		arg->value = uarg;
		return 0;
	}
	return copy_from_user(arg, (void __user *)uarg, _IOC_SIZE(cmd)) ? -EFAULT : 0;
}

/* What follows the flow of this connection. */
static int check_flow_extension(struct gunyah_vm_host *host)
{
	enum gunyah_vm_flow flow;
	int ret;

	ret = gunyah_vm_host_ask_flow(host, &flow);
	return ret ?: flow == GUNYAH_VM_FLOW_PAGED;
}

static int check_extension(struct gunyah_vm_host *host, unsigned long extension)
{
	switch (extension) {
	case GUNYAH_EXT_API_VERSION:
		return GUNYAH_API_VERSION;
	case GUNYAH_EXT_BOOT_CONTEXT:
	case GUNYAH_EXT_RESUME_ACTIONS:
	case GUNYAH_EXT_DEMAND_PAGING:
	case GUNYAH_EXT_RECLAIM_RUNNING:
		return check_flow_extension(host);
	case GUNYAH_EXT_USER_MEM:
		return IS_ENABLED(CONFIG_GUNYAH_USER_MEMORY);
	case GUNYAH_EXT_USER_MEM_LENT:
		return IS_ENABLED(CONFIG_GUNYAH_USER_MEMORY) && gunyah_vm_parcel_can_lend();
	case GUNYAH_EXT_MAX_VCPUS:
		return MAX_VCPUS;
	case GUNYAH_EXT_AUTH_TYPES:
		return BIT(GUNYAH_VM_AUTH_NONE) | BIT(GUNYAH_VM_AUTH_QCOM_TRUSTED_VM) |
		       BIT(GUNYAH_VM_AUTH_QCOM_ANDROID_PVM);
	case GUNYAH_EXT_VM_RESET:
	case GUNYAH_EXT_HUGE_PAGES:
		return 1;
	default:
		return 0;
	}
}

/* ---- VM ---- */

struct vm_call {
	unsigned int cmd;
	long (*call)(struct gunyah_vm *vm, const union gunyah_ioctl_arg *arg);
};

#ifdef CONFIG_GUNYAH_USER_MEMORY
static long vm_set_user_mem_region(struct gunyah_vm *vm, const union gunyah_ioctl_arg *arg)
{
	return gunyah_vm_user_mem_set(&vm->user_mem, &vm->mem, &arg->user_mem);
}
#endif

static long vm_set_dtb_config(struct gunyah_vm *vm, const union gunyah_ioctl_arg *arg)
{
	return gunyah_vm_set_dtb(vm, arg->dtb.guest_phys_addr, arg->dtb.size);
}

static long vm_start(struct gunyah_vm *vm, const union gunyah_ioctl_arg *arg)
{
	return gunyah_vm_start(vm);
}

/* Add or remove: the argument of the function is copied, too. */
static long vm_change_function(struct gunyah_vm *vm, const struct gunyah_fn_desc *desc, bool add)
{
	u8 fn_arg[GUNYAH_FN_MAX_ARG_SIZE] __aligned(8);

	if (desc->arg_size > sizeof(fn_arg))
		return -EINVAL;
	if (copy_from_user(fn_arg, u64_to_user_ptr(desc->arg), desc->arg_size))
		return -EFAULT;

	if (add)
		return gunyah_vm_functions_add(&vm->functions, vm, desc->type, fn_arg,
					       desc->arg_size);
	return gunyah_vm_functions_remove(&vm->functions, desc->type, fn_arg, desc->arg_size);
}

static long vm_add_function(struct gunyah_vm *vm, const union gunyah_ioctl_arg *arg)
{
	return vm_change_function(vm, &arg->fn, true);
}

static long vm_remove_function(struct gunyah_vm *vm, const union gunyah_ioctl_arg *arg)
{
	return vm_change_function(vm, &arg->fn, false);
}

static long vm_map_mem(struct gunyah_vm *vm, const union gunyah_ioctl_arg *arg)
{
	return gunyah_vm_mem_map(&vm->mem, &arg->map_mem);
}

static long vm_set_boot_context(struct gunyah_vm *vm, const union gunyah_ioctl_arg *arg)
{
	const struct gunyah_vm_boot_context *boot = &arg->boot;

	if (boot->reserved)
		return -EINVAL;
	return gunyah_vm_set_boot_reg(vm, boot->reg >> GUNYAH_VM_BOOT_CONTEXT_REG_SHIFT,
				      boot->reg & 0xff, boot->value);
}

static long vm_check_extension(struct gunyah_vm *vm, const union gunyah_ioctl_arg *arg)
{
	return check_extension(vm->host, arg->value);
}

static int copy_type_arg(const struct gunyah_vm_auth_desc *desc, void *to, size_t size)
{
	if (desc->arg_size != size)
		return -EINVAL;
	return copy_from_user(to, u64_to_user_ptr(desc->arg), size) ? -EFAULT : 0;
}

/* The argument of the type is copied, too. */
static long vm_set_auth(struct gunyah_vm *vm, const union gunyah_ioctl_arg *arg)
{
	const struct gunyah_vm_auth_desc *desc = &arg->auth;
	struct gunyah_vm_auth auth = {};
	union {
		struct gunyah_vm_qtvm_auth_arg trusted;
		struct gunyah_vm_firmware_config firmware;
	} type_arg;
	int ret;

	switch (desc->type) {
	case GUNYAH_VM_AUTH_NONE:
		ret = desc->arg_size || desc->arg ? -EINVAL : 0;
		break;
	case GUNYAH_VM_AUTH_QCOM_TRUSTED_VM:
		ret = copy_type_arg(desc, &type_arg, sizeof(type_arg.trusted)) ?:
		      gunyah_vm_auth_trusted(&auth, &type_arg.trusted);
		break;
	case GUNYAH_VM_AUTH_QCOM_ANDROID_PVM:
		ret = copy_type_arg(desc, &type_arg, sizeof(type_arg.firmware)) ?:
		      gunyah_vm_auth_firmware(&auth, &type_arg.firmware);
		break;
	default:
		ret = -EINVAL;
		break;
	}
	return ret ?: gunyah_vm_set_auth(vm, &auth);
}

static long vm_reclaim_mem(struct gunyah_vm *vm, const union gunyah_ioctl_arg *arg)
{
	const struct gunyah_address_range *range = &arg->range;
	enum gunyah_vm_flow flow;
	int ret;

	ret = gunyah_vm_host_ask_flow(vm->host, &flow);
	if (ret)
		return ret;
	if (flow != GUNYAH_VM_FLOW_PAGED)
		return -EOPNOTSUPP;
	return gunyah_vm_paging_reclaim(&vm->mem, range->guest_phys_addr, range->size);
}

static long vm_reset(struct gunyah_vm *vm, const union gunyah_ioctl_arg *arg)
{
	return gunyah_vm_reset(vm);
}

static const struct vm_call vm_calls[] = {
#ifdef CONFIG_GUNYAH_USER_MEMORY
	{ GUNYAH_VM_SET_USER_MEM_REGION,	vm_set_user_mem_region },
#endif
	{ GUNYAH_VM_SET_DTB_CONFIG,		vm_set_dtb_config },
	{ GUNYAH_VM_START,			vm_start },
	{ GUNYAH_VM_ADD_FUNCTION,		vm_add_function },
	{ GUNYAH_VM_REMOVE_FUNCTION,		vm_remove_function },
	{ GUNYAH_VM_MAP_MEM,			vm_map_mem },
	{ GUNYAH_VM_SET_BOOT_CONTEXT,		vm_set_boot_context },
	{ GUNYAH_CHECK_EXTENSION,		vm_check_extension },
	{ GUNYAH_VM_SET_AUTH,			vm_set_auth },
	{ GUNYAH_VM_RECLAIM_MEM,		vm_reclaim_mem },
	{ GUNYAH_VM_RESET,			vm_reset },
};

static const struct vm_call *find_vm_call(unsigned int cmd)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vm_calls); i++) {
		if (vm_calls[i].cmd == cmd)
			return &vm_calls[i];
	}
	return NULL;
}

static long vm_ioctl(struct file *file, unsigned int cmd, unsigned long uarg)
{
	unsigned int target = gunyah_vm_android_target(cmd);
	const struct vm_call *call = find_vm_call(target);
	struct gunyah_vm *vm = file->private_data;
	union gunyah_ioctl_arg arg = {};
	int ret;

	if (!call)
		return -ENOTTY;
	if (gunyah_vm_state(vm) == GUNYAH_VM_GONE)
		return -ENODEV;

	ret = copy_arg(cmd, uarg, &arg) ?: gunyah_vm_android_arg(cmd, uarg, &arg);
	return ret ?: call->call(vm, &arg);
}

static int vm_release(struct inode *inode, struct file *file)
{
	gunyah_vm_close(file->private_data);
	return 0;
}

static const struct file_operations vm_fops = {
	.owner = THIS_MODULE,
	.release = vm_release,
	.unlocked_ioctl = vm_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

/* ---- /dev/gunyah ---- */

struct dev_call {
	unsigned int cmd;
	long (*call)(struct gunyah_vm_host *host, const union gunyah_ioctl_arg *arg);
};

static long dev_create_vm(struct gunyah_vm_host *host, const union gunyah_ioctl_arg *arg)
{
	struct gunyah_vm *vm;
	struct file *file;
	int fd;

	if (arg->value)
		return -EINVAL;

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;

	vm = gunyah_vm_create(host);
	if (IS_ERR(vm)) {
		put_unused_fd(fd);
		return PTR_ERR(vm);
	}

	file = anon_inode_getfile("gunyah-vm", &vm_fops, vm, O_RDWR);
	if (IS_ERR(file)) {
		gunyah_vm_close(vm);
		put_unused_fd(fd);
		return PTR_ERR(file);
	}

	fd_install(fd, file);
	return fd;
}

static long dev_create_guest_mem(struct gunyah_vm_host *host, const union gunyah_ioctl_arg *arg)
{
	return gunyah_guest_mem_create(&arg->create_mem);
}

static long dev_check_extension(struct gunyah_vm_host *host, const union gunyah_ioctl_arg *arg)
{
	return check_extension(host, arg->value);
}

static const struct dev_call dev_calls[] = {
	{ GUNYAH_CREATE_VM,		dev_create_vm },
	{ GUNYAH_CREATE_GUEST_MEM,	dev_create_guest_mem },
	{ GUNYAH_CHECK_EXTENSION,	dev_check_extension },
};

/*
 * Programs compile these numbers in.  Not static_assert(): to clang _IOW() is no
 * constant expression.
 */
static inline void assert_numbers(void)
{
	BUILD_BUG_ON(GUNYAH_CREATE_VM != 0x4700);
	BUILD_BUG_ON(GUNYAH_VM_SET_USER_MEM_REGION != 0x40204701);
	BUILD_BUG_ON(GUNYAH_VM_SET_DTB_CONFIG != 0x40104702);
	BUILD_BUG_ON(GUNYAH_VM_START != 0x4703);
	BUILD_BUG_ON(GUNYAH_VM_ADD_FUNCTION != 0x40104704);
	BUILD_BUG_ON(GUNYAH_VCPU_RUN != 0x4705);
	BUILD_BUG_ON(GUNYAH_VCPU_MMAP_SIZE != 0x4706);
	BUILD_BUG_ON(GUNYAH_VM_REMOVE_FUNCTION != 0x40104707);
	BUILD_BUG_ON(GUNYAH_CREATE_GUEST_MEM != 0x40404708);
	BUILD_BUG_ON(GUNYAH_VM_MAP_MEM != 0x40204709);
	BUILD_BUG_ON(GUNYAH_VM_SET_BOOT_CONTEXT != 0x4010470a);
	BUILD_BUG_ON(GUNYAH_CHECK_EXTENSION != 0x470b);
	BUILD_BUG_ON(GUNYAH_VM_SET_AUTH != 0x4010470c);
	BUILD_BUG_ON(GUNYAH_VM_RECLAIM_MEM != 0x4010470d);
	BUILD_BUG_ON(GUNYAH_VM_RESET != 0x470e);
}

/**
 * gunyah_dev_ioctl() - an ioctl of /dev/gunyah
 * @host: the connection's VMs
 * @cmd: number
 * @uarg: argument
 *
 * Return: as the call says; -ENOTTY for an unknown one; -ENODEV when the driver
 * was unbound; -EFAULT.
 */
long gunyah_dev_ioctl(struct gunyah_vm_host *host, unsigned int cmd, unsigned long uarg)
{
	union gunyah_ioctl_arg arg = {};
	unsigned int i;
	int ret;

	assert_numbers();
	for (i = 0; i < ARRAY_SIZE(dev_calls); i++) {
		if (dev_calls[i].cmd != cmd)
			continue;
		if (READ_ONCE(host->gone))
			return -ENODEV;
		ret = copy_arg(cmd, uarg, &arg);
		return ret ?: dev_calls[i].call(host, &arg);
	}
	return -ENOTTY;
}
