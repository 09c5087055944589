// SPDX-License-Identifier: GPL-2.0-only
/* The table of tests, and KTAP about them on the console. */

#include "isolation.h"

/* R62 and R63: what the host may not touch, and what it finds afterwards. */
static const struct test host_memory[] = {
	{ "hypervisor memory: read aborts", hyp_memory_read },
	{ "hypervisor memory: write aborts", hyp_memory_write },
	{ "hypervisor memory: fetch aborts", hyp_memory_exec },
	{ "hypervisor memory can't be lent", hyp_memory_lend },
	{ "hypervisor memory as a message buffer is not read", hyp_memory_buffer },
	{ "lent page: read aborts", lent_read },
	{ "lent page: write aborts", lent_write },
	{ "lent page: fetch aborts", lent_exec },
	{ "lent page: its neighbours stay", lent_neighbours },
	{ "lent 2 MiB block: first and last word abort", lent_block },
	{ "lent page as a message to send is not read", lent_send_buffer },
	{ "lent page as a receive buffer is not written", lent_receive_buffer },
	{ "lent page: the other CPU's TLB is clean too", lent_other_cpu },
	{ "lent page can't be lent or shared again", lent_twice },
	{ "reclaim without sanitize keeps the content", reclaimed_content },
	{ "reclaim with sanitize leaves zeroes", reclaimed_sanitized },
	{ "lend with sanitize leaves zeroes", lent_sanitized },
	{ "shared page: the owner keeps R only", shared_read_only },
	{ "shared page: the owner can't run it without X", shared_no_exec },
	{ "a parcel for an unknown vmid takes nothing", shared_unknown_vmid },
};

/* R61 and R62: what a guest gets, and what it does not. */
static const struct test guest_memory[] = {
	{ "guest RAM is gone from the host until reclaim", guest_ram_hidden },
	{ "what the guest wrote is there after reclaim", guest_keeps_content },
	{ "guest can't read the host's RAM", guest_not_host_ram },
	{ "guest can't read the hypervisor's memory", guest_not_hyp_memory },
	{ "guest access just behind its RAM aborts", guest_not_behind_ram },
	{ "guest access above 36 bits aborts", guest_not_above_36_bits },
	{ "guest fetch outside of its memory aborts", guest_exec_outside },
	{ "shared memory is coherent both ways", guest_shared_coherent },
	{ "guest write to read-only memory aborts", guest_read_only },
	{ "guest fetch from memory without X aborts", guest_no_exec },
	{ "two guests don't see each other's RAM", guests_apart },
	{ "RESET ends a guest's use of its memory", guest_reset_unmaps },
};

/* R65: the sizes of lists that the published resource manager takes. */
static const struct test limits[] = {
	{ "a guest of 6,144 list entries starts", limit_entries_start },
	{ "a guest of 7,168 list entries is refused at START", limit_entries_refused },
	{ "the request that makes 8,192 list entries is not answered", limit_entries_dropped },
};

static const struct test timers[] = {
	{ "the guest's timer wakes it from WFI", timer_wakes_wfi },
	{ "the wake-up does not come early", timer_not_early },
	{ "the timer fires while the guest runs", timer_fires_running },
	{ "the wake-up ends the host's own WFI", timer_wakes_idle_host },
	{ "the host's timer goes on over a guest's run", timer_host_keeps_its_own },
	{ "the timers of two guests are two", timer_two_guests },
	{ "a guest runs inside of the host's timer handler", timer_host_handler },
};

static const struct test calls[] = {
	{ "a hypercall of an unknown number is unimplemented", call_unknown_number },
	{ "a call outside of the hypercalls is unimplemented", call_outside_of_hypercalls },
	{ "calls of demand paging are unimplemented", call_of_paging },
};

static const struct test debug[] = {
	{ "a guest's watchpoint fires", debug_watchpoint },
	{ "a guest's breakpoint fires", debug_breakpoint },
};

static const struct test last[] = {
	{ "no page, vmid or parcel is left", nothing_left },
};

static const char * const group_names[NR_GROUPS] = {
	[GROUP_FP] = "FP and SIMD",
	[GROUP_PAUTH] = "pointer authentication keys",
	[GROUP_THREAD] = "thread pointers",
	[GROUP_DEBUG] = "debug registers",
	[GROUP_MMU] = "translation registers",
	[GROUP_EXCEPTION] = "exception registers",
	[GROUP_TIMER] = "timer registers",
	[GROUP_GIC] = "GIC CPU interface",
};

static void run_registers(void)
{
	u32 g;

	for (g = 0; g < NR_GROUPS; g++) {
		report(regs_host_to_guest(g), group_names[g], ": the host's don't reach a guest");
		report(regs_guest_to_host(g), group_names[g], ": a guest's don't reach the host");
		report(regs_guest_keeps(g), group_names[g], ": a guest keeps its own");
	}
	report(general_host_to_guest(), "", "x1 to x30: zero at a guest's entry");
	report(general_guest_to_host(), "", "x18 to x30 stay, x5 to x17 tell nothing over a run");
}

void payload_main(void *fdt)
{
	if (!find_rm_queues(fdt)) {
		print("Bail out! no resource manager in the device tree\n");
		return;
	}
	gic_init();
	report_begin();
	run_all(host_memory, ARRAY_SIZE(host_memory));
	run_all(guest_memory, ARRAY_SIZE(guest_memory));
	run_registers();
	run_all(timers, ARRAY_SIZE(timers));
	run_all(calls, ARRAY_SIZE(calls));
	run_all(debug, ARRAY_SIZE(debug));
	run_all(limits, ARRAY_SIZE(limits));
	run_all(last, ARRAY_SIZE(last));
	report_end("isolation");
}
