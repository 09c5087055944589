// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calls of the resource manager, a function each: fill, call, check, unpack.
 *
 * A reply shorter than its message has to be is -EIO; a longer one is taken for
 * that of a newer resource manager, and its end is not looked at.  Each function
 * begins with its KUnit line, so that tests of the layers above can answer in
 * the resource manager's place.
 */
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/errno.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include <kunit/static_stub.h>
#include <kunit/visibility.h>

#include "rm_calls.h"
#include "rm_rpc.h"
#include "rm_wire.h"

/* The resource manager's errors and their errnos (R55). */
int gunyah_rm_error_to_errno(u32 error)
{
	switch (error) {
	case GUNYAH_RM_ERROR_OK:
		return 0;
	case GUNYAH_RM_ERROR_UNIMPLEMENTED:
		return -EOPNOTSUPP;
	case GUNYAH_RM_ERROR_NOMEM:
		return -ENOMEM;
	case GUNYAH_RM_ERROR_NORESOURCE:
		return -ENODEV;
	case GUNYAH_RM_ERROR_DENIED:
		return -EPERM;
	case GUNYAH_RM_ERROR_BUSY:
	case GUNYAH_RM_ERROR_IN_USE:
	case GUNYAH_RM_ERROR_VM_STATE:
		return -EBUSY;
	case GUNYAH_RM_ERROR_MSG_INVALID:
	case GUNYAH_RM_ERROR_ARGUMENT_INVALID:
	case GUNYAH_RM_ERROR_HANDLE_INVALID:
	case GUNYAH_RM_ERROR_VALIDATE_FAILED:
	case GUNYAH_RM_ERROR_MAP_FAILED:
	case GUNYAH_RM_ERROR_MEM_INVALID:
	case GUNYAH_RM_ERROR_MEM_INUSE:
	case GUNYAH_RM_ERROR_MEM_RELEASED:
	case GUNYAH_RM_ERROR_VMID_INVALID:
	case GUNYAH_RM_ERROR_LOOKUP_FAILED:
	case GUNYAH_RM_ERROR_IRQ_INVALID:
	case GUNYAH_RM_ERROR_IRQ_INUSE:
	case GUNYAH_RM_ERROR_IRQ_RELEASED:
	case GUNYAH_RM_ERROR_IRQ_NOT_MAPPED:
		return -EINVAL;
	default:
		return -EBADMSG;
	}
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_rm_error_to_errno);

int gunyah_rm_user_errno(int ret)
{
	switch (ret) {
	case 0:
	case -EINTR:
	case -EIO:
	case -ENOMEM:
	case -ETIMEDOUT:
		return ret;
	default:
		return -ENODEV;
	}
}
EXPORT_SYMBOL_GPL(gunyah_rm_user_errno);

/* For a message whose reply has @reply_min bytes or more. */
static int call(struct gunyah_rm *rm, struct gunyah_rm_message *msg, size_t reply_min)
{
	int ret;

	ret = gunyah_rm_transfer(rm, msg);
	if (!ret)
		ret = gunyah_rm_error_to_errno(msg->error);
	if (!ret && msg->reply_size < reply_min)
		ret = -EIO;

	return ret;
}

/* For a message whose reply has no payload. */
static int call_plain(struct gunyah_rm *rm, u32 id, const void *request, size_t size)
{
	struct gunyah_rm_message msg = {
		.id = id,
		.request = request,
		.request_size = size,
	};

	return call(rm, &msg, 0);
}

/* As call_plain(), on the way forward: a killed caller need not wait for its turn. */
static int call_killable(struct gunyah_rm *rm, u32 id, const void *request, size_t size)
{
	struct gunyah_rm_message msg = {
		.id = id,
		.request = request,
		.request_size = size,
		.killable = true,
	};

	return call(rm, &msg, 0);
}

static int call_vmid(struct gunyah_rm *rm, u32 id, u16 vmid)
{
	struct gunyah_rm_vmid_req req = { .vmid = cpu_to_le16(vmid) };

	return call_plain(rm, id, &req, sizeof(req));
}

struct gunyah_rm *gunyah_rm_get(struct gunyah_rm *rm)
{
	kref_get(&rm->ref);
	return rm;
}
EXPORT_SYMBOL_GPL(gunyah_rm_get);

void gunyah_rm_put(struct gunyah_rm *rm)
{
	kref_put(&rm->ref, gunyah_rm_release);
}
EXPORT_SYMBOL_GPL(gunyah_rm_put);

bool gunyah_rm_is_dead(struct gunyah_rm *rm)
{
	KUNIT_STATIC_STUB_REDIRECT(gunyah_rm_is_dead, rm);

	return READ_ONCE(rm->state) != GUNYAH_RM_UP;
}
EXPORT_SYMBOL_GPL(gunyah_rm_is_dead);

struct device *gunyah_rm_dev(struct gunyah_rm *rm)
{
	KUNIT_STATIC_STUB_REDIRECT(gunyah_rm_dev, rm);

	return rm->dev;
}
EXPORT_SYMBOL_GPL(gunyah_rm_dev);

u16 gunyah_rm_own_vmid(struct gunyah_rm *rm)
{
	KUNIT_STATIC_STUB_REDIRECT(gunyah_rm_own_vmid, rm);

	return rm->vmid;
}
EXPORT_SYMBOL_GPL(gunyah_rm_own_vmid);

struct device_node *gunyah_rm_irq_parent(struct gunyah_rm *rm)
{
	KUNIT_STATIC_STUB_REDIRECT(gunyah_rm_irq_parent, rm);

	return rm->irq_parent;
}
EXPORT_SYMBOL_GPL(gunyah_rm_irq_parent);

int gunyah_rm_listen(struct gunyah_rm *rm, struct gunyah_rm_listener *l)
{
	KUNIT_STATIC_STUB_REDIRECT(gunyah_rm_listen, rm, l);

	if (READ_ONCE(rm->state) == GUNYAH_RM_GONE)
		return -ENODEV;

	return gunyah_rm_notifier_listen(&rm->notifier, l);
}
EXPORT_SYMBOL_GPL(gunyah_rm_listen);

void gunyah_rm_unlisten(struct gunyah_rm *rm, struct gunyah_rm_listener *l)
{
	KUNIT_STATIC_STUB_REDIRECT(gunyah_rm_unlisten, rm, l);

	gunyah_rm_notifier_unlisten(&rm->notifier, l);
}
EXPORT_SYMBOL_GPL(gunyah_rm_unlisten);

void gunyah_rm_flush_notifications(struct gunyah_rm *rm)
{
	KUNIT_STATIC_STUB_REDIRECT(gunyah_rm_flush_notifications, rm);

	gunyah_rm_notifier_flush(&rm->notifier);
}
EXPORT_SYMBOL_GPL(gunyah_rm_flush_notifications);

int gunyah_rm_get_vmid(struct gunyah_rm *rm, u16 *vmid)
{
	struct gunyah_rm_vmid_reply reply;
	struct gunyah_rm_message msg = {
		.id = GUNYAH_RM_VM_GET_VMID,
		.reply = &reply,
		.reply_max = sizeof(reply),
	};
	int ret;

	KUNIT_STATIC_STUB_REDIRECT(gunyah_rm_get_vmid, rm, vmid);

	ret = call(rm, &msg, sizeof(reply));
	if (!ret)
		*vmid = le32_to_cpu(reply.vmid);

	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_rm_get_vmid);

int gunyah_rm_alloc_vmid(struct gunyah_rm *rm, u16 *vmid)
{
	struct gunyah_rm_vmid_req req = { .vmid = cpu_to_le16(*vmid) };
	struct gunyah_rm_vmid_reply reply;
	struct gunyah_rm_message msg = {
		.id = GUNYAH_RM_VM_ALLOC_VMID,
		.killable = true,
		.request = &req,
		.request_size = sizeof(req),
		.reply = &reply,
		.reply_max = sizeof(reply),
	};
	int ret;

	KUNIT_STATIC_STUB_REDIRECT(gunyah_rm_alloc_vmid, rm, vmid);

	/* The reply names a vmid only when any was asked for. */
	ret = call(rm, &msg, *vmid ? 0 : sizeof(reply));
	if (!ret && !*vmid)
		*vmid = le32_to_cpu(reply.vmid);

	return ret;
}
EXPORT_SYMBOL_GPL(gunyah_rm_alloc_vmid);

int gunyah_rm_dealloc_vmid(struct gunyah_rm *rm, u16 vmid)
{
	KUNIT_STATIC_STUB_REDIRECT(gunyah_rm_dealloc_vmid, rm, vmid);

	return call_vmid(rm, GUNYAH_RM_VM_DEALLOC_VMID, vmid);
}
EXPORT_SYMBOL_GPL(gunyah_rm_dealloc_vmid);

static void fill_ranges(struct gunyah_rm_range_wire *to, const struct gunyah_rm_mem_entry *from,
			size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		to[i].base = cpu_to_le64(from[i].ipa);
		to[i].size = cpu_to_le64(from[i].size);
	}
}

/* MEM_LEND or MEM_SHARE with the first @n entries. */
static int mem_give_first(struct gunyah_rm *rm, struct gunyah_rm_mem_parcel *parcel, size_t n)
{
	/* The last word is the empty list of attributes. */
	size_t size = sizeof(struct gunyah_rm_mem_give_req) +
		      parcel->n_acl * sizeof(struct gunyah_rm_acl_wire) +
		      sizeof(struct gunyah_rm_list) + n * sizeof(struct gunyah_rm_range_wire) +
		      sizeof(struct gunyah_rm_list);
	struct gunyah_rm_mem_give_req *req __free(kvfree) = kvzalloc(size, GFP_KERNEL);
	struct gunyah_rm_mem_give_reply reply;
	struct gunyah_rm_message msg = {
		.id = parcel->share ? GUNYAH_RM_MEM_SHARE : GUNYAH_RM_MEM_LEND,
		.killable = true,
		.request = req,
		.request_size = size,
		.reply = &reply,
		.reply_max = sizeof(reply),
	};
	struct gunyah_rm_acl_wire *acl;
	struct gunyah_rm_list *list;
	size_t i;
	int ret;

	if (!req)
		return -ENOMEM;

	req->mem_type = GUNYAH_RM_MEM_TYPE_NORMAL;
	req->flags = (parcel->sanitize ? GUNYAH_RM_MEM_SANITIZE : 0) |
		     (n < parcel->n_entries ? GUNYAH_RM_MEM_MORE : 0);
	req->label = cpu_to_le32(parcel->label);
	req->n_acl = cpu_to_le16(parcel->n_acl);

	acl = (struct gunyah_rm_acl_wire *)(req + 1);
	for (i = 0; i < parcel->n_acl; i++) {
		acl[i].vmid = cpu_to_le16(parcel->acl[i].vmid);
		acl[i].rights = parcel->acl[i].rights;
	}

	list = (struct gunyah_rm_list *)(acl + parcel->n_acl);
	list->n = cpu_to_le16(n);
	fill_ranges((struct gunyah_rm_range_wire *)(list + 1), parcel->entries, n);

	ret = call(rm, &msg, sizeof(reply));
	if (!ret)
		parcel->handle = le32_to_cpu(reply.handle);
	parcel->unknown = msg.sent && (ret == -EIO || ret == -ETIMEDOUT);

	return ret;
}

/* MEM_APPEND of the @n entries from @first on; the last one says DONE. */
static int mem_append(struct gunyah_rm *rm, const struct gunyah_rm_mem_parcel *parcel,
		      size_t first, size_t n)
{
	size_t size = sizeof(struct gunyah_rm_mem_append_req) +
		      n * sizeof(struct gunyah_rm_range_wire);
	struct gunyah_rm_mem_append_req *req __free(kvfree) = kvzalloc(size, GFP_KERNEL);

	if (!req)
		return -ENOMEM;

	req->handle = cpu_to_le32(parcel->handle);
	req->flags = first + n == parcel->n_entries ? GUNYAH_RM_MEM_APPEND_DONE : 0;
	req->list.n = cpu_to_le16(n);
	fill_ranges(req->ranges, parcel->entries + first, n);

	return call_killable(rm, GUNYAH_RM_MEM_APPEND, req, size);
}

int gunyah_rm_mem_give(struct gunyah_rm *rm, struct gunyah_rm_mem_parcel *parcel)
{
	size_t first, n;
	int ret;

	KUNIT_STATIC_STUB_REDIRECT(gunyah_rm_mem_give, rm, parcel);

	parcel->handle = GUNYAH_RM_MEM_HANDLE_INVALID;
	parcel->unknown = false;

	if (!parcel->n_acl || parcel->n_acl > GUNYAH_RM_LIST_MAX || !parcel->n_entries)
		return -EINVAL;

	n = min_t(size_t, parcel->n_entries, GUNYAH_RM_LIST_MAX);
	ret = mem_give_first(rm, parcel, n);
	if (ret)
		return ret;

	for (first = n; first < parcel->n_entries; first += n) {
		n = min_t(size_t, parcel->n_entries - first, GUNYAH_RM_LIST_MAX);
		ret = mem_append(rm, parcel, first, n);
		if (ret)
			goto err_reclaim;
	}

	return 0;

err_reclaim:
	/* An unfinished parcel can be reclaimed; when not, its handle tells (R64). */
	if (!gunyah_rm_mem_reclaim(rm, parcel->handle, false))
		parcel->handle = GUNYAH_RM_MEM_HANDLE_INVALID;
	return ret;
}
EXPORT_SYMBOL_GPL(gunyah_rm_mem_give);

int gunyah_rm_mem_reclaim(struct gunyah_rm *rm, u32 handle, bool sanitize)
{
	struct gunyah_rm_mem_reclaim_req req = {
		.handle = cpu_to_le32(handle),
		.flags = sanitize ? GUNYAH_RM_MEM_RECLAIM_SANITIZE : 0,
	};

	KUNIT_STATIC_STUB_REDIRECT(gunyah_rm_mem_reclaim, rm, handle, sanitize);

	return call_plain(rm, GUNYAH_RM_MEM_RECLAIM, &req, sizeof(req));
}
EXPORT_SYMBOL_GPL(gunyah_rm_mem_reclaim);

int gunyah_rm_vm_configure(struct gunyah_rm *rm, u16 vmid, enum gunyah_rm_vm_auth auth, u32 handle,
			   u64 image_offset, u64 image_size, u64 dtb_offset, u64 dtb_size)
{
	struct gunyah_rm_vm_config_image_req req = {
		.vmid = cpu_to_le16(vmid),
		.auth = cpu_to_le16(auth),
		.mem_handle = cpu_to_le32(handle),
		.image_offset = cpu_to_le64(image_offset),
		.image_size = cpu_to_le64(image_size),
		.dtb_offset = cpu_to_le64(dtb_offset),
		.dtb_size = cpu_to_le64(dtb_size),
	};

	KUNIT_STATIC_STUB_REDIRECT(gunyah_rm_vm_configure, rm, vmid, auth, handle, image_offset,
				   image_size, dtb_offset, dtb_size);

	/* Any other type kills the published resource manager at VM_RESET (R57). */
	if (auth > GUNYAH_RM_VM_AUTH_QCOM_ANDROID_PVM)
		return -EINVAL;

	return call_killable(rm, GUNYAH_RM_VM_CONFIG_IMAGE, &req, sizeof(req));
}
EXPORT_SYMBOL_GPL(gunyah_rm_vm_configure);

int gunyah_rm_vm_auth_image(struct gunyah_rm *rm, u16 vmid, u32 pas_id)
{
	struct gunyah_rm_vm_auth_image_req req = {
		.vmid = cpu_to_le16(vmid),
		.n_params = cpu_to_le16(1),
		.type = cpu_to_le32(GUNYAH_RM_AUTH_PARAM_PAS_ID),
		.value = cpu_to_le32(pas_id),
	};

	KUNIT_STATIC_STUB_REDIRECT(gunyah_rm_vm_auth_image, rm, vmid, pas_id);

	return call_killable(rm, GUNYAH_RM_VM_AUTH_IMAGE, &req, sizeof(req));
}
EXPORT_SYMBOL_GPL(gunyah_rm_vm_auth_image);

int gunyah_rm_vm_init(struct gunyah_rm *rm, u16 vmid)
{
	KUNIT_STATIC_STUB_REDIRECT(gunyah_rm_vm_init, rm, vmid);

	return call_vmid(rm, GUNYAH_RM_VM_INIT, vmid);
}
EXPORT_SYMBOL_GPL(gunyah_rm_vm_init);

int gunyah_rm_vm_start(struct gunyah_rm *rm, u16 vmid)
{
	KUNIT_STATIC_STUB_REDIRECT(gunyah_rm_vm_start, rm, vmid);

	return call_vmid(rm, GUNYAH_RM_VM_START, vmid);
}
EXPORT_SYMBOL_GPL(gunyah_rm_vm_start);

int gunyah_rm_vm_stop(struct gunyah_rm *rm, u16 vmid)
{
	/* Without force it kills the published resource manager (R57). */
	struct gunyah_rm_vm_stop_req req = {
		.vmid = cpu_to_le16(vmid),
		.flags = GUNYAH_RM_VM_STOP_FORCE,
		.reason = cpu_to_le32(GUNYAH_RM_VM_STOP_REASON_FORCE),
	};

	KUNIT_STATIC_STUB_REDIRECT(gunyah_rm_vm_stop, rm, vmid);

	return call_plain(rm, GUNYAH_RM_VM_STOP, &req, sizeof(req));
}
EXPORT_SYMBOL_GPL(gunyah_rm_vm_stop);

int gunyah_rm_vm_reset(struct gunyah_rm *rm, u16 vmid)
{
	KUNIT_STATIC_STUB_REDIRECT(gunyah_rm_vm_reset, rm, vmid);

	return call_vmid(rm, GUNYAH_RM_VM_RESET, vmid);
}
EXPORT_SYMBOL_GPL(gunyah_rm_vm_reset);

int gunyah_rm_vm_set_boot_context(struct gunyah_rm *rm, u16 vmid, u8 set, u8 index, u64 value)
{
	struct gunyah_rm_vm_set_boot_context_req req = {
		.vmid = cpu_to_le16(vmid),
		.reg_set = set,
		.reg_index = index,
		.value = cpu_to_le64(value),
	};

	KUNIT_STATIC_STUB_REDIRECT(gunyah_rm_vm_set_boot_context, rm, vmid, set, index, value);

	return call_killable(rm, GUNYAH_RM_VM_SET_BOOT_CONTEXT, &req, sizeof(req));
}
EXPORT_SYMBOL_GPL(gunyah_rm_vm_set_boot_context);

int gunyah_rm_vm_set_firmware_mem(struct gunyah_rm *rm, u16 vmid, u32 handle, u64 offset, u64 size)
{
	struct gunyah_rm_vm_set_firmware_mem_req req = {
		.vmid = cpu_to_le16(vmid),
		.mem_handle = cpu_to_le32(handle),
		.offset = cpu_to_le64(offset),
		.size = cpu_to_le64(size),
	};

	KUNIT_STATIC_STUB_REDIRECT(gunyah_rm_vm_set_firmware_mem, rm, vmid, handle, offset, size);

	return call_killable(rm, GUNYAH_RM_VM_SET_FIRMWARE_MEM, &req, sizeof(req));
}
EXPORT_SYMBOL_GPL(gunyah_rm_vm_set_firmware_mem);

/*
 * A call of the demand-paged flow.  Who does not know it has no such flow, whatever
 * was made of the answer to the question: it is asked again.
 */
static int call_paging(struct gunyah_rm *rm, u32 id, const void *req, size_t size)
{
	int ret;

	ret = call_killable(rm, id, req, size);
	if (ret == -EOPNOTSUPP) {
		guard(mutex)(&rm->paging_lock);
		rm->paging = GUNYAH_RM_PAGING_UNKNOWN;
	}

	return ret;
}

int gunyah_rm_vm_set_demand_paging(struct gunyah_rm *rm, u16 vmid, u32 count,
				   const struct gunyah_rm_mem_entry *ranges)
{
	struct gunyah_rm_vm_set_demand_paging_req *req __free(kvfree) = NULL;
	size_t size = struct_size(req, ranges, count);

	KUNIT_STATIC_STUB_REDIRECT(gunyah_rm_vm_set_demand_paging, rm, vmid, count, ranges);

	if (size > GUNYAH_RM_REQUEST_MAX)
		return -E2BIG;

	req = kvzalloc(size, GFP_KERNEL);
	if (!req)
		return -ENOMEM;

	req->vmid = cpu_to_le16(vmid);
	req->count = cpu_to_le32(count);
	fill_ranges(req->ranges, ranges, count);

	return call_paging(rm, GUNYAH_RM_VM_SET_DEMAND_PAGING, req, size);
}
EXPORT_SYMBOL_GPL(gunyah_rm_vm_set_demand_paging);

/*
 * A request without ranges.  What else than "unimplemented" may be answered to
 * it is not known: only that decides.
 */
static int ask_paging(struct gunyah_rm *rm, u16 vmid)
{
	struct gunyah_rm_vm_set_demand_paging_req req = { .vmid = cpu_to_le16(vmid) };
	struct gunyah_rm_message msg = {
		.id = GUNYAH_RM_VM_SET_DEMAND_PAGING,
		.killable = true,
		.request = &req,
		.request_size = sizeof(req),
	};
	int ret;

	lockdep_assert_held(&rm->paging_lock);

	ret = gunyah_rm_transfer(rm, &msg);
	if (!ret)
		rm->paging = msg.error == GUNYAH_RM_ERROR_UNIMPLEMENTED ?
			     GUNYAH_RM_PAGING_NO : GUNYAH_RM_PAGING_YES;

	return ret;
}

/* The same with a vmid for that alone. */
static int ask_paging_alone(struct gunyah_rm *rm)
{
	u16 vmid = 0;
	int ret;

	ret = gunyah_rm_alloc_vmid(rm, &vmid);
	if (ret) {
		/* Answered, but not with a number: it can't be given back. */
		if (ret == -EIO && !gunyah_rm_is_dead(rm))
			atomic_inc(&rm->stats.lost_vmids);
		return ret;
	}

	ret = ask_paging(rm, vmid);
	if (gunyah_rm_dealloc_vmid(rm, vmid))
		atomic_inc(&rm->stats.lost_vmids);

	return ret;
}

int gunyah_rm_demand_paging(struct gunyah_rm *rm, u16 vmid, bool *paging)
{
	int ret = 0;

	KUNIT_STATIC_STUB_REDIRECT(gunyah_rm_demand_paging, rm, vmid, paging);

	if (mutex_lock_killable(&rm->paging_lock))
		return -EINTR;

	if (rm->paging == GUNYAH_RM_PAGING_UNKNOWN)
		ret = vmid ? ask_paging(rm, vmid) : ask_paging_alone(rm);
	*paging = rm->paging == GUNYAH_RM_PAGING_YES;
	mutex_unlock(&rm->paging_lock);

	return ret;
}
EXPORT_SYMBOL_GPL(gunyah_rm_demand_paging);

int gunyah_rm_vm_set_address_layout(struct gunyah_rm *rm, u16 vmid, u32 range_id, u64 base,
				    u64 size)
{
	struct gunyah_rm_vm_set_address_layout_req req = {
		.vmid = cpu_to_le16(vmid),
		.range_id = cpu_to_le32(range_id),
		.range.base = cpu_to_le64(base),
		.range.size = cpu_to_le64(size),
	};

	KUNIT_STATIC_STUB_REDIRECT(gunyah_rm_vm_set_address_layout, rm, vmid, range_id, base, size);

	return call_paging(rm, GUNYAH_RM_VM_SET_ADDRESS_LAYOUT, &req, sizeof(req));
}
EXPORT_SYMBOL_GPL(gunyah_rm_vm_set_address_layout);

static void unpack_resource(struct gunyah_rm_hyp_resource *to,
			    const struct gunyah_rm_hyp_resource_wire *from)
{
	to->type = from->type;
	to->partner_vmid = le16_to_cpu(from->partner_vmid);
	to->label = le32_to_cpu(from->label);
	to->capid = le64_to_cpu(from->capid);
	to->virq = le32_to_cpu(from->virq);
	to->base = le64_to_cpu(from->base);
	to->size = le64_to_cpu(from->size);
}

int gunyah_rm_get_hyp_resources(struct gunyah_rm *rm, u16 vmid, size_t *n,
				struct gunyah_rm_hyp_resource **resources)
{
	struct gunyah_rm_hyp_resources_reply *reply __free(kvfree) = NULL;
	struct gunyah_rm_vmid_req req = { .vmid = cpu_to_le16(vmid) };
	struct gunyah_rm_message msg = {
		.id = GUNYAH_RM_VM_GET_HYP_RESOURCES,
		.request = &req,
		.request_size = sizeof(req),
		.reply_max = GUNYAH_RM_MESSAGE_MAX,
	};
	struct gunyah_rm_hyp_resource *list;
	size_t i, count;
	int ret;

	KUNIT_STATIC_STUB_REDIRECT(gunyah_rm_get_hyp_resources, rm, vmid, n, resources);

	reply = kvmalloc(GUNYAH_RM_MESSAGE_MAX, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;

	msg.reply = reply;
	ret = call(rm, &msg, sizeof(*reply));
	if (ret)
		return ret;

	/* R26: the count has to be borne out by the length. */
	count = le32_to_cpu(reply->n);
	if (count > (msg.reply_size - sizeof(*reply)) / sizeof(reply->entries[0]))
		return -EIO;

	*n = count;
	*resources = NULL;
	if (!count)
		return 0;

	list = kvcalloc(count, sizeof(*list), GFP_KERNEL);
	if (!list)
		return -ENOMEM;

	for (i = 0; i < count; i++)
		unpack_resource(&list[i], &reply->entries[i]);

	*resources = list;

	return 0;
}
EXPORT_SYMBOL_GPL(gunyah_rm_get_hyp_resources);
