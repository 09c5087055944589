// SPDX-License-Identifier: GPL-2.0-only
/* The paths of the failure sweeps, and what a point on them costs. */
#include "paged_path.h"

static bool live_create(struct life *l, const struct path *path)
{
	return life_open(l);
}

static bool live_memory(struct life *l, const struct path *path)
{
	return life_open(l) && life_memory(l) && life_small_memory(l);
}

static bool live_map(struct life *l, const struct path *path)
{
	return life_open(l) && life_memory(l) && life_map(l) && life_unmap(l);
}

static bool live_functions(struct life *l, const struct path *path)
{
	return life_open(l) && life_vcpus(l, 2) && life_remove_vcpu(l, 0) &&
	       life_vcpus(l, 2) && life_remove_vcpu(l, 1);
}

static bool live_start(struct life *l, const struct path *path)
{
	return life_open(l) && life_memory(l) && life_map(l) && life_vcpus(l, path->nr_vcpus) &&
	       life_start(l) && life_run(l);
}

/* The vCPU comes when the VM runs, goes, and comes again. */
static bool live_late(struct life *l, const struct path *path)
{
	l->vm.nr_vcpus = 1;
	return life_open(l) && life_memory(l) && life_map(l) && life_start(l) &&
	       life_vcpus(l, 1) && life_run(l) && life_remove_vcpu(l, 0) &&
	       life_vcpus(l, 1) && life_run(l);
}

/* irqfds and ioeventfds, before the start and after it; the last ones go with the VM. */
static bool live_events(struct life *l, const struct path *path)
{
	return life_open(l) && life_memory(l) && life_map(l) && life_vcpus(l, 1) &&
	       life_add_events(l) && life_start(l) && life_run(l) && life_use_events(l) &&
	       life_remove_events(l) && life_add_events(l) && life_use_events(l);
}

/* Two runs, each with all that a run needs. */
static bool live_reset(struct life *l, const struct path *path)
{
	if (!live_start(l, path) || !life_reset(l))
		return false;
	l->off = false;
	return life_start(l) && life_run(l);
}

/* The same with memory of this process. */
static bool live_user(struct life *l, const struct path *path)
{
	return life_open(l) && life_user_memory(l) && life_user_regions(l) &&
	       life_vcpus(l, path->nr_vcpus) && life_start(l) && life_run(l);
}

/* With more pieces of memory than one message has room for. */
static bool live_pieces(struct life *l, const struct path *path)
{
	return life_open(l) && life_memory(l) && life_many_pieces(l) && life_map(l) &&
	       life_vcpus(l, 1) && life_start(l) && life_run(l);
}

static const __u32 stopped[] = {
	MSG_ALLOC_VMID, MSG_MEM_LEND, MSG_CONFIG_IMAGE, MSG_VM_INIT, MSG_GET_RESOURCES,
	MSG_VM_START, MSG_VM_STOP, MSG_VM_RESET, MSG_MEM_RECLAIM, MSG_DEALLOC_VMID, 0,
};

static const __u32 powered_off[] = {
	MSG_ALLOC_VMID, MSG_MEM_LEND, MSG_MEM_SHARE, MSG_CONFIG_IMAGE, MSG_VM_INIT,
	MSG_GET_RESOURCES, MSG_VM_START, MSG_VM_RESET, MSG_MEM_RECLAIM, MSG_MEM_RECLAIM,
	MSG_DEALLOC_VMID, 0,
};

static const __u32 started_again[] = {
	MSG_ALLOC_VMID, MSG_MEM_LEND, MSG_CONFIG_IMAGE, MSG_VM_INIT, MSG_GET_RESOURCES,
	MSG_VM_START, MSG_VM_RESET, MSG_MEM_RECLAIM, MSG_DEALLOC_VMID,
	MSG_ALLOC_VMID, MSG_MEM_LEND, MSG_CONFIG_IMAGE, MSG_VM_INIT, MSG_GET_RESOURCES,
	MSG_VM_START, MSG_VM_STOP, MSG_VM_RESET, MSG_MEM_RECLAIM, MSG_DEALLOC_VMID, 0,
};

static const __u32 in_pieces[] = {
	MSG_ALLOC_VMID, MSG_MEM_LEND, MSG_MEM_APPEND, MSG_CONFIG_IMAGE, MSG_VM_INIT,
	MSG_GET_RESOURCES, MSG_VM_START, MSG_VM_STOP, MSG_VM_RESET, MSG_MEM_RECLAIM,
	MSG_DEALLOC_VMID, 0,
};

static const __u32 no_message[] = { 0 };

const struct path create_path = { "create", live_create, .order = no_message };
const struct path memory_path = { "memory", live_memory, .share = true, .order = no_message };
const struct path map_path = { "map", live_map, .share = true, .order = no_message };
const struct path functions_path = { "functions", live_functions, 2, 3, .order = no_message };
const struct path late_path = { "late functions", live_late, 1, 2, .order = stopped };
const struct path start_1_path = { "1 vCPU", live_start, 1, 1, .order = stopped };
const struct path start_4_path = { "4 vCPUs", live_start, 4, 4, .share = true, .off = true,
	.order = powered_off };
const struct path user_path = { "user memory", live_user, 1, 1, .share = true, .off = true,
	.order = powered_off };
const struct path events_path = { "irqfds and ioeventfds", live_events, 1, 1, 2, 4,
	.order = stopped };
const struct path reset_path = { "reset", live_reset, 1, 1, .off = true, .reset = true,
	.order = started_again };
const struct path pieces_path = { "many pieces", live_pieces, 1, 1, .small_pages = true,
	.order = in_pieces };

bool path_live(struct life *l, const struct path *path)
{
	bool ok;

	life_init(l);
	l->share = path->share;
	l->off = path->off;
	ok = path->live(l, path);
	life_close(l);
	return ok;
}

unsigned int path_messages(const struct path *path, __u32 id)
{
	unsigned int i, n = 0;

	for (i = 0; path->order[i]; i++)
		n += !id || path->order[i] == id;
	return n;
}

/* ---- costs ---- */

#define VMID		1	/* the resource manager has one less to give */
#define LOST_VMID	2	/* the driver knows that */
#define PARCEL		4	/* a parcel stays, with its memory */
#define LEAKED		8	/* the driver takes its memory for gone */

/* What a failed message costs; what is not here costs nothing. */
static const struct price {
	__u32 id;
	unsigned int how[HOWS];
} prices[] = {
	/* Done with an error, it did not say which: the driver has to believe the error. */
	{ MSG_ALLOC_VMID, { [DENIED] = VMID, [TORN] = VMID | LOST_VMID } },
	/* Its handle is not known, so it can't be reclaimed. */
	{ MSG_MEM_LEND, { [TORN] = PARCEL | LEAKED | VMID | LOST_VMID } },
	{ MSG_MEM_SHARE, { [TORN] = PARCEL | LEAKED | VMID | LOST_VMID } },
	{ MSG_CONFIG_IMAGE, { [REFUSED] = VMID | LOST_VMID, [DENIED] = VMID | LOST_VMID,
			      [TORN] = VMID | LOST_VMID } },
	/* The vmid goes with the parcel; done with an error, that is not known. */
	{ MSG_MEM_RECLAIM, { PARCEL | LEAKED | VMID | LOST_VMID,
			     PARCEL | LEAKED | VMID | LOST_VMID,
			     LEAKED | VMID | LOST_VMID, LEAKED | VMID | LOST_VMID } },
	/* It is not sent twice. */
	{ MSG_DEALLOC_VMID, { VMID | LOST_VMID, VMID | LOST_VMID, LOST_VMID, LOST_VMID } },
};

/* Memory of the parcel that the @nth message of that kind is about: the last comes back first. */
static unsigned int parcel_pages(const struct path *path, __u32 id, unsigned int nth)
{
	if (path->calls)
		return paged_parcel_pages(path, id, nth);
	if (id == MSG_MEM_SHARE || (id == MSG_MEM_RECLAIM && path->share && nth == 1))
		return SHARED_PAGES;
	if (path == &pieces_path)
		return VM_PAGES + LIFE_PIECES;
	return VM_PAGES;
}

struct cost cost_of(const struct path *path, enum how how, __u32 id, unsigned int nth)
{
	unsigned int pages = parcel_pages(path, id, nth), i;
	struct cost cost = {};

	for (i = 0; i < ARRAY_SIZE(prices); i++) {
		const struct price *price = &prices[i];

		if (price->id != id)
			continue;
		cost.vmids = !!(price->how[how] & VMID);
		cost.lost_vmids = !!(price->how[how] & LOST_VMID);
		cost.parcels = !!(price->how[how] & PARCEL);
		cost.pages = price->how[how] & PARCEL ? pages : 0;
		cost.leaked_pages = price->how[how] & LEAKED ? pages : 0;
	}
	return cost;
}

/*
 * Is it a message of the end, whose errors nobody gets?  Who resets a VM gets those
 * that cost memory: of that of the first run.
 */
static bool is_of_the_end(const struct path *path, __u32 id, unsigned int nth)
{
	if (id == MSG_MEM_RECLAIM)
		return !path->reset || nth > 1;
	return id == MSG_VM_STOP || id == MSG_VM_RESET || id == MSG_DEALLOC_VMID;
}

int error_of(const struct path *path, enum how how, __u32 id, unsigned int nth)
{
	if (is_of_the_end(path, id, nth))
		return 0;
	return how == TORN || id == MSG_MEM_RECLAIM ? -EIO : -ENODEV;
}

int again_of(int error, const struct cost *cost)
{
	return error && cost->leaked_pages ? -EIO : 0;
}

bool cost_recover(const struct cost *cost)
{
	static const struct cost nothing;

	if (!memcmp(cost, &nothing, sizeof(nothing)))
		return true;
	return control_revive(true) && control_reclaim() == cost->pages;
}

/*
 * That a parcel came back is known to the driver when it went on after that, and
 * so is the vmid.  There is one lent parcel in a run, and in the last run that there
 * was the connection died.
 */
struct cost cost_of_death(const struct path *path)
{
	unsigned int lent = control_count(CTL_MSG, MSG_MEM_LEND);
	unsigned int shared = control_count(CTL_MSG, MSG_MEM_SHARE);
	unsigned int back = control_count(CTL_MSG, MSG_MEM_RECLAIM);
	unsigned int vmids = control_count(CTL_MSG, MSG_ALLOC_VMID);
	unsigned int given_back = control_count(CTL_MSG, MSG_DEALLOC_VMID);
	unsigned int known_back = given_back - (given_back && given_back == vmids);
	struct cost cost = {
		.pages = lent * VM_PAGES + shared * SHARED_PAGES,
		.parcels = lent + shared - back,
		.vmids = vmids - given_back,
		.vms = control_count(CTL_MSG, MSG_VM_INIT) - control_count(CTL_MSG, MSG_VM_RESET),
		.lost_vms = lent - given_back,
		.lost_vmids = lent - known_back,
	};
	unsigned int i;

	if (path->calls)
		return paged_cost_of_death(path);
	cost.leaked_pages = cost.pages;
	for (i = 1; i <= back; i++) {
		cost.pages -= parcel_pages(path, MSG_MEM_RECLAIM, i);
		if (i < back || i <= given_back * (path->share ? 2 : 1))
			cost.leaked_pages -= parcel_pages(path, MSG_MEM_RECLAIM, i);
	}
	return cost;
}
