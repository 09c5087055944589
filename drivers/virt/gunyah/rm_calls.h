/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The calls of the resource manager, a function each: fill, call, check,
 * unpack.  Also what a user of the connection sees of it: references and
 * notifications.
 *
 * Every call may sleep and takes no spinlock held.  All return 0 or an errno:
 * the resource manager's error by the table of rm_calls.c; -ETIMEDOUT when it
 * did not answer in time (the connection is dead then), or when other callers
 * had the connection for 30 seconds (it is not, and nothing was sent); -EIO on a
 * dead connection, and for a reply that is not one; -ENODEV once the driver was
 * unbound; -ECOMM when a hypercall failed, and nothing was sent; -ENOMEM; -EINTR
 * when a fatal signal came before the request was on the wire (once sent, a call
 * is waited for), but never from the calls that undo something: dealloc,
 * reclaim, init, stop, reset.
 *
 * After -EIO and -ETIMEDOUT it is not known what the resource manager did:
 * memory that was to be given is to be taken for given.
 */
#ifndef _GUNYAH_RM_CALLS_H
#define _GUNYAH_RM_CALLS_H

#include <linux/types.h>

#include "rm_notify.h"

struct auxiliary_device;
struct device;
struct device_node;
struct gunyah_rm;

enum gunyah_rm_vm_auth {
	GUNYAH_RM_VM_AUTH_NONE			= 0,
	GUNYAH_RM_VM_AUTH_QCOM_TRUSTED_VM	= 1,
	GUNYAH_RM_VM_AUTH_QCOM_ANDROID_PVM	= 2,
};

/* Access rights of a memparcel. */
#define GUNYAH_RM_ACL_X		1
#define GUNYAH_RM_ACL_W		2
#define GUNYAH_RM_ACL_R		4

#define GUNYAH_RM_MEM_HANDLE_INVALID	0xffffffffu

/* Limit for VM_STATUS RESET and VM_EXITED, from the rules for the driver. */
#define GUNYAH_RM_STATE_LIMIT_MS	30000

/**
 * struct gunyah_rm_mem_entry - one contiguous range of this VM's memory
 * @ipa: its address (this VM's IPA), page aligned (4K)
 * @size: its size in bytes, not zero, page aligned (4K)
 */
struct gunyah_rm_mem_entry {
	u64 ipa;
	u64 size;
};

/**
 * struct gunyah_rm_mem_acl - who may do what with a memparcel
 * @vmid: the VM
 * @rights: GUNYAH_RM_ACL_*
 */
struct gunyah_rm_mem_acl {
	u16 vmid;
	u8 rights;
};

/**
 * struct gunyah_rm_mem_parcel - what to lend or to share
 * @label: label of the parcel
 * @share: share (the owner is in the ACL) instead of lend
 * @sanitize: the resource manager clears the memory first
 * @n_acl: entries in @acl
 * @acl: access list, at most 512
 * @n_entries: entries in @entries, any number (512 a message)
 * @entries: the memory, in the order in which the guest sees it
 * @handle: filled in when the parcel was made, else GUNYAH_RM_MEM_HANDLE_INVALID
 * @unknown: filled in: whether it was made is not known, nor its handle
 */
struct gunyah_rm_mem_parcel {
	u32 label;
	bool share;
	bool sanitize;
	size_t n_acl;
	const struct gunyah_rm_mem_acl *acl;
	size_t n_entries;
	const struct gunyah_rm_mem_entry *entries;
	u32 handle;
	bool unknown;
};

/**
 * struct gunyah_rm_hyp_resource - an entry of GET_HYP_RESOURCES, unpacked
 * @type: enum gunyah_resource_type and others
 * @partner_vmid: the other end
 * @label: resource_label
 * @capid: capability
 * @virq: interrupt, 0 = none
 * @base: base address (newer resource managers)
 * @size: size (newer resource managers)
 */
struct gunyah_rm_hyp_resource {
	u32 type;
	u16 partner_vmid;
	u32 label;
	u64 capid;
	u32 virq;
	u64 base;
	u64 size;
};

/* Lifetime: whoever keeps a pointer holds a reference.  A call after unbind is -ENODEV. */
struct gunyah_rm *gunyah_rm_get(struct gunyah_rm *rm);
void gunyah_rm_put(struct gunyah_rm *rm);
/* The connection behind the auxiliary device that the VM manager binds to. */
struct gunyah_rm *gunyah_rm_from_auxdev(struct auxiliary_device *adev);
/* True once a reply's limit has passed, or after unbind: what is lent stays lent. */
bool gunyah_rm_is_dead(struct gunyah_rm *rm);
/* The device for messages; valid until unbind, also in the calls of an auxiliary driver. */
struct device *gunyah_rm_dev(struct gunyah_rm *rm);
/* vmid of this VM (VM_GET_VMID at probe). */
u16 gunyah_rm_own_vmid(struct gunyah_rm *rm);
/* Node of the interrupt controller that resources' interrupts belong to. */
struct device_node *gunyah_rm_irq_parent(struct gunyah_rm *rm);

/*
 * -EEXIST when that vmid has a listener, -EIO on a dead connection, -ENODEV
 * after unbind.  Register before the call that can cause a notification.
 */
int gunyah_rm_listen(struct gunyah_rm *rm, struct gunyah_rm_listener *l);
/* On return no callback runs and none will.  Works on a dead connection and after unbind. */
void gunyah_rm_unlisten(struct gunyah_rm *rm, struct gunyah_rm_listener *l);
/*
 * On return the listeners were told all that had been received before.
 * Context: may sleep, not from a callback.
 */
void gunyah_rm_flush_notifications(struct gunyah_rm *rm);

/* The table of errors: an errno for each enum gunyah_rm_error, -EBADMSG for others. */
int gunyah_rm_error_to_errno(u32 error);
/*
 * What a user is told where a call returned @ret: that, or -ENODEV where it was refused,
 * for the reasons of the resource manager say nothing to him.  Any context.
 */
int gunyah_rm_user_errno(int ret);

int gunyah_rm_get_vmid(struct gunyah_rm *rm, u16 *vmid);		/* this VM's */
int gunyah_rm_alloc_vmid(struct gunyah_rm *rm, u16 *vmid);		/* *vmid: in 0 = any */
int gunyah_rm_dealloc_vmid(struct gunyah_rm *rm, u16 vmid);
/*
 * Lend or share.  On an error parcel->handle is GUNYAH_RM_MEM_HANDLE_INVALID
 * and nothing is given, but where parcel->unknown says otherwise, and but for a
 * handle that is valid all the same: a parcel that could neither be finished
 * nor reclaimed.  -EINVAL also for empty lists and more than 512 in the ACL.
 */
int gunyah_rm_mem_give(struct gunyah_rm *rm, struct gunyah_rm_mem_parcel *parcel);
int gunyah_rm_mem_reclaim(struct gunyah_rm *rm, u32 handle, bool sanitize);
int gunyah_rm_vm_configure(struct gunyah_rm *rm, u16 vmid, enum gunyah_rm_vm_auth auth, u32 handle,
			   u64 image_offset, u64 image_size, u64 dtb_offset, u64 dtb_size);
int gunyah_rm_vm_auth_image(struct gunyah_rm *rm, u16 vmid, u32 pas_id);
int gunyah_rm_vm_init(struct gunyah_rm *rm, u16 vmid);
int gunyah_rm_vm_start(struct gunyah_rm *rm, u16 vmid);
int gunyah_rm_vm_stop(struct gunyah_rm *rm, u16 vmid);			/* always forced */
int gunyah_rm_vm_reset(struct gunyah_rm *rm, u16 vmid);
int gunyah_rm_vm_set_boot_context(struct gunyah_rm *rm, u16 vmid, u8 set, u8 index, u64 value);
int gunyah_rm_vm_set_firmware_mem(struct gunyah_rm *rm, u16 vmid, u32 handle, u64 offset, u64 size);
int gunyah_rm_vm_set_demand_paging(struct gunyah_rm *rm, u16 vmid, u32 count,
				   const struct gunyah_rm_mem_entry *ranges);
/*
 * Does the resource manager know demand paging?  It is asked once a connection,
 * with @vmid, which is in LOAD; with 0, with a vmid for that alone.  On an
 * error it is not known yet; and it is asked again after -EOPNOTSUPP from
 * gunyah_rm_vm_set_demand_paging() or gunyah_rm_vm_set_address_layout().
 */
int gunyah_rm_demand_paging(struct gunyah_rm *rm, u16 vmid, bool *paging);
int gunyah_rm_vm_set_address_layout(struct gunyah_rm *rm, u16 vmid, u32 range_id, u64 base,
				    u64 size);
/*
 * *resources is kvmalloc'ed, the caller frees it with kvfree(); NULL when *n is
 * 0.  A count that does not fit the reply's length is -EIO (R26).
 */
int gunyah_rm_get_hyp_resources(struct gunyah_rm *rm, u16 vmid, size_t *n,
				struct gunyah_rm_hyp_resource **resources);

#endif
