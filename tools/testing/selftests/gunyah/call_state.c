// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every call in every state of a VM, as the tables in
 * Documentation/virt/gunyah/vm-manager.rst say: call_state.inc is made of them.  The
 * second has what differs in the demand-paged flow.
 */
#include <sys/syscall.h>

#include "../kselftest_harness.h"
#include "lib/control.h"
#include "lib/events.h"
#include "lib/paged.h"
#include "lib/user_mem.h"

enum state {
	NOT_STARTED, STARTING, RUNNING, EXITED, ENDING, RESETTING, CLOSING, GONE, NR_STATES
};

enum flow { EAGER, PAGED };

static const struct row {
	enum flow flow;
	const char *call;
	const char *result[NR_STATES];
} table[] = {
#include "call_state.inc"
};

/*
 * The calls: each has a row in the first table, and those of memory have one in the
 * second, too.
 */
static const struct call {
	const char *name;
	bool paged;	/* has one in the second */
	bool note;	/* has a footnote and nothing else at "starting", in the first */
} calls[] = {
	{ "GUNYAH_VM_SET_DTB_CONFIG" },
	{ "GUNYAH_VM_SET_BOOT_CONTEXT" },
	{ "GUNYAH_VM_SET_AUTH" },
	{ "GUNYAH_VM_START" },
	{ "GUNYAH_VM_RESET" },
	{ "GUNYAH_VM_MAP_MEM", .paged = true, .note = true },
	{ "GUNYAH_VM_ADD_FUNCTION" },
	{ "GUNYAH_VM_REMOVE_FUNCTION" },
	{ "GUNYAH_CHECK_EXTENSION" },
	{ "GUNYAH_VM_SET_USER_MEM_..", .paged = true, .note = true },
	{ "GUNYAH_VM_RECLAIM_MEM", .paged = true },
	{ "GUNYAH_VCPU_RUN" },
	{ "GUNYAH_VCPU_MMAP_SIZE" },
};

/* How long the resource manager holds a state up: much longer than the calls take. */
#define HOLD_US		6000000

/* A VM in the state that is looked at, and what the calls need. */
static struct test_vm vm;
static enum flow flow;
static int spare_mem;
static char *user;
static int event;
static pthread_t holder;
static long hold_result;
static bool hold_over;

/* One of each type: they all have the same answer. */
static int add_functions(void)
{
	struct gunyah_fn_ioeventfd_arg arg = { .addr = GUEST_MMIO, .len = 4, .fd = event };
	int ret = __add_vcpu(vm.fd, 5);

	if (ret >= 0)
		close(ret);
	if (ret > 0)
		ret = 0;
	if (__add_irqfd(vm.fd, event, 5, 0) != ret || __add_ioeventfd(vm.fd, &arg) != ret)
		return -EPROTO;
	return ret;
}

static int remove_functions(void)
{
	int ret = __remove_vcpu(vm.fd, 5);

	if (__remove_irqfd(vm.fd, 5) != ret || remove_ioeventfd(vm.fd, GUEST_MMIO, 4) != ret)
		return -EPROTO;
	return ret;
}

/* A binding of its own, and out again; or, where that fails, one that stands: as well. */
static int map_and_unmap(__u32 flags)
{
	int ret = __map_mem(vm.fd, spare_mem, 0x90000000, SZ_2M, 0, flags);

	if (!ret)
		return __map_mem(vm.fd, spare_mem, 0x90000000, SZ_2M, 0, flags | GUNYAH_MEM_UNMAP);
	if (__map_mem(vm.fd, vm.mem_fd, GUEST_BASE + GUEST_SIZE - PAGE, PAGE, GUEST_SIZE - PAGE,
		      LEND_RWX | GUNYAH_MEM_UNMAP) != ret)
		return -EPROTO;
	return ret;
}

static int user_region(__u32 flags)
{
	return __set_user_mem(vm.fd, 1, flags, 0x98000000, PAGE, user) ?:
	       __remove_user_mem(vm.fd, 1);
}

/* Does the call of a row; returns 0, or -errno. */
static int do_call(const char *name)
{
	struct gunyah_address_range range = {
		.guest_phys_addr = GUEST_BASE + SZ_2M / 2,
		.size = PAGE,
	};
	struct gunyah_vm_auth_desc auth = {};
	int ret;

	if (!strcmp(name, "GUNYAH_VM_SET_DTB_CONFIG"))
		return __set_dtb(vm.fd, GUEST_DTB, GUEST_DTB_SIZE);
	if (!strcmp(name, "GUNYAH_VM_SET_BOOT_CONTEXT"))
		return __set_boot_reg(vm.fd, 0, GUEST_DTB);
	if (!strcmp(name, "GUNYAH_VM_SET_AUTH"))
		return __ioctl(vm.fd, GUNYAH_VM_SET_AUTH, &auth);
	if (!strcmp(name, "GUNYAH_VM_START"))
		return __vm_start(&vm);
	if (!strcmp(name, "GUNYAH_VM_MAP_MEM"))
		return map_and_unmap(SHARE_RW) ?: map_and_unmap(LEND_RWX);
	if (!strcmp(name, "GUNYAH_VM_ADD_FUNCTION"))
		return add_functions();
	if (!strcmp(name, "GUNYAH_VM_REMOVE_FUNCTION"))
		return remove_functions();
	if (!strcmp(name, "GUNYAH_CHECK_EXTENSION")) {
		ret = __ioctl(vm.fd, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_API_VERSION);
		return ret < 0 ? ret : 0;
	}
	if (!strncmp(name, "GUNYAH_VM_SET_USER_MEM", 22))
		return user_region(USER_RW) ?: user_region(USER_LENT);
	if (!strcmp(name, "GUNYAH_VM_RECLAIM_MEM"))
		return __ioctl(vm.fd, GUNYAH_VM_RECLAIM_MEM, &range);
	if (!strcmp(name, "GUNYAH_VM_RESET"))
		return __vm_reset(&vm);
	if (!strcmp(name, "GUNYAH_VCPU_RUN"))
		return __vcpu_run(&vm.vcpu[0]);
	if (!strcmp(name, "GUNYAH_VCPU_MMAP_SIZE")) {
		ret = __ioctl(vm.vcpu[0].fd, GUNYAH_VCPU_MMAP_SIZE, 0);
		return ret < 0 ? ret : 0;
	}
	ksft_print_msg("no test for %s\n", name);
	exit(KSFT_FAIL);
}

/* Threads whose call waits. */
static struct waiter {
	const struct row *row;
	pthread_t thread;
	pid_t tid;
	bool done;
	int ret;
} waiters[8];
static unsigned int nr_waiters;

static void *call_thread(void *arg)
{
	struct waiter *w = arg;

	__atomic_store_n(&w->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	w->ret = do_call(w->row->call);
	__atomic_store_n(&w->done, true, __ATOMIC_RELEASE);
	return NULL;
}

static void *start_thread(void *unused)
{
	hold_result = __vm_start(&vm);
	__atomic_store_n(&hold_over, true, __ATOMIC_RELEASE);
	return NULL;
}

static void *reset_thread(void *unused)
{
	hold_result = __vm_reset(&vm);
	__atomic_store_n(&hold_over, true, __ATOMIC_RELEASE);
	return NULL;
}

static void *unbind_thread(void *unused)
{
	hold_result = !driver_unbind();
	__atomic_store_n(&hold_over, true, __ATOMIC_RELEASE);
	return NULL;
}

/* A thread makes a change of state that is held up in the middle, at a message. */
static void hold(struct __test_metadata *_metadata, void *(*what)(void *), __u32 at)
{
	control_mark();
	MSG_RULE(at, CTL_DELAY, .p = { HOLD_US });
	hold_over = false;
	nr_waiters = 0;
	ASSERT_EQ(0, pthread_create(&holder, NULL, what, NULL));
	while (!control_count(CTL_MSG, at))
		usleep(1000);
}

/* The call sleeps, and does not come back before the state changes. */
static void expect_wait(struct __test_metadata *_metadata, const struct row *row)
{
	struct waiter *w = &waiters[nr_waiters++];

	ASSERT_GE(ARRAY_SIZE(waiters), nr_waiters);
	*w = (struct waiter) { .row = row };
	ASSERT_EQ(0, pthread_create(&w->thread, NULL, call_thread, w));
	EXPECT_TRUE(wait_for_sleep(&w->tid, &w->done)) {
		ksft_print_msg("%s does not wait\n", row->call);
	}
}

static const char *result_name(int ret)
{
	return ret ? strerrorname_np(-ret) : "0";
}

static void check_cell(struct __test_metadata *_metadata, const struct row *row,
		       enum state state)
{
	const char *want = row->result[state];

	if (!*want || !strcmp(want, "starts") || !strcmp(want, "resets"))
		return;		/* a footnote, or the way to the next state */
	if (!strcmp(want, "waits")) {
		expect_wait(_metadata, row);
		return;
	}
	if (!strcmp(want, "runs"))
		want = "0";
	EXPECT_STREQ(want, result_name(do_call(row->call))) {
		ksft_print_msg("%s\n", row->call);
	}
}

/* Is there a row of the other flow in this one's place? */
static bool row_is_overridden(const struct row *row)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].flow == flow && !strcmp(table[i].call, row->call))
			return table[i].flow != row->flow;
	return false;
}

/* Looks at a column of the table of this flow. */
static void check_state(struct __test_metadata *_metadata, enum state state)
{
	unsigned int i, n = 0;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		if ((table[i].flow == EAGER || flow == PAGED) && !row_is_overridden(&table[i])) {
			check_cell(_metadata, &table[i], state);
			n++;
		}
	}
	EXPECT_EQ(ARRAY_SIZE(calls), n);
}

/*
 * In which order they go on is not said: one of them starts the VM, before the
 * others or after them, or in vain, if the device tree is the last run's.
 */
static void expect_next(struct __test_metadata *_metadata, const char *call, const char *is)
{
	const char *or = strcmp(call, "GUNYAH_VM_START") ? "EBUSY" : "ENODEV";

	EXPECT_TRUE(!strcmp(is, "0") || !strcmp(is, or)) {
		ksft_print_msg("%s: %s\n", call, is);
	}
}

/* All the above was so while the state was held up; then the calls go on as the next has it. */
static void release(struct __test_metadata *_metadata, enum state next)
{
	unsigned int i;

	EXPECT_FALSE(__atomic_load_n(&hold_over, __ATOMIC_ACQUIRE));
	for (i = 0; i < nr_waiters; i++)
		EXPECT_FALSE(__atomic_load_n(&waiters[i].done, __ATOMIC_ACQUIRE));
	ASSERT_EQ(0, pthread_join(holder, NULL));
	for (i = 0; i < nr_waiters; i++) {
		const char *want = waiters[i].row->result[next];
		const char *is;

		ASSERT_EQ(0, pthread_join(waiters[i].thread, NULL));
		is = result_name(waiters[i].ret);
		if (next == NOT_STARTED) {
			expect_next(_metadata, waiters[i].row->call, is);
			continue;
		}
		EXPECT_STREQ(want, is) {
			ksft_print_msg("%s\n", waiters[i].row->call);
		}
	}
	control_clear(-1);
}

/* The only row of a call in a table; NULL without one, or with several. */
static const struct row *only_row(enum flow of, const char *call)
{
	const struct row *found = NULL;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		if (table[i].flow != of || strcmp(table[i].call, call))
			continue;
		if (found)
			return NULL;
		found = &table[i];
	}
	return found;
}

/* The cells of a row that say something. */
static unsigned int count_cells(const struct row *row)
{
	unsigned int state, n = 0;

	for (state = 0; state < NR_STATES; state++)
		n += row->result[state] && *row->result[state];
	return n;
}

/* R84: the rows are made of the documentation; these are all, and each is whole */
TEST(each_call_has_a_result_in_each_state)
{
	unsigned int i, rows = 0;
	const struct row *row;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		row = only_row(EAGER, calls[i].name);
		ASSERT_NE(NULL, row) {
			TH_LOG("%s", calls[i].name);
		}
		ASSERT_EQ(NR_STATES - calls[i].note, count_cells(row)) {
			TH_LOG("%s", calls[i].name);
		}
		EXPECT_EQ(calls[i].note, !*row->result[STARTING]);
		rows++;
		if (!calls[i].paged)
			continue;
		row = only_row(PAGED, calls[i].name);
		ASSERT_NE(NULL, row) {
			TH_LOG("%s, demand-paged", calls[i].name);
		}
		EXPECT_EQ(NR_STATES, count_cells(row)) {
			TH_LOG("%s, demand-paged", calls[i].name);
		}
		rows++;
	}
	EXPECT_EQ(rows, ARRAY_SIZE(table));
}

FIXTURE(state)
{
	char unused;
};

FIXTURE_SETUP(state)
{
	require_gunyah();
	/* The tables are those of a driver with all calls. */
	require_user_mem();
	flow = paging_there() ? PAGED : EAGER;
	vm_create(&vm, 1);
	spare_mem = create_guest_mem(vm.dev_fd, SZ_2M);
	user = map_user(PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	event = event_new();
}

FIXTURE_TEARDOWN(state)
{
	close(spare_mem);
	munmap(user, PAGE);
	vm_destroy(&vm);
	close(event);
}

TEST_F(state, not_started)
{
	check_state(_metadata, NOT_STARTED);
}

TEST_F(state, starting)
{
	require_control();
	hold(_metadata, start_thread, MSG_VM_START);
	check_state(_metadata, STARTING);
	release(_metadata, RUNNING);
	EXPECT_EQ(0, hold_result);
}

TEST_F(state, running)
{
	vm_start(&vm);
	check_state(_metadata, RUNNING);
}

TEST_F(state, exited)
{
	vm_start(&vm);
	ASSERT_EQ(AGENT_STATUS, agent_psci(&vm.vcpu[0], PSCI_SYSTEM_OFF, 0, 0));
	check_state(_metadata, EXITED);
}

TEST_F(state, ending)
{
	require_control();
	MSG_RULE(MSG_GET_RESOURCES, CTL_REFUSE, .p = { 2 });
	hold(_metadata, start_thread, MSG_VM_RESET);
	check_state(_metadata, ENDING);
	release(_metadata, NOT_STARTED);
	EXPECT_EQ(-ENODEV, hold_result);
}

TEST_F(state, resetting)
{
	require_control();
	vm_start(&vm);
	ASSERT_EQ(AGENT_STATUS, agent_psci(&vm.vcpu[0], PSCI_SYSTEM_OFF, 0, 0));
	hold(_metadata, reset_thread, MSG_VM_RESET);
	check_state(_metadata, RESETTING);
	release(_metadata, NOT_STARTED);
	EXPECT_EQ(0, hold_result);
}

TEST_F(state, closing)
{
	require_control();
	vm_start(&vm);
	hold(_metadata, unbind_thread, MSG_VM_RESET);
	check_state(_metadata, CLOSING);
	release(_metadata, GONE);
	EXPECT_EQ(0, hold_result);
	ASSERT_TRUE(driver_bind());
}

TEST_F(state, gone)
{
	require_control();
	vm_start(&vm);
	ASSERT_TRUE(driver_unbind());
	check_state(_metadata, GONE);
	ASSERT_TRUE(driver_bind());
}

TEST_HARNESS_MAIN
