// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every call in every state of a VM, as the table in
 * Documentation/virt/gunyah/vm-manager.rst says: call_state.inc is made of it.
 */
#include "../kselftest_harness.h"
#include "lib/control.h"
#include "lib/gunyah_test.h"

enum state { NOT_STARTED, STARTING, RUNNING, EXITED, ENDING, GONE, NR_STATES };

static const struct row {
	const char *call;
	const char *result[NR_STATES];
} table[] = {
#include "call_state.inc"
};

/* A VM in the state that is looked at, and what the calls need. */
static struct test_vm vm;
static int spare_mem;
static pthread_t starter;
static long start_result;

/* Does the call of a row; returns 0, or -errno. */
static int do_call(const char *name)
{
	struct gunyah_userspace_memory_region region = {};
	struct gunyah_address_range range = { .guest_phys_addr = GUEST_BASE, .size = SZ_4K };
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
	if (!strcmp(name, "GUNYAH_VM_MAP_MEM")) {
		ret = __map_mem(vm.fd, spare_mem, 0x90000000, SZ_2M, 0, LEND_RWX);
		if (!ret)
			__map_mem(vm.fd, spare_mem, 0x90000000, SZ_2M, 0,
				  LEND_RWX | GUNYAH_MEM_UNMAP);
		return ret;
	}
	if (!strcmp(name, "GUNYAH_VM_ADD_FUNCTION")) {
		ret = __add_vcpu(vm.fd, 5);
		if (ret >= 0)
			close(ret);
		return ret < 0 ? ret : 0;
	}
	if (!strcmp(name, "GUNYAH_VM_REMOVE_FUNCTION"))
		return __remove_vcpu(vm.fd, 5);
	if (!strcmp(name, "GUNYAH_CHECK_EXTENSION")) {
		ret = __ioctl(vm.fd, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_API_VERSION);
		return ret < 0 ? ret : 0;
	}
	if (!strncmp(name, "GUNYAH_VM_SET_USER_MEM", 22))
		return __ioctl(vm.fd, GUNYAH_VM_SET_USER_MEM_REGION, &region);
	if (!strcmp(name, "GUNYAH_VM_RECLAIM_MEM"))
		return __ioctl(vm.fd, GUNYAH_VM_RECLAIM_MEM, &range);
	if (!strcmp(name, "GUNYAH_VM_RESET"))
		return __ioctl(vm.fd, GUNYAH_VM_RESET, 0);
	if (!strcmp(name, "GUNYAH_VCPU_RUN"))
		return __vcpu_run(&vm.vcpu[0]);
	if (!strcmp(name, "GUNYAH_VCPU_MMAP_SIZE")) {
		ret = __ioctl(vm.vcpu[0].fd, GUNYAH_VCPU_MMAP_SIZE, 0);
		return ret < 0 ? ret : 0;
	}
	ksft_print_msg("no test for %s\n", name);
	exit(KSFT_FAIL);
}

static void *call_thread(void *name)
{
	return (void *)(long)do_call(name);
}

static void *start_thread(void *unused)
{
	start_result = __vm_start(&vm);
	return NULL;
}

/* The call has not come back while the start is under way, and does afterwards. */
static void expect_wait(struct __test_metadata *_metadata, const struct row *row)
{
	pthread_t thread;
	void *ret;

	ASSERT_EQ(0, pthread_create(&thread, NULL, call_thread, (void *)row->call));
	usleep(100000);
	EXPECT_EQ(EBUSY, pthread_tryjoin_np(thread, &ret));
	pthread_detach(thread);
}

static const char *result_name(int ret)
{
	return ret ? strerrorname_np(-ret) : "0";
}

/* Looks at a column of the table. */
static void check_state(struct __test_metadata *_metadata, enum state state)
{
	const char *want;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		want = table[i].result[state];
		if (!*want || !strcmp(want, "starts"))
			continue;	/* a footnote, or the way to the next state */
		if (!strcmp(want, "waits")) {
			expect_wait(_metadata, &table[i]);
			continue;
		}
		if (!strcmp(want, "runs"))
			want = "0";
		EXPECT_STREQ(want, result_name(do_call(table[i].call))) {
			ksft_print_msg("%s\n", table[i].call);
		}
	}
}

FIXTURE(state)
{
	char unused;
};

FIXTURE_SETUP(state)
{
	require_gunyah();
	vm_create(&vm, 1);
	spare_mem = create_guest_mem(vm.dev_fd, SZ_2M);
}

FIXTURE_TEARDOWN(state)
{
	close(spare_mem);
	vm_destroy(&vm);
}

TEST_F(state, not_started)
{
	check_state(_metadata, NOT_STARTED);
}

TEST_F(state, starting)
{
	require_control();
	ASSERT_LE(0, MSG_RULE(MSG_VM_START, CTL_DELAY, .p = { 2000000 }));
	ASSERT_EQ(0, pthread_create(&starter, NULL, start_thread, NULL));
	usleep(300000);
	check_state(_metadata, STARTING);
	ASSERT_EQ(0, pthread_join(starter, NULL));
	EXPECT_EQ(0, start_result);
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
	ASSERT_LE(0, MSG_RULE(MSG_GET_RESOURCES, CTL_REFUSE, .p = { 2 }));
	ASSERT_LE(0, MSG_RULE(MSG_VM_RESET, CTL_DELAY, .p = { 2000000 }));
	ASSERT_EQ(0, pthread_create(&starter, NULL, start_thread, NULL));
	usleep(300000);
	check_state(_metadata, ENDING);
	ASSERT_EQ(0, pthread_join(starter, NULL));
	EXPECT_EQ(-ENODEV, start_result);
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
