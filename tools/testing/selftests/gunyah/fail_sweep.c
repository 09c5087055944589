// SPDX-License-Identifier: GPL-2.0-only
/*
 * Failure sweeps over messages and hypercalls: on each way that works, each of
 * them fails, one in each life, until there is no further one.  (Allocations:
 * fail_alloc.c; the driver's coming and going: fail_bind.c.)
 *
 * What a failure costs is stated before it is made (lib/path.c): nothing, but for
 * what the resource manager's ways out give up (the vmid after a failed
 * CONFIG_IMAGE, a vmid or a parcel that it did not take back, all that was lent
 * when it stopped answering).  The resource manager's count and the driver's have
 * to say just that.  The step that failed works when it is tried again, and so
 * does the rest of that life, where the failure did not take the memory or the
 * connection.
 *
 * R20, R30, R57, R58, R64.
 */
#include "../kselftest_harness.h"
#include "lib/points.h"
#include "lib/trace.h"
#include "lib/user_mem.h"

FIXTURE(sweep)
{
	struct sweep_state before;
};

FIXTURE_VARIANT(sweep)
{
	const struct path *path;
};

FIXTURE_VARIANT_ADD(sweep, start_1_vcpu) { .path = &start_1_path };
FIXTURE_VARIANT_ADD(sweep, start_4_vcpus) { .path = &start_4_path };
FIXTURE_VARIANT_ADD(sweep, late_functions) { .path = &late_path };
FIXTURE_VARIANT_ADD(sweep, reset) { .path = &reset_path };
FIXTURE_VARIANT_ADD(sweep, user_memory) { .path = &user_path };

FIXTURE_SETUP(sweep)
{
	struct life l;

	require_gunyah();
	require_control();
	if (variant->path == &user_path)
		require_user_mem();
	control_clear(-1);
	/* The first start of all asks how memory is given: not in these counts. */
	ASSERT_TRUE(path_live(&l, variant->path));
	self->before = sweep_state();
}

FIXTURE_TEARDOWN(sweep)
{
	struct sweep_state now = sweep_state();

	control_clear(-1);
	EXPECT_TRUE(sweep_pool_same("all lives", &self->before, &now));
}

static const char *const events[] = {
	"gunyah_rm/gunyah_rm_request", "gunyah_rm/gunyah_rm_reply",
	"gunyah_rm/gunyah_rm_notification",
	"gunyah/gunyah_vcpu_enter", "gunyah/gunyah_vcpu_exit", NULL,
};

/*
 * A clean life as the kernel's tracepoints count it, which know nothing of the
 * counts of the hypervisor.
 */
struct traced {
	unsigned int requests;
	unsigned int received;	/* replies and notifications */
	unsigned int runs;
	/*
	 * Runs that ended in an access of the agent.  The others come as it happens:
	 * an interrupt of the host ends one, and a vCPU that is off is run again for
	 * each interrupt that it gets before the VM's end is told.
	 */
	unsigned int accesses;
};

static bool trace_life(const struct path *path, struct life *l, struct traced *t)
{
	bool ok;

	trace_start(events, false);
	ok = path_live(l, path);
	trace_stop();
	t->requests = trace_count(" gunyah_rm_request: ");
	t->received = trace_count(" gunyah_rm_reply: ") + trace_count(" gunyah_rm_notification: ");
	t->runs = trace_count(" gunyah_vcpu_enter: ");
	t->accesses = trace_count(" error=0 state=0x4 ") + trace_count(" error=0 state=0x5 ");
	return ok;
}

/*
 * Nothing fails, nothing is left, and these are the messages and the hypercalls:
 * no kind of them is left out of the sweeps.
 */
TEST_F_TIMEOUT(sweep, clean, 600)
{
	const struct path *path = variant->path;
	static const struct cost nothing;
	unsigned int i, sends, receives, runs;
	struct traced t;
	struct life l;

	control_mark();
	ASSERT_TRUE(trace_life(path, &l, &t));
	EXPECT_TRUE(as_stated("clean", &l, 0, 0, &self->before, &nothing));
	sends = control_count(CTL_CALL, CALL_MSGQ_SEND);
	receives = control_count(CTL_CALL, CALL_MSGQ_RECV);
	runs = control_count(CTL_CALL, CALL_VCPU_RUN);
	ksft_print_msg("%s: %u sends, %u receives of %u, %u runs, %u of them to an access\n",
		       path->name, sends, receives, t.received, runs, t.accesses);
	for (i = 0; path->order[i]; i++)
		EXPECT_EQ(path_messages(path, path->order[i]),
			  control_count(CTL_MSG, path->order[i]));
	EXPECT_EQ(path_messages(path, 0), control_count(CTL_MSG, CTL_ANY));
	EXPECT_EQ(path_messages(path, 0), sends);
	EXPECT_EQ(path->nr_added, control_count(CTL_CALL, CALL_IDENTIFY));
	EXPECT_EQ(sends + receives + runs + path->nr_added, control_count(CTL_CALL, CTL_ANY));
	EXPECT_EQ(t.requests, sends);
	EXPECT_EQ(t.runs, runs);
	EXPECT_LE(t.received, receives);
}

/* R20, R57, R58, R64 */
TEST_F_TIMEOUT(sweep, messages, 600)
{
	EXPECT_TRUE(path_sweep_messages(variant->path));
}

/* R51, R57, R64: a hypercall that sends fails, and with it its message, which is whole in it */
TEST_F_TIMEOUT(sweep, sends, 600)
{
	EXPECT_TRUE(path_sweep_sends(variant->path));
}

/* One life in which the @nth hypercall @call fails, if there is one; returns how many it had. */
static unsigned int call_point(const struct path *path, unsigned int call, unsigned int nth,
			       struct life *l, bool *fired)
{
	unsigned int count;
	int rule;

	sweep_progress(path->name, nth);
	control_mark();
	rule = CALL_RULE(call, CTL_CALL_RESULT, .nth = nth, .p = { HYP_DENIED });
	path_live(l, path);
	count = control_count(CTL_CALL, call);
	*fired = control_fired(rule);
	control_clear(rule);
	return count;
}

/* R8: a vCPU that could not be run goes on where it was */
TEST_F_TIMEOUT(sweep, runs, 600)
{
	const struct path *path = variant->path;
	static const struct cost nothing;
	unsigned int nth, count, overs = 0;
	struct sweep_state before;
	struct traced t;
	struct life l;
	bool fired, over;

	ASSERT_TRUE(trace_life(path, &l, &t));
	for (nth = 1, fired = true; fired; nth++) {
		before = sweep_state();
		count = call_point(path, CALL_VCPU_RUN, nth, &l, &fired);
		/*
		 * One after the guest's last access may fail when the VM is over: its end
		 * comes first.
		 */
		over = fired && !l.failed && path->off;
		overs += over;
		EXPECT_TRUE(as_stated("vcpu_run", &l, fired && !over ? -EACCES : 0, 0, &before,
				      &nothing)) {
			TH_LOG("at the hypercall number %u", nth);
		}
	}
	/* Each life has the accesses; all else may be in one and not in the next. */
	ksft_print_msg("%s: %u vcpu_run failed, %u too late; a clean life: %u, %u to accesses\n",
		       path->name, nth - 2, overs, t.runs, t.accesses);
	EXPECT_LT(0, t.accesses);
	EXPECT_LE(t.accesses, nth - 2 - overs);
	EXPECT_LE(count, nth - 2);
}

/* R8: a hypervisor that schedules vCPUs itself, as far as one call says */
TEST_F_TIMEOUT(sweep, identifies, 600)
{
	const struct path *path = variant->path;
	static const struct cost nothing;
	struct sweep_state before;
	unsigned int nth;
	struct life l;
	int rule;

	for (nth = 1; nth <= path->nr_added + 1; nth++) {
		sweep_progress(path->name, nth);
		before = sweep_state();
		rule = CALL_RULE(CALL_IDENTIFY, CTL_CALL_RESULT, .nth = nth, .p = { 1 });
		path_live(&l, path);
		EXPECT_EQ(nth <= path->nr_added, control_fired(rule));
		control_clear(rule);
		EXPECT_TRUE(as_stated("identify", &l, nth <= path->nr_added ? -EOPNOTSUPP : 0, 0,
				      &before, &nothing));
	}
	ksft_print_msg("%s: %u identifies failed\n", path->name, nth - 2);
}

/* ---- the connection dies ---- */

/* R23, R50, R51: nothing can be received any more */
TEST_F_TIMEOUT(sweep, receives, 600)
{
	const struct path *path = variant->path;
	unsigned int points, last;
	struct traced t;
	struct life l;

	ASSERT_TRUE(trace_life(path, &l, &t));
	EXPECT_TRUE(path_sweep_receives(path, &points, &last));
	/* An interrupt may find the queue empty: not all lives have the same number. */
	ksft_print_msg("%s: %u receives failed, the life without a failure had %u\n", path->name,
		       points, last);
	EXPECT_LE(t.received, points);
	EXPECT_LE(last, points);
}

/* ---- doorbells ---- */

FIXTURE(bells)
{
	const struct path *path;
	struct sweep_state before;
};

FIXTURE_SETUP(bells)
{
	struct life l;

	require_gunyah();
	require_control();
	control_clear(-1);
	self->path = &events_path;
	ASSERT_TRUE(path_live(&l, self->path));
	self->before = sweep_state();
}

FIXTURE_TEARDOWN(bells)
{
	struct sweep_state now = sweep_state();

	control_clear(-1);
	EXPECT_TRUE(sweep_pool_same("all lives", &self->before, &now));
}

TEST_F_TIMEOUT(bells, clean, 600)
{
	static const struct cost nothing;
	struct life l;

	control_mark();
	ASSERT_TRUE(path_live(&l, self->path));
	EXPECT_TRUE(as_stated("clean", &l, 0, 0, &self->before, &nothing));
	EXPECT_EQ(0, l.lost_signals);
	EXPECT_EQ(self->path->nr_masks, control_count(CTL_CALL, CALL_BELL_SET_MASK));
	EXPECT_EQ(self->path->nr_signals, control_count(CTL_CALL, CALL_BELL_SEND));
	EXPECT_EQ(path_messages(self->path, 0), control_count(CTL_MSG, CTL_ANY));
}

/*
 * R45, R64: a doorbell that can't be rung loses that signal; one whose masks can't
 * be set is rung all the same.  No call has an errno for the one or the other.
 */
TEST_F_TIMEOUT(bells, calls, 600)
{
	static const struct { __u64 call; bool loses; } calls[] = {
		{ CALL_BELL_SET_MASK, false }, { CALL_BELL_SEND, true },
	};
	static const __u64 errors[] = { HYP_DENIED, 1, 50, 53, -1ULL };
	static const struct cost nothing;
	unsigned int i, nth, points = 0;
	struct life l;
	bool fired;
	int rule;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		for (nth = 1, fired = true; fired; nth++) {
			sweep_progress(self->path->name, nth);
			rule = CALL_RULE(calls[i].call, CTL_CALL_RESULT, .nth = nth,
					 .p = { errors[nth % ARRAY_SIZE(errors)] });
			path_live(&l, self->path);
			fired = control_fired(rule);
			control_clear(rule);
			EXPECT_TRUE(as_stated("doorbell", &l, 0, 0, &self->before, &nothing));
			EXPECT_EQ(fired && calls[i].loses, l.lost_signals) {
				TH_LOG("hypercall %#llx, number %u",
				       (unsigned long long)calls[i].call, nth);
			}
			points += fired;
		}
	}
	ksft_print_msg("%u calls of doorbells failed\n", points);
	EXPECT_EQ(self->path->nr_masks + self->path->nr_signals, points);
}

/* Ways on which there is nothing of all that. */
FIXTURE(quiet)
{
};

FIXTURE_VARIANT(quiet)
{
	const struct path *path;
};

FIXTURE_VARIANT_ADD(quiet, create) { .path = &create_path };
FIXTURE_VARIANT_ADD(quiet, memory) { .path = &memory_path };
FIXTURE_VARIANT_ADD(quiet, map) { .path = &map_path };
FIXTURE_VARIANT_ADD(quiet, functions) { .path = &functions_path };

FIXTURE_SETUP(quiet)
{
	require_gunyah();
	require_control();
	control_clear(-1);
}

FIXTURE_TEARDOWN(quiet)
{
}

/* Neither messages nor hypercalls, but for the question whether vCPUs can be run. */
TEST_F(quiet, no_points)
{
	const struct path *path = variant->path;
	struct sweep_state before = sweep_state();
	static const struct cost nothing;
	unsigned int nth;
	struct life l;

	control_mark();
	ASSERT_TRUE(path_live(&l, path));
	EXPECT_EQ(0, control_count(CTL_MSG, CTL_ANY));
	EXPECT_EQ(path->nr_added, control_count(CTL_CALL, CTL_ANY));
	EXPECT_EQ(path->nr_added, control_count(CTL_CALL, CALL_IDENTIFY));
	for (nth = 1; nth <= path->nr_added; nth++) {
		int rule = CALL_RULE(CALL_IDENTIFY, CTL_CALL_RESULT, .nth = nth, .p = { 1 });

		path_live(&l, path);
		EXPECT_EQ(1, control_fired(rule));
		control_clear(rule);
		EXPECT_TRUE(as_stated("identify", &l, -EOPNOTSUPP, 0, &before, &nothing));
	}
}

FIXTURE(connection)
{
	const struct path *path;
};

FIXTURE_SETUP(connection)
{
	struct life l;

	require_gunyah();
	require_control();
	control_clear(-1);
	self->path = &start_1_path;
	ASSERT_TRUE(path_live(&l, self->path));
}

FIXTURE_TEARDOWN(connection)
{
	control_clear(-1);
}

/* R50, R51: the answer never comes; two of all, because each is waited for ten seconds */
TEST_F_TIMEOUT(connection, missing_replies, 600)
{
	static const __u32 ids[] = { MSG_MEM_LEND, MSG_VM_STOP };
	const struct path *path = self->path;
	struct sweep_state before;
	unsigned int i;
	struct life l;
	int rule;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		before = sweep_state();
		control_mark();
		rule = MSG_RULE(ids[i], CTL_DROP_REPLY);
		path_live(&l, path);
		EXPECT_EQ(1, control_fired(rule));
		control_clear(rule);
		EXPECT_TRUE(died_as_stated("missing reply", path, &l, -ETIMEDOUT, &before));
	}
}

/* R51, R64: memory that is half given comes back */
TEST_F_TIMEOUT(connection, many_pieces, 600)
{
	static const __u32 ids[] = { MSG_MEM_LEND, MSG_MEM_APPEND, MSG_MEM_RECLAIM };
	const struct path *path = &pieces_path;
	enum how how;
	unsigned int i;
	struct life l;
	bool fired;

	control_mark();
	ASSERT_TRUE(path_live(&l, path));
	for (i = 0; path->order[i]; i++)
		EXPECT_EQ(1, control_count(CTL_MSG, path->order[i]));
	EXPECT_EQ(path_messages(path, 0), control_count(CTL_MSG, CTL_ANY));
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		for (how = REFUSED; how < HOWS; how++) {
			/* How many pages are in the first message depends on their places. */
			if (how > REFUSED && ids[i] == MSG_MEM_LEND)
				continue;
			EXPECT_TRUE(message_point(path, how, ids[i], 1, &fired));
			EXPECT_TRUE(fired);
		}
		EXPECT_TRUE(message_point(path, REFUSED, ids[i], 2, &fired));
		EXPECT_FALSE(fired);
	}
}

/* R51, R64: pieces that could not be sent; in the middle of MEM_LEND they are alike */
TEST_F_TIMEOUT(connection, many_pieces_sends, 600)
{
	const struct path *path = &pieces_path;
	unsigned int nth, sends, points = 0;
	struct sweep_state before;
	struct cost cost;
	struct life l;
	int rule;

	control_mark();
	ASSERT_TRUE(path_live(&l, path));
	sends = control_count(CTL_CALL, CALL_MSGQ_SEND);
	for (nth = 1; nth <= sends; nth++) {
		if (nth > 4 && nth + 20 < sends && nth % 8)
			continue;
		/* The last four are the end's, in one piece each. */
		cost = cost_of(path, NOT_SENT, nth == sends ? MSG_DEALLOC_VMID :
			       nth == sends - 1 ? MSG_MEM_RECLAIM : 0, 1);
		sweep_progress(path->name, nth);
		before = sweep_state();
		before.pool_pages = 0;
		rule = CALL_RULE(CALL_MSGQ_SEND, CTL_CALL_RESULT, .nth = nth, .p = { HYP_DENIED });
		path_live(&l, path);
		EXPECT_EQ(1, control_fired(rule));
		control_clear(rule);
		EXPECT_TRUE(as_stated("send", &l, nth + 4 > sends ? 0 : -ENODEV, 0, &before,
				      &cost)) {
			TH_LOG("at the piece number %u", nth);
		}
		EXPECT_TRUE(cost_recover(&cost));
		points++;
	}
	ksft_print_msg("many pieces: %u of %u sends failed\n", points, sends);
}

TEST_HARNESS_MAIN
