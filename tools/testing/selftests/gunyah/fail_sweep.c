// SPDX-License-Identifier: GPL-2.0-only
/*
 * Failure sweeps: on each way that works, everything that can fail fails, one
 * thing in each life, until there is no further one.
 *
 * What a failure costs is stated before it is made: nothing, but for what the
 * resource manager's ways out give up (the vmid after a failed CONFIG_IMAGE, a
 * vmid or a parcel that it did not take back, all that was lent when it stopped
 * answering).  The resource manager's count and the driver's have to say just
 * that.  The step that failed works when it is tried again, and so does the rest
 * of that life, where the failure did not take the memory or the connection.
 *
 * R20, R30, R57, R58, R64.
 */
#include "../kselftest_harness.h"
#include "lib/sweep.h"

#define VM_PAGES	(GUEST_SIZE / SZ_4K)
#define SHARED_PAGES	(SZ_2M / SZ_4K)

#define RM_NORESOURCE	2
#define HYP_DENIED	30

/* A way that works. */
struct path {
	const char *name;
	bool (*live)(struct life *l, const struct path *path);
	unsigned int nr_vcpus;
	bool share;
	bool off;
	/* Lends pages of 4K: the hypervisor's tables for them stay, and are not counted. */
	bool small_pages;
	/* The messages of a life. */
	const __u32 *order;
};

static bool live_create(struct life *l, const struct path *path)
{
	return life_open(l);
}

static bool live_memory(struct life *l, const struct path *path)
{
	return life_open(l) && life_memory(l) && life_small_memory(l);
}

static bool live_map(struct life *l, const struct path *path)
{
	return life_open(l) && life_memory(l) && life_map(l) && life_unmap(l);
}

static bool live_functions(struct life *l, const struct path *path)
{
	return life_open(l) && life_vcpus(l, 2) && life_remove_vcpu(l, 0) &&
	       life_vcpus(l, 2) && life_remove_vcpu(l, 1);
}

static bool live_start(struct life *l, const struct path *path)
{
	return life_open(l) && life_memory(l) && life_map(l) && life_vcpus(l, path->nr_vcpus) &&
	       life_start(l) && life_run(l);
}

/* The vCPU comes when the VM runs, goes, and comes again. */
static bool live_late(struct life *l, const struct path *path)
{
	l->vm.nr_vcpus = 1;
	return life_open(l) && life_memory(l) && life_map(l) && life_start(l) &&
	       life_vcpus(l, 1) && life_run(l) && life_remove_vcpu(l, 0) &&
	       life_vcpus(l, 1) && life_run(l);
}

/* With more pieces of memory than one message has room for. */
static bool live_pieces(struct life *l, const struct path *path)
{
	return life_open(l) && life_memory(l) && life_many_pieces(l) && life_map(l) &&
	       life_vcpus(l, 1) && life_start(l) && life_run(l);
}

static const __u32 stopped[] = {
	MSG_ALLOC_VMID, MSG_MEM_LEND, MSG_CONFIG_IMAGE, MSG_VM_INIT, MSG_GET_RESOURCES,
	MSG_VM_START, MSG_VM_STOP, MSG_VM_RESET, MSG_MEM_RECLAIM, MSG_DEALLOC_VMID, 0,
};

static const __u32 powered_off[] = {
	MSG_ALLOC_VMID, MSG_MEM_LEND, MSG_MEM_SHARE, MSG_CONFIG_IMAGE, MSG_VM_INIT,
	MSG_GET_RESOURCES, MSG_VM_START, MSG_VM_RESET, MSG_MEM_RECLAIM, MSG_MEM_RECLAIM,
	MSG_DEALLOC_VMID, 0,
};

static const __u32 no_message[] = { 0 };

static const struct path create_path = { "create", live_create, .order = no_message };
static const struct path memory_path = { "memory", live_memory, .share = true,
	.order = no_message };
static const struct path map_path = { "map", live_map, .share = true, .order = no_message };
static const struct path functions_path = { "functions", live_functions, .order = no_message };
static const struct path late_path = { "late functions", live_late, .order = stopped };
static const struct path start_1_path = { "1 vCPU", live_start, 1, .order = stopped };
static const struct path start_4_path = { "4 vCPUs", live_start, 4, .share = true, .off = true,
	.order = powered_off };

static const struct path pieces_path = { "many pieces", live_pieces, 1,
	.small_pages = true, .order = stopped };

/* One life; false when a step failed twice. */
static bool live(struct life *l, const struct path *path)
{
	bool ok;

	life_init(l);
	l->share = path->share;
	l->off = path->off;
	ok = path->live(l, path);
	life_close(l);
	return ok;
}

/* How a message fails. */
enum how {
	NOT_SENT,	/* the hypercall fails */
	REFUSED,	/* not done */
	DENIED,		/* done, and the answer is an error */
	TORN,		/* done, and the answer is none */
	HOWS,
};

static const char *const how_names[HOWS] = { "not sent", "refused", "done with an error", "torn" };

/* Memory of the parcel that the @nth message of that kind is about: the last comes back first. */
static unsigned int parcel_pages(const struct path *path, __u32 id, unsigned int nth)
{
	if (id == MSG_MEM_SHARE || (id == MSG_MEM_RECLAIM && path->share && nth == 1))
		return SHARED_PAGES;
	return VM_PAGES;
}

/* What is given up when the @nth message @id of a life fails. */
static struct cost cost_of(const struct path *path, enum how how, __u32 id, unsigned int nth)
{
	bool done = how == DENIED || how == TORN;
	struct cost cost = {};

	switch (id) {
	case MSG_ALLOC_VMID:
		/* Whose number is not known. */
		cost.vmids = done;
		break;
	case MSG_MEM_LEND:
	case MSG_MEM_SHARE:
		/* Whose handle is not known. */
		cost.parcels = done;
		cost.pages = done ? parcel_pages(path, id, nth) : 0;
		cost.leaked_pages = cost.pages;
		break;
	case MSG_CONFIG_IMAGE:
		cost.vmids = how != NOT_SENT;
		cost.lost_vmids = how != NOT_SENT;
		break;
	case MSG_MEM_RECLAIM:
		cost.leaked_pages = parcel_pages(path, id, nth);
		cost.pages = done ? 0 : cost.leaked_pages;
		cost.parcels = !done;
		break;
	case MSG_DEALLOC_VMID:
		cost.vmids = !done;
		cost.lost_vmids = 1;
		break;
	}
	return cost;
}

/* Is it a message of the end, whose errors nobody gets? */
static bool is_of_the_end(__u32 id)
{
	return id == MSG_VM_STOP || id == MSG_VM_RESET || id == MSG_MEM_RECLAIM ||
	       id == MSG_DEALLOC_VMID;
}

static int error_of(enum how how, __u32 id)
{
	if (is_of_the_end(id))
		return 0;
	return how == TORN ? -EIO : -ENODEV;
}

static unsigned int count_of(const struct path *path, __u32 id)
{
	unsigned int i, n = 0;

	for (i = 0; path->order[i]; i++)
		n += !id || path->order[i] == id;
	return n;
}

/* What was lost comes back to the host where it can; the driver's leaks stay. */
static bool recover(const struct cost *cost)
{
	static const struct cost nothing;

	if (!memcmp(cost, &nothing, sizeof(nothing)))
		return true;
	return control_revive(true) && control_reclaim() == cost->pages;
}

/* After a life with a failure: did it cost what was said, and end as was said? */
static bool as_stated(const char *what, const struct life *l, int error, int again,
		      const struct sweep_state *before, const struct cost *cost)
{
	struct sweep_state now = sweep_state();
	bool ok = sweep_same(what, before, cost, &now);

	if (l->error != error || l->again != again) {
		ksft_print_msg("%s: %s: error %d, then %d; not %d, then %d\n", what,
			       l->failed ?: "no step", l->error, l->again, error, again);
		ok = false;
	}
	if (control_read(CTL_RM_DEAD)) {
		ksft_print_msg("%s: the resource manager is dead\n", what);
		ok = false;
	}
	return ok;
}

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

FIXTURE_SETUP(sweep)
{
	struct life l;

	require_gunyah();
	require_control();
	control_clear(-1);
	/* The first start of all asks how memory is given: not in these counts. */
	ASSERT_TRUE(live(&l, variant->path));
	self->before = sweep_state();
}

FIXTURE_TEARDOWN(sweep)
{
	struct sweep_state now = sweep_state();

	control_clear(-1);
	EXPECT_TRUE(sweep_pool_same("all lives", &self->before, &now));
}

/* Nothing fails, nothing is left, and these are the messages. */
TEST_F_TIMEOUT(sweep, clean, 600)
{
	static const struct cost nothing;
	struct life l;
	unsigned int i;

	control_mark();
	ASSERT_TRUE(live(&l, variant->path));
	EXPECT_TRUE(as_stated("clean", &l, 0, 0, &self->before, &nothing));
	EXPECT_EQ(count_of(variant->path, 0), control_count(CTL_MSG, CTL_ANY));
	EXPECT_EQ(count_of(variant->path, 0), control_count(CTL_CALL, CALL_MSGQ_SEND));
	for (i = 0; variant->path->order[i]; i++)
		EXPECT_EQ(count_of(variant->path, variant->path->order[i]),
			  control_count(CTL_MSG, variant->path->order[i]));
}

/* One message @id fails, the @nth; false when it is not as stated. */
static bool message_point(const struct path *path, enum how how, __u32 id, unsigned int nth,
			  bool *fired)
{
	struct cost cost = cost_of(path, how, id, nth), nothing = {};
	struct sweep_state before = sweep_state();
	int rule, again, error;
	struct life l;
	char what[64];
	bool ok;

	if (path->small_pages)
		before.pool_pages = 0;
	snprintf(what, sizeof(what), "%s: message 0x%x, number %u", how_names[how], id, nth);
	if (how == TORN)
		rule = MSG_RULE(id, CTL_CUT, .nth = nth, .p = { 0, 8 });
	else
		rule = MSG_RULE(id, how == REFUSED ? CTL_REFUSE : CTL_REPLY_ERROR, .nth = nth,
				.p = { RM_NORESOURCE });
	live(&l, path);
	*fired = control_fired(rule);
	control_clear(rule);
	if (!*fired)
		return as_stated(what, &l, 0, 0, &before, &nothing);
	error = error_of(how, id);
	/* Memory that is lost does not start again. */
	again = error && cost.leaked_pages ? -EIO : 0;
	ok = as_stated(what, &l, error, again, &before, &cost);
	return recover(&cost) && ok;
}

/*
 * That lending failed has to be believed: memory that was lent all the same would
 * be used again.  The torn answer says neither.
 */
static enum how last_how(__u32 id)
{
	return id == MSG_MEM_LEND || id == MSG_MEM_SHARE ? TORN : DENIED;
}

/* R20, R57, R58, R64 */
TEST_F_TIMEOUT(sweep, messages, 600)
{
	const struct path *path = variant->path;
	unsigned int points[HOWS] = {}, i, nth;
	enum how how, hows[2] = { REFUSED };
	bool fired;
	__u32 id;

	for (i = 0; path->order[i]; i++) {
		id = path->order[i];
		if (i && path->order[i - 1] == id)
			continue;
		hows[1] = last_how(id);
		for (how = 0; how < 2; how++) {
			for (nth = 1, fired = true; fired; nth++) {
				EXPECT_TRUE(message_point(path, hows[how], id, nth, &fired));
				points[hows[how]] += fired;
			}
		}
	}
	ksft_print_msg("%s: %u messages: %u refused, %u done with an error, %u torn\n", path->name,
		       count_of(path, 0), points[REFUSED], points[DENIED], points[TORN]);
	EXPECT_EQ(count_of(path, 0), points[REFUSED]);
	EXPECT_EQ(count_of(path, 0), points[DENIED] + points[TORN]);
}

/* R51, R57, R64: a hypercall that sends fails, and with it its message, which is whole in it */
TEST_F_TIMEOUT(sweep, sends, 600)
{
	const struct path *path = variant->path;
	unsigned int nth, same, i;
	struct sweep_state before;
	struct cost cost;
	struct life l;
	int rule;
	__u32 id;

	for (nth = 1; path->order[nth - 1]; nth++) {
		id = path->order[nth - 1];
		for (i = 0, same = 0; i < nth; i++)
			same += path->order[i] == id;
		cost = cost_of(path, NOT_SENT, id, same);
		before = sweep_state();
		rule = CALL_RULE(CALL_MSGQ_SEND, CTL_CALL_RESULT, .nth = nth, .p = { HYP_DENIED });
		live(&l, path);
		EXPECT_EQ(1, control_fired(rule));
		control_clear(rule);
		EXPECT_TRUE(as_stated("send", &l, error_of(NOT_SENT, id), 0, &before, &cost)) {
			TH_LOG("at message 0x%x", id);
		}
		EXPECT_TRUE(recover(&cost));
	}
	rule = CALL_RULE(CALL_MSGQ_SEND, CTL_CALL_RESULT, .nth = nth, .p = { HYP_DENIED });
	live(&l, path);
	EXPECT_EQ(0, control_fired(rule));
	ksft_print_msg("%s: %u sends failed\n", path->name, nth - 1);
}

/* R12, R20: a vCPU that could not be run goes on where it was */
TEST_F_TIMEOUT(sweep, runs, 600)
{
	const struct path *path = variant->path;
	static const struct cost nothing;
	struct sweep_state before;
	unsigned int nth, count;
	struct life l;
	bool fired, over;
	int rule;

	for (nth = 1, fired = true; fired; nth++) {
		before = sweep_state();
		control_mark();
		rule = CALL_RULE(CALL_VCPU_RUN, CTL_CALL_RESULT, .nth = nth, .p = { HYP_DENIED });
		live(&l, path);
		count = control_count(CTL_CALL, CALL_VCPU_RUN);
		fired = control_fired(rule);
		control_clear(rule);
		/* One of the last ones may fail when the VM is over: its end comes first. */
		over = fired && !l.failed && nth + path->nr_vcpus >= count;
		EXPECT_TRUE(as_stated("vcpu_run", &l, fired && !over ? -EACCES : 0, 0, &before,
				      &nothing)) {
			TH_LOG("at the hypercall number %u", nth);
		}
	}
	/* An interrupt of the host may end one early: not all lives have the same number. */
	ksft_print_msg("%s: %u vcpu_run failed, the life without a failure had %u\n", path->name,
		       nth - 2, count);
	EXPECT_LE(count, nth - 2);
}

/* ---- the connection dies ---- */

/*
 * What is lost then, by how far the life got: all that was given and not taken
 * back.  That a parcel came back is known to the driver when it went on after
 * that, and so is the vmid.
 */
static struct cost cost_of_death(const struct path *path)
{
	unsigned int lent = control_count(CTL_MSG, MSG_MEM_LEND);
	unsigned int shared = control_count(CTL_MSG, MSG_MEM_SHARE);
	unsigned int back = control_count(CTL_MSG, MSG_MEM_RECLAIM);
	unsigned int given_back = control_count(CTL_MSG, MSG_DEALLOC_VMID);
	struct cost cost = {
		.pages = lent * VM_PAGES + shared * SHARED_PAGES,
		.parcels = lent + shared - back,
		.vmids = control_count(CTL_MSG, MSG_ALLOC_VMID) - given_back,
		.vms = control_count(CTL_MSG, MSG_VM_INIT) - control_count(CTL_MSG, MSG_VM_RESET),
		.lost_vms = lent && !given_back,
		.lost_vmids = lent,
	};
	unsigned int i;

	cost.leaked_pages = cost.pages;
	for (i = 1; i <= back; i++) {
		cost.pages -= parcel_pages(path, MSG_MEM_RECLAIM, i);
		if (i < back || given_back)
			cost.leaked_pages -= parcel_pages(path, MSG_MEM_RECLAIM, i);
	}
	return cost;
}

/* The machine as before, with a new connection, on which a VM has been. */
static bool reconnect(const struct path *path, const struct cost *cost)
{
	struct life l;

	return control_revive(true) && control_reclaim() == cost->pages && driver_unbind() &&
	       driver_bind() && live(&l, path);
}

/* After a life in which the connection died; @error: of the call that saw it, if one did. */
static bool died_as_stated(const char *what, const struct path *path, const struct life *l,
			   int error, const struct sweep_state *before)
{
	struct cost cost = cost_of_death(path);
	unsigned int tries;
	bool ok;

	if (l->vm_ran)
		error = 0;
	/* The resource manager ends by itself a reset that it has begun. */
	for (tries = 0; tries < 1000 && control_read(CTL_VMS) != before->rm.vms + cost.vms; tries++)
		usleep(1000);
	ok = as_stated(what, l, error, error ? -EIO : 0, before, &cost);
	return reconnect(path, &cost) && ok;
}

/* R23, R50, R51: nothing can be received any more */
TEST_F_TIMEOUT(sweep, receives, 600)
{
	const struct path *path = variant->path;
	static const struct cost nothing;
	struct sweep_state before;
	unsigned int nth, count;
	struct life l;
	bool fired, ok;
	int rule;

	for (nth = 1, fired = true; fired; nth++) {
		before = sweep_state();
		control_mark();
		rule = CALL_RULE(CALL_MSGQ_RECV, CTL_CALL_RESULT, .nth = nth, .p = { HYP_DENIED });
		live(&l, path);
		count = control_count(CTL_CALL, CALL_MSGQ_RECV);
		fired = control_fired(rule);
		control_clear(rule);
		if (fired)
			ok = died_as_stated("receive", path, &l, -EIO, &before);
		else
			ok = as_stated("receive", &l, 0, 0, &before, &nothing);
		EXPECT_TRUE(ok) {
			TH_LOG("at the hypercall number %u", nth);
		}
	}
	ksft_print_msg("%s: %u receives failed, the life without a failure had %u\n", path->name,
		       nth - 2, count);
	EXPECT_LE(count, nth - 2);
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
	ASSERT_TRUE(live(&l, self->path));
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
		live(&l, path);
		EXPECT_EQ(1, control_fired(rule));
		control_clear(rule);
		EXPECT_TRUE(died_as_stated("missing reply", path, &l, -ETIMEDOUT, &before));
	}
}

/* R64: memory that is half given comes back */
TEST_F_TIMEOUT(connection, many_pieces, 600)
{
	bool fired;
	struct life l;

	control_mark();
	ASSERT_TRUE(live(&l, &pieces_path));
	EXPECT_EQ(1, control_count(CTL_MSG, MSG_MEM_LEND));
	EXPECT_EQ(1, control_count(CTL_MSG, MSG_MEM_APPEND));
	EXPECT_TRUE(message_point(&pieces_path, REFUSED, MSG_MEM_LEND, 1, &fired));
	EXPECT_TRUE(fired);
	EXPECT_TRUE(message_point(&pieces_path, REFUSED, MSG_MEM_APPEND, 1, &fired));
	EXPECT_TRUE(fired);
	EXPECT_TRUE(message_point(&pieces_path, DENIED, MSG_MEM_APPEND, 1, &fired));
	EXPECT_TRUE(fired);
	EXPECT_TRUE(message_point(&pieces_path, TORN, MSG_MEM_APPEND, 1, &fired));
	EXPECT_TRUE(fired);
	EXPECT_TRUE(message_point(&pieces_path, REFUSED, MSG_MEM_APPEND, 2, &fired));
	EXPECT_FALSE(fired);
}

#define MSG_SET_DEMAND_PAGING	0x56000033

/* What a connection asks for once: it is made again, or its next VM starts. */
static bool connect_point(enum how how, __u32 id, int error)
{
	static const struct cost nothing;
	struct sweep_state before = sweep_state();
	unsigned int fired;
	bool bound, ok;
	struct life l;
	int rule;

	before.lost_vms = 0;
	before.lost_vmids = 0;
	if (!driver_unbind())
		return false;
	if (how == TORN)
		rule = MSG_RULE(id, CTL_CUT, .p = { 0, 8 });
	else
		rule = MSG_RULE(id, how == REFUSED ? CTL_REFUSE : CTL_REPLY_ERROR,
				.p = { RM_NORESOURCE });
	bound = driver_bind();
	ok = bound == (id != MSG_GET_VMID);
	if (!bound && !driver_bind())
		return false;
	live(&l, &start_1_path);
	fired = control_fired(rule);
	control_clear(rule);
	return as_stated("connect", &l, error, 0, &before, &nothing) && ok && fired == 1;
}

/* R30, R54: both messages of a connection, and that there are no others */
TEST_F_TIMEOUT(connection, its_messages, 600)
{
	enum how how;
	struct life l;

	ASSERT_TRUE(driver_unbind());
	control_mark();
	ASSERT_TRUE(driver_bind());
	EXPECT_EQ(1, control_count(CTL_MSG, CTL_ANY));
	EXPECT_EQ(1, control_count(CTL_MSG, MSG_GET_VMID));
	ASSERT_TRUE(live(&l, self->path));
	EXPECT_EQ(1 + 1 + count_of(self->path, 0), control_count(CTL_MSG, CTL_ANY));
	EXPECT_EQ(1, control_count(CTL_MSG, MSG_SET_DEMAND_PAGING));
	for (how = REFUSED; how < HOWS; how++) {
		EXPECT_TRUE(connect_point(how, MSG_GET_VMID, 0));
		/* Any answer but "unimplemented" is one that a newer resource manager may give. */
		EXPECT_TRUE(connect_point(how, MSG_SET_DEMAND_PAGING, how == TORN ? -EIO : 0));
	}
	ksft_print_msg("connection: 2 messages, 6 points\n");
	EXPECT_TRUE(driver_unbind() && driver_bind());
}

/* ---- allocations ---- */

FIXTURE(allocations)
{
	struct sweep_state before;
};

FIXTURE_VARIANT(allocations)
{
	const struct path *path;
};

FIXTURE_VARIANT_ADD(allocations, create) { .path = &create_path };
FIXTURE_VARIANT_ADD(allocations, memory) { .path = &memory_path };
FIXTURE_VARIANT_ADD(allocations, map) { .path = &map_path };
FIXTURE_VARIANT_ADD(allocations, functions) { .path = &functions_path };
FIXTURE_VARIANT_ADD(allocations, late_functions) { .path = &late_path };
FIXTURE_VARIANT_ADD(allocations, start_1_vcpu) { .path = &start_1_path };
FIXTURE_VARIANT_ADD(allocations, start_4_vcpus) { .path = &start_4_path };

FIXTURE_SETUP(allocations)
{
	struct life l;

	require_gunyah();
	require_control();
	if (!fail_nth_there())
		SKIP(return, "no fault injection in this kernel");
	control_clear(-1);
	mlockall(MCL_CURRENT);
	ASSERT_TRUE(live(&l, variant->path));
	self->before = sweep_state();
}

FIXTURE_TEARDOWN(allocations)
{
	fail_nth(0);
}

/* The kernel's caches decide how often it asks for pages: some lives have fewer. */
#define MISSES	4

/* R20, R30, R64: those of the driver in the calling thread */
TEST_F_TIMEOUT(allocations, of_the_caller, 600)
{
	static const struct cost nothing;
	unsigned int nth, misses = 0, points = 0, errors = 0;
	struct sweep_state now;
	struct life l;

	for (nth = 1; misses < MISSES; nth++) {
		fail_nth(nth);
		live(&l, variant->path);
		if (fail_nth_end()) {
			misses++;
		} else {
			misses = 0;
			points++;
		}
		now = sweep_state();
		EXPECT_TRUE(sweep_same("allocation", &self->before, &nothing, &now)) {
			TH_LOG("at the allocation number %u, in %s", nth, l.failed);
		}
		EXPECT_EQ(0, l.again) {
			TH_LOG("at the allocation number %u, in %s", nth, l.failed);
		}
		/* The core of interrupts does not say why it made no mapping. */
		EXPECT_TRUE(!l.error || l.error == -ENOMEM ||
			    (l.error == -ENODEV && !strcmp(l.failed, "VM_START"))) {
			TH_LOG("at the allocation number %u: %s: error %d", nth, l.failed, l.error);
		}
		errors += !!l.error;
	}
	ksft_print_msg("%s: %u allocations failed, %u calls with them\n", variant->path->name,
		       points, errors);
}

/* R30: the end of a VM, and what is received, need no memory */
TEST_F_TIMEOUT(allocations, of_others, 600)
{
	static const struct cost nothing;
	struct life l;
	unsigned int n;

	fail_workers(true);
	live(&l, variant->path);
	n = fail_workers_count();
	fail_workers(false);
	EXPECT_TRUE(as_stated("allocations of others", &l, 0, 0, &self->before, &nothing));
	ksft_print_msg("%s: %u allocations of workers failed\n", variant->path->name, n);
}

TEST_HARNESS_MAIN
