// SPDX-License-Identifier: GPL-2.0-only
/*
 * Failure sweeps over the demand-paged flow: on each way that memory takes to a guest
 * and back, each message, each hypercall and each allocation fails, one in each life,
 * until there is no further one.  Only where the resource manager knows demand paging,
 * and with the test hypervisor.
 *
 * The ways (lib/paged_path.c): a start with lent and with shared memory, with a boot
 * context or with firmware; a touch of memory that the guest does not have;
 * VM_RECLAIM_MEM of both kinds, bindings that go and come while it runs, a hole in
 * what is shared; an end by the guest and one by the host.
 *
 * What a failure costs is stated before it is made.  While there is a later, it costs
 * nothing: the step says which errno, and works when it is done again.  At the end
 * of the VM it costs the piece, and the vmid with it; the hypervisor's count of pages
 * that are not the host's and the driver's count of leaks have to say just that.
 *
 * R20, R50, R51, R57, R58, R60, R64.
 */
#include "../kselftest_harness.h"
#include "lib/alloc_fault.h"
#include "lib/paged.h"
#include "lib/paged_path.h"
#include "lib/points.h"
#include "lib/trace.h"

static const struct cost nothing;

FIXTURE(sweep)
{
	const struct path *path;
	struct sweep_state before;
};

FIXTURE_VARIANT(sweep)
{
	const struct path *path;
};

FIXTURE_VARIANT_ADD(sweep, bindings) { .path = &paged_path };
FIXTURE_VARIANT_ADD(sweep, firmware) { .path = &firmware_path };

FIXTURE_SETUP(sweep)
{
	struct life l;

	require_paging();
	require_control();
	control_clear(-1);
	self->path = variant->path;
	/* The first start of all asks how memory is given: not in these counts. */
	ASSERT_TRUE(path_live(&l, self->path)) {
		TH_LOG("%s: error %d, then %d", l.failed, l.error, l.again);
	}
	self->before = sweep_state();
}

FIXTURE_TEARDOWN(sweep)
{
	struct sweep_state now = sweep_state();

	control_clear(-1);
	/* What was lost of a huge page leaves tables for the rest of it. */
	if (now.leaked_pages == self->before.leaked_pages)
		EXPECT_TRUE(sweep_pool_same("all lives", &self->before, &now));
	EXPECT_EQ(0, now.lent);
	EXPECT_EQ(0, now.shared);
}

static const char *const events[] = {
	"gunyah_rm/gunyah_rm_request", "gunyah/gunyah_mem_give", "gunyah/gunyah_mem_reclaim", NULL,
};

/*
 * Nothing fails, nothing is left, and these are the messages and the hypercalls, by
 * the hypervisor's count and by the kernel's tracepoints.
 */
TEST_F_TIMEOUT(sweep, clean, 600)
{
	const struct path *path = self->path;
	unsigned int gives, reclaims, i;
	struct life l;

	control_mark();
	trace_start(events, false);
	path_live(&l, path);
	trace_stop();
	EXPECT_TRUE(as_stated("clean", &l, 0, 0, &self->before, &nothing));
	for (i = 0; path->order[i]; i++)
		EXPECT_EQ(path_messages(path, path->order[i]),
			  control_count(CTL_MSG, path->order[i]));
	EXPECT_EQ(path_messages(path, 0), control_count(CTL_MSG, CTL_ANY));
	EXPECT_EQ(path_messages(path, 0), control_count(CTL_CALL, CALL_MSGQ_SEND));
	EXPECT_EQ(path_messages(path, 0), trace_count(" gunyah_rm_request: "));

	for (i = 0; i < PAGED_CALLS; i++)
		EXPECT_EQ(paged_calls(path, i), control_count(CTL_CALL, paged_call_number(i))) {
			TH_LOG("%s", paged_call_name(i));
		}
	gives = trace_count(" gunyah_mem_give: ");
	reclaims = trace_count(" gunyah_mem_reclaim: ");
	EXPECT_EQ(paged_calls(path, PAGED_MAP), gives);
	EXPECT_EQ(paged_calls(path, PAGED_UNMAP), reclaims);
	EXPECT_EQ(paged_calls(path, PAGED_DONATE), gives + reclaims);
	ksft_print_msg("%s: %u messages, %u pieces given, %u taken back\n", path->name,
		       path_messages(path, 0), gives, reclaims);
}

/* R20, R57, R58, R64 */
TEST_F_TIMEOUT(sweep, messages, 600)
{
	EXPECT_TRUE(path_sweep_messages(self->path));
}

/* R51, R57, R64 */
TEST_F_TIMEOUT(sweep, sends, 600)
{
	EXPECT_TRUE(path_sweep_sends(self->path));
}

/* R23, R50, R51: the connection dies, and what hypercalls can take back comes back */
TEST_F_TIMEOUT(sweep, receives, 600)
{
	unsigned int points, last;

	EXPECT_TRUE(path_sweep_receives(self->path, &points, &last));
	ksft_print_msg("%s: %u receives failed, the life without a failure had %u\n",
		       self->path->name, points, last);
	EXPECT_LE(path_messages(self->path, 0), points);
	EXPECT_LE(last, points);
}

/* R50, R51: the same with an answer that does not come; few, for each is waited for */
TEST_F_TIMEOUT(sweep, missing_replies, 600)
{
	static const __u32 ids[] = { MSG_SET_ADDRESS_LAYOUT, MSG_VM_RESET };
	struct sweep_state before;
	unsigned int i;
	struct life l;
	int rule;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		before = sweep_state();
		control_mark();
		rule = MSG_RULE(ids[i], CTL_DROP_REPLY);
		path_live(&l, self->path);
		EXPECT_EQ(1, control_fired(rule));
		control_clear(rule);
		EXPECT_TRUE(died_as_stated("missing reply", self->path, &l, -ETIMEDOUT, &before)) {
			TH_LOG("message 0x%x", ids[i]);
		}
	}
}

/*
 * What a hypercall answers, and what is said of that; the hypervisor that wants to be
 * asked again is asked for a while, then the guest asks.
 */
static const struct answer {
	const char *what;
	__u64 result;
	unsigned int times;
	int errors[AT_END + 1];
} answers[] = {
	{ "denied", HYP_DENIED, 1,
	  { [AT_START] = -ENODEV, [AT_FAULT] = -EACCES, [AT_CALL] = -EACCES } },
	{ "out of memory", HYP_NOMEM, 1,
	  { [AT_START] = -ENOMEM, [AT_FAULT] = -ENOMEM, [AT_CALL] = -ENOMEM } },
	{ "busy", HYP_BUSY, 1,
	  { [AT_START] = -ENODEV, [AT_FAULT] = -EBUSY, [AT_CALL] = -EBUSY } },
	{ "asked again in vain", HYP_RETRY, HYP_TRIES,
	  { [AT_START] = -ENODEV, [AT_FAULT] = 0, [AT_CALL] = -EAGAIN } },
};

/* A life in which the @nth hypercall @call says @answer; false when it is not as stated. */
static bool call_point(const struct path *path, enum paged_call call, unsigned int nth,
		       const struct answer *answer, bool *fired)
{
	const struct paged_point *p = &path->calls->points[call][nth - 1];
	struct cost cost = paged_cost(p);
	struct sweep_state before = sweep_state();
	char what[64];
	struct life l;
	bool ok;
	int rule;

	snprintf(what, sizeof(what), "%s: %s, number %u", answer->what, paged_call_name(call), nth);
	sweep_progress(what, nth);
	rule = CALL_RULE(paged_call_number(call), CTL_CALL_RESULT, .nth = nth,
			 .times = answer->times, .p = { answer->result });
	path_live(&l, path);
	*fired = control_fired(rule);
	control_clear(rule);
	ok = as_stated(what, &l, answer->errors[p->at], 0, &before, &cost);
	return cost_recover(&cost) && ok;
}

/* R60, R64 */
TEST_F_TIMEOUT(sweep, hypercalls, 600)
{
	unsigned int points[PAGED_CALLS] = {}, i, nth;
	const struct path *path = self->path;
	enum paged_call call;
	bool fired;

	for (i = 0; i < ARRAY_SIZE(answers); i++) {
		for (call = 0; call < PAGED_CALLS; call++) {
			for (nth = 1, fired = true; fired; nth++) {
				EXPECT_TRUE(call_point(path, call, nth, &answers[i], &fired));
				points[call] += fired;
			}
			EXPECT_EQ(paged_calls(path, call) + 2, nth) {
				TH_LOG("%s: %s", answers[i].what, paged_call_name(call));
			}
		}
	}
	ksft_print_msg("%s: of each of %zu kinds: %u donates, %u maps, %u unmaps failed\n",
		       path->name, ARRAY_SIZE(answers), points[PAGED_DONATE] / i,
		       points[PAGED_MAP] / i, points[PAGED_UNMAP] / i);
}

/*
 * R64: the hypervisor has no table more for the hypercall, if it wants one; what it
 * could give without it can take back without.
 */
TEST_F_TIMEOUT(sweep, no_table, 600)
{
	unsigned int points = 0, failed = 0, all = 0, nth;
	const struct path *path = self->path;
	struct sweep_state before;
	enum paged_call call;
	struct life l;
	bool fired;
	int rule;

	for (call = 0; call < PAGED_CALLS; call++) {
		all += paged_calls(path, call);
		for (nth = 1, fired = true; fired; nth++) {
			sweep_progress("no table", nth);
			before = sweep_state();
			rule = CALL_RULE(paged_call_number(call), CTL_CALL_NOMEM, .nth = nth);
			path_live(&l, path);
			fired = control_fired(rule);
			control_clear(rule);
			EXPECT_TRUE(as_stated("no table", &l, l.error ? -ENOMEM : 0, 0, &before,
					      &nothing)) {
				TH_LOG("%s, number %u", paged_call_name(call), nth);
			}
			points += fired;
			failed += !!l.error;
		}
	}
	ksft_print_msg("%s: %u hypercalls without tables, %u wanted some\n", path->name, points,
		       failed);
	EXPECT_EQ(all, points);
	EXPECT_LT(0, failed);
}

/* R64: asked again for a moment, nobody notices */
TEST_F_TIMEOUT(sweep, asked_again, 600)
{
	struct sweep_state before;
	enum paged_call call;
	struct life l;
	int rule;

	for (call = 0; call < PAGED_CALLS; call++) {
		before = sweep_state();
		rule = CALL_RULE(paged_call_number(call), CTL_CALL_RESULT,
				 .times = HYP_TRIES - 1, .p = { HYP_RETRY });
		path_live(&l, self->path);
		EXPECT_EQ(HYP_TRIES - 1, control_fired(rule));
		control_clear(rule);
		EXPECT_TRUE(as_stated("asked again", &l, 0, 0, &before, &nothing));
	}
}

/* A start fails that has given all its parcels, and then one of them does not come back. */
static bool undo_point(const struct path *path, enum how how, unsigned int nth)
{
	struct cost cost = cost_of(path, how, MSG_MEM_RECLAIM, nth);
	struct sweep_state before = sweep_state();
	int first, second;
	char what[64];
	struct life l;
	bool ok;

	snprintf(what, sizeof(what), "undo: MEM_RECLAIM, number %u, way %d", nth, how);
	first = MSG_RULE(MSG_VM_START, CTL_REFUSE, .p = { RM_NORESOURCE });
	second = message_rule(how, MSG_MEM_RECLAIM, nth);
	path_live(&l, path);
	ok = control_fired(first) == 1 && control_fired(second) == 1;
	control_clear(-1);
	ok &= as_stated(what, &l, -ENODEV, -EIO, &before, &cost);
	return cost_recover(&cost) && ok;
}

/* R20, R57, R64: the parcels of a start that was refused */
TEST_F_TIMEOUT(sweep, undo_of_a_start, 600)
{
	unsigned int parcels = path_messages(self->path, MSG_MEM_LEND), nth;
	enum how how;

	for (nth = 1; nth <= parcels; nth++) {
		for (how = REFUSED; how < HOWS; how++)
			EXPECT_TRUE(undo_point(self->path, how, nth));
	}
	ksft_print_msg("%s: %u parcels did not come back\n", self->path->name,
		       parcels * (HOWS - REFUSED));
}

/* R20, R30, R64 */
TEST_F_TIMEOUT(sweep, allocations, 600)
{
	if (!fail_nth_there())
		SKIP(return, "%s", fail_nth_why());
	mlockall(MCL_CURRENT);
	EXPECT_TRUE(path_sweep_allocations(self->path, &self->before));
	fail_nth(0);
}

/* R30, R64: the end of a VM, and what is received, need no memory */
TEST_F_TIMEOUT(sweep, allocations_of_others, 600)
{
	if (!fail_nth_there())
		SKIP(return, "%s", fail_nth_why());
	EXPECT_TRUE(path_live_without_workers(self->path, &self->before));
}

TEST_HARNESS_MAIN
