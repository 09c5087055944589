/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The user interface of /dev/gunyah: virtual machines on the Gunyah hypervisor.
 *
 * There are four kinds of file, and a section below for each: /dev/gunyah, a
 * VM, a vCPU, and guest memory (which has no ioctls of its own).
 *
 * Rules for all structures: fixed-size types, no holes but named padding, no
 * member of enum type, file descriptors are signed.  Unknown flags are refused
 * with EINVAL.  An unknown call is ENOTTY on every file.  Numbers, sizes and
 * offsets never change.
 *
 * Which call is allowed in which state of a VM, and all its errors, are a table
 * in Documentation/virt/gunyah/vm-manager.rst.
 */
#ifndef _UAPI_LINUX_GUNYAH_H
#define _UAPI_LINUX_GUNYAH_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define GUNYAH_IOCTL_TYPE 'G'

/* What GUNYAH_CHECK_EXTENSION answers for GUNYAH_EXT_API_VERSION. */
#define GUNYAH_API_VERSION 1

/*
 * ---- /dev/gunyah ----
 */

/*
 * GUNYAH_CREATE_VM - make a VM
 *
 * The argument must be 0.  Nothing is sent to the resource manager before
 * GUNYAH_VM_START.
 *
 * Returns the fd of the VM, close-on-exec, or -1 with errno: EINVAL (argument
 * not 0), ENODEV (the driver was unbound), ENOMEM, EMFILE, ENFILE.
 */
#define GUNYAH_CREATE_VM		_IO(GUNYAH_IOCTL_TYPE, 0x0)

/**
 * enum gunyah_guest_mem_flags - flags of struct gunyah_create_mem_args
 * @GHMF_CLOEXEC: the fd is closed on exec
 * @GHMF_ALLOW_HUGEPAGE: huge pages are demanded, not just wished for: size,
 *	offsets and guest addresses are multiples of the huge page size
 */
enum gunyah_guest_mem_flags {
	GHMF_CLOEXEC		= 1 << 0,
	GHMF_ALLOW_HUGEPAGE	= 1 << 1,
};

/**
 * struct gunyah_create_mem_args - argument of GUNYAH_CREATE_GUEST_MEM
 * @flags: enum gunyah_guest_mem_flags
 * @size: size of the file in bytes, a multiple of the page size, not 0
 * @reserved: must be 0
 */
struct gunyah_create_mem_args {
	__u64 flags;
	__u64 size;
	__u64 reserved[6];
};

/*
 * GUNYAH_CREATE_GUEST_MEM - make a file of guest memory
 *
 * The file has the size given for good; new pages are zero.  It can be mapped
 * (shared), allocated ahead with fallocate() and bound to guest addresses with
 * GUNYAH_VM_MAP_MEM.
 *
 * Returns the fd, or -1 with errno: EINVAL (unknown flag, reserved member not
 * 0, bad size), EFAULT, ENODEV (the driver was unbound), ENOMEM, EMFILE, ENFILE.
 */
#define GUNYAH_CREATE_GUEST_MEM		_IOW(GUNYAH_IOCTL_TYPE, 0x8, \
					     struct gunyah_create_mem_args)

/**
 * enum gunyah_extension - argument of GUNYAH_CHECK_EXTENSION
 * @GUNYAH_EXT_API_VERSION: GUNYAH_API_VERSION of the driver
 * @GUNYAH_EXT_DEMAND_PAGING: lent memory is given when a vCPU first touches it
 * @GUNYAH_EXT_BOOT_CONTEXT: all registers of GUNYAH_VM_SET_BOOT_CONTEXT are
 *	honoured; where this is 0, a program counter inside the memory that
 *	holds the device tree, and X0 = address of the device tree, still are
 * @GUNYAH_EXT_RESUME_ACTIONS: resume actions other than
 *	GUNYAH_VCPU_RESUME_HANDLED have an effect
 * @GUNYAH_EXT_USER_MEM: GUNYAH_VM_SET_USER_MEM_REGION
 * @GUNYAH_EXT_USER_MEM_LENT: the same with GUNYAH_USER_MEM_LENT
 * @GUNYAH_EXT_MAX_VCPUS: most vCPUs of a VM
 * @GUNYAH_EXT_VM_RESET: GUNYAH_VM_RESET
 * @GUNYAH_EXT_AUTH_TYPES: bit n is set when authentication type n of
 *	enum gunyah_vm_auth_type can be set; GUNYAH_VM_START says whether it is taken
 * @GUNYAH_EXT_HUGE_PAGES: GHMF_ALLOW_HUGEPAGE
 * @GUNYAH_EXT_RECLAIM_RUNNING: GUNYAH_VM_RECLAIM_MEM while the VM runs
 */
enum gunyah_extension {
	GUNYAH_EXT_API_VERSION		= 0,
	GUNYAH_EXT_DEMAND_PAGING	= 1,
	GUNYAH_EXT_BOOT_CONTEXT		= 2,
	GUNYAH_EXT_RESUME_ACTIONS	= 3,
	GUNYAH_EXT_USER_MEM		= 4,
	GUNYAH_EXT_USER_MEM_LENT	= 5,
	GUNYAH_EXT_MAX_VCPUS		= 6,
	GUNYAH_EXT_VM_RESET		= 7,
	GUNYAH_EXT_AUTH_TYPES		= 8,
	GUNYAH_EXT_HUGE_PAGES		= 9,
	GUNYAH_EXT_RECLAIM_RUNNING	= 10,
};

/*
 * GUNYAH_CHECK_EXTENSION - ask what driver, hypervisor and resource manager
 * can do; on /dev/gunyah and on a VM
 *
 * The argument is one of enum gunyah_extension.  Extensions 1, 2, 3 and 10
 * depend on the resource manager: where it was not asked yet, the call asks it.
 *
 * Returns 0 (absent, or unknown to this driver) or a positive value (present),
 * or -1 with errno: ENODEV (the driver was unbound, or the question was refused), EIO (the
 * answer is none, or the connection is dead), ETIMEDOUT (no answer), ENOMEM, EINTR (a fatal
 * signal).
 */
#define GUNYAH_CHECK_EXTENSION		_IO(GUNYAH_IOCTL_TYPE, 0xb)

/*
 * ---- VM ----
 */

/**
 * enum gunyah_user_mem_flags - flags of struct gunyah_userspace_memory_region
 * @GUNYAH_USER_MEM_READ: the guest may read
 * @GUNYAH_USER_MEM_WRITE: the guest may write
 * @GUNYAH_USER_MEM_EXEC: the guest may execute
 * @GUNYAH_USER_MEM_LENT: the memory is lent, not shared: while the guest has it,
 *	the process must not touch it, nor make the kernel touch it
 */
enum gunyah_user_mem_flags {
	GUNYAH_USER_MEM_READ	= 1 << 0,
	GUNYAH_USER_MEM_WRITE	= 1 << 1,
	GUNYAH_USER_MEM_EXEC	= 1 << 2,
	GUNYAH_USER_MEM_LENT	= 1 << 3,
};

/**
 * struct gunyah_userspace_memory_region - argument of
 *	GUNYAH_VM_SET_USER_MEM_REGION
 * @label: name of the region in the VM, and label of its parcel for the resource
 *	manager
 * @flags: enum gunyah_user_mem_flags
 * @guest_phys_addr: where the guest sees the memory, page aligned
 * @memory_size: its size in bytes, a multiple of the page size; 0: the region with
 *	that label is taken out
 * @userspace_addr: its address in the calling process, page aligned
 */
struct gunyah_userspace_memory_region {
	__u32 label;
	__u32 flags;
	__u64 guest_phys_addr;
	__u64 memory_size;
	__u64 userspace_addr;
};

/*
 * GUNYAH_VM_SET_USER_MEM_REGION - bind memory of the calling process to guest
 * addresses, or take it out
 *
 * The memory is anonymous or shared memory (memfd, tmpfs, System V).  Its pages
 * are pinned and count as locked memory of the process until the region is taken
 * out or the VM is closed; unmapping it changes nothing about that.
 *
 * Returns 0, or -1 with errno: EINVAL (unknown flag, no GUNYAH_USER_MEM_READ, not
 * aligned, memory of another kind), ENOENT (no region with that label to be taken out),
 * EOVERFLOW (a range wraps), EEXIST (the label, guest addresses, or a page of the
 * memory are in use), EPERM (another process than the one that made the VM),
 * EFAULT (not mapped, or not writable and to be written or lent), ENOMEM (also
 * beyond RLIMIT_MEMLOCK), EOPNOTSUPP and EBUSY (as GUNYAH_VM_MAP_MEM, and so what
 * taking a region out of a running VM, or adding one, may fail with), EINTR
 * (a fatal signal), ENODEV (the driver was unbound); ENOTTY where GUNYAH_EXT_USER_MEM
 * is 0.
 */
#define GUNYAH_VM_SET_USER_MEM_REGION	_IOW(GUNYAH_IOCTL_TYPE, 0x1, \
					     struct gunyah_userspace_memory_region)

/**
 * struct gunyah_vm_dtb_config - argument of GUNYAH_VM_SET_DTB_CONFIG
 * @guest_phys_addr: address of the device tree in the guest, page aligned
 * @size: size of the device tree with the room for what the resource manager
 *	adds, not 0; rounded up to pages
 */
struct gunyah_vm_dtb_config {
	__u64 guest_phys_addr;
	__u64 size;
};

/*
 * GUNYAH_VM_SET_DTB_CONFIG - say where the guest's device tree is
 *
 * Before GUNYAH_VM_START.  The memory may be bound later: GUNYAH_VM_START
 * checks that the range lies inside of it.
 *
 * Returns 0, or -1 with errno: EINVAL (size 0, address not page aligned),
 * EOVERFLOW, EBUSY (started), EFAULT, ENODEV (the driver was unbound), EINTR (a fatal
 * signal).
 */
#define GUNYAH_VM_SET_DTB_CONFIG	_IOW(GUNYAH_IOCTL_TYPE, 0x2, \
					     struct gunyah_vm_dtb_config)

/*
 * GUNYAH_VM_START - start the VM
 *
 * The argument is ignored.  On a running VM nothing is done.
 *
 * Returns 0, or -1 with errno: EINVAL (device tree or memory layout), EBUSY (user
 * space has memory to be lent mapped or pinned), E2BIG (memory in too many pieces),
 * EOPNOTSUPP (this resource manager can't honour what was asked for), ENODEV
 * (the resource manager refused; or the VM has exited; or the driver was
 * unbound), ENOMEM, EINTR, ETIMEDOUT (no answer), EIO (the connection is dead, or
 * memory was lost in an earlier run).
 * After an error, but for an exited VM, all is as before and the call can be
 * tried again.
 */
#define GUNYAH_VM_START			_IO(GUNYAH_IOCTL_TYPE, 0x3)

/* Largest gunyah_fn_desc.arg_size. */
#define GUNYAH_FN_MAX_ARG_SIZE 256

/**
 * enum gunyah_fn_type - types of VM functions
 * @GUNYAH_FN_VCPU: a vCPU that a thread of the monitor runs,
 *	argument struct gunyah_fn_vcpu_arg, result a vCPU fd
 * @GUNYAH_FN_IRQFD: an eventfd whose signals become interrupts of the guest,
 *	argument struct gunyah_fn_irqfd_arg
 * @GUNYAH_FN_IOEVENTFD: an eventfd that is signalled by writes of the guest,
 *	argument struct gunyah_fn_ioeventfd_arg
 */
enum gunyah_fn_type {
	GUNYAH_FN_VCPU		= 1,
	GUNYAH_FN_IRQFD		= 2,
	GUNYAH_FN_IOEVENTFD	= 3,
};

/**
 * struct gunyah_fn_vcpu_arg - argument of GUNYAH_FN_VCPU
 * @id: index of the vCPU, as the order of the cpu nodes in the device tree
 */
struct gunyah_fn_vcpu_arg {
	__u32 id;
};

/**
 * enum gunyah_irqfd_flags - flags of struct gunyah_fn_irqfd_arg
 * @GUNYAH_IRQFD_FLAGS_LEVEL: the guest's interrupt is level triggered; the
 *	doorbell needs "source-can-clear" in the guest's device tree
 */
enum gunyah_irqfd_flags {
	GUNYAH_IRQFD_FLAGS_LEVEL = 1 << 0,
};

/**
 * struct gunyah_fn_irqfd_arg - argument of GUNYAH_FN_IRQFD
 * @fd: an eventfd
 * @label: label of the doorbell in the guest's device tree
 * @flags: enum gunyah_irqfd_flags
 * @padding: ignored
 *
 * A signal of the eventfd is taken off its counter and becomes an interrupt;
 * signals from before GUNYAH_VM_START become one when the VM starts.  In a VM
 * without a doorbell of that label they do nothing.  When the eventfd is closed
 * for the last time, the irqfd is removed.
 *
 * GUNYAH_VM_REMOVE_FUNCTION looks at @label only.
 */
struct gunyah_fn_irqfd_arg {
	__s32 fd;
	__u32 label;
	__u32 flags;
	__u32 padding;
};

/**
 * enum gunyah_ioeventfd_flags - flags of struct gunyah_fn_ioeventfd_arg
 * @GUNYAH_IOEVENTFD_FLAGS_DATAMATCH: only writes of @datamatch count
 */
enum gunyah_ioeventfd_flags {
	GUNYAH_IOEVENTFD_FLAGS_DATAMATCH = 1 << 0,
};

/**
 * struct gunyah_fn_ioeventfd_arg - argument of GUNYAH_FN_IOEVENTFD
 * @datamatch: the value written, in its low @len bytes
 * @addr: guest address
 * @len: length of the access: 1, 2, 4, 8, or 0 for any
 * @fd: an eventfd
 * @flags: enum gunyah_ioeventfd_flags
 * @padding: ignored
 *
 * Two of them may have the same address, but not if one write could be meant
 * by both.
 *
 * GUNYAH_VM_REMOVE_FUNCTION looks for the one with the same @addr, @len and
 * @flags, and, with GUNYAH_IOEVENTFD_FLAGS_DATAMATCH, the same low @len bytes of
 * @datamatch; never at @fd.  So an argument of zeros but for @addr is for the one
 * that was added with any length.
 */
struct gunyah_fn_ioeventfd_arg {
	__u64 datamatch;
	__u64 addr;
	__u32 len;
	__s32 fd;
	__u32 flags;
	__u32 padding;
};

/**
 * struct gunyah_fn_desc - argument of GUNYAH_VM_ADD_FUNCTION and
 *	GUNYAH_VM_REMOVE_FUNCTION
 * @type: enum gunyah_fn_type
 * @arg_size: size of the argument at @arg, at most GUNYAH_FN_MAX_ARG_SIZE
 * @arg: address of the argument of that type
 */
struct gunyah_fn_desc {
	__u32 type;
	__u32 arg_size;
	__u64 arg;
};

/*
 * GUNYAH_VM_ADD_FUNCTION - add a function to the VM, in any state of it
 *
 * Returns the fd of a vCPU, 0 for other types, or -1 with errno: EINVAL
 * (unknown type, wrong size, unknown flag, bad length, not an eventfd), EEXIST
 * (there is such a function), EOVERFLOW (address and length wrap), EBADF (an fd
 * argument is not open), EOPNOTSUPP (the hypervisor has no such thing), ENODEV
 * (the driver was unbound), EFAULT, ENOMEM, EMFILE, ENFILE.
 */
#define GUNYAH_VM_ADD_FUNCTION		_IOW(GUNYAH_IOCTL_TYPE, 0x4, \
					     struct gunyah_fn_desc)

/*
 * GUNYAH_VM_REMOVE_FUNCTION - remove a function, in any state of the VM
 *
 * The id, label or address is free again on return, also while the fd of a
 * vCPU is open or its page mapped.  A vCPU that runs is stopped.
 *
 * Returns 0, or -1 with errno: EINVAL (unknown type, wrong size, unknown flag of
 * an ioeventfd), EFAULT, ENOENT (no such function), ENODEV (the driver was
 * unbound).
 */
#define GUNYAH_VM_REMOVE_FUNCTION	_IOW(GUNYAH_IOCTL_TYPE, 0x7, \
					     struct gunyah_fn_desc)

/**
 * enum gunyah_map_flags - flags of struct gunyah_map_mem_args
 * @GUNYAH_MEM_DEFAULT_ACCESS: lend
 * @GUNYAH_MEM_FORCE_LEND: lend: the host has no access while the guest has it
 * @GUNYAH_MEM_FORCE_SHARE: share: host and guest have access
 * @GUNYAH_MEM_ACCESS_MASK: mask of the three above
 * @GUNYAH_MEM_ALLOW_READ: the guest may read
 * @GUNYAH_MEM_ALLOW_WRITE: the guest may write
 * @GUNYAH_MEM_ALLOW_EXEC: the guest may execute
 * @GUNYAH_MEM_ALLOW_RWX: all three
 * @GUNYAH_MEM_UNMAP: take the range out; the other flags are those it has
 */
enum gunyah_map_flags {
	GUNYAH_MEM_DEFAULT_ACCESS	= 0,
	GUNYAH_MEM_FORCE_LEND		= 1,
	GUNYAH_MEM_FORCE_SHARE		= 2,
	GUNYAH_MEM_ACCESS_MASK		= 0x7,
	GUNYAH_MEM_ALLOW_READ		= 1 << 4,
	GUNYAH_MEM_ALLOW_WRITE		= 1 << 5,
	GUNYAH_MEM_ALLOW_EXEC		= 1 << 6,
	GUNYAH_MEM_ALLOW_RWX		= 0x7 << 4,
	GUNYAH_MEM_UNMAP		= 1 << 8,
};

/**
 * struct gunyah_map_mem_args - argument of GUNYAH_VM_MAP_MEM
 * @guest_addr: where the guest sees the memory
 * @flags: enum gunyah_map_flags
 * @guest_mem_fd: a file of GUNYAH_CREATE_GUEST_MEM
 * @offset: offset in that file
 * @size: size of the range in bytes, not 0
 */
struct gunyah_map_mem_args {
	__u64 guest_addr;
	__u32 flags;
	__s32 guest_mem_fd;
	__u64 offset;
	__u64 size;
};

/*
 * GUNYAH_VM_MAP_MEM - bind a range of a guest-memory file to guest addresses,
 * or take it out
 *
 * Returns 0, or -1 with errno: EINVAL (size 0, not aligned, beyond the file, no
 * GUNYAH_MEM_ALLOW_READ, unknown flag, not a guest-memory file), EOVERFLOW (the
 * range wraps), EEXIST (overlap of guest addresses or of the file's range),
 * ENOENT (nothing to take out), EBADF, EOPNOTSUPP (running, where this resource
 * manager can't: all where GUNYAH_EXT_DEMAND_PAGING is 0, else the place of a
 * protected VM's firmware), EBUSY (just being started or ended), EFAULT, ENOMEM,
 * ENODEV (the driver was unbound), EINTR (a fatal signal).  Taking a range out of a
 * running VM takes its memory back first: EIO when not all of it came, and other
 * errnos of the hypercalls; the range is still bound then.  To a running VM memory is
 * given at once, unless all of it is lent where lent memory was when the VM was
 * started: EBUSY when it is to be lent and user space has some of it mapped or
 * pinned, EIO when some of it was leaked, and other errnos of the hypercalls; nothing
 * is bound then.
 */
#define GUNYAH_VM_MAP_MEM		_IOW(GUNYAH_IOCTL_TYPE, 0x9, \
					     struct gunyah_map_mem_args)

/**
 * enum gunyah_vm_boot_context_reg_set - register sets
 * @GUNYAH_VM_BOOT_CONTEXT_SET_X: X0 to X30; 31 is taken and ignored
 * @GUNYAH_VM_BOOT_CONTEXT_SET_PC: index 0
 * @GUNYAH_VM_BOOT_CONTEXT_SET_SP: index 0 is SP_EL0, 1 is SP_EL1
 */
enum gunyah_vm_boot_context_reg_set {
	GUNYAH_VM_BOOT_CONTEXT_SET_X	= 0,
	GUNYAH_VM_BOOT_CONTEXT_SET_PC	= 1,
	GUNYAH_VM_BOOT_CONTEXT_SET_SP	= 2,
};

/* The names that existing monitors compile with. */
#define REG_SET_X	GUNYAH_VM_BOOT_CONTEXT_SET_X
#define REG_SET_PC	GUNYAH_VM_BOOT_CONTEXT_SET_PC
#define REG_SET_SP	GUNYAH_VM_BOOT_CONTEXT_SET_SP

#define GUNYAH_VM_BOOT_CONTEXT_REG_SHIFT	8
#define GUNYAH_VM_BOOT_CONTEXT_REG(set, index)			\
	((((set) & 0xff) << GUNYAH_VM_BOOT_CONTEXT_REG_SHIFT) |	\
	 ((index) & 0xff))

/**
 * struct gunyah_vm_boot_context - argument of GUNYAH_VM_SET_BOOT_CONTEXT
 * @reg: GUNYAH_VM_BOOT_CONTEXT_REG()
 * @reserved: must be 0
 * @value: value of the register when the first vCPU starts
 */
struct gunyah_vm_boot_context {
	__u32 reg;
	__u32 reserved;
	__u64 value;
};

/*
 * GUNYAH_VM_SET_BOOT_CONTEXT - set a register of the first vCPU, before
 * GUNYAH_VM_START
 *
 * Whether this resource manager can honour it is said by GUNYAH_VM_START.
 *
 * Returns 0, or -1 with errno: EINVAL (no such register, reserved not 0), EBUSY
 * (started), EFAULT, ENODEV (the driver was unbound), EINTR (a fatal signal).
 */
#define GUNYAH_VM_SET_BOOT_CONTEXT	_IOW(GUNYAH_IOCTL_TYPE, 0xa, \
					     struct gunyah_vm_boot_context)

/**
 * enum gunyah_vm_auth_type - how the guest's image is authenticated
 * @GUNYAH_VM_AUTH_NONE: not at all
 * @GUNYAH_VM_AUTH_QCOM_TRUSTED_VM: by the platform, argument
 *	struct gunyah_vm_qtvm_auth_arg
 * @GUNYAH_VM_AUTH_QCOM_ANDROID_PVM: by firmware that runs first in the guest,
 *	argument struct gunyah_vm_firmware_config
 */
enum gunyah_vm_auth_type {
	GUNYAH_VM_AUTH_NONE		= 0,
	GUNYAH_VM_AUTH_QCOM_TRUSTED_VM	= 1,
	GUNYAH_VM_AUTH_QCOM_ANDROID_PVM	= 2,
};

/**
 * struct gunyah_vm_qtvm_auth_arg - argument of GUNYAH_VM_AUTH_QCOM_TRUSTED_VM
 * @vm_id: the fixed vmid, 0 for any
 * @padding: must be 0
 * @peripheral_id: id of the image for the platform's authentication
 * @guest_phys_addr: where the image is: page aligned, in the memory that holds
 *	the device tree; the guest is entered there
 * @size: its size, not 0
 */
struct gunyah_vm_qtvm_auth_arg {
	__u16 vm_id;
	__u16 padding;
	__u32 peripheral_id;
	__u64 guest_phys_addr;
	__u64 size;
};

/**
 * struct gunyah_vm_firmware_config - argument of
 *	GUNYAH_VM_AUTH_QCOM_ANDROID_PVM
 * @guest_phys_addr: where the firmware goes: page aligned, in lent memory
 * @size: its size, page aligned, not 0
 */
struct gunyah_vm_firmware_config {
	__u64 guest_phys_addr;
	__u64 size;
};

/**
 * struct gunyah_vm_auth_desc - argument of GUNYAH_VM_SET_AUTH
 * @type: enum gunyah_vm_auth_type
 * @arg_size: size of the argument at @arg, 0 for GUNYAH_VM_AUTH_NONE
 * @arg: address of the argument of that type, 0 for GUNYAH_VM_AUTH_NONE
 */
struct gunyah_vm_auth_desc {
	__u32 type;
	__u32 arg_size;
	__u64 arg;
};

/*
 * GUNYAH_VM_SET_AUTH - choose the authentication, before GUNYAH_VM_START
 *
 * It stands until it is set anew.  Whether the resource manager takes it is said
 * by GUNYAH_VM_START: ENODEV (refused), EOPNOTSUPP (it has no such call), EINVAL
 * (image or firmware are not where they have to be).  With a type other than
 * GUNYAH_VM_AUTH_NONE the boot context is not used, and lent memory that comes back
 * from the guest is zero.  With GUNYAH_VM_AUTH_QCOM_TRUSTED_VM memory is given
 * before the start, whatever GUNYAH_EXT_DEMAND_PAGING says.
 *
 * Returns 0, or -1 with errno: EINVAL (no such type, wrong size, padding not 0, a
 * range that is empty or not aligned), EOVERFLOW (the range wraps), EBUSY
 * (started), EFAULT, ENODEV (the driver was unbound), EINTR (a fatal signal).
 */
#define GUNYAH_VM_SET_AUTH		_IOW(GUNYAH_IOCTL_TYPE, 0xc, \
					     struct gunyah_vm_auth_desc)

/**
 * struct gunyah_address_range - a range of guest addresses
 * @guest_phys_addr: its start
 * @size: its size in bytes
 */
struct gunyah_address_range {
	__u64 guest_phys_addr;
	__u64 size;
};

/*
 * GUNYAH_VM_RECLAIM_MEM - take memory back from the guest, also while it runs
 *
 * Lent and shared memory, in whole pages.  What the guest does not have (yet) is
 * passed over; it gets the memory again when it touches it.
 *
 * Returns 0, or -1 with errno: EOPNOTSUPP (where GUNYAH_EXT_RECLAIM_RUNNING is
 * 0), EINVAL (size 0, not aligned), EOVERFLOW (the range wraps), ENOENT (nothing
 * of it is bound), EBUSY (just being started or ended), EIO (not all of it came
 * back), ENOMEM and other errnos of the hypercalls (the guest still has the rest),
 * EFAULT, EINTR (a fatal signal); ENODEV and ETIMEDOUT as GUNYAH_CHECK_EXTENSION.
 */
#define GUNYAH_VM_RECLAIM_MEM		_IOW(GUNYAH_IOCTL_TYPE, 0xd, \
					     struct gunyah_address_range)

/*
 * GUNYAH_VM_RESET - bring an exited VM back to the state before its start
 *
 * Functions, bindings, device tree configuration, boot context and authentication
 * stay.  Memory keeps its content, or is zero with an authentication; the device
 * tree has to be written anew for the next GUNYAH_VM_START.  The argument is ignored.
 *
 * Returns 0, also when the VM was not started, or -1 with errno: EBUSY (the VM
 * runs), ENODEV (the driver was unbound), EIO (not all memory came back, or the
 * resource manager is dead), ETIMEDOUT (it did not stop or reset the VM in
 * time), EINTR (a fatal signal).  After EIO and ETIMEDOUT the VM can only be
 * closed.
 */
#define GUNYAH_VM_RESET			_IO(GUNYAH_IOCTL_TYPE, 0xe)

/*
 * ---- vCPU ----
 */

/**
 * enum gunyah_vcpu_exit - why GUNYAH_VCPU_RUN returned
 * @GUNYAH_VCPU_EXIT_UNKNOWN: the call did not return 0
 * @GUNYAH_VCPU_EXIT_MMIO: the guest accessed a device, see
 *	gunyah_vcpu_run.mmio
 * @GUNYAH_VCPU_EXIT_STATUS: the VM is down, see gunyah_vcpu_run.status
 * @GUNYAH_VCPU_EXIT_PAGE_FAULT: the guest accessed memory that the kernel
 *	can't give it, see gunyah_vcpu_run.page_fault
 */
enum gunyah_vcpu_exit {
	GUNYAH_VCPU_EXIT_UNKNOWN	= 0,
	GUNYAH_VCPU_EXIT_MMIO		= 1,
	GUNYAH_VCPU_EXIT_STATUS		= 2,
	GUNYAH_VCPU_EXIT_PAGE_FAULT	= 3,
};

/**
 * enum gunyah_vcpu_resume_action - how the monitor answers an exit
 * @GUNYAH_VCPU_RESUME_HANDLED: done: the guest goes on
 * @GUNYAH_VCPU_RESUME_FAULT: the guest gets a fault
 * @GUNYAH_VCPU_RESUME_RETRY: the guest tries the access again
 *
 * The last two need GUNYAH_EXT_RESUME_ACTIONS.
 */
enum gunyah_vcpu_resume_action {
	GUNYAH_VCPU_RESUME_HANDLED	= 0,
	GUNYAH_VCPU_RESUME_FAULT	= 1,
	GUNYAH_VCPU_RESUME_RETRY	= 2,
};

/**
 * enum gunyah_vm_status - gunyah_vcpu_run.status.status
 * @GUNYAH_VM_STATUS_LOAD_FAILED: the VM never started
 * @GUNYAH_VM_STATUS_EXITED: it ended, see struct gunyah_vm_exit_info
 * @GUNYAH_VM_STATUS_CRASHED: it ended by a fault, or the resource manager
 *	does not answer any more, or its reset failed
 */
enum gunyah_vm_status {
	GUNYAH_VM_STATUS_LOAD_FAILED	= 1,
	GUNYAH_VM_STATUS_EXITED		= 2,
	GUNYAH_VM_STATUS_CRASHED	= 3,
};

/**
 * enum gunyah_vm_exit_type - gunyah_vm_exit_info.type
 * @GUNYAH_VM_EXIT_TYPE_VM_EXIT: the guest told the resource manager
 * @GUNYAH_VM_EXIT_TYPE_PSCI_OFF: PSCI SYSTEM_OFF, or the platform's like
 * @GUNYAH_VM_EXIT_TYPE_SYSTEM_RESET: PSCI SYSTEM_RESET
 * @GUNYAH_VM_EXIT_TYPE_SYSTEM_RESET2: PSCI SYSTEM_RESET2
 * @GUNYAH_VM_EXIT_TYPE_WATCHDOG_BITE: the guest's watchdog expired
 * @GUNYAH_VM_EXIT_TYPE_HYP_ERROR: software or hypervisor error
 * @GUNYAH_VM_EXIT_TYPE_ASYNC_EXT_ABORT: asynchronous external abort
 * @GUNYAH_VM_EXIT_TYPE_FORCED_STOP: the host stopped it
 *
 * Values above are passed on as the resource manager says them.
 */
enum gunyah_vm_exit_type {
	GUNYAH_VM_EXIT_TYPE_VM_EXIT		= 0,
	GUNYAH_VM_EXIT_TYPE_PSCI_OFF		= 1,
	GUNYAH_VM_EXIT_TYPE_SYSTEM_RESET	= 2,
	GUNYAH_VM_EXIT_TYPE_SYSTEM_RESET2	= 3,
	GUNYAH_VM_EXIT_TYPE_WATCHDOG_BITE	= 4,
	GUNYAH_VM_EXIT_TYPE_HYP_ERROR		= 5,
	GUNYAH_VM_EXIT_TYPE_ASYNC_EXT_ABORT	= 6,
	GUNYAH_VM_EXIT_TYPE_FORCED_STOP		= 7,
};

/* Size of gunyah_vm_exit_info.reason. */
#define GUNYAH_VM_MAX_EXIT_REASON_SIZE 8

/**
 * struct gunyah_vm_exit_info - how a VM ended
 * @type: enum gunyah_vm_exit_type
 * @padding: 0
 * @reason_size: valid bytes in @reason
 * @reason: what the resource manager said, cut to 8 bytes; the rest is 0
 */
struct gunyah_vm_exit_info {
	__u16 type;
	__u16 padding;
	__u32 reason_size;
	__u8 reason[GUNYAH_VM_MAX_EXIT_REASON_SIZE];
};

/**
 * struct gunyah_vcpu_run - the page that a vCPU fd maps
 * @immediate_exit: written by the monitor: when not 0, GUNYAH_VCPU_RUN
 *	delivers the answer to the last exit and returns EINTR
 * @padding: 0
 * @exit_reason: enum gunyah_vcpu_exit; GUNYAH_VCPU_EXIT_UNKNOWN whenever the
 *	call did not return 0
 * @padding1: 0
 * @mmio: for GUNYAH_VCPU_EXIT_MMIO
 * @mmio.phys_addr: guest address of the access
 * @mmio.data: little endian: what the guest writes, or, written by the monitor
 *	before the next GUNYAH_VCPU_RUN, what it reads (its low @mmio.len bytes)
 * @mmio.len: 1, 2, 4 or 8
 * @mmio.is_write: 1 for a write, 0 for a read
 * @mmio.resume_action: enum gunyah_vcpu_resume_action, written by the monitor;
 *	set to GUNYAH_VCPU_RESUME_HANDLED on each exit
 * @mmio.padding: 0
 * @status: for GUNYAH_VCPU_EXIT_STATUS
 * @status.status: enum gunyah_vm_status
 * @status.exit_info: for GUNYAH_VM_STATUS_EXITED
 * @status.padding: 0
 * @page_fault: for GUNYAH_VCPU_EXIT_PAGE_FAULT
 * @page_fault.phys_addr: guest address of the access
 * @page_fault.attempt: why the kernel could not give it, a negative errno: EBUSY
 *	(user space has lent memory mapped or pinned), ENOENT (nothing is bound
 *	there, or it is the firmware's place), EACCES (a write to memory that may
 *	only be read), EFAULT (another access that the guest has no right to), EIO
 *	(it was lost), ENOMEM, others of the hypercalls
 * @page_fault.resume_action: enum gunyah_vcpu_resume_action, written by the
 *	monitor; set to GUNYAH_VCPU_RESUME_FAULT on each exit
 * @page_fault.padding: 0
 */
struct gunyah_vcpu_run {
	__u8 immediate_exit;
	__u8 padding[7];

	__u32 exit_reason;
	__u32 padding1;

	union {
		struct {
			__u64 phys_addr;
			__u8 data[8];
			__u32 len;
			__u8 is_write;
			__u8 resume_action;
			__u8 padding[2];
		} mmio;

		struct {
			__u32 status;
			struct gunyah_vm_exit_info exit_info;
			__u32 padding;
		} status;

		struct {
			__u64 phys_addr;
			__s32 attempt;
			__u8 resume_action;
			__u8 padding[11];
		} page_fault;
	};
};

/*
 * GUNYAH_VCPU_RUN - run the vCPU until it needs the monitor
 *
 * The argument is ignored.  The contract is in
 * Documentation/virt/gunyah/vcpu.rst.
 *
 * Returns 0 with struct gunyah_vcpu_run filled in, or -1 with errno: EINTR
 * (immediate_exit, or a signal and nothing to report), ENODEV (the VM was not
 * started, or the vCPU removed, or the driver unbound), EBUSY (the VM is being
 * closed or reset, or was reset during the call), EINVAL (unknown resume action;
 * the exit stays pending), EIO (the hypervisor said something impossible), other
 * errnos of a failing hypercall.
 */
#define GUNYAH_VCPU_RUN			_IO(GUNYAH_IOCTL_TYPE, 0x5)

/*
 * GUNYAH_VCPU_MMAP_SIZE - size of the mapping of a vCPU fd
 *
 * The argument is ignored.  The mapping is shared, at offset 0, without exec.
 *
 * Returns the size: that of a page of the host.
 */
#define GUNYAH_VCPU_MMAP_SIZE		_IO(GUNYAH_IOCTL_TYPE, 0x6)

/*
 * Programs compile these sizes and offsets in.
 */
#ifdef __KERNEL__
#include <linux/build_bug.h>
#include <linux/stddef.h>

static_assert(sizeof(struct gunyah_create_mem_args) == 64);
static_assert(sizeof(struct gunyah_userspace_memory_region) == 32);
static_assert(offsetof(struct gunyah_userspace_memory_region, userspace_addr) == 24);
static_assert(sizeof(struct gunyah_vm_dtb_config) == 16);
static_assert(sizeof(struct gunyah_fn_vcpu_arg) == 4);
static_assert(sizeof(struct gunyah_fn_irqfd_arg) == 16);
static_assert(sizeof(struct gunyah_fn_ioeventfd_arg) == 32);
static_assert(offsetof(struct gunyah_fn_ioeventfd_arg, fd) == 20);
static_assert(sizeof(struct gunyah_fn_desc) == 16);
static_assert(sizeof(struct gunyah_map_mem_args) == 32);
static_assert(offsetof(struct gunyah_map_mem_args, guest_mem_fd) == 12);
static_assert(offsetof(struct gunyah_map_mem_args, offset) == 16);
static_assert(sizeof(struct gunyah_vm_boot_context) == 16);
static_assert(sizeof(struct gunyah_vm_qtvm_auth_arg) == 24);
static_assert(offsetof(struct gunyah_vm_qtvm_auth_arg, peripheral_id) == 4);
static_assert(sizeof(struct gunyah_vm_firmware_config) == 16);
static_assert(sizeof(struct gunyah_vm_auth_desc) == 16);
static_assert(sizeof(struct gunyah_address_range) == 16);
static_assert(sizeof(struct gunyah_vm_exit_info) == 16);
static_assert(sizeof(struct gunyah_vcpu_run) == 40);
static_assert(offsetof(struct gunyah_vcpu_run, exit_reason) == 8);
static_assert(offsetof(struct gunyah_vcpu_run, mmio) == 16);
static_assert(offsetof(struct gunyah_vcpu_run, mmio.data) == 24);
static_assert(offsetof(struct gunyah_vcpu_run, mmio.len) == 32);
static_assert(offsetof(struct gunyah_vcpu_run, mmio.is_write) == 36);
static_assert(offsetof(struct gunyah_vcpu_run, mmio.resume_action) == 37);
static_assert(offsetof(struct gunyah_vcpu_run, status.status) == 16);
static_assert(offsetof(struct gunyah_vcpu_run, status.exit_info) == 20);
static_assert(offsetof(struct gunyah_vcpu_run, page_fault.phys_addr) == 16);
static_assert(offsetof(struct gunyah_vcpu_run, page_fault.attempt) == 24);
static_assert(offsetof(struct gunyah_vcpu_run, page_fault.resume_action) == 28);
#endif

#endif
