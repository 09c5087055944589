// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the resource manager's notifications: what they carry is checked
 * against their length, each VM sees its own in order, and nothing comes after
 * the end.
 */
#include <kunit/test.h>
#include <linux/hex.h>
#include <linux/module.h>
#include <linux/string.h>

#include "../rm_notify.h"
#include "../rm_wire.h"

#define VMID	128

/* A listener that writes down what it hears: 's' + status, 'x', 'd'. */
struct ear {
	struct gunyah_rm_listener l;
	unsigned int n;
	int heard[16];
	struct gunyah_rm_vm_exited exited;
};

#define HEARD_EXITED	100
#define HEARD_DEAD	200

static void hear(struct gunyah_rm_listener *l, int what)
{
	struct ear *ear = container_of(l, struct ear, l);

	if (ear->n < ARRAY_SIZE(ear->heard))
		ear->heard[ear->n++] = what;
}

static void hear_status(struct gunyah_rm_listener *l, enum gunyah_rm_vm_status status)
{
	hear(l, status);
}

static void hear_exited(struct gunyah_rm_listener *l, const struct gunyah_rm_vm_exited *exited)
{
	container_of(l, struct ear, l)->exited = *exited;
	hear(l, HEARD_EXITED);
}

static void hear_dead(struct gunyah_rm_listener *l)
{
	hear(l, HEARD_DEAD);
}

static const struct gunyah_rm_listener_ops ear_ops = {
	.vm_status = hear_status,
	.vm_exited = hear_exited,
	.dead = hear_dead,
};

struct fixture {
	struct gunyah_rm_notifier notifier;
	struct ear ear;
	struct ear other;
};

static int notify_init(struct kunit *test)
{
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	f->ear.l.ops = &ear_ops;
	f->ear.l.vmid = VMID;
	f->other.l.ops = &ear_ops;
	f->other.l.vmid = VMID + 1;
	test->priv = f;

	return gunyah_rm_notifier_init(&f->notifier);
}

static void notify_exit(struct kunit *test)
{
	struct fixture *f = test->priv;

	if (f && f->notifier.wq)
		gunyah_rm_notifier_stop(&f->notifier);
}

static void notify_hex(struct fixture *f, u32 msg_id, const char *hex)
{
	u8 payload[64];
	size_t size = strlen(hex) / 2;

	if (!hex2bin(payload, hex, size))
		gunyah_rm_notifier_queue(&f->notifier, msg_id, payload, size);
}

static void notify_status(struct fixture *f, u16 vmid, u8 status)
{
	struct gunyah_rm_vm_status_notification wire = {
		.vmid = cpu_to_le16(vmid),
		.vm_status = status,
	};

	gunyah_rm_notifier_queue(&f->notifier, GUNYAH_RM_VM_STATUS, &wire, sizeof(wire));
}

struct exited_case {
	const char *name;
	const char *payload;
	u16 type;
	u32 reason_size;
	u8 last;
};

/* As recorded (SYSTEM_OFF, forced stop, RESET2), and made longer or shorter. */
static const struct exited_case exited_cases[] = {
	{ "SYSTEM_OFF, recorded", "800001000400000000000000", 1, 4, 0 },
	{ "forced stop, recorded", "800007000400000000000000", 7, 4, 0 },
	{ "RESET2, recorded", "80000300100000000000000000000000cdab341200000000", 3, 16, 0 },
	{ "without a reason", "8000050000000000", 5, 0, 0 },
	{ "one byte of reason", "8000050001000000aa", 5, 1, 0xaa },
	{ "bytes behind the reason", "8000050001000000aabb", 5, 1, 0xaa },
	{ "a reason longer than any", "80000300110000000102030405060708090a0b0c0d0e0f1011",
	  3, 16, 0x10 },
};

KUNIT_ARRAY_PARAM_DESC(exited, exited_cases, name);

/* R22, R10: type, reason, and zeros behind it. */
static void exited(struct kunit *test)
{
	const struct exited_case *c = test->param_value;
	struct fixture *f = test->priv;

	KUNIT_ASSERT_EQ(test, gunyah_rm_notifier_listen(&f->notifier, &f->ear.l), 0);
	notify_hex(f, GUNYAH_RM_VM_EXITED, c->payload);
	flush_workqueue(f->notifier.wq);

	KUNIT_ASSERT_EQ(test, f->ear.n, 1);
	KUNIT_EXPECT_EQ(test, f->ear.heard[0], HEARD_EXITED);
	KUNIT_EXPECT_EQ(test, f->ear.exited.type, c->type);
	KUNIT_EXPECT_EQ(test, f->ear.exited.reason_size, c->reason_size);
	if (c->reason_size)
		KUNIT_EXPECT_EQ(test, f->ear.exited.reason[c->reason_size - 1], c->last);
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(f->ear.exited.reason + c->reason_size, 0,
					     sizeof(f->ear.exited.reason) - c->reason_size), NULL);
}

struct malformed_case {
	const char *name;
	u32 msg_id;
	const char *payload;
};

/* R22: the length bears out what it says, or it is dropped and counted. */
static const struct malformed_case malformed_cases[] = {
	{ "empty status", GUNYAH_RM_VM_STATUS, "" },
	{ "status one byte short", GUNYAH_RM_VM_STATUS, "80000000030000" },
	{ "empty exit", GUNYAH_RM_VM_EXITED, "" },
	{ "exit one byte short", GUNYAH_RM_VM_EXITED, "80000100000000" },
	{ "reason one byte short", GUNYAH_RM_VM_EXITED, "8000010004000000000000" },
	{ "reason of 4 GiB", GUNYAH_RM_VM_EXITED, "80000100ffffffff00000000" },
	{ "reason that wraps", GUNYAH_RM_VM_EXITED, "80000100f8ffffff00000000" },
};

KUNIT_ARRAY_PARAM_DESC(malformed, malformed_cases, name);

static void malformed(struct kunit *test)
{
	const struct malformed_case *c = test->param_value;
	struct fixture *f = test->priv;

	KUNIT_ASSERT_EQ(test, gunyah_rm_notifier_listen(&f->notifier, &f->ear.l), 0);
	notify_hex(f, c->msg_id, c->payload);
	flush_workqueue(f->notifier.wq);

	KUNIT_EXPECT_EQ(test, f->ear.n, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&f->notifier.malformed), 1);

	/* The next good one is heard. */
	notify_status(f, VMID, GUNYAH_RM_VM_STATUS_RUNNING);
	flush_workqueue(f->notifier.wq);
	KUNIT_EXPECT_EQ(test, f->ear.n, 1);
}

/* R22: each VM sees its own only, in order. */
static void own_in_order(struct kunit *test)
{
	static const int order[] = { GUNYAH_RM_VM_STATUS_RUNNING, GUNYAH_RM_VM_STATUS_EXITED,
				     HEARD_EXITED, GUNYAH_RM_VM_STATUS_RESETTING };
	struct fixture *f = test->priv;

	KUNIT_ASSERT_EQ(test, gunyah_rm_notifier_listen(&f->notifier, &f->ear.l), 0);
	KUNIT_ASSERT_EQ(test, gunyah_rm_notifier_listen(&f->notifier, &f->other.l), 0);

	notify_status(f, VMID, GUNYAH_RM_VM_STATUS_RUNNING);
	notify_status(f, VMID + 1, GUNYAH_RM_VM_STATUS_INIT);
	notify_status(f, VMID + 2, GUNYAH_RM_VM_STATUS_INIT);
	notify_status(f, VMID, GUNYAH_RM_VM_STATUS_EXITED);
	notify_hex(f, GUNYAH_RM_VM_EXITED, "800001000400000000000000");
	notify_status(f, VMID, GUNYAH_RM_VM_STATUS_RESETTING);
	flush_workqueue(f->notifier.wq);

	KUNIT_ASSERT_EQ(test, f->ear.n, ARRAY_SIZE(order));
	KUNIT_EXPECT_MEMEQ(test, f->ear.heard, order, sizeof(order));
	KUNIT_EXPECT_EQ(test, f->other.n, 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&f->notifier.unheard), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&f->notifier.delivered), 5);
}

/* A state that a newer resource manager may have is handed on as it is (R70). */
static void unknown_status(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_ASSERT_EQ(test, gunyah_rm_notifier_listen(&f->notifier, &f->ear.l), 0);
	notify_status(f, VMID, 99);
	flush_workqueue(f->notifier.wq);
	KUNIT_EXPECT_EQ(test, f->ear.heard[0], 99);
}

/* R22: what nobody listens to. */
static void counted_only(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_ASSERT_EQ(test, gunyah_rm_notifier_listen(&f->notifier, &f->ear.l), 0);
	notify_hex(f, GUNYAH_RM_MEM_RELEASED, "020000008000000000000000");
	notify_hex(f, 0x56100080, "00");
	flush_workqueue(f->notifier.wq);

	KUNIT_EXPECT_EQ(test, f->ear.n, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&f->notifier.released), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&f->notifier.ignored), 1);
}

/* R22 */
static void one_listener_a_vm(struct kunit *test)
{
	struct fixture *f = test->priv;

	f->other.l.vmid = VMID;
	KUNIT_EXPECT_EQ(test, gunyah_rm_notifier_listen(&f->notifier, &f->ear.l), 0);
	KUNIT_EXPECT_EQ(test, gunyah_rm_notifier_listen(&f->notifier, &f->other.l), -EEXIST);

	gunyah_rm_notifier_unlisten(&f->notifier, &f->ear.l);
	KUNIT_EXPECT_EQ(test, gunyah_rm_notifier_listen(&f->notifier, &f->other.l), 0);
}

/* R22, R54 */
static void nothing_after_unlisten(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_ASSERT_EQ(test, gunyah_rm_notifier_listen(&f->notifier, &f->ear.l), 0);
	notify_status(f, VMID, GUNYAH_RM_VM_STATUS_RUNNING);
	gunyah_rm_notifier_unlisten(&f->notifier, &f->ear.l);
	f->ear.n = 0;
	notify_status(f, VMID, GUNYAH_RM_VM_STATUS_EXITED);
	flush_workqueue(f->notifier.wq);
	KUNIT_EXPECT_EQ(test, f->ear.n, 0);
}

/* R58: a flush waits until all is told, and has nothing to wait for after the stop */
static void flush_tells(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_ASSERT_EQ(test, gunyah_rm_notifier_listen(&f->notifier, &f->ear.l), 0);
	notify_status(f, VMID, GUNYAH_RM_VM_STATUS_RUNNING);
	notify_status(f, VMID, GUNYAH_RM_VM_STATUS_EXITED);
	gunyah_rm_notifier_flush(&f->notifier);
	KUNIT_EXPECT_EQ(test, f->ear.n, 2);

	gunyah_rm_notifier_stop(&f->notifier);
	gunyah_rm_notifier_flush(&f->notifier);
	gunyah_rm_notifier_unlisten(&f->notifier, &f->ear.l);
}

/* R51, R54: dead() is the last callback, comes once, and to all. */
static void dead_is_last(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_ASSERT_EQ(test, gunyah_rm_notifier_listen(&f->notifier, &f->ear.l), 0);
	KUNIT_ASSERT_EQ(test, gunyah_rm_notifier_listen(&f->notifier, &f->other.l), 0);

	notify_status(f, VMID, GUNYAH_RM_VM_STATUS_RUNNING);
	gunyah_rm_notifier_queue_dead(&f->notifier);
	gunyah_rm_notifier_queue_dead(&f->notifier);
	notify_status(f, VMID, GUNYAH_RM_VM_STATUS_EXITED);
	flush_workqueue(f->notifier.wq);

	KUNIT_EXPECT_EQ(test, f->ear.n, 2);
	KUNIT_EXPECT_EQ(test, f->ear.heard[1], HEARD_DEAD);
	KUNIT_EXPECT_EQ(test, f->other.n, 1);
	KUNIT_EXPECT_EQ(test, f->other.heard[0], HEARD_DEAD);
}

/* R51 */
static void no_listener_on_the_dead(struct kunit *test)
{
	struct fixture *f = test->priv;

	gunyah_rm_notifier_queue_dead(&f->notifier);
	flush_workqueue(f->notifier.wq);
	KUNIT_EXPECT_EQ(test, gunyah_rm_notifier_listen(&f->notifier, &f->ear.l), -EIO);
}

/* R54: what was queued is told, then dead(); a listener may leave afterwards. */
static void stop_tells_all(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_ASSERT_EQ(test, gunyah_rm_notifier_listen(&f->notifier, &f->ear.l), 0);
	notify_status(f, VMID, GUNYAH_RM_VM_STATUS_EXITED);
	gunyah_rm_notifier_stop(&f->notifier);

	KUNIT_EXPECT_EQ(test, f->ear.n, 2);
	KUNIT_EXPECT_EQ(test, f->ear.heard[0], GUNYAH_RM_VM_STATUS_EXITED);
	KUNIT_EXPECT_EQ(test, f->ear.heard[1], HEARD_DEAD);
	gunyah_rm_notifier_unlisten(&f->notifier, &f->ear.l);
}

static struct kunit_case notify_cases[] = {
	KUNIT_CASE_PARAM(exited, exited_gen_params),
	KUNIT_CASE_PARAM(malformed, malformed_gen_params),
	KUNIT_CASE(own_in_order),
	KUNIT_CASE(unknown_status),
	KUNIT_CASE(counted_only),
	KUNIT_CASE(one_listener_a_vm),
	KUNIT_CASE(nothing_after_unlisten),
	KUNIT_CASE(flush_tells),
	KUNIT_CASE(dead_is_last),
	KUNIT_CASE(no_listener_on_the_dead),
	KUNIT_CASE(stop_tells_all),
	{}
};

static struct kunit_suite notify_suite = {
	.name = "gunyah_rm_notify",
	.init = notify_init,
	.exit = notify_exit,
	.test_cases = notify_cases,
};

kunit_test_suite(notify_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("Tests of the Gunyah resource manager's notifications");
MODULE_LICENSE("GPL");
