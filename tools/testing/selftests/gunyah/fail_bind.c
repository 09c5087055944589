// SPDX-License-Identifier: GPL-2.0-only
/*
 * Failure sweeps over the driver's coming and going: each allocation, hypercall
 * and message of bind, of unbind with a VM that runs, and of loading the modules
 * fails, one at a time.
 *
 * A bind that fails is an error and leaves nothing: no device, no interrupt, no
 * folder in debugfs.  Or it was not the connection that failed, but what the VM
 * manager makes on it: then the driver is bound, and unbinding it leaves nothing.
 * The next bind works, and a VM runs.  An unbind always ends, and costs what the
 * end of a VM costs (lib/path.c).
 *
 * R30, R54, R56, R57, R64, R80.
 */
#include <sys/syscall.h>

#include "../kselftest_harness.h"
#include "lib/alloc_fault.h"
#include "lib/points.h"

static const struct path *const path = &start_1_path;

/* True when nothing of an unbound driver is there; says what is. */
static bool nothing_left(void)
{
	static const char *const files[] = {
		DEVICE, "/sys/class/misc/gunyah", "/sys/kernel/debug/gunyah_rm",
		"/sys/kernel/debug/gunyah_vm", "/sys/bus/auxiliary/devices/gunyah_rm.vm.0",
	};
	char line[512];
	bool ok = true;
	unsigned int i;
	FILE *f;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		if (access(files[i], F_OK))
			continue;
		ksft_print_msg("%s is there\n", files[i]);
		ok = false;
	}
	f = fopen("/proc/interrupts", "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (!strstr(line, "gunyah_rm"))
			continue;
		ksft_print_msg("interrupt left: %s", line);
		ok = false;
	}
	if (f)
		fclose(f);
	return ok;
}

static bool a_vm_runs(void)
{
	struct life l;

	return path_live(&l, path) && !l.error;
}

/* Bound anew by a bind that nothing hits, with the counters as they were. */
static bool next_bind_works(const struct control_counters *before)
{
	struct control_counters now;

	if (!driver_bind() || !a_vm_runs())
		return false;
	now = control_counters();
	return !memcmp(before, &now, sizeof(now));
}

/* After a bind that something has hit: @ret is what it said. */
static bool left_by_bind(int ret)
{
	if (!ret && !driver_unbind())
		return true;
	return !nothing_left();
}

static bool bind_point(int ret, const struct control_counters *before)
{
	return !left_by_bind(ret) && next_bind_works(before);
}

/* A VM is made each time; that one runs is looked at now and then: it takes long. */
static bool alloc_point(int ret, unsigned int nth, const struct control_counters *before)
{
	struct life l;

	if (nth % 8 == 0)
		return bind_point(ret, before);
	return !left_by_bind(ret) && driver_bind() && path_live(&l, &create_path) && !l.error;
}

FIXTURE(binding)
{
	struct control_counters before;
};

FIXTURE_SETUP(binding)
{
	require_gunyah();
	require_control();
	control_clear(-1);
	ASSERT_TRUE(a_vm_runs());
	self->before = control_counters();
}

FIXTURE_TEARDOWN(binding)
{
	control_clear(-1);
	if (access(DEVICE, F_OK))
		EXPECT_TRUE(driver_bind());
}

/* ---- allocations ---- */

static int counted_bind(struct __test_metadata *_metadata, struct alloc_count *count)
{
	int ret;

	EXPECT_TRUE(driver_unbind());
	alloc_count_begin();
	ret = __driver_bind();
	*count = alloc_count_end();
	EXPECT_EQ(count->traced, count->injector);
	return ret;
}

#define MISSES	4

/* R30, R54, R56, R64 */
TEST_F_TIMEOUT(binding, allocations_of_bind, 600)
{
	const unsigned int step = alloc_step(2);
	unsigned int nth, misses = 0, points = 0, errors = 0;
	struct alloc_count count;
	int ret;

	if (!fail_nth_there())
		SKIP(return, "%s", fail_nth_why());
	ASSERT_EQ(0, counted_bind(_metadata, &count));
	for (nth = 1; misses < MISSES; nth += step) {
		sweep_progress("bind", nth);
		ASSERT_TRUE(driver_unbind());
		fail_nth(nth);
		ret = __driver_bind();
		misses = fail_nth_end() ? misses + 1 : 0;
		points += !misses;
		errors += !!ret;
		ASSERT_TRUE(alloc_point(ret, nth, &self->before)) {
			TH_LOG("at the allocation number %u, bind: %d", nth, ret);
		}
		EXPECT_TRUE(!ret || ret == -ENOMEM) {
			TH_LOG("at the allocation number %u, bind: %d", nth, ret);
		}
	}
	EXPECT_TRUE(a_vm_runs());
	ksft_print_msg("bind: %u allocations failed, %u binds with them\n", points, errors);
	EXPECT_TRUE(alloc_count_same(&count, points * step));
}

/* A VM that runs, and nobody inside of it. */
static bool begin_life(struct life *l)
{
	life_init(l);
	return life_open(l) && life_memory(l) && life_map(l) && life_vcpus(l, 1) &&
	       life_start(l) && life_run(l);
}

/* R30, R54: what ends a VM needs no memory, nor does the end of the connection */
TEST_F_TIMEOUT(binding, allocations_of_unbind, 600)
{
	unsigned int nth, misses = 0, points = 0;
	struct life l;
	bool unbound;

	if (!fail_nth_there())
		SKIP(return, "%s", fail_nth_why());
	for (nth = 1; misses < MISSES; nth++) {
		ASSERT_TRUE(begin_life(&l));
		fail_nth(nth);
		unbound = driver_unbind();
		misses = fail_nth_end() ? misses + 1 : 0;
		points += !misses;
		ASSERT_TRUE(unbound);
		EXPECT_TRUE(nothing_left());
		life_close(&l);
		ASSERT_TRUE(next_bind_works(&self->before));
	}
	ksft_print_msg("unbind: %u allocations failed\n", points);
}

/* ---- hypercalls ---- */

/* Answers of a hypervisor that this driver can't work with. */
static const struct {
	const char *what;
	__u64 result[2];
} strangers[] = {
	{ "version 0", { 0x8000, ~0ULL } },
	{ "version 2", { 0x8002, ~0ULL } },
	{ "big-endian", { 0xc001, ~0ULL } },
	{ "without message queues", { 0x8001, ~(1ULL << 2) } },
};

/* R54, R80 */
TEST_F_TIMEOUT(binding, identify, 600)
{
	unsigned int i;
	int rule;

	for (i = 0; i < ARRAY_SIZE(strangers); i++) {
		ASSERT_TRUE(driver_unbind());
		rule = CALL_RULE(CALL_IDENTIFY, CTL_CALL_RESULT,
				 .p = { strangers[i].result[0], strangers[i].result[1] });
		EXPECT_NE(0, __driver_bind()) {
			TH_LOG("a hypervisor of %s", strangers[i].what);
		}
		EXPECT_EQ(1, control_fired(rule));
		control_clear(rule);
		EXPECT_TRUE(nothing_left());
		ASSERT_TRUE(next_bind_works(&self->before));
	}
}

/* R80: each word of the UUID counts; what is there without Gunyah says nothing. */
TEST_F_TIMEOUT(binding, another_uuid, 600)
{
	static const __u64 uuid[] = { 0xcd8fd5c1, 0xdb5f53a4, 0x36ce6592, 0x145f3d67 };
	struct control_rule what = {
		.kind = CTL_CALL, .key = CALL_UID, .action = CTL_CALL_RESULT, .times = CTL_ANY,
	};
	unsigned int i;
	int rule;

	for (i = 0; i < ARRAY_SIZE(uuid); i++) {
		ASSERT_TRUE(driver_unbind());
		memcpy(what.p, uuid, sizeof(uuid));
		what.p[i] ^= 1;
		rule = control_rule(&what);
		EXPECT_NE(0, __driver_bind()) {
			TH_LOG("word %u is another", i);
		}
		EXPECT_LE(1, control_fired(rule));
		control_clear(rule);
		EXPECT_TRUE(nothing_left());
		ASSERT_TRUE(next_bind_works(&self->before));
	}
}

/* R51, R54: those of the connection's first message; there are no others */
TEST_F_TIMEOUT(binding, hypercalls_of_bind, 600)
{
	static const __u64 calls[] = { CALL_MSGQ_SEND, CALL_MSGQ_RECV };
	unsigned int i, nth, n[2];
	int rule, ret;

	control_mark();
	ASSERT_TRUE(driver_unbind());
	EXPECT_EQ(0, control_count(CTL_CALL, CTL_ANY));
	ASSERT_TRUE(driver_bind());
	for (i = 0; i < 2; i++)
		n[i] = control_count(CTL_CALL, calls[i]);
	EXPECT_EQ(1, control_count(CTL_CALL, CALL_IDENTIFY));
	EXPECT_EQ(1, n[0]);
	EXPECT_EQ(1 + n[0] + n[1], control_count(CTL_CALL, CTL_ANY));
	for (i = 0; i < 2; i++) {
		for (nth = 1; nth <= n[i]; nth++) {
			ASSERT_TRUE(driver_unbind());
			rule = CALL_RULE(calls[i], CTL_CALL_RESULT, .nth = nth,
					 .p = { HYP_DENIED });
			ret = __driver_bind();
			EXPECT_EQ(1, control_fired(rule));
			control_clear(rule);
			EXPECT_NE(0, ret);
			ASSERT_TRUE(bind_point(ret, &self->before)) {
				TH_LOG("hypercall 0x%llx, number %u",
				       (unsigned long long)calls[i], nth);
			}
		}
	}
	ksft_print_msg("bind: 1 identify, %u sends, %u receives failed\n", n[0], n[1]);
}

/* ---- messages ---- */

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
	rule = message_rule(how, id, 1);
	bound = !__driver_bind();
	ok = bound == (id != MSG_GET_VMID) && (bound || nothing_left());
	if (!bound && !driver_bind())
		return false;
	path_live(&l, path);
	fired = control_fired(rule);
	control_clear(rule);
	return as_stated("connect", &l, error, 0, &before, &nothing) && ok && fired == 1;
}

/* R30, R54: both messages of a connection, and that there are no others */
TEST_F_TIMEOUT(binding, messages_of_bind, 600)
{
	enum how how;
	struct life l;

	ASSERT_TRUE(driver_unbind());
	control_mark();
	ASSERT_TRUE(driver_bind());
	EXPECT_EQ(1, control_count(CTL_MSG, CTL_ANY));
	EXPECT_EQ(1, control_count(CTL_MSG, MSG_GET_VMID));
	ASSERT_TRUE(path_live(&l, path));
	EXPECT_EQ(1 + 1 + path_messages(path, 0), control_count(CTL_MSG, CTL_ANY));
	EXPECT_EQ(1, control_count(CTL_MSG, MSG_SET_DEMAND_PAGING));
	for (how = REFUSED; how < HOWS; how++) {
		EXPECT_TRUE(connect_point(how, MSG_GET_VMID, 0));
		/*
		 * Any answer but "unimplemented" is one that a newer resource manager may
		 * give, until it does not know the next call of that flow either.
		 */
		EXPECT_TRUE(connect_point(how, MSG_SET_DEMAND_PAGING,
					  how == TORN ? -EIO : -EOPNOTSUPP));
	}
	ksft_print_msg("connection: 2 messages, 6 points\n");
	EXPECT_TRUE(driver_unbind() && driver_bind());
}

/* R20, R81: a call that starts nothing is the first to ask how memory is given */
TEST_F_TIMEOUT(binding, question_by_a_call_that_starts_nothing, 60)
{
	static const struct { __u32 error; int ret; } refusals[] = {
		{ RM_NOMEM, -ENOMEM },
		{ RM_DENIED, -ENODEV },
		{ RM_BUSY, -ENODEV },
		{ 0x99, -ENODEV },		/* nothing that anybody knows */
		{ RM_UNIMPLEMENTED, -ENODEV },
	};
	struct gunyah_address_range range = { .guest_phys_addr = GUEST_BASE, .size = SZ_2M };
	unsigned int i;
	int fd, vm, rule;

	ASSERT_TRUE(driver_unbind() && driver_bind());
	fd = open_gunyah();
	ASSERT_LE(0, fd);
	vm = __ioctl(fd, GUNYAH_CREATE_VM, 0);
	ASSERT_LE(0, vm);
	for (i = 0; i < ARRAY_SIZE(refusals); i++) {
		rule = MSG_RULE(MSG_ALLOC_VMID, CTL_REFUSE, .times = 2, .p = { refusals[i].error });
		EXPECT_EQ(refusals[i].ret, __ioctl(fd, GUNYAH_CHECK_EXTENSION,
						   GUNYAH_EXT_DEMAND_PAGING));
		EXPECT_EQ(refusals[i].ret, __ioctl(vm, GUNYAH_VM_RECLAIM_MEM, &range));
		EXPECT_EQ(2, control_fired(rule));
		control_clear(rule);
	}

	rule = CALL_RULE(CALL_MSGQ_SEND, CTL_CALL_RESULT, .p = { HYP_DENIED });
	EXPECT_EQ(-ENODEV, __ioctl(fd, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_DEMAND_PAGING));
	EXPECT_EQ(1, control_fired(rule));
	control_clear(rule);

	/* R64: it has given a vmid, and nobody knows which. */
	EXPECT_EQ(0, driver_counter("gunyah_rm/lost_vmids", NULL));
	rule = message_rule(TORN, MSG_ALLOC_VMID, 1);
	EXPECT_EQ(-EIO, __ioctl(fd, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_DEMAND_PAGING));
	EXPECT_EQ(1, control_fired(rule));
	control_clear(rule);
	EXPECT_EQ(1, driver_counter("gunyah_rm/lost_vmids", NULL));
	EXPECT_EQ(self->before.vmids + 1, control_counters().vmids);

	EXPECT_EQ(0, __ioctl(fd, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_DEMAND_PAGING));
	close(vm);
	close(fd);
	EXPECT_TRUE(a_vm_runs());
}

/* R50: nothing is answered: the bind ends in its limit */
TEST_F_TIMEOUT(binding, no_answer_to_bind, 60)
{
	int rule;

	ASSERT_TRUE(driver_unbind());
	rule = MSG_RULE(MSG_GET_VMID, CTL_DROP);
	EXPECT_EQ(-ETIMEDOUT, __driver_bind());
	EXPECT_EQ(1, control_fired(rule));
	control_clear(rule);
	EXPECT_TRUE(nothing_left());
	EXPECT_TRUE(next_bind_works(&self->before));
}

/* Unbound while a VM runs, and a message of its end, or a send of it, fails. */
static bool unbind_point(enum how how, __u32 id, unsigned int send)
{
	struct cost cost = cost_of(path, how, id, 1);
	struct sweep_state before = sweep_state();
	unsigned int fired;
	struct life l;
	bool ok;
	int rule;

	/* The next connection counts its own. */
	before.lost_vms = 0;
	before.lost_vmids = 0;
	cost.lost_vmids = 0;
	if (!begin_life(&l))
		return false;
	if (how == NOT_SENT)
		rule = CALL_RULE(CALL_MSGQ_SEND, CTL_CALL_RESULT, .nth = send,
				 .p = { HYP_DENIED });
	else
		rule = message_rule(how, id, 1);
	ok = driver_unbind() && nothing_left();
	fired = control_fired(rule);
	control_clear(rule);
	life_close(&l);
	ok &= driver_bind();
	ok &= as_stated("unbind", &l, 0, 0, &before, &cost);
	return cost_recover(&cost) && ok && fired == 1;
}

/* R23, R54, R57, R58: VM_STOP, VM_RESET, MEM_RECLAIM, VM_DEALLOC_VMID */
TEST_F_TIMEOUT(binding, messages_of_unbind, 600)
{
	static const __u32 ids[] = {
		MSG_VM_STOP, MSG_VM_RESET, MSG_MEM_RECLAIM, MSG_DEALLOC_VMID,
	};
	unsigned int i;
	enum how how;
	struct life l;

	ASSERT_TRUE(begin_life(&l));
	control_mark();
	ASSERT_TRUE(driver_unbind());
	for (i = 0; i < ARRAY_SIZE(ids); i++)
		EXPECT_EQ(1, control_count(CTL_MSG, ids[i]));
	EXPECT_EQ(ARRAY_SIZE(ids), control_count(CTL_MSG, CTL_ANY));
	EXPECT_EQ(ARRAY_SIZE(ids), control_count(CTL_CALL, CALL_MSGQ_SEND));
	life_close(&l);
	ASSERT_TRUE(next_bind_works(&self->before));
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		for (how = 0; how < HOWS; how++) {
			EXPECT_TRUE(unbind_point(how, ids[i], i + 1)) {
				TH_LOG("message 0x%x, way %d", ids[i], how);
			}
		}
	}
	ksft_print_msg("unbind: 4 messages, %d points\n", 4 * HOWS);
}

/* ---- modules ---- */

static bool find_module(const char *name, char *file, size_t size)
{
	char command[100];
	bool found;
	FILE *p;

	snprintf(command, sizeof(command), "find /lib/modules -name %s.ko", name);
	p = popen(command, "r");
	if (!p)
		return false;
	found = fgets(file, size, p);
	file[strcspn(file, "\n")] = 0;
	pclose(p);
	return found;
}

static int load(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		test_die("%s", file);
	ret = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	return ret;
}

static bool loaded(const char *name)
{
	char file[64];

	snprintf(file, sizeof(file), "/sys/module/%s", name);
	return !access(file, F_OK);
}

static const char *const names[] = { "gunyah_rm", "gunyah_vm" };

FIXTURE(modules)
{
	struct control_counters before;
	char file[2][256];
};

/* Unloaded, both of them. */
FIXTURE_SETUP(modules)
{
	unsigned int i;

	require_gunyah();
	require_control();
	if (access("/sys/module/gunyah_vm/refcnt", F_OK))
		SKIP(return, "the driver is built in");
	if (!fail_nth_there())
		SKIP(return, "%s", fail_nth_why());
	control_clear(-1);
	ASSERT_TRUE(a_vm_runs());
	self->before = control_counters();
	for (i = 0; i < 2; i++)
		ASSERT_TRUE(find_module(names[i], self->file[i], sizeof(self->file[i])));
	unload_functions();
	ASSERT_EQ(0, module_unload(names[1]));
	ASSERT_EQ(0, module_unload(names[0]));
	fail_nth_scope(ALLOC_MODULES);
}

FIXTURE_TEARDOWN(modules)
{
	struct control_counters now;

	/* What an unloaded module has left in debugfs, too, would be in their way. */
	EXPECT_TRUE(nothing_left());
	ASSERT_EQ(0, load(self->file[0]));
	ASSERT_EQ(0, load(self->file[1]));
	EXPECT_TRUE(device_comes());
	fail_nth_scope(ALLOC_DRIVER);
	EXPECT_TRUE(a_vm_runs());
	now = control_counters();
	EXPECT_EQ(0, memcmp(&self->before, &now, sizeof(now)));
}

/*
 * Each allocation of a module's start fails: it is not loaded, or it is, and what
 * it found to bind to is not bound.  Below it stands what is loaded already.
 */
static void load_sweep(struct __test_metadata *_metadata, const char *name, const char *file)
{
	const unsigned int step = alloc_step(4);
	unsigned int nth, misses = 0, points = 0, errors = 0;
	struct alloc_count count;
	int ret;

	alloc_count_begin();
	ASSERT_EQ(0, load(file));
	count = alloc_count_end();
	EXPECT_EQ(count.traced, count.injector);
	ASSERT_EQ(0, module_unload(name));
	for (nth = 1; misses < MISSES; nth += step) {
		sweep_progress(name, nth);
		fail_nth(nth);
		ret = load(file);
		misses = fail_nth_end() ? misses + 1 : 0;
		points += !misses;
		errors += !!ret;
		EXPECT_EQ(!ret, loaded(name));
		/* The kernel's core says EINVAL of a driver's link to its module. */
		EXPECT_TRUE(!ret || ret == -ENOMEM || ret == -EINVAL) {
			TH_LOG("at the allocation number %u, %s: %d", nth, name, ret);
		}
		if (!ret)
			ASSERT_EQ(0, module_unload(name));
	}
	ksft_print_msg("load of %s: %u allocations failed, %u loads with them\n", name, points,
		       errors);
	EXPECT_TRUE(alloc_count_same(&count, points * step));
}

/* R30, R82 */
TEST_F_TIMEOUT(modules, allocations_of_load, 600)
{
	load_sweep(_metadata, names[0], self->file[0]);
	EXPECT_TRUE(nothing_left());
	ASSERT_EQ(0, load(self->file[0]));
	load_sweep(_metadata, names[1], self->file[1]);
	ASSERT_EQ(0, module_unload(names[0]));
}

/*
 * R57: what was not taken back is in the resource manager's heap for as long as that
 * lives, and is counted also when the driver was loaded anew.
 */
TEST_F_TIMEOUT(modules, entries_are_counted_over_a_load, 60)
{
	const struct cost cost = cost_of(path, REFUSED, MSG_MEM_RECLAIM, 1);
	unsigned int i, rule;
	__u64 entries[2];
	struct life l;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, load(self->file[0]));
		ASSERT_EQ(0, load(self->file[1]));
		ASSERT_TRUE(device_comes());
		if (!i) {
			rule = message_rule(REFUSED, MSG_MEM_RECLAIM, 1);
			path_live(&l, path);
			EXPECT_EQ(1, control_fired(rule));
			control_clear(rule);
		}
		entries[i] = driver_counter("gunyah_vm/memory", "entries");
		ASSERT_EQ(0, module_unload(names[1]));
		ASSERT_EQ(0, module_unload(names[0]));
	}
	EXPECT_LT(0, entries[0]);
	EXPECT_EQ(entries[0], entries[1]);
	EXPECT_TRUE(cost_recover(&cost));
}

TEST_HARNESS_MAIN
