/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The resource manager's messages as they are on the wire: structures, numbers
 * and asserts of their sizes, no functions.
 *
 * Everything is little-endian and packed.  From the published resource manager
 * (Dec 2023); messages that only newer ones answer are marked "newer".
 *
 * Words: a message is a request, a reply or a notification; it travels as
 * fragments, each one message of the message queue: a first one and up to 62
 * continuations, each with the header below.  What follows the header (and in a
 * reply's first fragment the error) is payload.
 */
#ifndef _GUNYAH_RM_WIRE_H
#define _GUNYAH_RM_WIRE_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/types.h>

/* A message queue's message, and so a fragment, header included. */
#define GUNYAH_RM_FRAGMENT_MAX		240

/* Version 1, a header of 2 words; any other value is not this protocol. */
#define GUNYAH_RM_API			0x21

/* type */
#define GUNYAH_RM_TYPE_MASK		GENMASK(1, 0)
#define GUNYAH_RM_TYPE_CONTINUATION	0
#define GUNYAH_RM_TYPE_REQUEST		1
#define GUNYAH_RM_TYPE_REPLY		2
#define GUNYAH_RM_TYPE_NOTIFICATION	3
#define GUNYAH_RM_FRAGMENTS_MASK	GENMASK(7, 2)
#define GUNYAH_RM_FRAGMENTS_MAX		62

/**
 * struct gunyah_rm_header - begins every fragment
 * @api: GUNYAH_RM_API
 * @type: type, and the number of continuations: the same in each fragment
 * @seq: a reply repeats its request's; notifications count by themselves
 * @msg_id: GUNYAH_RM_*
 */
struct gunyah_rm_header {
	u8 api;
	u8 type;
	__le16 seq;
	__le32 msg_id;
} __packed;
static_assert(sizeof(struct gunyah_rm_header) == 8);

/**
 * struct gunyah_rm_reply_header - begins the first fragment of a reply
 * @header: type REPLY
 * @error: enum gunyah_rm_error
 */
struct gunyah_rm_reply_header {
	struct gunyah_rm_header header;
	__le32 error;
} __packed;
static_assert(sizeof(struct gunyah_rm_reply_header) == 12);

#define GUNYAH_RM_PAYLOAD_MAX	(GUNYAH_RM_FRAGMENT_MAX - sizeof(struct gunyah_rm_header))
/* Payload of a request: what a first fragment and 61 continuations hold. */
#define GUNYAH_RM_REQUEST_MAX	(GUNYAH_RM_PAYLOAD_MAX * GUNYAH_RM_FRAGMENTS_MAX)
/* All of a reply or notification but the headers, a reply's error included. */
#define GUNYAH_RM_MESSAGE_MAX	(GUNYAH_RM_PAYLOAD_MAX * (GUNYAH_RM_FRAGMENTS_MAX + 1))
static_assert(GUNYAH_RM_PAYLOAD_MAX == 232);
static_assert(GUNYAH_RM_REQUEST_MAX == 14384);
static_assert(GUNYAH_RM_MESSAGE_MAX == 14616);

/* Errors of a reply. */
enum gunyah_rm_error {
	GUNYAH_RM_ERROR_OK			= 0,
	GUNYAH_RM_ERROR_UNIMPLEMENTED		= 0xffffffff,
	GUNYAH_RM_ERROR_NOMEM			= 0x01,
	GUNYAH_RM_ERROR_NORESOURCE		= 0x02,
	GUNYAH_RM_ERROR_DENIED			= 0x03,
	GUNYAH_RM_ERROR_MSG_INVALID		= 0x04,
	GUNYAH_RM_ERROR_BUSY			= 0x05,
	GUNYAH_RM_ERROR_ARGUMENT_INVALID	= 0x06,
	GUNYAH_RM_ERROR_HANDLE_INVALID		= 0x07,
	GUNYAH_RM_ERROR_VALIDATE_FAILED		= 0x08,
	GUNYAH_RM_ERROR_MAP_FAILED		= 0x09,
	GUNYAH_RM_ERROR_MEM_INVALID		= 0x0a,
	GUNYAH_RM_ERROR_MEM_INUSE		= 0x0b,
	GUNYAH_RM_ERROR_MEM_RELEASED		= 0x0c,
	GUNYAH_RM_ERROR_VMID_INVALID		= 0x0d,
	GUNYAH_RM_ERROR_LOOKUP_FAILED		= 0x0e,
	GUNYAH_RM_ERROR_IRQ_INVALID		= 0x0f,
	GUNYAH_RM_ERROR_IRQ_INUSE		= 0x10,
	GUNYAH_RM_ERROR_IRQ_RELEASED		= 0x11,
	GUNYAH_RM_ERROR_IN_USE			= 0x12,
	GUNYAH_RM_ERROR_IRQ_NOT_MAPPED		= 0x13,
	GUNYAH_RM_ERROR_VM_STATE		= 0x14,
};

/* Message ids. */
enum gunyah_rm_msg_id {
	GUNYAH_RM_MEM_LEND			= 0x51000012,
	GUNYAH_RM_MEM_SHARE			= 0x51000013,
	GUNYAH_RM_MEM_RECLAIM			= 0x51000015,
	GUNYAH_RM_MEM_APPEND			= 0x51000018,

	GUNYAH_RM_VM_ALLOC_VMID			= 0x56000001,
	GUNYAH_RM_VM_DEALLOC_VMID		= 0x56000002,
	GUNYAH_RM_VM_START			= 0x56000004,
	GUNYAH_RM_VM_STOP			= 0x56000005,
	GUNYAH_RM_VM_RESET			= 0x56000006,
	GUNYAH_RM_VM_CONFIG_IMAGE		= 0x56000009,
	GUNYAH_RM_VM_AUTH_IMAGE			= 0x5600000a,
	GUNYAH_RM_VM_INIT			= 0x5600000b,
	GUNYAH_RM_VM_GET_HYP_RESOURCES		= 0x56000020,
	GUNYAH_RM_VM_GET_VMID			= 0x56000024,
	GUNYAH_RM_VM_SET_BOOT_CONTEXT		= 0x56000031,	/* newer */
	GUNYAH_RM_VM_SET_FIRMWARE_MEM		= 0x56000032,
	GUNYAH_RM_VM_SET_DEMAND_PAGING		= 0x56000033,	/* newer */
	GUNYAH_RM_VM_SET_ADDRESS_LAYOUT		= 0x56000034,	/* newer */

	/* notifications */
	GUNYAH_RM_MEM_RELEASED			= 0x51100012,
	GUNYAH_RM_VM_EXITED			= 0x56100001,
	GUNYAH_RM_VM_STATUS			= 0x56100008,
};

/* Entries in one message, of each list: the resource manager refuses more. */
#define GUNYAH_RM_LIST_MAX		512

/* flags of MEM_LEND and MEM_SHARE; of MEM_APPEND; of MEM_RECLAIM */
#define GUNYAH_RM_MEM_SANITIZE		BIT(0)
#define GUNYAH_RM_MEM_MORE		BIT(1)
#define GUNYAH_RM_MEM_APPEND_DONE	BIT(0)
#define GUNYAH_RM_MEM_RECLAIM_SANITIZE	BIT(0)

/* mem_type of MEM_LEND and MEM_SHARE */
#define GUNYAH_RM_MEM_TYPE_NORMAL	0

/*
 * MEM_LEND and MEM_SHARE: this, @n_acl entries, struct gunyah_rm_list with the
 * number of memory entries, these, one zero word (an empty list of attributes).
 */
struct gunyah_rm_mem_give_req {
	u8 mem_type;
	u8 reserved0;
	u8 flags;
	u8 reserved1;
	__le32 label;
	__le16 n_acl;
	__le16 reserved2;
} __packed;
static_assert(sizeof(struct gunyah_rm_mem_give_req) == 12);

struct gunyah_rm_acl_wire {
	__le16 vmid;
	u8 rights;
	u8 reserved;
} __packed;
static_assert(sizeof(struct gunyah_rm_acl_wire) == 4);

struct gunyah_rm_list {
	__le16 n;
	__le16 reserved;
} __packed;
static_assert(sizeof(struct gunyah_rm_list) == 4);

struct gunyah_rm_range_wire {
	__le64 base;
	__le64 size;
} __packed;
static_assert(sizeof(struct gunyah_rm_range_wire) == 16);

/* Reply of MEM_LEND and MEM_SHARE. */
struct gunyah_rm_mem_give_reply {
	__le32 handle;
} __packed;
static_assert(sizeof(struct gunyah_rm_mem_give_reply) == 4);

struct gunyah_rm_mem_append_req {
	__le32 handle;
	u8 flags;
	u8 reserved0;
	__le16 reserved1;
	struct gunyah_rm_list list;
	struct gunyah_rm_range_wire ranges[];
} __packed;
static_assert(sizeof(struct gunyah_rm_mem_append_req) == 12);

struct gunyah_rm_mem_reclaim_req {
	__le32 handle;
	u8 flags;
	u8 reserved0;
	__le16 reserved1;
} __packed;
static_assert(sizeof(struct gunyah_rm_mem_reclaim_req) == 8);

/* ALLOC_VMID, DEALLOC_VMID, START, RESET, INIT, GET_HYP_RESOURCES */
struct gunyah_rm_vmid_req {
	__le16 vmid;
	__le16 reserved;
} __packed;
static_assert(sizeof(struct gunyah_rm_vmid_req) == 4);

/* GET_VMID; ALLOC_VMID when any vmid was asked for.  The upper half is reserved. */
struct gunyah_rm_vmid_reply {
	__le32 vmid;
} __packed;
static_assert(sizeof(struct gunyah_rm_vmid_reply) == 4);

#define GUNYAH_RM_VM_STOP_FORCE		BIT(0)
#define GUNYAH_RM_VM_STOP_REASON_FORCE	3

struct gunyah_rm_vm_stop_req {
	__le16 vmid;
	u8 flags;
	u8 reserved;
	__le32 reason;
} __packed;
static_assert(sizeof(struct gunyah_rm_vm_stop_req) == 8);

struct gunyah_rm_vm_config_image_req {
	__le16 vmid;
	__le16 auth;
	__le32 mem_handle;
	__le64 image_offset;
	__le64 image_size;
	__le64 dtb_offset;
	__le64 dtb_size;
} __packed;
static_assert(sizeof(struct gunyah_rm_vm_config_image_req) == 40);

#define GUNYAH_RM_AUTH_PARAM_PAS_ID	0

/* With one parameter, as it is used here. */
struct gunyah_rm_vm_auth_image_req {
	__le16 vmid;
	__le16 n_params;
	__le32 type;
	__le32 value;
} __packed;
static_assert(sizeof(struct gunyah_rm_vm_auth_image_req) == 12);

struct gunyah_rm_vm_set_boot_context_req {
	__le16 vmid;
	u8 reg_set;
	u8 reg_index;
	__le32 reserved;
	__le64 value;
} __packed;
static_assert(sizeof(struct gunyah_rm_vm_set_boot_context_req) == 16);

struct gunyah_rm_vm_set_firmware_mem_req {
	__le16 vmid;
	__le16 reserved;
	__le32 mem_handle;
	__le64 offset;
	__le64 size;
} __packed;
static_assert(sizeof(struct gunyah_rm_vm_set_firmware_mem_req) == 24);

struct gunyah_rm_vm_set_demand_paging_req {
	__le16 vmid;
	__le16 reserved;
	__le32 count;
	struct gunyah_rm_range_wire ranges[];
} __packed;
static_assert(sizeof(struct gunyah_rm_vm_set_demand_paging_req) == 8);

struct gunyah_rm_vm_set_address_layout_req {
	__le16 vmid;
	__le16 reserved;
	__le32 range_id;
	struct gunyah_rm_range_wire range;
} __packed;
static_assert(sizeof(struct gunyah_rm_vm_set_address_layout_req) == 24);

struct gunyah_rm_hyp_resource_wire {
	u8 type;
	u8 reserved;
	__le16 partner_vmid;
	__le32 handle;
	__le32 label;
	__le64 capid;
	__le32 virq_handle;
	__le32 virq;
	__le64 base;
	__le64 size;
} __packed;
static_assert(sizeof(struct gunyah_rm_hyp_resource_wire) == 44);

struct gunyah_rm_hyp_resources_reply {
	__le32 n;
	struct gunyah_rm_hyp_resource_wire entries[];
} __packed;
static_assert(sizeof(struct gunyah_rm_hyp_resources_reply) == 4);

struct gunyah_rm_vm_status_notification {
	__le16 vmid;
	__le16 reserved;
	u8 vm_status;
	u8 os_status;
	__le16 app_status;
} __packed;
static_assert(sizeof(struct gunyah_rm_vm_status_notification) == 8);

struct gunyah_rm_vm_exited_notification {
	__le16 vmid;
	__le16 exit_type;
	__le32 reason_size;
	u8 reason[];
} __packed;
static_assert(sizeof(struct gunyah_rm_vm_exited_notification) == 8);

#endif
