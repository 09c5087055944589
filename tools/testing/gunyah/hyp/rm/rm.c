// SPDX-License-Identifier: GPL-2.0-only
/*
 * The emulated resource manager: its profiles, its start and its end.
 *
 * A profile says what a build of the resource manager does in its own way:
 * which calls it has, and its limits.
 */

#include "../abi.h"
#include "../extent.h"
#include "../msgq.h"
#include "rm.h"

static const struct rm_call published_calls[] = {
	{ 0x51000010, rm_mem_handle_donate, false },
	{ 0x51000011, rm_mem_handle_accept, false },
	{ 0x51000012, rm_mem_handle_lend, false },
	{ 0x51000013, rm_mem_handle_share, false },
	{ 0x51000014, rm_mem_handle_release, false },
	{ 0x51000015, rm_mem_handle_reclaim, false },
	{ 0x51000017, rm_mem_handle_notify, false },
	{ 0x51000018, rm_mem_handle_append, false },
	{ 0x56000001, rm_vm_handle_alloc, false },
	{ 0x56000002, rm_vm_handle_dealloc, false },
	{ 0x56000004, rm_vm_handle_start, false },
	{ 0x56000005, rm_vm_handle_stop, false },
	{ 0x56000006, rm_vm_handle_reset, false },
	{ 0x56000009, rm_vm_handle_config, false },
	{ 0x5600000a, rm_vm_handle_auth, false },
	{ 0x5600000b, rm_vm_handle_init, false },
	{ 0x56000015, rm_vm_handle_get_owner, true },
	{ 0x56000017, rm_vm_handle_get_state, false },
	{ 0x56000020, rm_vm_handle_get_resources, false },
	{ 0x56000024, rm_vm_handle_get_vmid, true },
	{ 0x56000025, rm_vm_handle_get_peers, false },
	{ 0x56000030, rm_vm_handle_set_time_base, false },
	{ 0x56000032, rm_vm_handle_set_firmware, false },
	{ 0x56000050, rm_vm_handle_fatal_when_empty, false },
	{ 0x56000051, rm_vm_handle_fatal_when_empty, false },
	{ 0x56000052, rm_vm_handle_fatal_when_empty, false },
	{ 0x56000053, rm_vm_handle_fatal_when_empty, false },
	{ 0x56000054, rm_vm_handle_fatal_when_empty, false },
	{ 0x56000055, rm_vm_handle_fatal_when_empty, false },
	{ 0x56000083, rm_vm_handle_fatal_when_empty, false },
	{ 0x560000a0, rm_vm_handle_host_get_type, false },
};

/* The published resource manager, Dec 2023, production build. */
static const struct rm_profile published = {
	.name = "published",
	.calls = published_calls,
	.nr_calls = ARRAY_SIZE(published_calls),
	.max_running = 14,
	.max_parcels = 64,
	.max_list = 512,
	.start_entries = 6144,
	.dead_entries = 8192,
	.vmmio_base = 0,
	.vmmio_size = 0x40000000,
	.image_must_be_lent = true,
};

static const struct rm_call paging_calls[] = {
	{ 0x56000031, rm_vm_handle_set_boot_context, false },
	{ 0x56000033, rm_vm_handle_set_demand_paging, false },
	{ 0x56000034, rm_vm_handle_set_layout, false },
};

/* The same with demand paging, and with what is known of newer ones: paging.c. */
static const struct rm_profile paging = {
	.name = "paging",
	.calls = published_calls,
	.nr_calls = ARRAY_SIZE(published_calls),
	.more = paging_calls,
	.nr_more = ARRAY_SIZE(paging_calls),
	.max_running = 14,
	.max_parcels = 64,
	.max_list = 512,
	.start_entries = 6144,
	.dead_entries = 8192,
	.vmmio_base = 0,
	.vmmio_size = BIT(36),
	.image_must_be_lent = true,
	.paging = true,
};

static const struct rm_profile *const profiles[] = { &published, &paging };

const struct rm_profile *rm_profile = &published;

static struct {
	struct msgq *in, *out;		/* from and to the primary VM */
	u64 tx_cap, rx_cap;		/* the primary VM's: it sends, it receives */
} rm_queues;

static void choose_profile(void)
{
	const char *name = hyp_option("profile");
	u32 i;

	if (!name)
		return;
	for (i = 0; i < ARRAY_SIZE(profiles); i++) {
		if (!strcmp(profiles[i]->name, name)) {
			rm_profile = profiles[i];
			return;
		}
	}
	hyp_panic("ghyp.profile=%s: there is no such profile", name);
}

/**
 * rm_init() - make the primary VM's queues and start the resource manager
 *
 * Context: once, at boot, after objects_init(), before the primary VM runs.
 */
void rm_init(void)
{
	struct vm *primary = vm_primary();

	choose_profile();
	if (rm_profile->paging)
		extents_init();
	rm_mem_init();
	rm_notify_init();

	rm_queues.in = msgq_new(RM_QUEUE_SIZE, RM_QUEUE_DEPTH);
	rm_queues.out = msgq_new(RM_QUEUE_SIZE, RM_QUEUE_DEPTH);
	if (!rm_queues.in || !rm_queues.out)
		hyp_panic("no memory for the resource manager's queues");
	rm_queues.in->log = rm_log_message;
	rm_queues.in->tx = (struct msgq_end){ .vm = primary, .irq = RM_TX_INTID };
	rm_queues.in->rx = (struct msgq_end){ .call = rm_queue_sent };
	rm_queues.out->log = rm_log_message;
	rm_queues.out->tx = (struct msgq_end){ .call = rm_queue_read };
	rm_queues.out->rx = (struct msgq_end){ .vm = primary, .irq = RM_RX_INTID };

	rm_primary_channel = rm_channel_new(VMID_PRIMARY, rm_queues.in, rm_queues.out);
	rm_queues.tx_cap = cap_new_rm(primary, &rm_queues.in->obj, CAP_SEND);
	rm_queues.rx_cap = cap_new_rm(primary, &rm_queues.out->obj, CAP_RECEIVE);
	if (!rm_primary_channel)
		hyp_panic("no memory for the resource manager's channel");

	rm_resources_init();
	rm_log_event("boot profile=%s", rm_profile->name);
}

void rm_primary_caps(u64 *tx, u64 *rx)
{
	*tx = rm_queues.tx_cap;
	*rx = rm_queues.rx_cap;
}

/**
 * rm_revive() - make the resource manager what it was after the boot
 * @force: also when VMs or parcels are left, and when it is dead
 *
 * Handles and the sequence numbers of notifications go on counting.
 *
 * Context: the rm lock is held; no guest's vCPU is loaded on this CPU.
 */
bool rm_revive(bool force)
{
	if (!force && (rm_vm_count() || rm_parcel_count()))
		return false;
	rm_late_forget_all();
	rm_vm_forget_all();
	rm_rpc_revive();
	rm_log_event("revive lost=%lu", (unsigned long)rm_mem_forget_all());
	return true;
}

/**
 * rm_finish() - last lines of the log
 *
 * Context: once, at SYSTEM_OFF of the primary VM.
 */
void rm_finish(void)
{
	rm_log_event("end pages_not_host_owned=%lu vmids=%u parcels=%u",
		     (unsigned long)mem_pages_not_host_owned(), rm_vm_count(),
		     rm_parcel_count());
	rm_log_drain();
}
