// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memparcels: the calls 0x510000xx.
 *
 * A parcel takes its pages from the owner when it is made (mem_take()) and
 * gives them back when it is reclaimed.  In between VM_START may map it into
 * the VMs of its access list ("accept") and VM_RESET takes that away again
 * ("release"): see accept.c.
 *
 * Invariants: the pages of all parcels are disjoint; a parcel that is accepted
 * by any VM can't be reclaimed; handles count up from 0 and come once only.
 * All functions are called with the resource manager's lock held, which guards
 * the list and everything in it.
 *
 * The order of the checks and their error words are the published resource
 * manager's (Dec 2023), as its replies show them.
 */

#include "../extent.h"
#include "rm.h"

#define RM_VMID_SELF		255	/* the resource manager itself may get memory */

#define LEND_SANITIZE		BIT(0)
#define LEND_APPEND		BIT(1)
#define RECLAIM_SANITIZE	BIT(0)
#define APPEND_DONE		BIT(0)

#define MEM_TYPE_IO		1
#define MEM_ATTR_MAX		3

#define ACL_SIZE		4	/* le16 vmid, u8 rights, u8 0 */
#define SGL_SIZE		16	/* le64 address, le64 size */
#define ATTR_SIZE		4	/* le16 attribute, le16 vmid */

static struct {
	struct rm_parcel *first, **tail;
	u32 next_handle;
	u32 count;
	u64 entries;		/* in all parcels */
	struct rm_parcel *lost;	/* forgotten by rm_mem_forget_all() */
} parcels;

/* A MEM_LEND, MEM_SHARE or MEM_DONATE request, its lists still raw. */
struct mem_request {
	u8 mem_type, flags;
	u32 label;
	u32 nr_acl, nr_sgl, nr_attr;
	const u8 *acl, *sgl, *attr;
};

void rm_mem_init(void)
{
	parcels.tail = &parcels.first;
}

struct rm_parcel *rm_parcel_first(void)
{
	return parcels.first;
}

u32 rm_parcel_count(void)
{
	return parcels.count;
}

u64 rm_parcel_entries(void)
{
	return READ_ONCE(parcels.entries);
}

struct rm_parcel *rm_parcel_get(u32 handle)
{
	struct rm_parcel *p = parcels.first;

	while (p && p->handle != handle)
		p = p->next;
	return p;
}

struct rm_acl *rm_parcel_acl(struct rm_parcel *p, u16 vmid)
{
	u32 i;

	for (i = 0; i < p->nr_acl; i++) {
		if (p->acl[i].vmid == vmid)
			return &p->acl[i];
	}
	return NULL;
}

static bool parcel_in_use(const struct rm_parcel *p)
{
	u32 i;

	for (i = 0; i < p->nr_acl; i++) {
		if (p->acl[i].accepted)
			return true;
	}
	return false;
}

/* Copies between @buf and the parcel's pages; the entries count as one row. */
static bool parcel_copy(const struct rm_parcel *p, u64 off, void *buf, u64 len, bool write)
{
	u8 *b = buf;
	u32 i;

	for (i = 0; i < p->nr_entries && len; i++) {
		const struct mem_range *e = &p->entry[i];
		u64 part;

		if (off >= e->size) {
			off -= e->size;
			continue;
		}
		part = MIN(len, e->size - off);
		if (write) {
			memcpy((void *)(e->ipa + off), b, part);
			mem_sync_icache(e->ipa + off, part);
		} else {
			memcpy(b, (void *)(e->ipa + off), part);
		}
		b += part;
		len -= part;
		off = 0;
	}
	return !len;
}

bool rm_parcel_read(const struct rm_parcel *p, u64 off, void *dst, u64 len)
{
	return parcel_copy(p, off, dst, len, false);
}

bool rm_parcel_write(const struct rm_parcel *p, u64 off, const void *src, u64 len)
{
	return parcel_copy(p, off, (void *)src, len, true);
}

/* ---- making a parcel ---- */

/* Takes a le16 count and le16 pad, then count elements, from the payload. */
static u32 take_list(const struct rm_request *rq, u32 *pos, u32 elem, u32 *nr, const u8 **list)
{
	if (rq->len - *pos < 4)
		return RM_MSG_INVALID;
	*nr = rm_get16(rq->data + *pos);
	*pos += 4;
	if (*nr > rm_profile->max_list)
		return RM_NORESOURCE;
	if ((rq->len - *pos) / elem < *nr)
		return RM_MSG_INVALID;
	*list = rq->data + *pos;
	*pos += *nr * elem;
	return RM_OK;
}

/* The shape of the message: lengths and counts. */
static u32 parse_request(const struct rm_request *rq, struct mem_request *mr)
{
	u32 pos = 8;
	u32 err;

	if (rq->len < pos)
		return RM_MSG_INVALID;
	mr->mem_type = rq->data[0];
	mr->flags = rq->data[2];
	mr->label = rm_get32(rq->data + 4);
	mr->nr_attr = 0;

	err = take_list(rq, &pos, ACL_SIZE, &mr->nr_acl, &mr->acl);
	if (!err)
		err = take_list(rq, &pos, SGL_SIZE, &mr->nr_sgl, &mr->sgl);
	/* The attribute list may be left out, with its count. */
	if (!err && pos != rq->len)
		err = take_list(rq, &pos, ATTR_SIZE, &mr->nr_attr, &mr->attr);
	if (err)
		return err;
	if (pos != rq->len)
		return RM_MSG_INVALID;
	if (!mr->nr_acl || !mr->nr_sgl)
		return RM_ARGUMENT_INVALID;
	return RM_OK;
}

static u32 fill_acl(struct rm_parcel *p, const struct mem_request *mr)
{
	bool has_owner, shared = p->kind == RM_PARCEL_SHARED;
	u32 i;

	for (i = 0; i < mr->nr_acl; i++) {
		const u8 *e = mr->acl + i * ACL_SIZE;
		u16 vmid = rm_get16(e);
		u8 rights = e[2];

		if (vmid != RM_VMID_SELF && !rm_vmid_valid(vmid))
			return RM_ARGUMENT_INVALID;
		if (rm_parcel_acl(p, vmid) || !(rights & S2_R) || rights > S2_RWX)
			return RM_ARGUMENT_INVALID;
		if (mr->mem_type == MEM_TYPE_IO && (rights & S2_X))
			return RM_ARGUMENT_INVALID;
		p->acl[i].vmid = vmid;
		p->acl[i].rights = rights;
		p->nr_acl = i + 1;
	}

	has_owner = rm_parcel_acl(p, p->owner);
	if (has_owner != shared)
		return RM_ARGUMENT_INVALID;
	if (p->kind == RM_PARCEL_DONATED && (p->nr_acl != 1 || p->acl[0].rights != S2_RWX))
		return RM_ARGUMENT_INVALID;
	return RM_OK;
}

static u32 check_attr(struct rm_parcel *p, const struct mem_request *mr)
{
	u32 i;

	for (i = 0; i < mr->nr_attr; i++) {
		const u8 *e = mr->attr + i * ATTR_SIZE;

		if (rm_get16(e) > MEM_ATTR_MAX)
			return RM_ARGUMENT_INVALID;
		if (!rm_parcel_acl(p, rm_get16(e + 2)))
			return RM_VMID_INVALID;
	}
	return RM_OK;
}

static bool reserve_entries(struct rm_parcel *p, u32 more)
{
	struct mem_range *grown;
	u32 max;

	if (p->max_entries - p->nr_entries >= more)
		return true;
	max = MAX(p->nr_entries + more, 2 * p->max_entries);
	grown = hyp_alloc(max * sizeof(*grown));
	if (!grown)
		return false;
	if (p->nr_entries)
		memcpy(grown, p->entry, p->nr_entries * sizeof(*grown));
	hyp_free(p->entry);
	p->entry = grown;
	p->max_entries = max;
	return true;
}

/* Decodes the list behind the entries that the parcel has; checks what needs no page. */
static u32 decode_entries(struct rm_parcel *p, const u8 *sgl, u32 nr)
{
	struct mem_range *e;
	u32 i;

	if (!reserve_entries(p, nr))
		return RM_NOMEM;
	e = p->entry + p->nr_entries;
	for (i = 0; i < nr; i++, sgl += SGL_SIZE) {
		e[i].ipa = rm_get64(sgl);
		e[i].size = rm_get64(sgl + 8);
		if (!IS_ALIGNED(e[i].ipa | e[i].size, PAGE_SIZE))
			return RM_ARGUMENT_INVALID;
		if (e[i].size && e[i].ipa + e[i].size - 1 < e[i].ipa)
			return RM_ARGUMENT_INVALID;
	}
	return RM_OK;
}

/* Adds the list to the parcel: all of it, or on an error nothing. */
static u32 take_entries(struct rm_parcel *p, const u8 *sgl, u32 nr)
{
	struct rm_acl *own = rm_parcel_acl(p, p->owner);
	u32 err = decode_entries(p, sgl, nr);
	struct mem_range *e;
	u32 i;

	if (err)
		return err;
	if (p->mem_type == MEM_TYPE_IO)
		return RM_MEM_INVALID;

	e = p->entry + p->nr_entries;
	mem_lock();
	if (mem_check_host(e, nr))
		err = RM_MEM_INVALID;
	else if (mem_take(e, nr, own ? PAGE_SHARED : PAGE_LENT, own ? own->rights : 0))
		err = RM_NOMEM;
	mem_unlock();
	if (err)
		return err;

	for (i = 0; i < nr; i++) {
		p->size += e[i].size;
		if (!(p->flags & LEND_SANITIZE))
			continue;
		memset((void *)e[i].ipa, 0, e[i].size);
		mem_sync_icache(e[i].ipa, e[i].size);
	}
	p->nr_entries += nr;
	parcels.entries += nr;
	return RM_OK;
}

static void parcel_free(struct rm_parcel *p)
{
	hyp_free(p->entry);
	hyp_free(p->acl);
	hyp_free(p);
}

static u32 parcels_of(u16 owner)
{
	struct rm_parcel *p;
	u32 n = 0;

	for (p = parcels.first; p; p = p->next)
		n += p->owner == owner;
	return n;
}

static u32 fill_parcel(struct rm_parcel *p, const struct mem_request *mr)
{
	u32 err;

	p->acl = hyp_alloc(mr->nr_acl * sizeof(*p->acl));
	if (!p->acl)
		return RM_NOMEM;
	p->mem_type = mr->mem_type;
	p->flags = mr->flags;
	p->label = mr->label;
	p->done = !(mr->flags & LEND_APPEND);

	err = fill_acl(p, mr);
	if (!err)
		err = check_attr(p, mr);
	if (!err)
		err = take_entries(p, mr->sgl, mr->nr_sgl);
	return err;
}

static u32 handle_make(const struct rm_request *rq, struct rm_reply *rp, enum rm_parcel_kind kind)
{
	struct mem_request mr;
	struct rm_parcel *p;
	u32 err;

	err = parse_request(rq, &mr);
	if (err)
		return err;
	if (parcels_of(rq->from) >= rm_profile->max_parcels)
		return RM_DENIED;
	if (parcels.entries + mr.nr_sgl >= rm_profile->dead_entries) {
		rp->drop = true;
		return RM_NOMEM;
	}
	p = hyp_alloc(sizeof(*p));
	if (!p)
		return RM_NOMEM;

	/* A handle is used up from here on, also when the request fails. */
	p->handle = parcels.next_handle++;
	p->kind = kind;
	p->owner = rq->from;
	err = fill_parcel(p, &mr);
	if (err) {
		parcel_free(p);
		return err;
	}
	*parcels.tail = p;
	parcels.tail = &p->next;
	parcels.count++;
	rm_reply_put32(rp, p->handle);
	return RM_OK;
}

u32 rm_mem_handle_lend(const struct rm_request *rq, struct rm_reply *rp)
{
	return handle_make(rq, rp, RM_PARCEL_LENT);
}

u32 rm_mem_handle_share(const struct rm_request *rq, struct rm_reply *rp)
{
	return handle_make(rq, rp, RM_PARCEL_SHARED);
}

u32 rm_mem_handle_donate(const struct rm_request *rq, struct rm_reply *rp)
{
	return handle_make(rq, rp, RM_PARCEL_DONATED);
}

/* Parcel of the sender with the handle at the start of the payload, or NULL. */
static struct rm_parcel *own_parcel(const struct rm_request *rq)
{
	struct rm_parcel *p = rm_parcel_get(rm_get32(rq->data));

	return p && p->owner == rq->from ? p : NULL;
}

u32 rm_mem_handle_append(const struct rm_request *rq, struct rm_reply *rp)
{
	u32 pos = 8, nr, err;
	struct rm_parcel *p;
	const u8 *sgl;

	if (rq->len < 12)
		return RM_MSG_INVALID;
	err = take_list(rq, &pos, SGL_SIZE, &nr, &sgl);
	if (err)
		return err;
	if (pos != rq->len)
		return RM_MSG_INVALID;
	if (!nr)
		return RM_ARGUMENT_INVALID;
	p = own_parcel(rq);
	if (!p)
		return RM_HANDLE_INVALID;
	if (p->done)
		return RM_DENIED;
	if (parcel_in_use(p))
		return RM_MEM_INUSE;
	if (parcels.entries + nr >= rm_profile->dead_entries) {
		rp->drop = true;
		return RM_NOMEM;
	}
	err = take_entries(p, sgl, nr);
	if (!err && (rq->data[4] & APPEND_DONE))
		p->done = true;
	return err;
}

static void parcel_unlink(struct rm_parcel *p)
{
	struct rm_parcel **at = &parcels.first;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	if (!p->next)
		parcels.tail = at;
	parcels.count--;
	parcels.entries -= p->nr_entries;
}

void rm_parcel_forget(struct rm_parcel *p)
{
	parcel_unlink(p);
	parcel_free(p);
}

/* Longer requests are accepted, shorter ones are not. */
u32 rm_mem_handle_reclaim(const struct rm_request *rq, struct rm_reply *rp)
{
	struct rm_parcel *p;

	(void)rp;
	if (rq->len < 8)
		return RM_MSG_INVALID;
	p = own_parcel(rq);
	if (!p)
		return RM_HANDLE_INVALID;
	if (parcel_in_use(p))
		return RM_MEM_INUSE;

	mem_lock();
	mem_return(p->entry, p->nr_entries, rq->data[4] & RECLAIM_SANITIZE);
	mem_unlock();
	rm_parcel_forget(p);
	return RM_OK;
}

/* ---- the way back from a dead resource manager ---- */

u64 rm_mem_forget_all(void)
{
	struct rm_parcel *p;
	u64 pages = 0;

	while ((p = parcels.first)) {
		parcel_unlink(p);
		p->next = parcels.lost;
		parcels.lost = p;
		pages += p->size >> PAGE_SHIFT;
	}
	return pages + vm_memory_forget_all();
}

u64 rm_mem_reclaim_lost(void)
{
	struct rm_parcel *p;
	u64 pages = 0;

	while ((p = parcels.lost)) {
		parcels.lost = p->next;
		pages += p->size >> PAGE_SHIFT;
		mem_lock();
		mem_return(p->entry, p->nr_entries, false);
		mem_unlock();
		parcel_free(p);
	}
	return pages + vm_memory_reclaim_lost();
}

/* ---- calls that make sense for a receiver of memory only ---- */

u32 rm_mem_handle_release(const struct rm_request *rq, struct rm_reply *rp)
{
	(void)rp;
	return rq->len < 8 ? RM_MSG_INVALID : RM_HANDLE_INVALID;
}

u32 rm_mem_handle_accept(const struct rm_request *rq, struct rm_reply *rp)
{
	(void)rp;
	if (rq->len < 12)
		return RM_MSG_INVALID;
	return rm_parcel_get(rm_get32(rq->data)) ? RM_VMID_INVALID : RM_HANDLE_INVALID;
}

u32 rm_mem_handle_notify(const struct rm_request *rq, struct rm_reply *rp)
{
	(void)rq;
	(void)rp;
	return RM_MSG_INVALID;
}
