// SPDX-License-Identifier: GPL-2.0-only
/*
 * Owners of memory in Qualcomm's firmware.
 *
 * That firmware knows for each page which VMs have it, and with which rights; it
 * programs protection units that the hypervisor does not.  Memory is assigned
 * from one set of VMs to another, in a call for each contiguous range.
 *
 * The firmware knows fixed vmids only, up to GUNYAH_QCOM_VMID_LAST.  All VMs that
 * the resource manager makes stand there as one, whose memory the resource
 * manager keeps apart.
 */
#include <kunit/static_stub.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/firmware/qcom/qcom_scm.h>
#include <linux/module.h>

#include "platform.h"
#include "qcom_assign.h"
#include "rm_calls.h"

/* The last vmid that the firmware knows, and the one for all others. */
#define GUNYAH_QCOM_VMID_LAST	0x3f
#define GUNYAH_QCOM_VMID_RM	0x3a

/* Guests and this VM: no parcel has more. */
#define GUNYAH_QCOM_MAX_OWNERS	2

/**
 * struct gunyah_qcom_owners - who has memory, for the firmware
 * @n: entries in @vm
 * @vm: VMs and rights, each VM once
 * @mask: the same VMs as bits
 */
struct gunyah_qcom_owners {
	unsigned int n;
	struct qcom_scm_vmperm vm[GUNYAH_QCOM_MAX_OWNERS];
	u64 mask;
};

static const struct gunyah_qcom_owners gunyah_qcom_host = {
	.n = 1,
	.vm = { { .vmid = QCOM_SCM_VMID_HLOS, .perm = QCOM_SCM_PERM_RWX } },
	.mask = BIT_ULL(QCOM_SCM_VMID_HLOS),
};

static int gunyah_qcom_perm(u8 rights)
{
	return (rights & GUNYAH_RM_ACL_R ? QCOM_SCM_PERM_READ : 0) |
	       (rights & GUNYAH_RM_ACL_W ? QCOM_SCM_PERM_WRITE : 0) |
	       (rights & GUNYAH_RM_ACL_X ? QCOM_SCM_PERM_EXEC : 0);
}

static int gunyah_qcom_add_owner(struct gunyah_qcom_owners *owners, u16 vmid, int perm)
{
	unsigned int i;

	if (vmid > GUNYAH_QCOM_VMID_LAST)
		vmid = GUNYAH_QCOM_VMID_RM;

	for (i = 0; i < owners->n; i++) {
		if (owners->vm[i].vmid == vmid) {
			owners->vm[i].perm |= perm;
			return 0;
		}
	}
	if (i == ARRAY_SIZE(owners->vm))
		return -EINVAL;

	owners->vm[owners->n++] = (struct qcom_scm_vmperm) { .vmid = vmid, .perm = perm };
	owners->mask |= BIT_ULL(vmid);
	return 0;
}

static int gunyah_qcom_from_acl(const struct gunyah_rm_mem_acl *acl, size_t n_acl,
				struct gunyah_qcom_owners *owners)
{
	size_t i;
	int ret;

	*owners = (struct gunyah_qcom_owners) {};
	for (i = 0; i < n_acl; i++) {
		ret = gunyah_qcom_add_owner(owners, acl[i].vmid, gunyah_qcom_perm(acl[i].rights));
		if (ret)
			return ret;
	}

	return 0;
}

/* The guest's rights are the hypervisor's to keep. */
static void gunyah_qcom_of_page(bool shared, struct gunyah_qcom_owners *owners)
{
	*owners = (struct gunyah_qcom_owners) {};
	gunyah_qcom_add_owner(owners, GUNYAH_QCOM_VMID_RM, QCOM_SCM_PERM_RWX);
	if (shared)
		gunyah_qcom_add_owner(owners, QCOM_SCM_VMID_HLOS, QCOM_SCM_PERM_RWX);
}

/* Tests put themselves in the firmware's place here. */
static int gunyah_qcom_call(phys_addr_t phys, size_t size, u64 *from,
			    const struct qcom_scm_vmperm *to, unsigned int n)
{
	KUNIT_STATIC_STUB_REDIRECT(gunyah_qcom_call, phys, size, from, to, n);

	/* The firmware's driver may be bound later than this one is loaded. */
	if (!qcom_scm_is_available())
		return -ENODEV;
	return qcom_scm_assign_mem(phys, size, from, to, n);
}

static int gunyah_qcom_assign(const struct gunyah_rm_mem_entry *entry,
			      const struct gunyah_qcom_owners *from,
			      const struct gunyah_qcom_owners *to)
{
	u64 mask = from->mask;
	int ret;

	ret = gunyah_qcom_call(entry->ipa, entry->size, &mask, to->vm, to->n);
	/* An error of the firmware's own is no errno. */
	return ret > 0 ? -EIO : ret;
}

static int gunyah_qcom_pre_give(const struct gunyah_rm_mem_entry *entry,
				const struct gunyah_rm_mem_acl *acl, size_t n_acl)
{
	struct gunyah_qcom_owners owners;

	return gunyah_qcom_from_acl(acl, n_acl, &owners) ?:
	       gunyah_qcom_assign(entry, &gunyah_qcom_host, &owners);
}

static int gunyah_qcom_post_reclaim(const struct gunyah_rm_mem_entry *entry,
				    const struct gunyah_rm_mem_acl *acl, size_t n_acl)
{
	struct gunyah_qcom_owners owners;

	return gunyah_qcom_from_acl(acl, n_acl, &owners) ?:
	       gunyah_qcom_assign(entry, &owners, &gunyah_qcom_host);
}

static int gunyah_qcom_pre_demand_page(const struct gunyah_rm_mem_entry *entry, bool shared)
{
	struct gunyah_qcom_owners owners;

	gunyah_qcom_of_page(shared, &owners);
	return gunyah_qcom_assign(entry, &gunyah_qcom_host, &owners);
}

static int gunyah_qcom_release_demand_page(const struct gunyah_rm_mem_entry *entry, bool shared)
{
	struct gunyah_qcom_owners owners;

	gunyah_qcom_of_page(shared, &owners);
	return gunyah_qcom_assign(entry, &owners, &gunyah_qcom_host);
}

const struct gunyah_platform_ops gunyah_qcom_ops = {
	.owner			= THIS_MODULE,
	.pre_give		= gunyah_qcom_pre_give,
	.post_reclaim		= gunyah_qcom_post_reclaim,
	.pre_demand_page	= gunyah_qcom_pre_demand_page,
	.release_demand_page	= gunyah_qcom_release_demand_page,
};
