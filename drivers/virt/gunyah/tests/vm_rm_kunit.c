// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of a VM's life at the resource manager: which calls are sent in which
 * state, the way out of each state, late and lost notifications (R57, R58, R23).
 *
 * The double is the published resource manager's table of calls and states: a
 * call that kills the real one fails the test.  It notifies from inside of the
 * call, before the reply, as the real one does.
 */
#include <kunit/device.h>
#include <kunit/static_stub.h>
#include <kunit/test-bug.h>
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/string.h>

#include "../vm_mem.h"
#include "../vm_rm.h"

#define VMID		0x80
#define HANDLE		7

enum fake_call {
	CALL_ALLOC,
	CALL_CONFIG,
	CALL_INIT,
	CALL_START,
	CALL_STOP,
	CALL_RESET,
	CALL_DEALLOC,
	CALLS
};

/* One letter a call: what was done is a word. */
static const char letters[CALLS + 1] = "ACISPRD";

/**
 * struct life - a VM with the double behind it
 * @v: the VM
 * @stats: counters
 * @dev: for messages
 * @state: the double's
 * @allocated: the vmid is given
 * @config_failed: the vmid may not be reset
 * @listening: a listener is registered
 * @dead: the connection is dead
 * @fail: the call that fails, CALLS for none
 * @fail_ret: with this
 * @fail_times: so many times
 * @mute: no notifications
 * @leaks: a parcel does not come back
 * @done: letters of the calls; drain "d", reclaim "r", abandoning "x"
 * @wrong: calls that did not fit the state
 * @exited_during_start: the VM is quick
 * @denies_start: the VM is started, and the answer is an error
 * @exited_on_its_way: VM_EXITED was received, and is told by the next flush
 * @changes: how often the VM was told
 */
struct life {
	struct gunyah_vm_rm v;
	struct gunyah_vm_rm_stats stats;
	struct device *dev;
	enum gunyah_rm_vm_status state;
	bool allocated;
	bool config_failed;
	bool listening;
	bool dead;
	enum fake_call fail;
	int fail_ret;
	unsigned int fail_times;
	bool mute;
	bool leaks;
	char done[64];
	unsigned int wrong;
	bool exited_during_start;
	bool denies_start;
	bool exited_on_its_way;
	unsigned int changes;
};

static struct life *life(void)
{
	return kunit_get_current_test()->priv;
}

static void note(struct life *l, char c)
{
	size_t n = strlen(l->done);

	if (n < sizeof(l->done) - 1)
		l->done[n] = c;
}

static void notify(struct life *l, enum gunyah_rm_vm_status status)
{
	l->state = status;
	if (!l->mute && l->listening)
		l->v.listener.ops->vm_status(&l->v.listener, status);
}

static void notify_exited(struct life *l, u16 type)
{
	struct gunyah_rm_vm_exited exited = { .type = type, .reason_size = 4 };

	notify(l, GUNYAH_RM_VM_STATUS_EXITED);
	if (!l->mute && l->listening)
		l->v.listener.ops->vm_exited(&l->v.listener, &exited);
}

/* The errno that the call is to end with before the double does anything. */
static int begin(struct life *l, enum fake_call call)
{
	note(l, letters[call]);
	if (l->dead)
		return -EIO;
	if (l->fail != call || !l->fail_times)
		return 0;
	l->fail_times--;
	l->dead = l->fail_ret == -ETIMEDOUT;
	return l->fail_ret;
}

/* The resource manager never saw the call: a killed thread, a failed hypercall. */
static bool was_not_sent(int ret)
{
	return ret == -EINTR || ret == -ECOMM;
}

/* A call that does not fit: answered, and harmless. */
static int wrong_state(struct life *l)
{
	l->wrong++;
	return -EBUSY;
}

static void fatal(const char *what)
{
	KUNIT_FAIL(kunit_get_current_test(), "the resource manager was killed: %s", what);
}

static int fake_alloc(struct gunyah_rm *rm, u16 *vmid)
{
	struct life *l = life();
	int ret = begin(l, CALL_ALLOC);

	if (ret)
		return ret;
	l->allocated = true;
	l->state = GUNYAH_RM_VM_STATUS_LOAD;
	*vmid = VMID;
	return 0;
}

static int fake_dealloc(struct gunyah_rm *rm, u16 vmid)
{
	struct life *l = life();
	int ret = begin(l, CALL_DEALLOC);

	if (ret)
		return ret;
	if (!l->allocated)
		fatal("vmid given back twice");
	if (l->listening)
		KUNIT_FAIL(kunit_get_current_test(), "still listening to a vmid given back");
	if (l->config_failed ||
	    (l->state != GUNYAH_RM_VM_STATUS_LOAD && l->state != GUNYAH_RM_VM_STATUS_RESET))
		return wrong_state(l);
	l->allocated = false;
	return 0;
}

static int fake_configure(struct gunyah_rm *rm, u16 vmid, enum gunyah_rm_vm_auth auth, u32 handle,
			  u64 image_offset, u64 image_size, u64 dtb_offset, u64 dtb_size)
{
	struct life *l = life();
	int ret = begin(l, CALL_CONFIG);

	if (handle != HANDLE || auth)
		ret = -EINVAL;
	if (ret) {
		l->config_failed = !was_not_sent(ret);
		return ret;
	}
	if (l->state != GUNYAH_RM_VM_STATUS_LOAD)
		return wrong_state(l);
	notify(l, GUNYAH_RM_VM_STATUS_INIT);
	return 0;
}

static int fake_init(struct gunyah_rm *rm, u16 vmid)
{
	struct life *l = life();
	int ret = begin(l, CALL_INIT);

	if (was_not_sent(ret) || l->dead)
		return ret;
	if (ret) {
		notify(l, GUNYAH_RM_VM_STATUS_INIT_FAILED);
		return ret;
	}
	if (l->state != GUNYAH_RM_VM_STATUS_INIT)
		return wrong_state(l);
	notify(l, GUNYAH_RM_VM_STATUS_READY);
	return 0;
}

static int fake_start(struct gunyah_rm *rm, u16 vmid)
{
	struct life *l = life();
	int ret = begin(l, CALL_START);

	if (was_not_sent(ret) || l->dead)
		return ret;
	if (ret) {
		notify(l, GUNYAH_RM_VM_STATUS_INIT_FAILED);
		return ret;
	}
	if (l->state != GUNYAH_RM_VM_STATUS_READY)
		return wrong_state(l);
	notify(l, GUNYAH_RM_VM_STATUS_RUNNING);
	if (l->exited_during_start)
		notify_exited(l, 1);
	return l->denies_start ? -EPERM : 0;
}

static int fake_stop(struct gunyah_rm *rm, u16 vmid)
{
	struct life *l = life();
	int ret = begin(l, CALL_STOP);

	if (ret)
		return ret;
	if (l->state != GUNYAH_RM_VM_STATUS_RUNNING)
		return wrong_state(l);
	notify_exited(l, 7);
	return 0;
}

static int fake_reset(struct gunyah_rm *rm, u16 vmid)
{
	struct life *l = life();
	int ret = begin(l, CALL_RESET);

	if (ret)
		return ret;
	if (l->config_failed)
		fatal("reset after a failed configuration");
	switch (l->state) {
	case GUNYAH_RM_VM_STATUS_READY:
	case GUNYAH_RM_VM_STATUS_INIT_FAILED:
	case GUNYAH_RM_VM_STATUS_EXITED:
		notify(l, GUNYAH_RM_VM_STATUS_RESETTING);
		notify(l, GUNYAH_RM_VM_STATUS_RESET);
		return 0;
	case GUNYAH_RM_VM_STATUS_LOAD:
		fatal("reset in LOAD");
		return -ETIMEDOUT;
	case GUNYAH_RM_VM_STATUS_RESET:
		fatal("reset twice");
		return -ETIMEDOUT;
	default:
		return wrong_state(l);
	}
}

static int fake_listen(struct gunyah_rm *rm, struct gunyah_rm_listener *listener)
{
	life()->listening = true;
	return 0;
}

static void fake_unlisten(struct gunyah_rm *rm, struct gunyah_rm_listener *listener)
{
	life()->listening = false;
}

static void fake_flush(struct gunyah_rm *rm)
{
	struct life *l = life();

	if (l->exited_on_its_way)
		notify_exited(l, 1);
	l->exited_on_its_way = false;
}

static bool fake_is_dead(struct gunyah_rm *rm)
{
	return life()->dead;
}

static struct device *fake_dev(struct gunyah_rm *rm)
{
	return life()->dev;
}

static void on_changed(struct gunyah_vm_rm *v, enum gunyah_vm_rm_state state)
{
	container_of(v, struct life, v)->changes++;
}

static void on_drain(struct gunyah_vm_rm *v)
{
	note(container_of(v, struct life, v), 'd');
}

static bool on_reclaim(struct gunyah_vm_rm *v, bool lost)
{
	struct life *l = container_of(v, struct life, v);

	note(l, lost ? 'x' : 'r');
	/* R58: not in RUNNING, EXITED or RESETTING. */
	if (!lost && (l->state == GUNYAH_RM_VM_STATUS_RUNNING ||
		      l->state == GUNYAH_RM_VM_STATUS_EXITED ||
		      l->state == GUNYAH_RM_VM_STATUS_RESETTING))
		KUNIT_FAIL(kunit_get_current_test(), "reclaimed in state %d", l->state);
	return !lost && !l->leaks;
}

static const struct gunyah_vm_rm_ops ops = {
	.changed = on_changed,
	.drain = on_drain,
	.reclaim = on_reclaim,
};

static int life_init(struct kunit *test)
{
	struct life *l = kunit_kzalloc(test, sizeof(*l), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, l);
	l->dev = kunit_device_register(test, "fake-rm");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, l->dev);
	l->fail = CALLS;
	gunyah_vm_rm_setup(&l->v, NULL, &ops, &l->stats);
	l->v.limit_ms = 20;
	l->v.refusal_ms = 10;
	test->priv = l;

	kunit_activate_static_stub(test, gunyah_rm_alloc_vmid, fake_alloc);
	kunit_activate_static_stub(test, gunyah_rm_dealloc_vmid, fake_dealloc);
	kunit_activate_static_stub(test, gunyah_rm_vm_configure, fake_configure);
	kunit_activate_static_stub(test, gunyah_rm_vm_init, fake_init);
	kunit_activate_static_stub(test, gunyah_rm_vm_start, fake_start);
	kunit_activate_static_stub(test, gunyah_rm_vm_stop, fake_stop);
	kunit_activate_static_stub(test, gunyah_rm_vm_reset, fake_reset);
	kunit_activate_static_stub(test, gunyah_rm_listen, fake_listen);
	kunit_activate_static_stub(test, gunyah_rm_unlisten, fake_unlisten);
	kunit_activate_static_stub(test, gunyah_rm_flush_notifications, fake_flush);
	kunit_activate_static_stub(test, gunyah_rm_is_dead, fake_is_dead);
	kunit_activate_static_stub(test, gunyah_rm_dev, fake_dev);
	return 0;
}

/* Go as far as @last, or to the first error, and return it. */
static int go(struct life *l, enum fake_call last)
{
	const struct gunyah_vm_image image = { .handle = HANDLE };
	int ret;

	ret = gunyah_vm_rm_alloc(&l->v);
	if (!ret && last >= CALL_CONFIG)
		ret = gunyah_vm_rm_configure(&l->v, &image, 0, 0);
	if (!ret && last >= CALL_INIT)
		ret = gunyah_vm_rm_init(&l->v);
	if (!ret && last >= CALL_START)
		ret = gunyah_vm_rm_start(&l->v);
	return ret;
}

struct end_case {
	const char *name;
	enum fake_call last;
	bool exits;
	const char *done;
};

static const struct end_case end_cases[] = {
	{ "from LOAD", CALL_ALLOC, false, "ArD" },
	{ "from INIT", CALL_CONFIG, false, "ACIdRrD" },
	{ "from READY", CALL_INIT, false, "ACIdRrD" },
	{ "from RUNNING", CALL_START, false, "ACISPdRrD" },
	{ "from EXITED", CALL_START, true, "ACISdRrD" },
};

KUNIT_ARRAY_PARAM_DESC(end, end_cases, name);

static void end(struct kunit *test)
{
	const struct end_case *c = test->param_value;
	struct life *l = test->priv;
	int i;

	/* Twice: nothing is left over from the first life. */
	for (i = 0; i < 2; i++) {
		memset(l->done, 0, sizeof(l->done));
		KUNIT_EXPECT_EQ(test, go(l, c->last), 0);
		if (c->exits)
			notify_exited(l, 1);
		KUNIT_EXPECT_EQ(test, gunyah_vm_rm_end(&l->v), 0);
		KUNIT_EXPECT_STREQ(test, l->done, c->done);
		KUNIT_EXPECT_EQ(test, gunyah_vm_rm_state(&l->v), GUNYAH_VM_RM_NONE);
		KUNIT_EXPECT_FALSE(test, l->allocated);
		KUNIT_EXPECT_FALSE(test, l->listening);
		KUNIT_EXPECT_EQ(test, l->v.vmid, 0);
	}
	KUNIT_EXPECT_EQ(test, l->wrong, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->stats.vmids), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->stats.lost), 0);
}

/* R57, R58: VM_EXITED was received, but the worker has not told it yet */
static void no_stop_after_exited(struct kunit *test)
{
	struct life *l = test->priv;

	KUNIT_ASSERT_EQ(test, go(l, CALL_START), 0);
	l->exited_on_its_way = true;
	gunyah_vm_rm_end(&l->v);
	KUNIT_EXPECT_STREQ(test, l->done, "ACISdRrD");
	KUNIT_EXPECT_EQ(test, l->wrong, 0);
}

static void end_of_nothing(struct kunit *test)
{
	struct life *l = test->priv;

	KUNIT_EXPECT_EQ(test, gunyah_vm_rm_end(&l->v), 0);
	KUNIT_EXPECT_STREQ(test, l->done, "");
}

struct fail_case {
	const char *name;
	enum fake_call fail;
	int ret;
	unsigned int times;
	const char *done;
	int vmids;
	int lost;
	int end;
};

/* go(START), then end; where the failing call is of the end, go() succeeds. */
static const struct fail_case fail_cases[] = {
	{ "ALLOC refused", CALL_ALLOC, -ENODEV, 1, "A", 0, 0, 0 },
	{ "ALLOC torn", CALL_ALLOC, -EIO, 1, "A", 1, 0, 0 },
	{ "CONFIG refused", CALL_CONFIG, -EINVAL, 1, "ACr", 1, 0, 0 },
	{ "CONFIG not sent, killed", CALL_CONFIG, -EINTR, 1, "ACrD", 0, 0, 0 },
	{ "CONFIG not sent", CALL_CONFIG, -ECOMM, 1, "ACrD", 0, 0, 0 },
	{ "CONFIG not answered", CALL_CONFIG, -ETIMEDOUT, 1, "ACdx", 1, 1, -ETIMEDOUT },
	{ "INIT refused", CALL_INIT, -ENODEV, 1, "ACIdRrD", 0, 0, 0 },
	{ "INIT not sent, killed", CALL_INIT, -EINTR, 1, "ACIIdRrD", 0, 0, 0 },
	{ "INIT not sent", CALL_INIT, -ECOMM, 1, "ACIIdRrD", 0, 0, 0 },
	{ "INIT never sent", CALL_INIT, -ECOMM, 9, "ACIIdx", 1, 1, -EIO },
	{ "INIT not answered", CALL_INIT, -ETIMEDOUT, 1, "ACIdx", 1, 1, -ETIMEDOUT },
	{ "START refused", CALL_START, -EPERM, 1, "ACISdRrD", 0, 0, 0 },
	{ "START not sent", CALL_START, -ECOMM, 1, "ACISdRrD", 0, 0, 0 },
	{ "START not answered", CALL_START, -ETIMEDOUT, 1, "ACISdx", 1, 1, -ETIMEDOUT },
	{ "STOP refused once", CALL_STOP, -EINVAL, 1, "ACISPPdRrD", 0, 0, 0 },
	{ "STOP refused", CALL_STOP, -EINVAL, 9, "ACISPPdx", 1, 1, -ETIMEDOUT },
	{ "STOP not answered", CALL_STOP, -ETIMEDOUT, 1, "ACISPdx", 1, 1, -ETIMEDOUT },
	{ "RESET refused once", CALL_RESET, -EINVAL, 1, "ACISPdRRrD", 0, 0, 0 },
	{ "RESET refused", CALL_RESET, -EINVAL, 9, "ACISPdRRx", 1, 1, -EIO },
	{ "RESET not answered", CALL_RESET, -ETIMEDOUT, 1, "ACISPdRx", 1, 1, -ETIMEDOUT },
	{ "DEALLOC refused", CALL_DEALLOC, -EINVAL, 1, "ACISPdRrD", 1, 0, 0 },
	{ "DEALLOC not answered", CALL_DEALLOC, -ETIMEDOUT, 1, "ACISPdRrD", 1, 0, -ETIMEDOUT },
};

KUNIT_ARRAY_PARAM_DESC(fail, fail_cases, name);

static void fail(struct kunit *test)
{
	const struct fail_case *c = test->param_value;
	struct life *l = test->priv;
	int ret;

	l->fail = c->fail;
	l->fail_ret = c->ret;
	l->fail_times = c->times;
	ret = go(l, CALL_START);
	KUNIT_EXPECT_EQ(test, ret, c->fail <= CALL_START ? c->ret : 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_rm_end(&l->v), c->end);
	/* It is not forgotten when there is no run any more. */
	KUNIT_EXPECT_EQ(test, gunyah_vm_rm_end(&l->v), c->end);
	KUNIT_EXPECT_STREQ(test, l->done, c->done);
	KUNIT_EXPECT_EQ(test, l->wrong, 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_rm_state(&l->v), GUNYAH_VM_RM_NONE);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->stats.vmids), c->vmids);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->stats.lost), c->lost);
	KUNIT_EXPECT_FALSE(test, l->listening);
}

/* R64: the vmid stands in the leaked parcel's access list: nobody gets it again. */
static void leaked_memory_keeps_the_vmid(struct kunit *test)
{
	static const struct end_case cases[] = {
		{ .last = CALL_ALLOC, .done = "Ar" },
		{ .last = CALL_START, .done = "ACISPdRr" },
	};
	struct life *l = test->priv;
	unsigned int i;

	l->leaks = true;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(l->done, 0, sizeof(l->done));
		KUNIT_EXPECT_EQ(test, go(l, cases[i].last), 0);
		KUNIT_EXPECT_EQ(test, gunyah_vm_rm_end(&l->v), -EIO);
		KUNIT_EXPECT_STREQ(test, l->done, cases[i].done);
		KUNIT_EXPECT_TRUE(test, l->allocated);
		KUNIT_EXPECT_FALSE(test, l->listening);
		KUNIT_EXPECT_EQ(test, atomic_read(&l->stats.vmids), i + 1);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&l->stats.lost), 0);
}

/* A stop that meets an exit: refused, and VM_EXITED is on its way (fact 9). */
static void stop_meets_exit(struct kunit *test)
{
	struct life *l = test->priv;

	KUNIT_EXPECT_EQ(test, go(l, CALL_START), 0);
	l->mute = true;
	notify_exited(l, 1);
	l->mute = false;
	KUNIT_EXPECT_EQ(test, gunyah_vm_rm_state(&l->v), GUNYAH_VM_RM_RUNNING);

	/* It never comes: after the limit the VM is lost, and not reset (R58). */
	KUNIT_EXPECT_EQ(test, gunyah_vm_rm_end(&l->v), -ETIMEDOUT);
	KUNIT_EXPECT_STREQ(test, l->done, "ACISPdx");
	KUNIT_EXPECT_EQ(test, atomic_read(&l->stats.lost), 1);
}

/* R23 */
static void reset_never_ends(struct kunit *test)
{
	struct life *l = test->priv;

	KUNIT_EXPECT_EQ(test, go(l, CALL_START), 0);
	notify_exited(l, 1);
	l->mute = true;
	KUNIT_EXPECT_EQ(test, gunyah_vm_rm_end(&l->v), -ETIMEDOUT);
	KUNIT_EXPECT_STREQ(test, l->done, "ACISdRx");
	KUNIT_EXPECT_EQ(test, atomic_read(&l->stats.lost), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->stats.vmids), 1);
}

static void reset_failed(struct kunit *test)
{
	struct life *l = test->priv;

	KUNIT_EXPECT_EQ(test, go(l, CALL_START), 0);
	notify(l, GUNYAH_RM_VM_STATUS_RESET_FAILED);
	KUNIT_EXPECT_EQ(test, gunyah_vm_rm_state(&l->v), GUNYAH_VM_RM_LOST);
	KUNIT_EXPECT_EQ(test, l->changes, 1);
	KUNIT_EXPECT_EQ(test, gunyah_vm_rm_end(&l->v), -EIO);
	KUNIT_EXPECT_STREQ(test, l->done, "ACISdx");
}

/* A reset that nobody asked for, begun or done: what is used of the VM is given up first. */
static void reset_unasked(struct kunit *test)
{
	struct life *l = test->priv;

	KUNIT_EXPECT_EQ(test, go(l, CALL_START), 0);
	notify_exited(l, 1);
	notify(l, GUNYAH_RM_VM_STATUS_RESETTING);
	notify(l, GUNYAH_RM_VM_STATUS_RESET);
	KUNIT_EXPECT_EQ(test, gunyah_vm_rm_end(&l->v), 0);
	KUNIT_EXPECT_STREQ(test, l->done, "ACISdrD");
}

static void reset_begun_unasked(struct kunit *test)
{
	struct life *l = test->priv;

	l->v.limit_ms = 10;
	KUNIT_EXPECT_EQ(test, go(l, CALL_START), 0);
	notify_exited(l, 1);
	notify(l, GUNYAH_RM_VM_STATUS_RESETTING);
	KUNIT_EXPECT_EQ(test, gunyah_vm_rm_end(&l->v), -ETIMEDOUT);
	KUNIT_EXPECT_STREQ(test, l->done, "ACISdx");
}

static void connection_dies(struct kunit *test)
{
	struct life *l = test->priv;

	KUNIT_EXPECT_EQ(test, go(l, CALL_START), 0);
	l->dead = true;
	l->v.listener.ops->dead(&l->v.listener);
	KUNIT_EXPECT_EQ(test, gunyah_vm_rm_state(&l->v), GUNYAH_VM_RM_LOST);
	KUNIT_EXPECT_EQ(test, gunyah_vm_rm_end(&l->v), -EIO);
	KUNIT_EXPECT_STREQ(test, l->done, "ACISdx");
}

static void exits_during_start(struct kunit *test)
{
	struct life *l = test->priv;

	l->exited_during_start = true;
	KUNIT_EXPECT_EQ(test, go(l, CALL_START), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_rm_state(&l->v), GUNYAH_VM_RM_EXITED);
	KUNIT_EXPECT_EQ(test, l->v.exited.type, 1);
	gunyah_vm_rm_end(&l->v);
	KUNIT_EXPECT_STREQ(test, l->done, "ACISdRrD");
}

/* R57: what was started is stopped before it is reset, and its owner can know of it */
static void start_denied(struct kunit *test)
{
	struct life *l = test->priv;
	int i;

	l->denies_start = true;
	for (i = 0; i < 2; i++) {
		memset(l->done, 0, sizeof(l->done));
		l->exited_during_start = i;
		KUNIT_EXPECT_EQ(test, go(l, CALL_START), -EPERM);
		KUNIT_EXPECT_TRUE(test, gunyah_vm_rm_has_started(&l->v));
		KUNIT_EXPECT_EQ(test, gunyah_vm_rm_end(&l->v), 0);
		KUNIT_EXPECT_STREQ(test, l->done, i ? "ACISdRrD" : "ACISPdRrD");
	}

	l->fail = CALL_START;
	l->fail_ret = -EPERM;
	l->fail_times = 1;
	KUNIT_EXPECT_EQ(test, go(l, CALL_START), -EPERM);
	KUNIT_EXPECT_FALSE(test, gunyah_vm_rm_has_started(&l->v));
	KUNIT_EXPECT_EQ(test, gunyah_vm_rm_end(&l->v), 0);
}

/* Notifications may come after the reply that made them old. */
static void late_notifications(struct kunit *test)
{
	static const enum gunyah_rm_vm_status old[] = {
		GUNYAH_RM_VM_STATUS_NO_STATE, GUNYAH_RM_VM_STATUS_INIT,
		GUNYAH_RM_VM_STATUS_READY, GUNYAH_RM_VM_STATUS_RUNNING,
		GUNYAH_RM_VM_STATUS_PAUSED, GUNYAH_RM_VM_STATUS_LOAD,
		GUNYAH_RM_VM_STATUS_AUTH, GUNYAH_RM_VM_STATUS_INIT_FAILED,
		GUNYAH_RM_VM_STATUS_EXITED, GUNYAH_RM_VM_STATUS_RESETTING,
		GUNYAH_RM_VM_STATUS_RESET, 255,
	};
	struct life *l = test->priv;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, go(l, CALL_START), 0);
	for (i = 0; i < ARRAY_SIZE(old); i++) {
		l->v.listener.ops->vm_status(&l->v.listener, old[i]);
		KUNIT_EXPECT_EQ(test, gunyah_vm_rm_state(&l->v), GUNYAH_VM_RM_RUNNING);
	}
	KUNIT_EXPECT_EQ(test, l->changes, 0);

	notify_exited(l, 5);
	KUNIT_EXPECT_EQ(test, l->changes, 1);
	/* The first one counts. */
	notify_exited(l, 7);
	KUNIT_EXPECT_EQ(test, l->v.exited.type, 5);
	KUNIT_EXPECT_EQ(test, l->changes, 1);
	l->v.listener.ops->vm_status(&l->v.listener, GUNYAH_RM_VM_STATUS_RUNNING);
	KUNIT_EXPECT_EQ(test, gunyah_vm_rm_state(&l->v), GUNYAH_VM_RM_EXITED);

	gunyah_vm_rm_end(&l->v);
	KUNIT_EXPECT_STREQ(test, l->done, "ACISdRrD");
}

/* A new run knows nothing of how the last one ended. */
static void clean_end_after_a_bad_one(struct kunit *test)
{
	struct life *l = test->priv;

	KUNIT_EXPECT_EQ(test, go(l, CALL_START), 0);
	l->leaks = true;
	KUNIT_EXPECT_EQ(test, gunyah_vm_rm_end(&l->v), -EIO);
	l->leaks = false;
	KUNIT_EXPECT_EQ(test, go(l, CALL_START), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_rm_end(&l->v), 0);
}

static struct kunit_case vm_rm_cases[] = {
	KUNIT_CASE_PARAM(end, end_gen_params),
	KUNIT_CASE(no_stop_after_exited),
	KUNIT_CASE(end_of_nothing),
	KUNIT_CASE_PARAM(fail, fail_gen_params),
	KUNIT_CASE(leaked_memory_keeps_the_vmid),
	KUNIT_CASE(stop_meets_exit),
	KUNIT_CASE(reset_never_ends),
	KUNIT_CASE(reset_failed),
	KUNIT_CASE(reset_unasked),
	KUNIT_CASE(reset_begun_unasked),
	KUNIT_CASE(connection_dies),
	KUNIT_CASE(exits_during_start),
	KUNIT_CASE(start_denied),
	KUNIT_CASE(late_notifications),
	KUNIT_CASE(clean_end_after_a_bad_one),
	{}
};

static struct kunit_suite vm_rm_suite = {
	.name = "gunyah_vm_rm",
	.init = life_init,
	.test_cases = vm_rm_cases,
};

kunit_test_suite(vm_rm_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("Tests of the life of Gunyah VMs at the resource manager");
MODULE_LICENSE("GPL");
