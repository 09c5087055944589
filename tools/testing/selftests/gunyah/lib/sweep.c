// SPDX-License-Identifier: GPL-2.0-only
/* Counters around a life. */

#include "sweep.h"

struct sweep_state sweep_state(void)
{
	return (struct sweep_state) {
		.rm = control_counters(),
		/* The others come and go with the place of what is lent. */
		.pool_pages = control_read(CTL_POOL_PAGES) - control_read(CTL_PRIMARY_TABLES),
		.leaked_pages = driver_counter("gunyah_vm/memory", "leaked") / SZ_4K,
		.lent = driver_counter("gunyah_vm/memory", "lent"),
		.shared = driver_counter("gunyah_vm/memory", "shared"),
		.parcels = driver_counter("gunyah_vm/memory", "parcels"),
		.entries = driver_counter("gunyah_vm/memory", "entries"),
		.lost_vms = driver_counter("gunyah_vm/lost_vms", NULL),
		.lost_vmids = driver_counter("gunyah_vm/lost_vmids", NULL),
	};
}

static bool same(const char *what, const char *name, __u64 wanted, __u64 is)
{
	if (wanted != is)
		ksft_print_msg("%s: %s is %llu and not %llu\n", what, name,
			       (unsigned long long)is, (unsigned long long)wanted);
	return wanted == is;
}

bool sweep_pool_same(const char *what, const struct sweep_state *before,
		     const struct sweep_state *now)
{
	return same(what, "hypervisor's pages", before->pool_pages, now->pool_pages);
}

bool sweep_same(const char *what, const struct sweep_state *before, const struct cost *cost,
		const struct sweep_state *now)
{
	static const struct cost nothing;
	bool ok;

	ok = same(what, "pages lent or shared", before->rm.pages + cost->pages, now->rm.pages);
	ok &= same(what, "vmids", before->rm.vmids + cost->vmids, now->rm.vmids);
	ok &= same(what, "parcels", before->rm.parcels + cost->parcels, now->rm.parcels);
	ok &= same(what, "VMs", before->rm.vms + cost->vms, now->rm.vms);
	ok &= same(what, "driver's leaked pages", before->leaked_pages + cost->leaked_pages,
		   now->leaked_pages);
	ok &= same(what, "driver's lost VMs", before->lost_vms + cost->lost_vms, now->lost_vms);
	ok &= same(what, "driver's lost vmids", before->lost_vmids + cost->lost_vmids,
		   now->lost_vmids);
	ok &= same(what, "driver's lent bytes", before->lent, now->lent);
	ok &= same(what, "driver's shared bytes", before->shared, now->shared);
	ok &= same(what, "driver's parcels", before->parcels, now->parcels);
	if (memcmp(cost, &nothing, sizeof(nothing)))
		return ok;
	ok &= same(what, "entries", before->rm.entries, now->rm.entries);
	ok &= same(what, "driver's entries", before->entries, now->entries);
	if (before->pool_pages)
		ok &= sweep_pool_same(what, before, now);
	return ok;
}

#define PROGRESS_S	10

void sweep_progress(const char *what, unsigned int n)
{
	static double last;
	double now = seconds();

	if (!last)
		last = now;
	if (now - last < PROGRESS_S)
		return;
	last = now;
	ksft_print_msg("%s: at %u\n", what, n);
}

bool cost_is(const struct sweep_state *was, unsigned int n, const struct cost *cost)
{
	const struct cost all = {
		.pages = n * cost->pages,
		.vmids = n * cost->vmids,
		.parcels = n * cost->parcels,
		.vms = n * cost->vms,
		.leaked_pages = n * cost->leaked_pages,
		.lost_vms = n * cost->lost_vms,
		.lost_vmids = n * cost->lost_vmids,
	};
	struct sweep_state now = sweep_state();

	return sweep_same("cost", was, &all, &now) && !control_read(CTL_RM_DEAD);
}
