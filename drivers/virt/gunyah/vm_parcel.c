// SPDX-License-Identifier: GPL-2.0-only
/*
 * One parcel's way to the resource manager and back:
 *
 *	create, add ..., reserve, give, destroy
 *
 * Each step can fail, and destroy undoes whatever was done.  The steps that a
 * user can make fail come first; what is left after them are the direct map and
 * the request itself.
 *
 * Invariants:
 * - A lent page is out of the direct map from before the request until after
 *   the reclaim.  What the platform does for it (platform.h) lies in between.
 * - Memory goes back to its provider only when the hypervisor certainly does
 *   not have it: it was never asked for, or refused, or reclaimed.  Otherwise it
 *   is leaked: the provider keeps it for ever, and what was lent stays out of
 *   the direct map.
 */
#define pr_fmt(fmt) "gunyah: " fmt

#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/debugfs.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <kunit/static_stub.h>
#include <kunit/visibility.h>

#include "direct_map.h"
#include "parcel_entries.h"
#include "platform.h"
#include "rm_calls.h"
#include "vm_parcel.h"

#define CREATE_TRACE_POINTS
#include "mem_trace.h"

static bool lend_mapped;
module_param_unsafe(lend_mapped, bool, 0400);
MODULE_PARM_DESC(lend_mapped,
		 "Lend memory although the kernel's direct map can't be changed: the kernel may crash (default: false)");

MODULE_IMPORT_NS(GUNYAH_DIRECT_MAP);
MODULE_IMPORT_NS(GUNYAH_PARCEL);

static DEFINE_MUTEX(gunyah_mem_stats_lock);
static struct gunyah_mem_stats gunyah_mem_stats;

/* The same of memory that is in no parcel: one vCPU does not wait for another here. */
static struct {
	atomic64_t given;
	atomic64_t reclaimed;
	atomic64_t in_state[GUNYAH_MEM_LEAKED + 1];
} gunyah_paged_stats;

void gunyah_mem_stats_move(enum gunyah_mem_state from, enum gunyah_mem_state to, u64 size)
{
	atomic64_sub(size, &gunyah_paged_stats.in_state[from]);
	atomic64_add(size, &gunyah_paged_stats.in_state[to]);
	if (from == GUNYAH_MEM_HOST && to != GUNYAH_MEM_LEAKED)
		atomic64_add(size, &gunyah_paged_stats.given);
	if (to == GUNYAH_MEM_HOST)
		atomic64_add(size, &gunyah_paged_stats.reclaimed);
}

static u64 gunyah_paged_in_state(enum gunyah_mem_state state)
{
	return atomic64_read(&gunyah_paged_stats.in_state[state]);
}

void gunyah_mem_stats_read(struct gunyah_mem_stats *stats)
{
	guard(mutex)(&gunyah_mem_stats_lock);
	*stats = gunyah_mem_stats;
	stats->entries = gunyah_parcel_entries_count();
	stats->given += atomic64_read(&gunyah_paged_stats.given);
	stats->reclaimed += atomic64_read(&gunyah_paged_stats.reclaimed);
	stats->shared += gunyah_paged_in_state(GUNYAH_MEM_SHARED);
	stats->lent += gunyah_paged_in_state(GUNYAH_MEM_LENT);
	stats->leaked += gunyah_paged_in_state(GUNYAH_MEM_LEAKED);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_mem_stats_read);

static int memory_show(struct seq_file *m, void *unused)
{
	struct gunyah_mem_stats stats;

	gunyah_mem_stats_read(&stats);
	seq_printf(m, "given %llu\n", stats.given);
	seq_printf(m, "reclaimed %llu\n", stats.reclaimed);
	seq_printf(m, "shared %llu\n", stats.shared);
	seq_printf(m, "lent %llu\n", stats.lent);
	seq_printf(m, "leaked %llu\n", stats.leaked);
	seq_printf(m, "parcels %llu\n", stats.parcels);
	seq_printf(m, "entries %llu\n", stats.entries);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(memory);

void gunyah_mem_stats_debugfs(struct dentry *dir)
{
	debugfs_create_file("memory", 0400, dir, NULL, &memory_fops);
}

/* Bytes in the state of the parcel. */
static u64 *gunyah_vm_parcel_counter(const struct gunyah_vm_parcel *parcel)
{
	lockdep_assert_held(&gunyah_mem_stats_lock);

	return parcel->state == GUNYAH_MEM_LENT ? &gunyah_mem_stats.lent : &gunyah_mem_stats.shared;
}

bool gunyah_vm_parcel_can_lend(void)
{
	KUNIT_STATIC_STUB_REDIRECT(gunyah_vm_parcel_can_lend);
	return gunyah_direct_map_can_change() || lend_mapped;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_parcel_can_lend);

struct gunyah_vm_parcel *gunyah_vm_parcel_create(enum gunyah_mem_state state, u32 label, u8 rights)
{
	struct gunyah_vm_parcel *parcel;

	parcel = kzalloc(sizeof(*parcel), GFP_KERNEL_ACCOUNT);
	if (!parcel)
		return NULL;

	INIT_LIST_HEAD(&parcel->list);
	INIT_LIST_HEAD(&parcel->bindings);
	parcel->state = state;
	parcel->label = label;
	parcel->rights = rights;
	parcel->handle = GUNYAH_RM_MEM_HANDLE_INVALID;
	return parcel;
}

int gunyah_vm_parcel_add(struct gunyah_vm_parcel *parcel, struct gunyah_vm_binding *binding)
{
	struct gunyah_mem_provider *provider = binding->provider;
	int ret;

	ret = provider->ops->give(provider, binding->offset, binding->size, parcel->state,
				  &parcel->mem);
	if (ret)
		return ret;

	list_add_tail(&binding->parcel_list, &parcel->bindings);
	return 0;
}

int gunyah_vm_parcel_reserve(struct gunyah_vm_parcel *parcel)
{
	if (!gunyah_parcel_entries_reserve(parcel->mem.n)) {
		pr_warn_ratelimited("%zu more pieces of memory for a guest, besides %llu: the limit is %u\n",
				    parcel->mem.n, gunyah_parcel_entries_count(),
				    GUNYAH_MAX_MEM_ENTRIES);
		return -E2BIG;
	}

	parcel->reserved = true;
	return 0;
}

int gunyah_vm_parcel_hide(u64 phys, u64 size)
{
	if (!gunyah_direct_map_can_change())
		return lend_mapped ? 0 : -EOPNOTSUPP;

	return gunyah_direct_map_remove(phys, size);
}

int gunyah_vm_parcel_show(u64 phys, u64 size)
{
	return gunyah_direct_map_can_change() ? gunyah_direct_map_restore(phys, size) : 0;
}

/* Put the entries that were taken out of the direct map back into it. */
static int gunyah_vm_parcel_show_all(struct gunyah_vm_parcel *parcel)
{
	const struct gunyah_rm_mem_entry *entry;
	int ret;

	while (parcel->hidden) {
		entry = &parcel->mem.entries[parcel->hidden - 1];
		ret = gunyah_vm_parcel_show(entry->ipa, entry->size);
		if (ret)
			return ret;
		parcel->hidden--;
		cond_resched();
	}

	return 0;
}

static int gunyah_vm_parcel_hide_all(struct gunyah_vm_parcel *parcel)
{
	const struct gunyah_rm_mem_entry *entry;
	int ret;

	while (parcel->hidden < parcel->mem.n) {
		entry = &parcel->mem.entries[parcel->hidden];
		ret = gunyah_vm_parcel_hide(entry->ipa, entry->size);
		if (ret)
			return ret;
		parcel->hidden++;
		cond_resched();
	}

	return 0;
}

/* Undo what the platform did for the entries, the last one first. */
static int gunyah_vm_parcel_platform_undo(struct gunyah_vm_parcel *parcel)
{
	int ret;

	while (parcel->prepared) {
		ret = parcel->platform->post_reclaim(&parcel->mem.entries[parcel->prepared - 1],
						     parcel->acl, parcel->n_acl);
		if (ret)
			return ret;
		parcel->prepared--;
		cond_resched();
	}

	return 0;
}

/* The platform stays this parcel's: it may be another one's by the time of the undo. */
static int gunyah_vm_parcel_platform_do(struct gunyah_vm_parcel *parcel)
{
	int ret;

	parcel->platform = gunyah_platform_get();
	if (!parcel->platform)
		return 0;

	while (parcel->prepared < parcel->mem.n) {
		ret = parcel->platform->pre_give(&parcel->mem.entries[parcel->prepared],
						 parcel->acl, parcel->n_acl);
		if (ret)
			return ret;
		parcel->prepared++;
		cond_resched();
	}

	return 0;
}

/*
 * The host's rights in memory that it shares stay what they were: all.  The
 * resource manager holds the host to its own entry of the access list until the
 * parcel is reclaimed; of a process's memory, one that is mapped with PROT_EXEC would
 * abort without X.
 */
static void gunyah_vm_parcel_fill_acl(struct gunyah_vm_parcel *parcel, struct gunyah_rm *rm,
				      u16 vmid)
{
	parcel->acl[0].vmid = vmid;
	parcel->acl[0].rights = parcel->rights;
	parcel->n_acl = 1;

	if (parcel->state == GUNYAH_MEM_SHARED) {
		parcel->acl[1].vmid = gunyah_rm_own_vmid(rm);
		parcel->acl[1].rights = GUNYAH_RM_ACL_R | GUNYAH_RM_ACL_W | GUNYAH_RM_ACL_X;
		parcel->n_acl = 2;
	}
}

static int gunyah_vm_parcel_request(struct gunyah_vm_parcel *parcel, struct gunyah_rm *rm)
{
	struct gunyah_rm_mem_parcel req = {
		.label		= parcel->label,
		.share		= parcel->state == GUNYAH_MEM_SHARED,
		.n_acl		= parcel->n_acl,
		.acl		= parcel->acl,
		.n_entries	= parcel->mem.n,
		.entries	= parcel->mem.entries,
		.handle		= GUNYAH_RM_MEM_HANDLE_INVALID,
	};
	int ret;

	ret = gunyah_rm_mem_give(rm, &req);
	parcel->handle = req.handle;
	if (!ret || req.handle != GUNYAH_RM_MEM_HANDLE_INVALID)
		parcel->fate = GUNYAH_PARCEL_GIVEN;
	else if (req.unknown)
		parcel->fate = GUNYAH_PARCEL_UNKNOWN;

	return ret;
}

/* What the user is told of @who's error, and one message where it is a refusal. */
static int gunyah_vm_parcel_error(const struct gunyah_vm_parcel *parcel, const char *who, int ret)
{
	int told = gunyah_rm_user_errno(ret);

	if (told == -ENODEV)
		pr_err_ratelimited("vm %u: the %s refused %llu KiB of memory in %zu pieces, label 0x%x: %d\n",
				   parcel->acl[0].vmid, who, parcel->mem.size / SZ_1K,
				   parcel->mem.n, parcel->label, ret);
	return told;
}

int gunyah_vm_parcel_give(struct gunyah_vm_parcel *parcel, struct gunyah_rm *rm, u16 vmid)
{
	int ret;

	gunyah_vm_parcel_fill_acl(parcel, rm, vmid);
	if (parcel->state == GUNYAH_MEM_LENT) {
		ret = gunyah_vm_parcel_hide_all(parcel);
		if (ret)
			return ret;
	}

	ret = gunyah_vm_parcel_platform_do(parcel);
	if (ret) {
		trace_gunyah_parcel_give(parcel, ret);
		return gunyah_vm_parcel_error(parcel, "platform", ret);
	}

	ret = gunyah_vm_parcel_request(parcel, rm);
	if (parcel->fate != GUNYAH_PARCEL_NOT_GIVEN) {
		guard(mutex)(&gunyah_mem_stats_lock);
		gunyah_mem_stats.given += parcel->mem.size;
		gunyah_mem_stats.parcels++;
		*gunyah_vm_parcel_counter(parcel) += parcel->mem.size;
	}

	trace_gunyah_parcel_give(parcel, ret);
	return gunyah_vm_parcel_error(parcel, "resource manager", ret);
}

/* 0 when the memory is certainly this VM's alone, and as it was. */
static int gunyah_vm_parcel_reclaim(struct gunyah_vm_parcel *parcel, struct gunyah_rm *rm,
				    bool sanitize)
{
	int ret = 0;

	if (parcel->fate == GUNYAH_PARCEL_GIVEN)
		/* What is shared was the host's to read all the time. */
		ret = rm ? gunyah_rm_mem_reclaim(rm, parcel->handle, sanitize &&
						 parcel->state == GUNYAH_MEM_LENT) : -ENODEV;
	else if (parcel->fate == GUNYAH_PARCEL_UNKNOWN)
		ret = -EIO;

	return ret ?: gunyah_vm_parcel_platform_undo(parcel) ?: gunyah_vm_parcel_show_all(parcel);
}

static void gunyah_vm_parcel_trace_leak(const struct gunyah_vm_parcel *parcel)
{
	const struct gunyah_rm_mem_entry *entry;

	for (entry = parcel->mem.entries; entry < parcel->mem.entries + parcel->mem.n; entry++)
		trace_gunyah_mem_leak(entry->ipa, entry->size, parcel->state);
}

static void gunyah_vm_parcel_count_end(struct gunyah_vm_parcel *parcel, bool back)
{
	guard(mutex)(&gunyah_mem_stats_lock);

	if (parcel->fate != GUNYAH_PARCEL_NOT_GIVEN) {
		*gunyah_vm_parcel_counter(parcel) -= parcel->mem.size;
		gunyah_mem_stats.parcels--;
		if (back)
			gunyah_mem_stats.reclaimed += parcel->mem.size;
	}
	if (!back)
		gunyah_mem_stats.leaked += parcel->mem.size;
	else if (parcel->reserved)
		gunyah_parcel_entries_release(parcel->mem.n);
}

static void gunyah_vm_parcel_free(struct gunyah_vm_parcel *parcel)
{
	gunyah_platform_put(parcel->platform);
	gunyah_mem_list_free(&parcel->mem);
	kfree(parcel);
}

void gunyah_vm_parcel_consume(struct gunyah_vm_parcel *parcel)
{
	struct gunyah_vm_binding *binding, *next;

	scoped_guard(mutex, &gunyah_mem_stats_lock) {
		*gunyah_vm_parcel_counter(parcel) -= parcel->mem.size;
		atomic64_add(parcel->mem.size, &gunyah_paged_stats.in_state[parcel->state]);
		gunyah_mem_stats.parcels--;
	}
	gunyah_parcel_entries_release(parcel->mem.n);

	list_for_each_entry_safe(binding, next, &parcel->bindings, parcel_list)
		list_del_init(&binding->parcel_list);
	gunyah_vm_parcel_free(parcel);
}

u64 gunyah_vm_parcel_destroy(struct gunyah_vm_parcel *parcel, struct gunyah_rm *rm, bool sanitize)
{
	int ret = gunyah_vm_parcel_reclaim(parcel, rm, sanitize);
	struct gunyah_vm_binding *binding, *next;
	struct gunyah_mem_provider *provider;
	u64 leaked = ret ? parcel->mem.size : 0;

	gunyah_vm_parcel_count_end(parcel, !ret);
	if (parcel->fate != GUNYAH_PARCEL_NOT_GIVEN)
		trace_gunyah_parcel_reclaim(parcel, ret);
	if (ret)
		gunyah_vm_parcel_trace_leak(parcel);

	list_for_each_entry_safe_reverse(binding, next, &parcel->bindings, parcel_list) {
		provider = binding->provider;
		if (ret)
			provider->ops->leak(provider, binding->offset, binding->size);
		else
			provider->ops->take_back(provider, binding->offset, binding->size);
		list_del_init(&binding->parcel_list);
	}

	gunyah_vm_parcel_free(parcel);
	return leaked;
}
