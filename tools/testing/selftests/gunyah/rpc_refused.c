// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each call to the resource manager fails in turn, in a start and in an end.
 * What is lost by that, in vmids, parcels and pages, stands in the tables: the
 * resource manager's own count and the driver's have to say the same, and what
 * the driver does next must not kill it (R57).
 */
#include "../kselftest_harness.h"
#include "lib/sweep.h"
#include "lib/trace.h"

static const __u32 errors[] = {
	RM_NOMEM, RM_NORESOURCE, RM_DENIED, RM_BUSY, RM_VM_STATE, 0x99, RM_UNIMPLEMENTED,
};

/* The first start of all asks how memory is given; that call is not in the tables. */
static void first_start(void)
{
	struct test_vm vm = {};

	control_clear(-1);
	vm_create(&vm, 1);
	vm_start(&vm);
	vm_destroy(&vm);
}

/* ---- a start ---- */

FIXTURE(start)
{
	struct test_vm vm;
	struct sweep_state before;
};

FIXTURE_VARIANT(start)
{
	__u32 id;
	/* UNIMPLEMENTED is a refusal as any other. */
	bool no_eopnotsupp;
	/* That are made for it, at least. */
	unsigned int objects;
	struct cost refused;
	struct cost torn;
};

FIXTURE_VARIANT_ADD(start, alloc_vmid) {
	.id = MSG_ALLOC_VMID,
	.objects = 1,
	/* Whose number is not known. */
	.torn = { .vmids = 1, .lost_vmids = 1 },
};

FIXTURE_VARIANT_ADD(start, mem_lend) {
	.id = MSG_MEM_LEND,
	.no_eopnotsupp = true,
	.objects = 3,
	/* Whose handle is not known; the vmid is in its access list. */
	.torn = { .parcels = 1, .pages = VM_PAGES, .leaked_pages = VM_PAGES,
		  .vmids = 1, .lost_vmids = 1 },
};

FIXTURE_VARIANT_ADD(start, config_image) {
	.id = MSG_CONFIG_IMAGE,
	.refused = { .vmids = 1, .lost_vmids = 1 },
	.torn = { .vmids = 1, .lost_vmids = 1 },
};

FIXTURE_VARIANT_ADD(start, vm_init) { .id = MSG_VM_INIT, .objects = 7 };
FIXTURE_VARIANT_ADD(start, get_resources) { .id = MSG_GET_RESOURCES };
FIXTURE_VARIANT_ADD(start, vm_start) { .id = MSG_VM_START, .objects = 1 };

FIXTURE_SETUP(start)
{
	require_gunyah();
	require_control();
	first_start();
	self->before = sweep_state();
	vm_create(&self->vm, 1);
}

FIXTURE_TEARDOWN(start)
{
	control_clear(-1);
	vm_destroy(&self->vm);
	clean_up();
}

static int start_errno(__u32 error, bool no_eopnotsupp)
{
	if (error == RM_NOMEM)
		return -ENOMEM;
	if (error == RM_UNIMPLEMENTED && !no_eopnotsupp)
		return -EOPNOTSUPP;
	return -ENODEV;
}

/* R20, R55, R57, R58: refused, and nothing was done */
TEST_F_TIMEOUT(start, refused, 60)
{
	unsigned int i;
	int rule;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		rule = MSG_RULE(variant->id, CTL_REFUSE, .p = { errors[i] });
		EXPECT_EQ(start_errno(errors[i], variant->no_eopnotsupp), __vm_start(&self->vm));
		EXPECT_EQ(1, control_fired(rule));
		control_clear(rule);
	}
	EXPECT_TRUE(cost_is(&self->before, ARRAY_SIZE(errors), &variant->refused));
	ASSERT_EQ(0, __vm_start(&self->vm));
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
}

/* R20, R55: it has no memory for one object of the call after the other */
TEST_F_TIMEOUT(start, no_memory_for_it, 60)
{
	unsigned int n;
	int rule, ret;

	for (n = 1; n < 100; n++) {
		rule = MSG_RULE(variant->id, CTL_NOMEM, .p = { n });
		ret = __vm_start(&self->vm);
		EXPECT_EQ(1, control_fired(rule));
		control_clear(rule);
		if (!ret)
			break;
		/* What can't be read without memory is taken for bad. */
		EXPECT_TRUE(ret == -ENOMEM || ret == -ENODEV);
		ASSERT_TRUE(cost_is(&self->before, n, &variant->refused));
	}
	ksft_print_msg("%u objects\n", n - 1);
	EXPECT_LE(variant->objects, n - 1);
	ASSERT_EQ(0, ret);
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
}

/* R20, R52, R57, R58: done, and the answer was torn */
TEST_F(start, done_without_an_answer)
{
	int rule = MSG_RULE(variant->id, CTL_CUT, .p = { 0, 8 });

	EXPECT_EQ(-EIO, __vm_start(&self->vm));
	EXPECT_EQ(1, control_fired(rule));
	EXPECT_TRUE(cost_is(&self->before, 1, &variant->torn));
	if (variant->torn.pages) {
		/* Memory that is lost does not start again. */
		EXPECT_EQ(-EIO, __vm_start(&self->vm));
		return;
	}
	/* VM_START writes into the tree. */
	vm_load(&self->vm);
	ASSERT_EQ(0, __vm_start(&self->vm));
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
}

/* ---- an end ---- */

FIXTURE(end)
{
	struct test_vm vm;
	struct sweep_state before;
};

FIXTURE_VARIANT(end)
{
	__u32 id;
	unsigned int times;
	bool torn;
	struct cost cost;
};

FIXTURE_VARIANT_ADD(end, stop_refused) { .id = MSG_VM_STOP, .times = 1 };
FIXTURE_VARIANT_ADD(end, stop_refused_twice) {
	.id = MSG_VM_STOP, .times = 2, .cost = ALL_LOST };
FIXTURE_VARIANT_ADD(end, stop_torn) { .id = MSG_VM_STOP, .times = 1, .torn = true };
FIXTURE_VARIANT_ADD(end, reset_refused) { .id = MSG_VM_RESET, .times = 1 };
FIXTURE_VARIANT_ADD(end, reset_refused_twice) {
	.id = MSG_VM_RESET, .times = 2, .cost = ALL_LOST };
FIXTURE_VARIANT_ADD(end, reset_torn) { .id = MSG_VM_RESET, .times = 1, .torn = true };
FIXTURE_VARIANT_ADD(end, reclaim_refused) {
	.id = MSG_MEM_RECLAIM, .times = 1,
	.cost = { .pages = VM_PAGES, .parcels = 1, .leaked_pages = VM_PAGES,
		  .vmids = 1, .lost_vmids = 1 } };
/* It came back, but the driver can't know. */
FIXTURE_VARIANT_ADD(end, reclaim_torn) {
	.id = MSG_MEM_RECLAIM, .times = 1, .torn = true,
	.cost = { .leaked_pages = VM_PAGES, .vmids = 1, .lost_vmids = 1 } };
FIXTURE_VARIANT_ADD(end, dealloc_refused) {
	.id = MSG_DEALLOC_VMID, .times = 1, .cost = { .vmids = 1, .lost_vmids = 1 } };
/* It must not be sent again (R57). */
FIXTURE_VARIANT_ADD(end, dealloc_torn) {
	.id = MSG_DEALLOC_VMID, .times = 1, .torn = true, .cost = { .lost_vmids = 1 } };

FIXTURE_SETUP(end)
{
	require_gunyah();
	require_control();
	first_start();
	self->before = sweep_state();
	vm_create(&self->vm, 1);
	vm_start(&self->vm);
}

FIXTURE_TEARDOWN(end)
{
	control_clear(-1);
	clean_up();
}

/* R23, R57, R58: the close ends, whatever is refused; a new VM runs */
TEST_F(end, close)
{
	unsigned int vmid = last_vmid();
	struct test_vm vm = {};
	int rule;

	if (variant->torn)
		rule = MSG_RULE(variant->id, CTL_CUT, .times = variant->times, .p = { 0, 8 });
	else
		rule = MSG_RULE(variant->id, CTL_REFUSE, .times = variant->times,
				.p = { RM_NORESOURCE });
	vm_destroy(&self->vm);
	EXPECT_EQ(variant->times, control_fired(rule));
	EXPECT_TRUE(cost_is(&self->before, 1, &variant->cost));
	control_clear(-1);
	vm_create(&vm, 1);
	EXPECT_EQ(0, __vm_start(&vm));
	/* R64: no other VM gets a vmid to which memory may still be given. */
	if (variant->cost.vmids)
		EXPECT_NE(vmid, last_vmid());
	agent_do(&vm.vcpu[0], AGENT_NOP, 0, 0, 0);
	vm_destroy(&vm);
	EXPECT_TRUE(cost_is(&self->before, 1, &variant->cost));
}

/* ---- R55 ---- */

/* The errno of the last refused call, from the tracepoint; 1 without one. */
static void read_errno(const char *line, void *ctx)
{
	const char *p = line ? strstr(line, " call=ALLOC_VMID error=") : NULL;

	if (p)
		*(int *)ctx = atoi(strrchr(p, '=') + 1);
}

static int table_errno(__u32 error)
{
	switch (error) {
	case RM_UNIMPLEMENTED:
		return -EOPNOTSUPP;
	case RM_NOMEM:
		return -ENOMEM;
	case RM_NORESOURCE:
		return -ENODEV;
	case RM_DENIED:
		return -EPERM;
	case RM_BUSY:
	case 0x12:
	case RM_VM_STATE:
		return -EBUSY;
	default:
		return error <= 0x13 ? -EINVAL : -EBADMSG;
	}
}

/* R20, R55: the one table, seen through START's errno and the tracepoint */
TEST(errno_of_each_error)
{
	static const __u32 odd[] = { 0x15, 0xff, 0x80000000, 0xfffffffe, RM_UNIMPLEMENTED };
	static const char *const events[] = { "gunyah/gunyah_vm_refused", NULL };
	struct test_vm vm = {};
	unsigned int i;
	int traced;
	__u32 error;

	require_gunyah();
	require_control();
	first_start();
	vm_create(&vm, 1);
	for (i = 1; i <= RM_VM_STATE + ARRAY_SIZE(odd); i++) {
		error = i <= RM_VM_STATE ? i : odd[i - RM_VM_STATE - 1];
		MSG_RULE(MSG_ALLOC_VMID, CTL_REFUSE, .p = { error });
		trace_start(events, false);
		EXPECT_EQ(start_errno(error, false), __vm_start(&vm));
		trace_stop();
		control_clear(-1);
		traced = 1;
		trace_read(read_errno, &traced);
		EXPECT_EQ(table_errno(error), traced) {
			TH_LOG("error 0x%x", error);
		}
	}
	EXPECT_EQ(0, __vm_start(&vm));
	vm_destroy(&vm);
}

/* ---- a request of many pieces ---- */

#define SMALL_PAGES	100

/*
 * Many list entries: pages that got their places in the order of the file are
 * bound in another one.
 */
static void add_small_pages(struct test_vm *vm, int mem)
{
	unsigned int i;
	char *p;

	p = mmap(NULL, SZ_2M, PROT_READ | PROT_WRITE, MAP_SHARED, mem, 0);
	if (p == MAP_FAILED)
		test_die("mmap of guest memory");
	memset(p, 1, SMALL_PAGES * SZ_4K);
	munmap(p, SZ_2M);
	for (i = 0; i < SMALL_PAGES; i++)
		map_mem(vm->fd, mem, GUEST_BASE + GUEST_SIZE + i * SZ_4K, SZ_4K,
			(i * 37 % SMALL_PAGES) * SZ_4K, LEND_RWX);
}

FIXTURE(pieces)
{
	struct test_vm vm;
	struct sweep_state before;
	int mem;
};

FIXTURE_SETUP(pieces)
{
	require_gunyah();
	require_control();
	first_start();
	self->before = sweep_state();
	vm_create(&self->vm, 1);
	self->mem = create_guest_mem(self->vm.dev_fd, SZ_2M);
	add_small_pages(&self->vm, self->mem);
}

FIXTURE_TEARDOWN(pieces)
{
	static const struct cost none;

	control_clear(-1);
	vm_destroy(&self->vm);
	close(self->mem);
	EXPECT_TRUE(cost_is(&self->before, 1, &none));
}

/* Pieces of the request to lend: each other message is one. */
static unsigned int pieces_of_the_lend(struct test_vm *vm)
{
	control_mark();
	MSG_RULE(MSG_MEM_LEND, CTL_REFUSE, .p = { RM_NORESOURCE });
	__vm_start(vm);
	control_clear(-1);
	return control_count(CTL_CALL, CALL_MSGQ_SEND) - control_count(CTL_MSG, CTL_ANY) + 1;
}

/* R51: the stream stays in step when a hypercall fails anywhere in a message */
TEST_F(pieces, send_fails)
{
	unsigned int n = pieces_of_the_lend(&self->vm), i;
	__u64 sent_badly;
	int rule;

	ksft_print_msg("the request takes %u pieces\n", n);
	ASSERT_LE(7, n);
	for (i = 0; i < n; i++) {
		sent_badly = driver_counter("gunyah_rm/send_errors", NULL);
		control_mark();
		/* The first message of a start is another. */
		rule = CALL_RULE(CALL_MSGQ_SEND, CTL_CALL_RESULT, .nth = 2 + i, .p = { 20 });
		EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
		EXPECT_EQ(1, control_fired(rule));
		EXPECT_EQ(sent_badly + 1, driver_counter("gunyah_rm/send_errors", NULL));
		EXPECT_EQ(0, control_count(CTL_MSG, MSG_MEM_LEND));
		control_clear(-1);
	}
	ASSERT_EQ(0, __vm_start(&self->vm));
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
}

/* ---- limits ---- */

FIXTURE(limit)
{
	struct test_vm vm;
	struct sweep_state before;
};

FIXTURE_SETUP(limit)
{
	require_gunyah();
	require_control();
	first_start();
	self->before = sweep_state();
	vm_create(&self->vm, 1);
	vm_start(&self->vm);
}

FIXTURE_TEARDOWN(limit)
{
	control_clear(-1);
	clean_up();
}

static void *destroy_one(void *arg)
{
	double start = seconds();

	vm_destroy(arg);
	return (void *)(long)(1000 * (seconds() - start));
}

/*
 * R23: VM_STOP and VM_RESET are answered, and then nothing comes: 30 s each.
 * The two VMs end at the same time.
 */
TEST_F_TIMEOUT(limit, nothing_comes_after_the_answer, 90)
{
	static const struct cost lost = ALL_LOST;
	unsigned int stopped, reset;
	struct test_vm other = {};
	pthread_t threads[2];
	void *ms[2];
	int i;

	stopped = last_vmid();
	vm_create(&other, 1);
	vm_start(&other);
	reset = last_vmid();
	ASSERT_NE(stopped, reset);
	MSG_RULE(MSG_VM_STOP, CTL_REFUSE, .target = stopped);
	MSG_RULE(MSG_VM_RESET, CTL_REFUSE, .target = reset);
	ASSERT_EQ(0, pthread_create(&threads[0], NULL, destroy_one, &self->vm));
	ASSERT_EQ(0, pthread_create(&threads[1], NULL, destroy_one, &other));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], &ms[i]));
		EXPECT_LE(30000, (long)ms[i]);
		EXPECT_GE(35000, (long)ms[i]);
	}
	EXPECT_TRUE(cost_is(&self->before, 2, &lost));
}

/* R23: RESET_FAILED instead of RESET; nobody waits */
TEST_F(limit, reset_failed)
{
	static const struct cost lost = ALL_LOST;
	__u8 status[8] = { last_vmid(), 0, 0, 0, 12 };
	double start;

	MSG_RULE(MSG_VM_RESET, CTL_REFUSE);
	MSG_RULE(MSG_VM_RESET, CTL_NOTE, .p = { NOTE_VM_STATUS, 0 }, .data = status,
		 .len = sizeof(status));
	start = seconds();
	vm_destroy(&self->vm);
	EXPECT_GT(5, seconds() - start);
	EXPECT_TRUE(cost_is(&self->before, 1, &lost));
}

TEST_HARNESS_MAIN
