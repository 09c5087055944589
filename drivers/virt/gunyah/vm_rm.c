// SPDX-License-Identifier: GPL-2.0-only
/*
 * One VM at the resource manager: its state, and the way out of each state.
 *
 * The published resource manager stops answering for good when it is sent a
 * call that does not fit (a reset of a VM that is not configured, a second
 * reset, a vmid given back twice, ...).  So nothing is sent but by this file,
 * which keeps what the state is believed to be: from the replies to its own
 * calls, and from the notifications.  Both may tell of the same step, in either
 * order, so a step that is not possible from the present state is old news and
 * is passed over: see the table came_from[].
 *
 * Words: "to end" a VM is to walk the ways out, from whatever state it is in,
 * to NONE; the table way_out[] has a step for each state.  A VM is "lost" when
 * the resource manager did not say in time what has to be known for the next
 * step, or when the connection is dead.  Then its memory is not touched any
 * more, and that is counted.
 *
 * Who changes the state: the calls of this file (one thread at a time, the
 * owner sees to that), and the connection's ordered work queue.  Both hold the
 * lock for it.
 */
#include <kunit/visibility.h>
#include <linux/bits.h>
#include <linux/device.h>
#include <linux/export.h>
#include <linux/jiffies.h>

#include "vm_mem.h"
#include "vm_rm.h"

#define CREATE_TRACE_POINTS
#include "vm_trace.h"

/* For the module of irqfd. */
EXPORT_TRACEPOINT_SYMBOL_GPL(gunyah_irqfd_signal);

/* How long the notification may be overtaken by the refusal that it explains. */
#define REFUSAL_LIMIT_MS	1000

#define FROM(s)			BIT(GUNYAH_VM_RM_##s)

/* It was started, and not reset since. */
#define VM_RUNS			(FROM(RUNNING) | FROM(EXITED))

/* For each state those from which one comes to it. */
static const u32 came_from[GUNYAH_VM_RM_STATES] = {
	[GUNYAH_VM_RM_NONE]		= FROM(LOAD) | FROM(CONFIG_FAILED) | FROM(RESET) |
					  FROM(LOST),
	[GUNYAH_VM_RM_LOAD]		= FROM(NONE),
	[GUNYAH_VM_RM_AUTH]		= FROM(LOAD),
	[GUNYAH_VM_RM_CONFIG_FAILED]	= FROM(LOAD) | FROM(AUTH) | FROM(INIT) | FROM(INIT_FAILED),
	[GUNYAH_VM_RM_INIT]		= FROM(LOAD) | FROM(AUTH),
	[GUNYAH_VM_RM_READY]		= FROM(INIT),
	[GUNYAH_VM_RM_INIT_FAILED]	= FROM(LOAD) | FROM(AUTH) | FROM(INIT) | FROM(READY),
	[GUNYAH_VM_RM_RUNNING]		= FROM(READY),
	[GUNYAH_VM_RM_EXITED]		= FROM(READY) | FROM(RUNNING),
	[GUNYAH_VM_RM_RESETTING]	= FROM(READY) | FROM(INIT_FAILED) | FROM(EXITED),
	[GUNYAH_VM_RM_RESET]		= FROM(RESETTING),
	[GUNYAH_VM_RM_LOST]		= (u32)~(FROM(NONE) | FROM(LOST)),
};

static bool move_locked(struct gunyah_vm_rm *v, enum gunyah_vm_rm_state to)
{
	lockdep_assert_held(&v->lock);
	if (!(came_from[to] & BIT(v->state)))
		return false;

	trace_gunyah_vm_state(v->vmid, v->state, to);
	v->state = to;
	if (to == GUNYAH_VM_RM_EXITED || to == GUNYAH_VM_RM_LOST)
		v->ops->changed(v, to);
	wake_up_all(&v->wait);
	return true;
}

static bool move(struct gunyah_vm_rm *v, enum gunyah_vm_rm_state to)
{
	guard(spinlock)(&v->lock);
	return move_locked(v, to);
}

/**
 * gunyah_vm_rm_state() - the present state
 * @v: the VM
 *
 * A notification may change it at any time.
 *
 * Return: the state.
 */
enum gunyah_vm_rm_state gunyah_vm_rm_state(struct gunyah_vm_rm *v)
{
	guard(spinlock)(&v->lock);
	return v->state;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_rm_state);

static void on_vm_status(struct gunyah_rm_listener *l, enum gunyah_rm_vm_status status)
{
	struct gunyah_vm_rm *v = container_of(l, struct gunyah_vm_rm, listener);

	switch (status) {
	case GUNYAH_RM_VM_STATUS_AUTH:
		move(v, GUNYAH_VM_RM_AUTH);
		break;
	case GUNYAH_RM_VM_STATUS_INIT:
		move(v, GUNYAH_VM_RM_INIT);
		break;
	case GUNYAH_RM_VM_STATUS_READY:
		move(v, GUNYAH_VM_RM_READY);
		break;
	case GUNYAH_RM_VM_STATUS_INIT_FAILED:
		move(v, GUNYAH_VM_RM_INIT_FAILED);
		break;
	case GUNYAH_RM_VM_STATUS_RUNNING:
		move(v, GUNYAH_VM_RM_RUNNING);
		break;
	case GUNYAH_RM_VM_STATUS_RESETTING:
		move(v, GUNYAH_VM_RM_RESETTING);
		break;
	case GUNYAH_RM_VM_STATUS_RESET:
		move(v, GUNYAH_VM_RM_RESET);
		break;
	case GUNYAH_RM_VM_STATUS_RESET_FAILED:
		move(v, GUNYAH_VM_RM_LOST);
		break;
	default:
		/* EXITED: VM_EXITED follows and says how. */
		break;
	}
}

static void on_vm_exited(struct gunyah_rm_listener *l, const struct gunyah_rm_vm_exited *exited)
{
	struct gunyah_vm_rm *v = container_of(l, struct gunyah_vm_rm, listener);

	guard(spinlock)(&v->lock);
	if (!(came_from[GUNYAH_VM_RM_EXITED] & BIT(v->state)))
		return;
	v->exited = *exited;
	move_locked(v, GUNYAH_VM_RM_EXITED);
}

static void on_dead(struct gunyah_rm_listener *l)
{
	move(container_of(l, struct gunyah_vm_rm, listener), GUNYAH_VM_RM_LOST);
}

static const struct gunyah_rm_listener_ops listener_ops = {
	.vm_status = on_vm_status,
	.vm_exited = on_vm_exited,
	.dead = on_dead,
};

/**
 * gunyah_vm_rm_setup() - make a VM without vmid
 * @v: the VM
 * @rm: the connection; the caller keeps a reference
 * @ops: callbacks
 * @stats: counters of the connection
 */
void gunyah_vm_rm_setup(struct gunyah_vm_rm *v, struct gunyah_rm *rm,
			const struct gunyah_vm_rm_ops *ops, struct gunyah_vm_rm_stats *stats)
{
	*v = (struct gunyah_vm_rm) {
		.rm = rm,
		.ops = ops,
		.stats = stats,
		.limit_ms = GUNYAH_RM_STATE_LIMIT_MS,
		.refusal_ms = REFUSAL_LIMIT_MS,
		.listener.ops = &listener_ops,
		.state = GUNYAH_VM_RM_NONE,
	};
	spin_lock_init(&v->lock);
	init_waitqueue_head(&v->wait);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_rm_setup);

/**
 * gunyah_vm_rm_set_auth() - say how the image is authenticated, for all runs to come
 * @v: the VM, in NONE
 * @auth: the type
 * @vmid: the vmid to ask for, 0 for any
 * @pas_id: the platform's id of the image
 */
void gunyah_vm_rm_set_auth(struct gunyah_vm_rm *v, enum gunyah_rm_vm_auth auth, u16 vmid,
			   u32 pas_id)
{
	v->auth = auth;
	v->fixed_vmid = vmid;
	v->pas_id = pas_id;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_rm_set_auth);

/* Wait until the state is one of @states or LOST; false when the limit passed. */
static bool wait_for(struct gunyah_vm_rm *v, u32 states, unsigned int limit_ms)
{
	states |= FROM(LOST);
	return wait_event_timeout(v->wait, BIT(gunyah_vm_rm_state(v)) & states,
				  msecs_to_jiffies(limit_ms)) > 0;
}

/* The first reason counts: what follows comes of it. */
static void note_end_error(struct gunyah_vm_rm *v, int error)
{
	if (!v->end_error)
		v->end_error = error;
}

/* A call was answered; @ret is its errno. */
static int answered(struct gunyah_vm_rm *v, const char *call, int ret)
{
	if (!ret)
		return 0;

	trace_gunyah_vm_refused(v->vmid, call, ret);
	if (gunyah_rm_is_dead(v->rm)) {
		note_end_error(v, ret == -ETIMEDOUT ? ret : -EIO);
		move(v, GUNYAH_VM_RM_LOST);
	}
	return ret;
}

/* The resource manager knows nothing of the call; or, at a time limit, all is lost. */
static bool not_sent(int ret)
{
	return ret == -EINTR || ret == -ECOMM || ret == -ETIMEDOUT;
}

static void lose(struct gunyah_vm_rm *v, const char *what, int error)
{
	note_end_error(v, error);
	if (move(v, GUNYAH_VM_RM_LOST))
		dev_err(gunyah_rm_dev(v->rm), "VM %u: %s: what it was lent stays lent\n",
			v->vmid, what);
}

/**
 * gunyah_vm_rm_alloc() - get a vmid and listen to it: NONE to LOAD
 * @v: the VM
 *
 * Context: may sleep; one thread at a time in all functions that send.
 * Return: 0, or an errno, and then the state is still NONE.
 */
int gunyah_vm_rm_alloc(struct gunyah_vm_rm *v)
{
	u16 vmid = v->fixed_vmid;
	int ret;

	ret = gunyah_rm_alloc_vmid(v->rm, &vmid);
	if (ret) {
		trace_gunyah_vm_refused(0, "ALLOC_VMID", ret);
		/* Answered, but not with a number: it can't be given back. */
		if (ret == -EIO && !gunyah_rm_is_dead(v->rm))
			atomic_inc(&v->stats->vmids);
		return ret;
	}

	WRITE_ONCE(v->vmid, vmid);
	v->listener.vmid = vmid;
	v->end_error = 0;
	v->drained = false;
	memset(&v->exited, 0, sizeof(v->exited));
	ret = gunyah_rm_listen(v->rm, &v->listener);
	if (ret) {
		if (gunyah_rm_dealloc_vmid(v->rm, vmid))
			atomic_inc(&v->stats->vmids);
		return ret;
	}

	move(v, GUNYAH_VM_RM_LOAD);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_rm_alloc);

/**
 * gunyah_vm_rm_configure() - say what the image is: LOAD to INIT; or to AUTH, where
 *	the platform authenticates it
 * @v: the VM
 * @image: the parcel of the image
 * @image_offset: offset of the entry point, or of the authenticated image, in it
 * @image_size: size of the authenticated image
 *
 * Return: 0, or an errno, and then the state is CONFIG_FAILED or LOST, or still
 * LOAD when nothing was sent.
 */
int gunyah_vm_rm_configure(struct gunyah_vm_rm *v, const struct gunyah_vm_image *image,
			   u64 image_offset, u64 image_size)
{
	int ret;

	ret = gunyah_rm_vm_configure(v->rm, v->vmid, v->auth, image->handle, image_offset,
				     image_size, image->dtb_offset, image->dtb_size);
	ret = answered(v, "CONFIG_IMAGE", ret);
	if (!ret)
		move(v, v->auth == GUNYAH_RM_VM_AUTH_QCOM_TRUSTED_VM ? GUNYAH_VM_RM_AUTH :
								       GUNYAH_VM_RM_INIT);
	else if (!not_sent(ret))
		move(v, GUNYAH_VM_RM_CONFIG_FAILED);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_rm_configure);

/**
 * gunyah_vm_rm_authenticate() - have the image authenticated: AUTH to INIT
 * @v: the VM
 *
 * Whether a VM whose image was refused can be reset is not known, and to try may
 * be the end of the resource manager.
 *
 * Return: 0, or an errno, and then the state is CONFIG_FAILED or LOST, or still
 * AUTH when nothing was sent.
 */
int gunyah_vm_rm_authenticate(struct gunyah_vm_rm *v)
{
	int ret;

	ret = gunyah_rm_vm_auth_image(v->rm, v->vmid, v->pas_id);
	ret = answered(v, "AUTH_IMAGE", ret);
	if (!ret)
		move(v, GUNYAH_VM_RM_INIT);
	else if (!not_sent(ret))
		move(v, GUNYAH_VM_RM_CONFIG_FAILED);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_rm_authenticate);

/**
 * gunyah_vm_rm_set_firmware() - say where the firmware of a protected VM goes
 * @v: the VM, in INIT
 * @handle: the parcel
 * @offset: offset in it
 * @size: size in bytes
 *
 * Return: 0, or an errno, and then the state is LOST, or still INIT.
 */
int gunyah_vm_rm_set_firmware(struct gunyah_vm_rm *v, u32 handle, u64 offset, u64 size)
{
	return answered(v, "SET_FIRMWARE_MEM",
			gunyah_rm_vm_set_firmware_mem(v->rm, v->vmid, handle, offset, size));
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_rm_set_firmware);

/**
 * gunyah_vm_rm_init() - let the resource manager build the VM: INIT to READY
 * @v: the VM
 *
 * Return: 0, or an errno, and then the state is INIT_FAILED or LOST, or still
 * INIT when nothing was done.
 */
int gunyah_vm_rm_init(struct gunyah_vm_rm *v)
{
	int ret;

	ret = answered(v, "VM_INIT", gunyah_rm_vm_init(v->rm, v->vmid));
	if (!ret)
		move(v, GUNYAH_VM_RM_READY);
	else if (!not_sent(ret))
		/* Only the notification tells a refusal from a call not done. */
		wait_for(v, FROM(INIT_FAILED), v->refusal_ms);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_rm_init);

/**
 * gunyah_vm_rm_start() - start the VM: READY to RUNNING
 * @v: the VM
 *
 * Return: 0, and then the state is RUNNING or, if the VM was quick, EXITED; or
 * an errno, and then the state is READY, INIT_FAILED or LOST, or one of the two when
 * the answer was untrue.
 */
int gunyah_vm_rm_start(struct gunyah_vm_rm *v)
{
	int ret;

	ret = answered(v, "VM_START", gunyah_rm_vm_start(v->rm, v->vmid));
	if (!ret)
		move(v, GUNYAH_VM_RM_RUNNING);
	else if (!not_sent(ret))
		wait_for(v, FROM(INIT_FAILED) | VM_RUNS, v->refusal_ms);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_rm_start);

/**
 * gunyah_vm_rm_has_started() - was the VM started, whatever the answer was?
 * @v: the VM, after gunyah_vm_rm_start()
 *
 * Notifications tell it also when the answer was an error or can't be read.
 *
 * Return: true when it certainly was.
 */
bool gunyah_vm_rm_has_started(struct gunyah_vm_rm *v)
{
	return BIT(gunyah_vm_rm_state(v)) & VM_RUNS;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_rm_has_started);

/* The vmid may be given to another VM as soon as it is given back. */
static void forget_vmid(struct gunyah_vm_rm *v, bool dealloc)
{
	gunyah_rm_unlisten(v->rm, &v->listener);
	if (dealloc && answered(v, "DEALLOC_VMID", gunyah_rm_dealloc_vmid(v->rm, v->vmid)))
		dealloc = false;
	if (!dealloc)
		atomic_inc(&v->stats->vmids);

	/* From LOST, when the last call was not answered. */
	move(v, GUNYAH_VM_RM_NONE);
	/* It may be another VM's now. */
	WRITE_ONCE(v->vmid, 0);
}

/* Known before on_dead() runs: nothing is to be tried in between. */
static void look_whether_dead(struct gunyah_vm_rm *v)
{
	if (gunyah_rm_is_dead(v->rm))
		move(v, GUNYAH_VM_RM_LOST);
}

/*
 * A parcel that did not come back names the vmid in its access list: given back,
 * the vmid would be the next VM's, and that VM would get the memory when it
 * starts.  So the vmid is given up with the parcel (R64).
 */
static void out_of_load_or_reset(struct gunyah_vm_rm *v)
{
	bool all_back = v->ops->reclaim(v, false);

	if (!all_back)
		note_end_error(v, -EIO);
	look_whether_dead(v);
	if (gunyah_vm_rm_state(v) != GUNYAH_VM_RM_LOST)
		forget_vmid(v, all_back);
}

static void out_of_config_failed(struct gunyah_vm_rm *v)
{
	if (!v->ops->reclaim(v, false))
		note_end_error(v, -EIO);
	forget_vmid(v, false);
}

/* As out_of_init(), one step earlier.  What is not sent at all is given up. */
static void out_of_auth(struct gunyah_vm_rm *v)
{
	if (gunyah_vm_rm_authenticate(v))
		move(v, GUNYAH_VM_RM_CONFIG_FAILED);
}

/* There is no direct way: READY and INIT_FAILED have one. */
static void out_of_init(struct gunyah_vm_rm *v)
{
	if (gunyah_vm_rm_init(v) && gunyah_vm_rm_state(v) == GUNYAH_VM_RM_INIT)
		lose(v, "can be neither initialised nor reset", -EIO);
}

/*
 * The capabilities die with the reset.  The resource manager may say that it has
 * begun one that it was not asked for, or has done it: any way that leads through
 * a reset comes here, and so does that of a VM that is lost.
 */
static void drain_once(struct gunyah_vm_rm *v)
{
	if (v->drained)
		return;
	v->drained = true;
	v->ops->drain(v);
}

static void out_by_reset(struct gunyah_vm_rm *v)
{
	int tries;

	drain_once(v);

	for (tries = 0; tries < 2; tries++) {
		if (!answered(v, "VM_RESET", gunyah_rm_vm_reset(v->rm, v->vmid))) {
			move(v, GUNYAH_VM_RM_RESETTING);
			return;
		}
		/* Sent twice it must not be: is it under way in spite of all? */
		if (wait_for(v, FROM(RESETTING) | FROM(RESET), v->refusal_ms))
			return;
	}
	lose(v, "can't be reset", -EIO);
}

static void out_of_resetting(struct gunyah_vm_rm *v)
{
	drain_once(v);
	if (!wait_for(v, FROM(RESET), v->limit_ms))
		lose(v, "was not reset in time", -ETIMEDOUT);
}

static void out_of_reset(struct gunyah_vm_rm *v)
{
	drain_once(v);
	out_of_load_or_reset(v);
}

static void out_of_running(struct gunyah_vm_rm *v)
{
	bool stopped;
	int tries;
	int ret;

	/* What has come is told first: a VM that has exited is not stopped. */
	gunyah_rm_flush_notifications(v->rm);
	if (gunyah_vm_rm_state(v) != GUNYAH_VM_RM_RUNNING)
		return;

	for (tries = 0; tries < 2; tries++) {
		ret = answered(v, "VM_STOP", gunyah_rm_vm_stop(v->rm, v->vmid));
		/*
		 * -EBUSY: it has exited, and VM_EXITED is on its way.  That is
		 * waited for as after a stop: a VM that has not exited is not
		 * reset, and to lose one loses its memory.
		 */
		stopped = !ret || ret == -EBUSY;
		if (wait_for(v, FROM(EXITED), stopped ? v->limit_ms : v->refusal_ms))
			return;
		if (stopped)
			break;
	}
	lose(v, "did not stop in time", -ETIMEDOUT);
}

static void out_of_lost(struct gunyah_vm_rm *v)
{
	note_end_error(v, -EIO);
	drain_once(v);
	v->ops->reclaim(v, true);
	atomic_inc(&v->stats->lost);
	forget_vmid(v, false);
}

/* Each step goes on to another state. */
static void (*const way_out[GUNYAH_VM_RM_STATES])(struct gunyah_vm_rm *v) = {
	[GUNYAH_VM_RM_LOAD]		= out_of_load_or_reset,
	[GUNYAH_VM_RM_AUTH]		= out_of_auth,
	[GUNYAH_VM_RM_CONFIG_FAILED]	= out_of_config_failed,
	[GUNYAH_VM_RM_INIT]		= out_of_init,
	[GUNYAH_VM_RM_READY]		= out_by_reset,
	[GUNYAH_VM_RM_INIT_FAILED]	= out_by_reset,
	[GUNYAH_VM_RM_RUNNING]		= out_of_running,
	[GUNYAH_VM_RM_EXITED]		= out_by_reset,
	[GUNYAH_VM_RM_RESETTING]	= out_of_resetting,
	[GUNYAH_VM_RM_RESET]		= out_of_reset,
	[GUNYAH_VM_RM_LOST]		= out_of_lost,
};

/**
 * gunyah_vm_rm_end() - end the VM: from any state to NONE
 * @v: the VM
 *
 * Always ends, in at most the sum of the limits on the way.
 *
 * Context: may sleep; the thread must not be one that a signal can end, or
 * calls would not be sent.
 * Return: 0; -EIO when not all memory came back or the connection is dead;
 * -ETIMEDOUT when the resource manager did not do the next step in time.  Without
 * a run, the same as at the end of the last one.
 */
int gunyah_vm_rm_end(struct gunyah_vm_rm *v)
{
	enum gunyah_vm_rm_state state;

	look_whether_dead(v);
	while ((state = gunyah_vm_rm_state(v)) != GUNYAH_VM_RM_NONE)
		way_out[state](v);
	return v->end_error;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_rm_end);
