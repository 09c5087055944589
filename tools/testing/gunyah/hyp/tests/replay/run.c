// SPDX-License-Identifier: GPL-2.0-only
/*
 * vcpu_run and doorbells.
 *
 * When a slice ends is a matter of time: READY may come where the recording
 * has none, then the vCPU is run again; where the recording has a READY that
 * did not come here, the result is kept for the next line of that vCPU.  When
 * an interrupt follows the READY, it has to be there before it is taken.
 */

#include "replay.h"

#define STATE_READY		0
#define STATE_EXPECTS_WAKEUP	1
#define STATE_BLOCKED		3
#define STATE_VMMIO_WRITE	5

#define ERR_BUSY		31

#define SLICE_MS		20

/* The guest reports its own PC there, which is the recorded guest's. */
#define REPORT_ELR		0x9000e10UL
#define GUEST_TEXT		0x80000000UL
#define GUEST_TEXT_END		0x80100000UL

static struct {
	u64 cap;
	bool valid;
	struct run_result res;
} kept[8];

static void run_once(u64 cap, const u64 resume[4], struct run_result *res)
{
	timer_arm(SLICE_MS);
	hyp_vcpu_run(cap, resume, res);
	timer_stop();
	gic_poll();
}

static bool is_unready(const struct run_result *res)
{
	return !res->err && (res->state == STATE_READY || res->state == STATE_BLOCKED);
}

/* What a line wants of vcpu_run. */
struct wanted {
	u64 err, state;
	u32 intid;		/* behind a READY: this interrupt has come, 0 = none */
};

static bool is_wanted(const struct wanted *want, const struct run_result *res)
{
	/* Another CPU is in vcpu_run, or on its way there. */
	if (want->err == ERR_BUSY)
		return res->err == ERR_BUSY;
	if (want->err || res->err)
		return true;
	if (want->state == STATE_READY)
		return !is_unready(res) || !want->intid || gic_count(want->intid);
	if (res->state == STATE_EXPECTS_WAKEUP)
		return want->state == STATE_EXPECTS_WAKEUP;
	return !is_unready(res);
}

static void run_until(u64 cap, const u64 resume[4], const struct wanted *want,
		      struct run_result *res)
{
	static const u64 none[4];
	u64 end = now_ms() + WAIT_MS;

	run_once(cap, resume, res);
	while (!is_wanted(want, res) && now_ms() < end)
		run_once(cap, none, res);
}

/* The interrupt that the next line waits for, or 0. */
static u32 next_interrupt(const struct line *line)
{
	struct line next = *line;
	u32 len;
	const char *word;

	while (*next.at && *next.at != '\n')
		next.at++;
	if (!*next.at)
		return 0;
	next.at++;
	next_word(&next, &len);
	word = next_word(&next, &len);
	return word_is(word, len, "IRQ") ? (u32)next_number(&next) : 0;
}

static int slot_of(u64 cap)
{
	int i;

	for (i = 0; i < (int)ARRAY_SIZE(kept); i++) {
		if (kept[i].valid && kept[i].cap == cap)
			return i;
	}
	return -1;
}

static void keep(u64 cap, const struct run_result *res)
{
	int i;

	for (i = 0; i < (int)ARRAY_SIZE(kept); i++) {
		if (kept[i].valid)
			continue;
		kept[i].valid = true;
		kept[i].cap = cap;
		kept[i].res = *res;
		break;
	}
}

static bool same_data(const struct run_result *exp, const struct run_result *got)
{
	bool elr = exp->state == STATE_VMMIO_WRITE && exp->data[0] == REPORT_ELR &&
		   exp->data[2] >= GUEST_TEXT && exp->data[2] < GUEST_TEXT_END;
	u64 value = got->data[2];

	if (elr && value >= GUEST_TEXT && value < GUEST_TEXT_END)
		value = exp->data[2];
	return exp->data[0] == got->data[0] && exp->data[1] == got->data[1] &&
	       exp->data[2] == value;
}

static void compare(const struct line *line, const struct run_result *exp,
		    const struct run_result *got, bool invented)
{
	if (invented && exp->err && cap_error(got->err))
		return;
	if (exp->err != got->err)
		difference(line, "vcpu_run: error %lu expected, not %lu", exp->err, got->err);
	else if (exp->err)
		return;
	else if (exp->state != got->state)
		difference(line, "vcpu_run: state 0x%lx expected, not 0x%lx", exp->state,
			   got->state);
	else if (!same_data(exp, got))
		difference(line, "vcpu_run: data differ, 0x%lx and 0x%lx", exp->data[2],
			   got->data[2]);
	else
		return;
	print("#   found err %lu state 0x%lx data 0x%lx 0x%lx 0x%lx\n", got->err, got->state,
	      got->data[0], got->data[1], got->data[2]);
}

/* True when the first data word is "any". */
static bool read_result(struct line *line, struct run_result *res)
{
	struct line word;
	const char *data;
	u32 len;

	res->err = next_number(line);
	res->state = next_number(line);
	word = *line;
	data = next_word(&word, &len);
	res->data[0] = next_number(line);
	res->data[1] = next_number(line);
	res->data[2] = next_number(line);
	return word_is(data, len, "any");
}

/* ---- the other CPU ---- */

static struct remote {
	u64 cap, resume[4];
	struct wanted want;
	struct run_result res;
	u32 runs;
} remote;

static void remote_run(void *arg)
{
	(void)arg;
	run_until(remote.cap, remote.resume, &remote.want, &remote.res);
}

static void remote_loop(void *arg)
{
	static const u64 none[4];

	(void)arg;
	do {
		WRITE_ONCE(remote.runs, remote.runs + 1);
		run_once(remote.cap, none, &remote.res);
	} while (is_unready(&remote.res));
}

static bool wait_for_cpu(unsigned int cpu)
{
	u64 end = now_ms() + 2 * WAIT_MS;

	while (!cpu_is_idle(cpu)) {
		if (now_ms() > end)
			return false;
		idle();
	}
	return true;
}

/* The CPU is inside of vcpu_run when this returns, or about to be. */
void play_start(struct line *line)
{
	unsigned int cpu = (unsigned int)next_number(line);
	bool invented;

	remote.cap = cap_now(next_number(line), &invented);
	remote.runs = 0;
	if (!wait_for_cpu(cpu) || !cpu_call(cpu, remote_loop, NULL)) {
		difference(line, "CPU %lu can't be started", cpu, 0);
		return;
	}
	while (!READ_ONCE(remote.runs))
		idle();
	delay_ms(5);
}

void play_join(struct line *line)
{
	unsigned int cpu = (unsigned int)next_number(line);
	struct run_result exp;

	read_result(line, &exp);
	if (!wait_for_cpu(cpu))
		difference(line, "CPU %lu does not come back from vcpu_run", cpu, 0);
	else
		compare(line, &exp, &remote.res, false);
}

static void run_on(struct line *line, unsigned int cpu, u64 cap, const u64 resume[4],
		   const struct wanted *want, struct run_result *res)
{
	if (!cpu) {
		run_until(cap, resume, want, res);
		return;
	}
	remote.cap = cap;
	memcpy(remote.resume, resume, sizeof(remote.resume));
	remote.want = *want;
	if (!wait_for_cpu(cpu) || !cpu_call(cpu, remote_run, NULL) || !wait_for_cpu(cpu))
		difference(line, "CPU %lu can't run the vCPU", cpu, 0);
	*res = remote.res;
}

void play_run(struct line *line)
{
	unsigned int cpu = (unsigned int)next_number(line);
	struct run_result exp, res;
	struct wanted want;
	bool invented, any;
	u64 cap = cap_now(next_number(line), &invented);
	u64 resume[4];
	int slot, i;

	for (i = 0; i < 4; i++)
		resume[i] = cap_or_value(next_number(line));
	any = read_result(line, &exp);
	want = (struct wanted){ exp.err, exp.state, next_interrupt(line) };

	slot = slot_of(cap);
	if (slot >= 0)
		res = kept[slot].res;
	else
		run_on(line, cpu, cap, resume, &want, &res);

	if (!exp.err && exp.state == STATE_READY && !is_unready(&res) && !res.err) {
		if (slot < 0)
			keep(cap, &res);
		return;
	}
	if (slot >= 0)
		kept[slot].valid = false;
	if (any && res.data[0] <= 1)
		exp.data[0] = res.data[0];
	compare(line, &exp, &res, invented);
}

/* ---- doorbells ---- */

static void check(const struct line *line, bool invented, u64 err, u64 got, u64 value,
		  u64 found)
{
	if (invented ? !cap_error(got) : got != err)
		difference(line, "doorbell: error %lu expected, not %lu", err, got);
	else if (!err && value != found)
		difference(line, "doorbell: flags 0x%lx expected, not 0x%lx", value, found);
}

void play_send(struct line *line)
{
	bool invented;
	u64 cap = cap_now(next_number(line), &invented);
	u64 flags = next_number(line);
	u64 err = next_number(line);
	u64 old = next_number(line);
	u64 found = 0;
	u64 got = hyp_bell_send(cap, flags, &found);

	check(line, invented, err, got, old, found);
}

void play_mask(struct line *line)
{
	bool invented;
	u64 cap = cap_now(next_number(line), &invented);
	u64 enable = next_number(line);
	u64 ack = next_number(line);
	u64 err = next_number(line);

	check(line, invented, err, hyp_bell_set_mask(cap, enable, ack), 0, 0);
}

void play_receive(struct line *line)
{
	bool invented;
	u64 cap = cap_now(next_number(line), &invented);
	u64 clear = next_number(line);
	u64 err = next_number(line);
	u64 flags = next_number(line);
	u64 found = 0;
	u64 got = hyp_bell_receive(cap, clear, &found);

	check(line, invented, err, got, flags, found);
}
