// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of several callers of the connection to the resource manager: one has
 * the wire, the others wait, and each can come to an end by itself.
 */
#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/unaligned.h>

#include "../rm_calls.h"
#include "fake_rm.h"

/* Any messages: the connection does not know them. */
#define MSG	0x51001234
#define OTHER	0x51004321

/* A caller with a thread of its own. */
struct caller {
	struct kunit *test;
	struct gunyah_rm *rm;
	struct gunyah_rm_message msg;
	struct task_struct *thread;
	int ret;
};

static int caller_thread(void *data)
{
	struct caller *caller = data;

	/* Static stubs follow this. */
	current->kunit_test = caller->test;
	allow_signal(SIGKILL);
	caller->ret = gunyah_rm_transfer(caller->rm, &caller->msg);

	while (!kthread_should_stop())
		fsleep(1000);

	return 0;
}

static unsigned int count_turns(struct gunyah_rm *rm)
{
	guard(spinlock)(&rm->lock);
	return list_count_nodes(&rm->turns);
}

/* Those counted are past the question whether somebody answers. */
static unsigned int count_requests(struct fake_rm *fake)
{
	guard(spinlock)(&fake->lock);
	return fake->requests;
}

/* Start a caller; on return it waits for the wire as the @position-th, or not if 0. */
static struct caller *start_any_caller(struct kunit *test, u32 id, unsigned int position,
				       bool killable)
{
	struct caller *caller = kunit_kzalloc(test, sizeof(*caller), GFP_KERNEL);
	struct fake_rm *fake = test->priv;

	KUNIT_ASSERT_NOT_NULL(test, caller);
	caller->test = test;
	caller->rm = fake->rm;
	caller->msg.id = id;
	caller->msg.killable = killable;
	caller->ret = 1;
	caller->thread = kthread_create(caller_thread, caller, "gunyah-caller");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, caller->thread);
	get_task_struct(caller->thread);
	wake_up_process(caller->thread);

	/* One that has come to its end takes no turn, nor does any when the connection dies. */
	while (count_turns(fake->rm) < position && READ_ONCE(caller->ret) == 1 &&
	       !gunyah_rm_is_dead(fake->rm))
		fsleep(1000);

	return caller;
}

static struct caller *start_caller(struct kunit *test, u32 id, unsigned int position)
{
	return start_any_caller(test, id, position, true);
}

/* Until it has come to its end, or @until. */
static void wait_for_caller(struct caller *caller, unsigned long until)
{
	while (READ_ONCE(caller->ret) == 1 && time_before(jiffies, until))
		fsleep(1000);
}

static int end_caller(struct caller *caller)
{
	while (READ_ONCE(caller->ret) == 1)
		fsleep(1000);

	kthread_stop(caller->thread);
	put_task_struct(caller->thread);

	return caller->ret;
}

/*
 * A caller whose request is on the wire, without an answer; the next requests
 * are answered at once.
 */
static struct caller *start_holder(struct kunit *test)
{
	struct fake_rm *fake = test->priv;
	struct caller *holder;

	fake->rm->reply_limit_ms = 60 * MSEC_PER_SEC;
	holder = start_caller(test, MSG, 0);
	while (!count_requests(fake))
		fsleep(1000);

	fake->answer = fake_rm_answer_ok;

	return holder;
}

static void answer_holder(struct fake_rm *fake)
{
	fake_rm_put_reply(fake, 0, NULL, 0);
	fake_rm_interrupt(fake);
}

static u32 sent_id(struct fake_rm *fake, unsigned int i)
{
	return get_unaligned_le32(fake->sent[i].data + 4);
}

/* R51, R59: one on the wire, the others after it in the order in which they came. */
static void callers_in_order(struct kunit *test)
{
	struct fake_rm *fake = test->priv;
	struct caller *holder = start_holder(test);
	struct caller *waiter[3];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(waiter); i++)
		waiter[i] = start_caller(test, OTHER + i, i + 1);
	KUNIT_EXPECT_EQ(test, fake->n_sent, 1);

	answer_holder(fake);
	KUNIT_EXPECT_EQ(test, end_caller(holder), 0);
	for (i = 0; i < ARRAY_SIZE(waiter); i++) {
		KUNIT_EXPECT_EQ(test, end_caller(waiter[i]), 0);
		KUNIT_EXPECT_EQ(test, sent_id(fake, i + 1), OTHER + i);
	}
	KUNIT_EXPECT_FALSE(test, gunyah_rm_is_dead(fake->rm));
}

/* R50: who waits too long for the wire goes, killable or not, and nobody is dead for it. */
static void waiter_has_a_limit(struct kunit *test)
{
	struct fake_rm *fake = test->priv;
	struct caller *holder = start_holder(test);
	struct caller *waiter[2];
	unsigned int i;

	fake->rm->queue_limit_ms = 20;
	for (i = 0; i < ARRAY_SIZE(waiter); i++) {
		waiter[i] = start_any_caller(test, OTHER, 0, i);
		wait_for_caller(waiter[i], jiffies + 10 * HZ);
		KUNIT_EXPECT_EQ(test, READ_ONCE(waiter[i]->ret), -ETIMEDOUT);
	}
	KUNIT_EXPECT_EQ(test, fake->n_sent, 1);
	KUNIT_EXPECT_FALSE(test, gunyah_rm_is_dead(fake->rm));

	answer_holder(fake);
	KUNIT_EXPECT_EQ(test, end_caller(holder), 0);
	/* Those that are still there. */
	for (i = 0; i < ARRAY_SIZE(waiter); i++)
		end_caller(waiter[i]);
	KUNIT_EXPECT_FALSE(test, gunyah_rm_is_dead(fake->rm));
}

/* R51: a killed one leaves the queue, the one behind it has its turn. */
static void waiter_killed(struct kunit *test)
{
	struct fake_rm *fake = test->priv;
	struct caller *holder = start_holder(test);
	struct caller *killed = start_caller(test, OTHER, 1);
	struct caller *other = start_caller(test, OTHER + 1, 2);

	send_sig(SIGKILL, killed->thread, 1);
	KUNIT_EXPECT_EQ(test, end_caller(killed), -EINTR);
	KUNIT_EXPECT_EQ(test, fake->n_sent, 1);

	answer_holder(fake);
	KUNIT_EXPECT_EQ(test, end_caller(holder), 0);
	KUNIT_EXPECT_EQ(test, end_caller(other), 0);
	KUNIT_EXPECT_EQ(test, sent_id(fake, 1), OTHER + 1);
	KUNIT_EXPECT_FALSE(test, gunyah_rm_is_dead(fake->rm));
}

/* R51: one whose request was sent is waited for, killed or not. */
static void holder_killed(struct kunit *test)
{
	struct fake_rm *fake = test->priv;
	struct caller *holder = start_holder(test);
	struct caller *waiter = start_caller(test, OTHER, 1);

	send_sig(SIGKILL, holder->thread, 1);
	msleep(20);
	KUNIT_EXPECT_EQ(test, READ_ONCE(holder->ret), 1);

	answer_holder(fake);
	KUNIT_EXPECT_EQ(test, end_caller(holder), 0);
	KUNIT_EXPECT_EQ(test, end_caller(waiter), 0);
}

/* R64: what undoes something is done by a killed thread too. */
static void killed_but_not_killable(struct kunit *test)
{
	struct fake_rm *fake = test->priv;
	struct caller *holder = start_holder(test);
	struct caller *waiter = start_any_caller(test, OTHER, 1, false);

	send_sig(SIGKILL, waiter->thread, 1);
	msleep(20);
	KUNIT_EXPECT_EQ(test, READ_ONCE(waiter->ret), 1);

	answer_holder(fake);
	KUNIT_EXPECT_EQ(test, end_caller(holder), 0);
	KUNIT_EXPECT_EQ(test, end_caller(waiter), 0);
}

/* R51: when the one on the wire has no reply, all who wait end at once. */
static void death_ends_waiters(struct kunit *test)
{
	struct fake_rm *fake = test->priv;
	struct caller *holder, *waiter[2];

	fake->rm->reply_limit_ms = 300;
	holder = start_caller(test, MSG, 0);
	while (!count_requests(fake))
		fsleep(1000);
	waiter[0] = start_caller(test, OTHER, 1);
	waiter[1] = start_caller(test, OTHER, 2);

	KUNIT_EXPECT_EQ(test, end_caller(holder), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, end_caller(waiter[0]), -EIO);
	KUNIT_EXPECT_EQ(test, end_caller(waiter[1]), -EIO);
	KUNIT_EXPECT_EQ(test, fake->n_sent, 1);
}

static int shutdown_thread(void *data)
{
	gunyah_rm_shutdown(data);

	while (!kthread_should_stop())
		fsleep(1000);

	return 0;
}

/* R54: unbind ends who waits, at once, lets the one on the wire end, then nothing works. */
static void unbind_with_callers(struct kunit *test)
{
	struct fake_rm *fake = test->priv;
	struct caller *holder = start_holder(test);
	struct caller *waiter = start_caller(test, OTHER, 1);
	struct gunyah_rm_message msg = { .id = OTHER };
	struct task_struct *closer;

	closer = kthread_run(shutdown_thread, fake->rm, "gunyah-closer");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, closer);
	wait_for_caller(waiter, jiffies + 10 * HZ);
	KUNIT_EXPECT_EQ(test, READ_ONCE(waiter->ret), -ENODEV);
	KUNIT_EXPECT_EQ(test, READ_ONCE(holder->ret), 1);

	answer_holder(fake);
	KUNIT_EXPECT_EQ(test, end_caller(holder), 0);
	end_caller(waiter);
	kthread_stop(closer);

	KUNIT_EXPECT_EQ(test, gunyah_rm_transfer(fake->rm, &msg), -ENODEV);
	KUNIT_EXPECT_EQ(test, fake->n_sent, 1);
}

/*
 * A fatal signal that comes with the turn: for killable ones.  The lock is not yet
 * taken then, and the turn was given.
 */
static long killed_with_turn(struct completion *turn, bool killable, long left)
{
	if (!wait_for_completion_timeout(turn, left))
		return 0;

	return killable ? -ERESTARTSYS : left;
}

/* A lost wire is found again here: the end of the connection would wait for it. */
static bool wire_is_free(struct gunyah_rm *rm)
{
	bool busy;

	scoped_guard(spinlock, &rm->lock) {
		busy = rm->busy;
		WRITE_ONCE(rm->busy, false);
	}

	return !busy;
}

/* R51: one that is killed as its turn comes hands it to the next, or the wire is free. */
static void killed_with_its_turn(struct kunit *test)
{
	struct gunyah_rm_message msg = { .id = OTHER + 2 };
	struct fake_rm *fake = test->priv;
	struct caller *holder, *killed, *other;

	kunit_activate_static_stub(test, gunyah_rm_wait_turn, killed_with_turn);
	fake->rm->queue_limit_ms = 10 * MSEC_PER_SEC;

	holder = start_holder(test);
	killed = start_caller(test, OTHER, 1);
	other = start_any_caller(test, OTHER + 1, 2, false);
	answer_holder(fake);
	KUNIT_EXPECT_EQ(test, end_caller(holder), 0);
	KUNIT_EXPECT_EQ(test, end_caller(killed), -EINTR);
	KUNIT_EXPECT_EQ(test, end_caller(other), 0);
	KUNIT_EXPECT_EQ(test, fake->n_sent, 2);
	KUNIT_EXPECT_EQ(test, sent_id(fake, 1), OTHER + 1);

	KUNIT_EXPECT_TRUE(test, wire_is_free(fake->rm));
	KUNIT_EXPECT_EQ(test, gunyah_rm_transfer(fake->rm, &msg), 0);
	KUNIT_EXPECT_FALSE(test, gunyah_rm_is_dead(fake->rm));
}

/* R51: the same with nobody behind it. */
static void killed_with_the_last_turn(struct kunit *test)
{
	struct gunyah_rm_message msg = { .id = OTHER + 2 };
	struct fake_rm *fake = test->priv;
	struct caller *holder, *killed;

	kunit_activate_static_stub(test, gunyah_rm_wait_turn, killed_with_turn);
	fake->rm->queue_limit_ms = 10 * MSEC_PER_SEC;

	holder = start_holder(test);
	killed = start_caller(test, OTHER, 1);
	answer_holder(fake);
	KUNIT_EXPECT_EQ(test, end_caller(holder), 0);
	KUNIT_EXPECT_EQ(test, end_caller(killed), -EINTR);

	KUNIT_EXPECT_TRUE(test, wire_is_free(fake->rm));
	KUNIT_EXPECT_EQ(test, gunyah_rm_transfer(fake->rm, &msg), 0);
	KUNIT_EXPECT_EQ(test, fake->n_sent, 2);
}

static int callers_init(struct kunit *test)
{
	test->priv = fake_rm_create(test);

	return 0;
}

/* A listener that takes its time. */
struct slow {
	struct gunyah_rm_listener listener;
	struct completion begun, go;
	bool waited;
	bool worker;
};

static void slow_status(struct gunyah_rm_listener *l, enum gunyah_rm_vm_status status)
{
	struct slow *slow = container_of(l, struct slow, listener);

	slow->worker = current->flags & PF_WQ_WORKER;
	complete(&slow->begun);
	slow->waited = wait_for_completion_timeout(&slow->go, 5 * HZ);
}

static void slow_exited(struct gunyah_rm_listener *l, const struct gunyah_rm_vm_exited *exited)
{
}

static void slow_dead(struct gunyah_rm_listener *l)
{
}

/* R22: while a notification is told, replies are received: it is told elsewhere. */
static void slow_listener(struct kunit *test)
{
	static const struct gunyah_rm_listener_ops ops = {
		.vm_status = slow_status,
		.vm_exited = slow_exited,
		.dead = slow_dead,
	};
	struct slow *slow = kunit_kzalloc(test, sizeof(*slow), GFP_KERNEL);
	struct gunyah_rm_message msg = { .id = MSG };
	struct fake_rm *fake = test->priv;

	KUNIT_ASSERT_NOT_NULL(test, slow);
	init_completion(&slow->begun);
	init_completion(&slow->go);
	slow->listener.ops = &ops;
	slow->listener.vmid = 0x80;
	KUNIT_ASSERT_EQ(test, gunyah_rm_listen(fake->rm, &slow->listener), 0);

	fake_rm_put_fragment(fake, GUNYAH_RM_TYPE_NOTIFICATION, 0, 0, GUNYAH_RM_VM_STATUS,
			     "\200\0\0\0\3\0\0", 8);
	fake_rm_interrupt(fake);
	KUNIT_EXPECT_GT(test, wait_for_completion_timeout(&slow->begun, 5 * HZ), 0);
	fake->answer = fake_rm_answer_ok;
	KUNIT_EXPECT_EQ(test, gunyah_rm_transfer(fake->rm, &msg), 0);

	complete(&slow->go);
	gunyah_rm_unlisten(fake->rm, &slow->listener);
	KUNIT_EXPECT_TRUE(test, slow->waited);
	KUNIT_EXPECT_TRUE(test, slow->worker);
}

static struct kunit_case callers_cases[] = {
	KUNIT_CASE(callers_in_order),
	KUNIT_CASE(waiter_has_a_limit),
	KUNIT_CASE(waiter_killed),
	KUNIT_CASE(killed_with_its_turn),
	KUNIT_CASE(killed_with_the_last_turn),
	KUNIT_CASE(holder_killed),
	KUNIT_CASE(killed_but_not_killable),
	KUNIT_CASE(death_ends_waiters),
	KUNIT_CASE(unbind_with_callers),
	KUNIT_CASE(slow_listener),
	{}
};

static struct kunit_suite callers_suite = {
	.name = "gunyah_rm_rpc_callers",
	.init = callers_init,
	.test_cases = callers_cases,
};

kunit_test_suite(callers_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("Tests of several callers of Gunyah's resource manager");
MODULE_LICENSE("GPL");
