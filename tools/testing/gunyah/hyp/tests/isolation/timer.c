// SPDX-License-Identifier: GPL-2.0-only
/* A guest's virtual timer: wake-up, time, and the host's own beside it. */

#include "isolation.h"

#define STATE_EXPECTS_WAKEUP	1
#define TIMER_MS		150

static struct test_vm vm, vm2;

/* Puts the guest to sleep with its timer armed; false when it does not sleep. */
static bool go_to_sleep(struct test_vm *v, u64 ms)
{
	if (!vm_command(v, CMD_TIMER(ms), 0, 0))
		return false;
	gic_poll();
	gic_forget(v->virq);
	return !vm_command(v, CMD_WFI, 0, 0) && v->last.state == STATE_EXPECTS_WAKEUP;
}

/* The sleeper got its interrupt: PPI 27. */
static bool woke_up(struct test_vm *v)
{
	return vm_continue(v) && vm_command(v, CMD_ACK, 0, 0) && v->nr_results == 1 &&
	       v->regs[0] == TIMER_INTID;
}

bool timer_wakes_wfi(void)
{
	expect("start", true, vm_open(&vm, VM_IPA, "base"));
	expect("sleep", true, go_to_sleep(&vm, TIMER_MS));
	expect("why", 1, vm.last.data[1]);
	expect("interrupt", true, gic_wait(vm.virq, WAIT_MS));
	expect("awake", true, woke_up(&vm));
	expect("end", true, vm_close(&vm));
	return true;
}

bool timer_not_early(void)
{
	u64 start;

	expect("start", true, vm_open(&vm, VM_IPA, "base"));
	start = now_ms();
	expect("sleep", true, go_to_sleep(&vm, TIMER_MS));
	expect("interrupt", true, gic_wait(vm.virq, WAIT_MS));
	expect("not early", true, now_ms() - start >= TIMER_MS - 1);
	expect("awake", true, woke_up(&vm));
	expect("end", true, vm_close(&vm));
	return true;
}

bool timer_fires_running(void)
{
	expect("start", true, vm_open(&vm, VM_IPA, "base"));
	expect("timer", true, vm_command(&vm, CMD_TIMER(50), 0, 0));
	expect("poll", true, vm_command(&vm, CMD_POLL, 0, 0));
	expect("interrupt", TIMER_INTID, vm.regs[0]);
	expect("end", true, vm_close(&vm));
	return true;
}

/* The host does nothing but sleep until the guest's wake-up comes. */
bool timer_wakes_idle_host(void)
{
	u64 start = now_ms();

	expect("start", true, vm_open(&vm, VM_IPA, "base"));
	expect("sleep", true, go_to_sleep(&vm, TIMER_MS));
	while (!gic_count(vm.virq) && now_ms() - start < WAIT_MS) {
		asm volatile("wfi");
		gic_poll();
	}
	expect("interrupt", true, gic_count(vm.virq) > 0);
	expect("awake", true, woke_up(&vm));
	expect("end", true, vm_close(&vm));
	return true;
}

/* The guest sets its own timer far away; the host's ends the slice in time. */
bool timer_host_keeps_its_own(void)
{
	static const u64 none[4];
	u64 start, took;

	expect("start", true, vm_open(&vm, VM_IPA, "base"));
	expect("timer", true, vm_command(&vm, CMD_TIMER(60000), 0, 0));
	gic_forget(TIMER_INTID);
	timer_arm(100);
	start = now_ms();
	/* The command word CMD_POLL: the guest loops without an exit. */
	hyp_vcpu_run(vm.vcpu, (const u64[4]) { CMD_POLL }, &vm.last);
	while (!vm.last.err && !gic_count(TIMER_INTID) && now_ms() - start < WAIT_MS) {
		gic_poll();
		if (!gic_count(TIMER_INTID))
			hyp_vcpu_run(vm.vcpu, none, &vm.last);
	}
	took = now_ms() - start;
	expect("state", 0, vm.last.state);
	expect("interrupt", 1, gic_count(TIMER_INTID));
	expect("not early", true, took >= 99);
	expect("not late", true, took < WAIT_MS);
	expect("end", true, vm_close(&vm));
	return true;
}

bool timer_two_guests(void)
{
	expect("start", true, vm_open(&vm, VM_IPA, "base"));
	expect("start", true, vm_open(&vm2, VM2_IPA, "base"));
	expect("sleep", true, go_to_sleep(&vm, 60000));
	expect("sleep", true, go_to_sleep(&vm2, TIMER_MS));
	expect("interrupt", true, gic_wait(vm2.virq, WAIT_MS));
	expect("awake", true, woke_up(&vm2));
	expect("the other's interrupt", 0, gic_count(vm.virq));
	hyp_vcpu_run(vm.vcpu, (const u64[4]) { 0 }, &vm.last);
	expect("the other sleeps", STATE_EXPECTS_WAKEUP, vm.last.state);
	expect("end", true, vm_close(&vm));
	expect("end", true, vm_close(&vm2));
	return true;
}

/*
 * The host's timer interrupt is active, and its line high, over a run: it comes
 * neither while it is active nor, the timer being off, after that.
 */
bool timer_host_handler(void)
{
	static const u64 none[4];
	u64 end;
	u32 intid;

	expect("start", true, vm_open(&vm, VM_IPA, "base"));
	gic_poll();
	timer_arm(1);
	end = now_ms() + WAIT_MS;
	do {
		intid = gic_ack();
	} while (intid != TIMER_INTID && now_ms() < end);
	expect("interrupt", TIMER_INTID, intid);
	/* The guest waits for a command: 0 is none. */
	hyp_vcpu_run(vm.vcpu, none, &vm.last);
	timer_stop();
	gic_forget(TIMER_INTID);
	gic_eoi(TIMER_INTID);
	gic_poll();
	expect("once more", 0, gic_count(TIMER_INTID));
	expect("end", true, vm_close(&vm));
	return true;
}
