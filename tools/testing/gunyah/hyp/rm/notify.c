// SPDX-License-Identifier: GPL-2.0-only
/*
 * Notifications, and the work that the resource manager does late.
 *
 * The published resource manager is a VM of its own: it hears of a guest's end
 * some time after the host has (facts 9, 10), and it answers VM_RESET before
 * it takes the VM apart (fact 8).  Here that is a list of late work which is
 * taken up in ticks.  A tick is some time (100 us, or ghyp.tick=US) on a CPU
 * that is there to see it; a machine that was held up makes one tick of it, so
 * what the host sends at once still comes before what was to be late.
 *
 *   exit	EXIT_TICKS after the guest's last instruction; or before the next
 *		request, once the host has called vcpu_run again (18a, 09a)
 *   release	RESET_TICKS after VM_RESET, and while requests keep coming, some
 *		ticks more (06a, 09a)
 *   reset done	the tick after the release
 *   messages	without the push flag: WORK_TICKS after the last one
 *   the log	at each tick
 *   late replies that a test asked for: at their time, which a tick may end at
 *
 * Locking: the list is guarded by the event lock, a leaf, for rm_vm_event() is
 * called on the way out of a guest.  The work is done with the rm lock held.
 */

#include "rm.h"

#define TICK_US_DEFAULT	100
#define TICK_US_MAX	1000000
#define EXIT_TICKS	3
#define RESET_TICKS	3
#define WORK_TICKS	3
#define RESET_PATIENCE	32	/* requests that put a release off */
#define LATE_MAX	192	/* an exit and a reset for each vmid, and more */

enum late_kind { LATE_EXIT, LATE_RELEASE, LATE_RESET_DONE };

struct late {
	enum late_kind kind;
	u16 vmid;
	u8 ticks;		/* due at 0 */
	u8 patience;
	bool old;		/* exit: vcpu_run was called since */
	enum vm_event ev;
	u64 data[2];
};

static struct {
	spinlock_t lock;	/* guards all of it */
	u32 nr;
	struct late item[LATE_MAX];	/* in the order of their coming */
	u8 work_ticks;			/* messages wait, to be taken up at 0 */
	bool work, log;			/* messages, lines of the log wait */
	bool armed;
	u64 deadline;			/* of the next tick, in microseconds */
	u64 until;			/* rm_rpc_due() is called at this time, 0: never */
} late;

static u64 tick_us = TICK_US_DEFAULT;

/* The rm lock. */
static spinlock_t rm_big_lock;

void rm_notify_init(void)
{
	const char *opt = hyp_option("tick");
	u64 us = opt ? strtoul(opt, NULL, 0) : 0;

	if (us && us <= TICK_US_MAX)
		tick_us = us;
}

void rm_lock(void)
{
	spin_lock(&rm_big_lock);
}

void rm_unlock(void)
{
	spin_unlock(&rm_big_lock);
}

/* ---- notifications ---- */

void rm_notify(u32 id, const void *payload, u32 len)
{
	rm_channel_notify(rm_primary_channel, id, payload, len);
}

#define NOTE_MEM_RELEASED	0x51100012U
#define NOTE_VM_EXITED		0x56100001U
#define NOTE_VM_STATUS		0x56100008U
#define EXITED_REASON_MAX	16

void rm_notify_status(struct rm_vm *vm, enum rm_vm_state state)
{
	u8 p[8] = {};

	rm_set16(p, vm->vmid);
	p[4] = (u8)state;
	rm_notify(NOTE_VM_STATUS, p, sizeof(p));
}

void rm_notify_exited(struct rm_vm *vm, u16 type, const void *reason, u32 size)
{
	u8 p[8 + EXITED_REASON_MAX] = {};

	rm_set16(p, vm->vmid);
	rm_set16(p + 2, type);
	rm_set32(p + 4, size);
	memcpy(p + 8, reason, size);
	rm_notify(NOTE_VM_EXITED, p, 8 + size);
}

void rm_notify_mem_released(u32 handle, u16 vmid, u32 tag)
{
	u8 p[12] = {};

	rm_set32(p, handle);
	rm_set16(p + 4, vmid);
	rm_set32(p + 8, tag);
	rm_notify(NOTE_MEM_RELEASED, p, sizeof(p));
}

/* ---- late work ---- */

/* Event lock held: there is something to wait for. */
static void late_arm_at(u64 time)
{
	if (!late.armed || late.deadline > time)
		WRITE_ONCE(late.deadline, time);
	WRITE_ONCE(late.armed, true);
}

static void late_arm(void)
{
	late_arm_at(hyp_time_us() + tick_us);
}

void rm_defer_until(u64 us)
{
	u64 now = hyp_time_us();

	spin_lock(&late.lock);
	if (!late.until || us < late.until)
		late.until = us;
	late_arm_at(us);
	spin_unlock(&late.lock);
	rm_wakeup_in(us > now ? us - now : 0);
}

void rm_defer(void)
{
	spin_lock(&late.lock);
	late.work = true;
	late.work_ticks = WORK_TICKS;
	late_arm();
	spin_unlock(&late.lock);
	rm_wakeup_in(tick_us);
}

void rm_defer_log(void)
{
	spin_lock(&late.lock);
	late.log = true;
	late_arm();
	spin_unlock(&late.lock);
	rm_wakeup_in(tick_us);
}

static void late_add(const struct late *l)
{
	u32 i;

	spin_lock(&late.lock);
	for (i = 0; i < late.nr; i++) {
		if (late.item[i].kind == l->kind && late.item[i].vmid == l->vmid)
			break;
	}
	if (i == LATE_MAX)
		hyp_panic("resource manager: too much late work");
	/* The first end of a guest counts, whatever its other vCPUs do. */
	if (i == late.nr)
		late.item[late.nr++] = *l;
	late_arm();
	spin_unlock(&late.lock);
	rm_wakeup_in(tick_us);
}

/* Event lock held. */
static void late_remove(u32 i)
{
	late.nr--;
	memmove(&late.item[i], &late.item[i + 1], (late.nr - i) * sizeof(late.item[0]));
}

void rm_late_reset(u16 vmid)
{
	struct late l = {
		.kind = LATE_RELEASE,
		.vmid = vmid,
		.ticks = RESET_TICKS,
		.patience = RESET_PATIENCE,
	};

	late_add(&l);
}

void rm_late_forget_exit(u16 vmid)
{
	u32 i;

	spin_lock(&late.lock);
	for (i = late.nr; i--;) {
		if (late.item[i].kind == LATE_EXIT && late.item[i].vmid == vmid)
			late_remove(i);
	}
	spin_unlock(&late.lock);
}

void rm_late_forget_all(void)
{
	spin_lock(&late.lock);
	late.nr = 0;
	spin_unlock(&late.lock);
}

void rm_note_vcpu_run(void)
{
	u32 i;

	if (!READ_ONCE(late.nr))
		return;
	spin_lock(&late.lock);
	for (i = 0; i < late.nr; i++)
		late.item[i].old = true;
	spin_unlock(&late.lock);
}

/**
 * rm_vm_event() - a guest ended or reset itself
 * @vm: the guest
 * @ev: what it did
 * @data: data words of the vcpu_run state
 *
 * Context: on the way out of a guest, any CPU; takes leaf locks only.
 */
void rm_vm_event(struct vm *vm, enum vm_event ev, const u64 data[2])
{
	struct late l = {
		.kind = LATE_EXIT,
		.vmid = vm->vmid,
		.ticks = EXIT_TICKS,
		.ev = ev,
	};

	memcpy(l.data, data, sizeof(l.data));
	late_add(&l);
}

static void late_do(const struct late *l)
{
	struct rm_vm *vm = rm_vm_get(l->vmid);

	if (!vm || rm_dead())
		return;
	switch (l->kind) {
	case LATE_EXIT:
		rm_vm_exited(vm, l->ev, l->data);
		break;
	case LATE_RELEASE:
		rm_vm_release(vm);
		late_add(&(struct late){ .kind = LATE_RESET_DONE, .vmid = l->vmid, .ticks = 1 });
		break;
	case LATE_RESET_DONE:
		rm_vm_reset_done(vm);
		break;
	}
}

/* Takes out the first item that @due says yes to; false when there is none. */
static bool late_take(bool (*due)(struct late *l), struct late *l)
{
	bool found = false;
	u32 i;

	spin_lock(&late.lock);
	for (i = 0; i < late.nr && !found; i++) {
		if (!due(&late.item[i]))
			continue;
		*l = late.item[i];
		late_remove(i);
		found = true;
	}
	spin_unlock(&late.lock);
	return found;
}

static bool due_old_exit(struct late *l)
{
	return l->kind == LATE_EXIT && l->old;
}

static bool due_now(struct late *l)
{
	return !l->ticks;
}

void rm_late_before_request(void)
{
	struct late l;
	u32 i;

	while (late_take(due_old_exit, &l))
		late_do(&l);

	spin_lock(&late.lock);
	for (i = 0; i < late.nr; i++) {
		struct late *p = &late.item[i];

		if (p->kind == LATE_RELEASE && p->patience) {
			p->patience--;
			p->ticks = RESET_TICKS;
		}
	}
	spin_unlock(&late.lock);
}

/* What is due at this tick is counted down; true when messages are. */
static bool late_count(void)
{
	bool work;
	u32 i;

	spin_lock(&late.lock);
	for (i = 0; i < late.nr; i++) {
		if (late.item[i].ticks)
			late.item[i].ticks--;
	}
	if (late.work_ticks)
		late.work_ticks--;
	work = late.work && !late.work_ticks;
	if (work)
		late.work = false;
	late.log = false;
	spin_unlock(&late.lock);
	return work;
}

/* Takes the time at which rm_rpc_due() is to be called, if that has come. */
static bool late_until_due(void)
{
	bool due;

	spin_lock(&late.lock);
	due = late.until && late.until <= hyp_time_us();
	if (due)
		late.until = 0;
	spin_unlock(&late.lock);
	return due;
}

/* Arms the next tick, if there is need for one. */
static void late_again(void)
{
	u64 now = hyp_time_us();
	u64 next;

	spin_lock(&late.lock);
	next = late.until;
	if (late.nr || late.work || late.log)
		next = now + tick_us;
	late.deadline = next;
	WRITE_ONCE(late.armed, !!next);
	spin_unlock(&late.lock);
	if (next)
		rm_wakeup_in(next > now ? next - now : 0);
}

/* One tick; the rm lock is held. */
static void late_tick(void)
{
	bool work = late_count();
	struct late l;

	if (late_until_due()) {
		rm_rpc_due(hyp_time_us());
		work = true;
	}
	if (work)
		rm_rpc_work();
	while (late_take(due_now, &l))
		late_do(&l);
	rm_log_drain();
	late_again();
}

static bool late_due(void)
{
	bool due;

	spin_lock(&late.lock);
	due = late.armed && hyp_time_us() >= late.deadline;
	spin_unlock(&late.lock);
	return due;
}

/**
 * rm_background() - take up late work that is due
 * @caller: the primary VM's vCPU on this CPU
 *
 * Context: no lock held, no guest's vCPU loaded.  When another CPU holds the
 * rm lock this one comes again later.
 */
void rm_background(struct vcpu *caller)
{
	u64 now = hyp_time_us();
	u64 deadline = READ_ONCE(late.deadline);

	if (!READ_ONCE(late.armed))
		return;
	/*
	 * A tick moves the deadline on, but not the wake-up that was asked for
	 * before: that one comes too early, and is over.  Ask again.
	 */
	if (now < deadline) {
		rm_wakeup_in(deadline - now);
		return;
	}
	if (!spin_trylock(&rm_big_lock)) {
		rm_wakeup_in(tick_us);
		return;
	}
	if (late_due())
		late_tick();
	rm_unlock();
}
