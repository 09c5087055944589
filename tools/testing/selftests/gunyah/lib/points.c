// SPDX-License-Identifier: GPL-2.0-only
/* See points.h. */
#include "alloc_fault.h"
#include "points.h"

bool as_stated(const char *what, const struct life *l, int error, int again,
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

/* ---- messages ---- */

static const char *const how_names[HOWS] = { "not sent", "refused", "done with an error", "torn" };

int message_rule(enum how how, __u32 id, unsigned int nth)
{
	if (how == TORN)
		return MSG_RULE(id, CTL_CUT, .nth = nth, .p = { 0, 8 });
	return MSG_RULE(id, how == REFUSED ? CTL_REFUSE : CTL_REPLY_ERROR, .nth = nth,
			.p = { RM_NORESOURCE });
}

bool message_point(const struct path *path, enum how how, __u32 id, unsigned int nth, bool *fired)
{
	struct cost cost = cost_of(path, how, id, nth), nothing = {};
	struct sweep_state before = sweep_state();
	struct life l;
	int rule, error;
	char what[64];
	bool ok;

	if (path->small_pages)
		before.pool_pages = 0;
	snprintf(what, sizeof(what), "%s: message 0x%x, number %u", how_names[how], id, nth);
	sweep_progress(what, nth);
	rule = message_rule(how, id, nth);
	path_live(&l, path);
	*fired = control_fired(rule);
	control_clear(rule);
	if (!*fired)
		return as_stated(what, &l, 0, 0, &before, &nothing);
	error = error_of(path, how, id, nth);
	ok = as_stated(what, &l, error, again_of(error, &cost), &before, &cost);
	return cost_recover(&cost) && ok;
}

/*
 * That lending failed has to be believed: memory that was lent all the same would
 * be used again.  The torn answer says neither.
 */
static bool may_be_denied(__u32 id)
{
	return id != MSG_MEM_LEND && id != MSG_MEM_SHARE;
}

/* Has the way of @path had the @i-th of its messages before? */
static bool was_before(const struct path *path, unsigned int i)
{
	unsigned int n;

	for (n = 0; n < i; n++)
		if (path->order[n] == path->order[i])
			return true;
	return false;
}

/* All messages @id, one failing in each life, in one way. */
static bool sweep_message(const struct path *path, enum how how, __u32 id, unsigned int *points)
{
	bool fired = true, ok = true;
	unsigned int nth;

	for (nth = 1; fired; nth++) {
		ok &= message_point(path, how, id, nth, &fired);
		points[how] += fired;
	}
	return ok;
}

bool path_sweep_messages(const struct path *path)
{
	unsigned int points[HOWS] = {}, all = path_messages(path, 0), torn, i;
	bool ok = true;
	__u32 id;

	for (i = 0, torn = 0; path->order[i]; i++) {
		id = path->order[i];
		torn += !may_be_denied(id);
		if (was_before(path, i))
			continue;
		ok &= sweep_message(path, REFUSED, id, points);
		if (may_be_denied(id))
			ok &= sweep_message(path, DENIED, id, points);
		if (!may_be_denied(id) || path->calls)
			ok &= sweep_message(path, TORN, id, points);
	}
	if (path->calls)
		torn = all;
	ksft_print_msg("%s: %u messages: %u refused, %u done with an error, %u torn\n", path->name,
		       all, points[REFUSED], points[DENIED], points[TORN]);
	return ok && points[REFUSED] == all && points[TORN] == torn &&
	       points[DENIED] + path_messages(path, MSG_MEM_LEND) +
	       path_messages(path, MSG_MEM_SHARE) == all;
}

/* The @nth send of all, which is the @same-th message @id. */
static bool send_point(const struct path *path, unsigned int nth, __u32 id, unsigned int same)
{
	struct cost cost = cost_of(path, NOT_SENT, id, same);
	struct sweep_state before = sweep_state();
	int rule, error = error_of(path, NOT_SENT, id, same);
	unsigned int fired;
	struct life l;
	char what[64];
	bool ok;

	snprintf(what, sizeof(what), "%s: message 0x%x, number %u", how_names[NOT_SENT], id, same);
	sweep_progress(path->name, nth);
	rule = CALL_RULE(CALL_MSGQ_SEND, CTL_CALL_RESULT, .nth = nth, .p = { HYP_DENIED });
	path_live(&l, path);
	fired = control_fired(rule);
	control_clear(rule);
	ok = as_stated(what, &l, error, again_of(error, &cost), &before, &cost);
	return cost_recover(&cost) && ok && fired == 1;
}

bool path_sweep_sends(const struct path *path)
{
	unsigned int nth, same, i, fired;
	bool ok = true;
	struct life l;
	int rule;

	for (nth = 1; path->order[nth - 1]; nth++) {
		for (i = 0, same = 0; i < nth; i++)
			same += path->order[i] == path->order[nth - 1];
		ok &= send_point(path, nth, path->order[nth - 1], same);
	}
	rule = CALL_RULE(CALL_MSGQ_SEND, CTL_CALL_RESULT, .nth = nth, .p = { HYP_DENIED });
	path_live(&l, path);
	fired = control_fired(rule);
	control_clear(rule);
	ksft_print_msg("%s: %u sends failed\n", path->name, nth - 1);
	return ok && !fired;
}

/* ---- the connection dies ---- */

/* The machine as before, with a new connection, on which a VM has been. */
static bool reconnect(const struct path *path, const struct cost *cost)
{
	struct life l;

	return control_revive(true) && control_reclaim() == cost->pages && driver_unbind() &&
	       driver_bind() && path_live(&l, path);
}

bool died_as_stated(const char *what, const struct path *path, const struct life *l, int error,
		    const struct sweep_state *before)
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

bool path_sweep_receives(const struct path *path, unsigned int *points, unsigned int *last)
{
	static const struct cost nothing;
	bool fired = true, ok = true;
	struct sweep_state before;
	unsigned int nth;
	struct life l;
	char what[32];
	int rule;

	for (nth = 1; fired; nth++) {
		snprintf(what, sizeof(what), "receive, number %u", nth);
		sweep_progress(path->name, nth);
		before = sweep_state();
		control_mark();
		rule = CALL_RULE(CALL_MSGQ_RECV, CTL_CALL_RESULT, .nth = nth, .p = { HYP_DENIED });
		path_live(&l, path);
		*last = control_count(CTL_CALL, CALL_MSGQ_RECV);
		fired = control_fired(rule);
		control_clear(rule);
		if (fired)
			ok &= died_as_stated(what, path, &l, -EIO, &before);
		else
			ok &= as_stated(what, &l, 0, 0, &before, &nothing);
	}
	*points = nth - 2;
	return ok;
}

/* ---- allocations ---- */

/* Some lives have fewer, see lib/alloc_fault.c. */
#define MISSES	4

/* A life in which the @nth fails. */
static bool alloc_point(const struct path *path, unsigned int nth,
			const struct sweep_state *before, unsigned int *errors, bool *fired)
{
	static const struct cost nothing;
	struct sweep_state now;
	struct life l;
	char what[32];
	bool ok;

	snprintf(what, sizeof(what), "allocation, number %u", nth);
	sweep_progress(path->name, nth);
	fail_nth(nth);
	path_live(&l, path);
	*fired = !fail_nth_end();
	now = sweep_state();
	ok = sweep_same(what, before, &nothing, &now) && !l.again;
	/* The core of interrupts does not say why it made no mapping. */
	ok &= !l.error || l.error == -ENOMEM ||
	      (l.error == -ENODEV && !strcmp(l.failed, "VM_START"));
	if (!ok)
		ksft_print_msg("%s: %s: error %d, then %d\n", what, l.failed ?: "no step",
			       l.error, l.again);
	*errors += !!l.error;
	return ok;
}

static bool clean_life(const struct path *path, struct alloc_count *count)
{
	struct life l;

	alloc_count_begin();
	path_live(&l, path);
	*count = alloc_count_end();
	if (!l.error && alloc_counts_agree(count))
		return true;
	ksft_print_msg("a clean life: error %d, allocations: traced %u, injector %u\n", l.error,
		       count->traced, count->injector);
	return false;
}

bool path_sweep_allocations(const struct path *path, const struct sweep_state *before)
{
	unsigned int nth, misses = 0, points = 0, errors = 0;
	const unsigned int step = alloc_step(2);
	struct alloc_count count;
	bool fired, ok;

	ok = clean_life(path, &count);
	for (nth = 1; misses < MISSES; nth += step) {
		ok &= alloc_point(path, nth, before, &errors, &fired);
		misses = fired ? 0 : misses + 1;
		points += fired;
	}
	ksft_print_msg("%s: %u allocations failed, %u calls with them\n", path->name, points,
		       errors);
	/* Each way makes a VM: there is always one. */
	return points && alloc_count_same(&count, points * step) && ok;
}

bool path_live_without_workers(const struct path *path, const struct sweep_state *before)
{
	static const struct cost nothing;
	unsigned int n;
	struct life l;
	bool failing;

	fail_workers(true);
	path_live(&l, path);
	n = fail_workers_count();
	/* What is not theirs to do needs none; that they would get none is seen besides. */
	failing = fail_workers_do();
	fail_workers(false);
	ksft_print_msg("%s: %u allocations of workers failed\n", path->name, n);
	if (!failing)
		ksft_print_msg("none of theirs would have failed\n");
	return as_stated("allocations of others", &l, 0, 0, before, &nothing) && failing;
}
