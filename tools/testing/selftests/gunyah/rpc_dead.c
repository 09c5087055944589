// SPDX-License-Identifier: GPL-2.0-only
/*
 * The resource manager does not answer any more.  Every call ends in its limit,
 * later ones at once, everything can be closed, what is lent stays lent and is
 * counted.  Bound again to a resource manager that is alive the driver works;
 * what the dead one had does not come back by that.
 */
#include "../kselftest_harness.h"
#include "lib/control.h"

#define LIMIT		10
/* Machines that emulate others are slow. */
#define SLACK		5
#define WAITERS		3

static __u64 leaked_pages(void)
{
	return driver_counter("gunyah_vm/memory", "leaked") / SZ_4K;
}

static int kernel_log(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || lseek(fd, 0, SEEK_END) < 0)
		test_die("/dev/kmsg");
	return fd;
}

/* What the kernel said since then: of the connection, and of memory. */
struct said {
	unsigned int dead;
	unsigned int lost;
};

static struct said what_was_said(int log)
{
	struct said said = {};
	char line[1024];
	ssize_t len;

	while ((len = read(log, line, sizeof(line) - 1)) > 0) {
		line[len] = 0;
		said.dead += !!strstr(line, "is taken for dead");
		said.lost += !!strstr(line, "did not come back");
	}
	close(log);
	return said;
}

/**
 * struct scene - who is there when it dies
 * @waiting: VMs that are to be started
 * @quiet: a VM that runs, with nobody inside of it
 * @spinning: a VM that runs
 * @spinner: the thread inside of it
 */
struct scene {
	struct test_vm waiting[WAITERS];
	struct test_vm quiet;
	struct test_vm spinning;
	pthread_t spinner;
};

FIXTURE(dead)
{
	struct scene scene;
	__u64 leaked;
	__u64 pages;
};

FIXTURE_VARIANT(dead)
{
	bool die;
	struct control_rule rule[2];
	/* A counter of the connection that goes up; without one it is known at once. */
	const char *counter;
};

#define ALLOC(what, ...) \
	{ .kind = CTL_MSG, .key = MSG_ALLOC_VMID, .action = what, ## __VA_ARGS__ }
#define CALL(nr, ...) \
	{ .kind = CTL_CALL, .key = nr, .action = CTL_CALL_RESULT, .times = CTL_FOREVER, \
	  ## __VA_ARGS__ }

/* R50, R51: it stopped */
FIXTURE_VARIANT_ADD(dead, stopped) { .die = true, .counter = "gunyah_rm/timeouts" };
/* R50: the answer comes when nobody waits any more */
FIXTURE_VARIANT_ADD(dead, answer_too_late) {
	.rule = { ALLOC(CTL_DELAY, .p = { 12000000 }) }, .counter = "gunyah_rm/late" };
/* R52: the last piece of an answer never comes */
FIXTURE_VARIANT_ADD(dead, piece_missing) {
	.rule = { ALLOC(CTL_SPLIT, .p = { 4 }), ALLOC(CTL_CUT, .p = { 1, 0 }) },
	.counter = "gunyah_rm/timeouts" };
/* R52: the last piece comes first, and is a continuation of nothing */
FIXTURE_VARIANT_ADD(dead, pieces_swapped) {
	.rule = { ALLOC(CTL_SPLIT, .p = { 4 }), ALLOC(CTL_SWAP, .p = { 0 }) },
	.counter = "gunyah_rm/timeouts" };
/* R51, R59: "more is there", and nothing comes out: no loop, and no wait in vain */
FIXTURE_VARIANT_ADD(dead, nothing_to_receive) {
	.rule = { CALL(CALL_MSGQ_RECV, .p = { 0, 0, 1 }) } };
/* R51, R59: the queue is full and stays so */
FIXTURE_VARIANT_ADD(dead, send_queue_full) {
	.rule = { CALL(CALL_MSGQ_SEND, .p = { 61, 0 }) }, .counter = "gunyah_rm/send_errors" };

static void *run_one(void *arg)
{
	return (void *)(long)agent_run(arg);
}

static void *start_one(void *arg)
{
	return (void *)(long)__vm_start(arg);
}

static void set_the_scene(struct scene *scene)
{
	unsigned int i;

	for (i = 0; i < WAITERS; i++)
		vm_create(&scene->waiting[i], 1);
	vm_create(&scene->quiet, 1);
	vm_start(&scene->quiet);
	agent_do(&scene->quiet.vcpu[0], AGENT_NOP, 0, 0, 0);
	vm_create(&scene->spinning, 1);
	vm_start(&scene->spinning);
	agent_post(&scene->spinning.vcpu[0], AGENT_SPIN, 0, 0, 0);
	if (pthread_create(&scene->spinner, NULL, run_one, &scene->spinning.vcpu[0]))
		test_die("thread");
	usleep(50000);
}

FIXTURE_SETUP(dead)
{
	require_gunyah();
	require_control();
	control_clear(-1);
	self->pages = control_read(CTL_PAGES_NOT_HOST);
	self->leaked = leaked_pages();
	set_the_scene(&self->scene);
}

FIXTURE_TEARDOWN(dead)
{
}

/* Callers that were there when it died: one waited for the answer, the others for their turn. */
static void callers_end(struct __test_metadata *_metadata, struct scene *scene, bool at_once)
{
	pthread_t thread[WAITERS];
	double start = seconds();
	unsigned int i, timed_out = 0;
	void *ret;

	for (i = 0; i < WAITERS; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, start_one, &scene->waiting[i]));
	for (i = 0; i < WAITERS; i++) {
		ASSERT_EQ(0, pthread_join(thread[i], &ret));
		EXPECT_TRUE((long)ret == -ETIMEDOUT || (long)ret == -EIO);
		timed_out += (long)ret == -ETIMEDOUT;
	}
	if (at_once) {
		EXPECT_EQ(0, timed_out);
		EXPECT_GT(SLACK, seconds() - start);
		return;
	}
	EXPECT_EQ(1, timed_out);
	EXPECT_LE(LIMIT - 1, seconds() - start);
	EXPECT_GE(LIMIT + SLACK, seconds() - start);
}

/* Nothing waits any more. */
static void later_calls_are_quick(struct __test_metadata *_metadata, struct scene *scene)
{
	struct gunyah_vcpu_run *page = scene->quiet.vcpu[0].run;
	double start = seconds();
	unsigned int i;
	void *ret;

	for (i = 0; i < WAITERS; i++)
		EXPECT_EQ(-EIO, __vm_start(&scene->waiting[i]));

	/* R10: VMs that ran are over, also for who is inside of them */
	ASSERT_EQ(0, pthread_join(scene->spinner, &ret));
	EXPECT_EQ(AGENT_STATUS, (long)ret);
	EXPECT_EQ(GUNYAH_VM_STATUS_CRASHED, scene->spinning.vcpu[0].run->status.status);
	ASSERT_EQ(0, __vcpu_run(&scene->quiet.vcpu[0]));
	EXPECT_EQ(GUNYAH_VCPU_EXIT_STATUS, page->exit_reason);
	EXPECT_EQ(GUNYAH_VM_STATUS_CRASHED, page->status.status);
	EXPECT_EQ(-ENODEV, __vm_start(&scene->quiet));

	/* R23 */
	for (i = 0; i < WAITERS; i++)
		vm_destroy(&scene->waiting[i]);
	vm_destroy(&scene->quiet);
	vm_destroy(&scene->spinning);
	EXPECT_GT(SLACK, seconds() - start);
}

/* A new connection to a resource manager that is alive again. */
static void works_again(struct __test_metadata *_metadata)
{
	struct test_vm vm = {};

	control_clear(-1);
	EXPECT_TRUE(control_revive(true));
	ASSERT_TRUE(driver_bind());
	vm_create(&vm, 1);
	EXPECT_EQ(0, __vm_start(&vm));
	agent_do(&vm.vcpu[0], AGENT_NOP, 0, 0, 0);
	vm_destroy(&vm);
}

/* R50, R51, R23, R54 */
TEST_F_TIMEOUT(dead, calls_end_and_the_next_connection_works, 90)
{
	double start = seconds();
	int log = kernel_log();
	struct said said;
	unsigned int i;
	__u64 was = 0;

	if (variant->counter)
		was = driver_counter(variant->counter, NULL);
	for (i = 0; i < 2 && variant->rule[i].key; i++)
		control_rule(&variant->rule[i]);
	if (variant->die)
		control_die();
	callers_end(_metadata, &self->scene, !variant->counter);
	later_calls_are_quick(_metadata, &self->scene);
	/* The late answer, if there is one, comes after all is closed. */
	while (variant->rule[0].action == CTL_DELAY && seconds() - start < 30 &&
	       driver_counter(variant->counter, NULL) == was)
		usleep(1000);
	if (variant->counter)
		EXPECT_EQ(was + 1, driver_counter(variant->counter, NULL));

	/* What was lent is not touched. */
	EXPECT_EQ(self->pages + 2 * VM_PAGES, control_read(CTL_PAGES_NOT_HOST));
	EXPECT_EQ(self->leaked + 2 * VM_PAGES, leaked_pages());
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "lent"));

	/* R23, R51: one message for the connection, and one for each VM's memory. */
	said = what_was_said(log);
	EXPECT_EQ(1, said.dead);
	EXPECT_EQ(2, said.lost);

	start = seconds();
	ASSERT_TRUE(driver_unbind());
	EXPECT_GT(SLACK, seconds() - start);
	works_again(_metadata);
	EXPECT_EQ(self->pages + 2 * VM_PAGES, control_read(CTL_PAGES_NOT_HOST));
	EXPECT_EQ(self->leaked + 2 * VM_PAGES, leaked_pages());
	EXPECT_EQ(self->pages + 2 * VM_PAGES, control_reclaim());
	EXPECT_EQ(0, control_read(CTL_PAGES_NOT_HOST));
}

FIXTURE(unbound)
{
	struct scene scene;
	__u64 pages;
};

FIXTURE_SETUP(unbound)
{
	require_gunyah();
	require_control();
	control_clear(-1);
	self->pages = control_read(CTL_PAGES_NOT_HOST);
	set_the_scene(&self->scene);
}

FIXTURE_TEARDOWN(unbound)
{
}

/* R54: unbound with everything open, after it died; nor can it be bound then */
TEST_F_TIMEOUT(unbound, everything_open, 90)
{
	struct scene *scene = &self->scene;
	double start;
	void *ret;

	control_die();
	EXPECT_EQ(-ETIMEDOUT, __vm_start(&scene->waiting[0]));
	start = seconds();
	ASSERT_TRUE(driver_unbind());
	EXPECT_GT(SLACK, seconds() - start);
	ASSERT_EQ(0, pthread_join(scene->spinner, &ret));
	EXPECT_EQ(-ENODEV, __vm_start(&scene->waiting[1]));
	EXPECT_EQ(-ENODEV, __vm_start(&scene->quiet));
	EXPECT_EQ(-ENODEV, __vcpu_run(&scene->quiet.vcpu[0]));
	EXPECT_EQ(-ENODEV, __create_vm(scene->quiet.dev_fd));

	start = seconds();
	EXPECT_FALSE(driver_bind());
	EXPECT_LE(LIMIT - 1, seconds() - start);
	EXPECT_GE(LIMIT + SLACK, seconds() - start);

	works_again(_metadata);
	vm_destroy(&scene->quiet);
	vm_destroy(&scene->spinning);
	EXPECT_EQ(self->pages + 2 * VM_PAGES, control_reclaim());
	EXPECT_EQ(0, control_read(CTL_PAGES_NOT_HOST));
}

FIXTURE(late)
{
};

FIXTURE_SETUP(late)
{
	require_gunyah();
	require_control();
	control_clear(-1);
}

FIXTURE_TEARDOWN(late)
{
}

/*
 * R50: the answer comes when its connection is gone, and another one waits for
 * answers: it is to nothing, and what it was about stays as it is.
 */
TEST_F_TIMEOUT(late, answer_to_the_connection_before, 90)
{
	struct control_counters before, now;
	struct test_vm vm = {};
	int tries;

	before = control_counters();
	vm_create(&vm, 1);
	MSG_RULE(MSG_ALLOC_VMID, CTL_DELAY, .p = { (LIMIT + 5) * 1000000 });
	EXPECT_EQ(-ETIMEDOUT, __vm_start(&vm));
	control_clear(-1);
	vm_destroy(&vm);
	ASSERT_TRUE(driver_unbind());
	ASSERT_TRUE(driver_bind());
	vm_create(&vm, 1);
	EXPECT_EQ(0, __vm_start(&vm));
	for (tries = 0; tries < 20000 && !driver_counter("gunyah_rm/alien", NULL); tries++)
		usleep(1000);
	EXPECT_EQ(1, driver_counter("gunyah_rm/alien", NULL));
	agent_do(&vm.vcpu[0], AGENT_NOP, 0, 0, 0);
	vm_destroy(&vm);
	now = control_counters();
	EXPECT_EQ(before.vmids + 1, now.vmids);
	EXPECT_EQ(before.pages, now.pages);
	EXPECT_TRUE(control_revive(true));
}

TEST_HARNESS_MAIN
