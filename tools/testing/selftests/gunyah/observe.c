// SPDX-License-Identifier: GPL-2.0-only
/* What an operator sees (R85): tracepoints, counters, and messages that say what was wrong. */
#include <dirent.h>
#include <sys/eventfd.h>

#include "../kselftest_harness.h"
#include "lib/control.h"
#include "lib/events.h"
#include "lib/gunyah_test.h"

#define TRACING	"/sys/kernel/tracing/"

static bool set_tracing(const char *file, const char *text)
{
	char path[100];

	snprintf(path, sizeof(path), TRACING "%s", file);
	return !write_file(path, text);
}

/* To open it so empties it. */
static bool clear_trace(void)
{
	int fd = open(TRACING "trace", O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Is there such an event with both texts? */
static bool traced_with(const char *event, const char *text, const char *more)
{
	char line[512], name[64];
	bool found = false;
	FILE *f;

	snprintf(name, sizeof(name), " %s: ", event);
	f = fopen(TRACING "trace", "r");
	if (!f)
		test_die("trace");
	while (!found && fgets(line, sizeof(line), f))
		found = strstr(line, name) && strstr(line, text) && strstr(line, more);
	fclose(f);
	if (!found)
		ksft_print_msg("no event %s with \"%s\" and \"%s\"\n", event, text, more);
	return found;
}

static bool traced(const char *event, const char *text)
{
	return traced_with(event, text, "");
}

FIXTURE(trace)
{
	struct test_vm vm;
};

FIXTURE_SETUP(trace)
{
	require_gunyah();
	if (access(TRACING "events/gunyah", F_OK))
		SKIP(return, "no tracing");
	vm_create(&self->vm, 1);
	ASSERT_TRUE(clear_trace());
	ASSERT_TRUE(set_tracing("events/gunyah/enable", "1"));
	ASSERT_TRUE(set_tracing("events/gunyah_rm/enable", "1"));
	ASSERT_TRUE(set_tracing("tracing_on", "1"));
}

FIXTURE_TEARDOWN(trace)
{
	set_tracing("events/gunyah/enable", "0");
	set_tracing("events/gunyah_rm/enable", "0");
	vm_destroy(&self->vm);
}

/* R85 */
TEST_F(trace, life_of_a_vm)
{
	vm_start(&self->vm);
	agent_post(&self->vm.vcpu[0], AGENT_STORE, GUEST_MMIO + 0x18, 4, 0x1234);
	ASSERT_EQ(AGENT_MMIO, agent_run(&self->vm.vcpu[0]));
	ASSERT_EQ(AGENT_DONE, agent_run(&self->vm.vcpu[0]));
	ASSERT_EQ(AGENT_STATUS, agent_psci(&self->vm.vcpu[0], PSCI_SYSTEM_OFF, 0, 0));
	set_tracing("tracing_on", "0");
	EXPECT_TRUE(traced("gunyah_vm_state", "none -> load"));
	EXPECT_TRUE(traced("gunyah_vm_state", "ready -> running"));
	EXPECT_TRUE(traced("gunyah_vm_state", "running -> exited"));
	EXPECT_TRUE(traced("gunyah_vcpu_enter", "vcpu=0"));
	EXPECT_TRUE(traced("gunyah_vcpu_exit", "state=0x5 data=0x9000018,0x4,0x1234"));
	EXPECT_TRUE(traced("gunyah_vcpu_mmio", "write addr=0x9000018 len=4 data=0x1234 monitor"));
	EXPECT_TRUE(traced("gunyah_rm_request", "msg_id=0x56000004"));
	EXPECT_TRUE(traced("gunyah_rm_reply", "msg_id=0x56000004"));
	EXPECT_TRUE(traced("gunyah_rm_notification", "msg_id=0x56100001"));
}

/* R20, R85: the resource manager's error is seen, and what became of it */
TEST_F(trace, refused_start)
{
	self->vm.no_image_name = true;
	vm_load(&self->vm);
	EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
	set_tracing("tracing_on", "0");
	EXPECT_TRUE(traced("gunyah_vm_refused", "call=VM_INIT"));
	EXPECT_TRUE(traced("gunyah_vm_state", "-> init-failed"));
	/* Not "error=0 ". */
	EXPECT_TRUE(traced_with("gunyah_rm_reply", "msg_id=0x5600000b", " error=0x"));
}

/* R85: the hypervisor's error is seen, and nothing of what else was in the registers */
TEST_F(trace, error_of_vcpu_run)
{
	require_control();
	control_clear(-1);
	vm_start(&self->vm);
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
	CALL_RULE(CALL_VCPU_RUN, CTL_CALL_RESULT, .p = { HYP_DENIED, 5, GUEST_MMIO, 4, 0x1234 });
	EXPECT_EQ(-EACCES, __vcpu_run(&self->vm.vcpu[0]));
	control_clear(-1);
	set_tracing("tracing_on", "0");
	EXPECT_TRUE(traced("gunyah_vcpu_exit", "error=30 state=0x0 data=0x0,0x0,0x0"));
	EXPECT_EQ(GUEST_BASE, agent_do(&self->vm.vcpu[0], AGENT_PC, 0, 0, 0));
}

static int new_irqfd(struct test_vm *vm, __u32 label)
{
	int fd = event_new();

	add_irqfd(vm->fd, fd, label, 0);
	return fd;
}

/* R85: each signal is seen, and what became of it */
TEST_F(trace, signals_of_irqfds)
{
	static const struct test_bell bell = { .label = 0x11, .spi = 8 };
	int rung, alone;

	require_control();
	control_clear(-1);
	vm_add_bell(&self->vm, &bell);
	vm_load(&self->vm);
	rung = new_irqfd(&self->vm, bell.label);
	alone = new_irqfd(&self->vm, 0x12);
	vm_start(&self->vm);
	EXPECT_EQ(0, eventfd_write(alone, 1));
	EXPECT_EQ(0, eventfd_write(rung, 1));
	EXPECT_TRUE(traced("gunyah_irqfd_signal", "label=18 no-doorbell error=0"));
	EXPECT_TRUE(traced("gunyah_irqfd_signal", "label=17 rung error=0"));
	CALL_RULE(CALL_BELL_SEND, CTL_CALL_RESULT, .p = { HYP_DENIED });
	EXPECT_EQ(0, eventfd_write(rung, 1));
	control_clear(-1);
	set_tracing("tracing_on", "0");
	EXPECT_TRUE(traced("gunyah_irqfd_signal", "label=17 rung error=30"));
	close(rung);
	close(alone);
}

/* Each event that there is has a format, and a name of this driver. */
TEST_F(trace, all_events_are_known)
{
	static const char * const folders[] = { "events/gunyah", "events/gunyah_rm" };
	static const char * const known[] = {
		"gunyah_vm_state", "gunyah_vm_refused", "gunyah_vcpu_enter", "gunyah_vcpu_exit",
		"gunyah_vcpu_mmio", "gunyah_vcpu_page_fault", "gunyah_irqfd_signal",
		"gunyah_rm_request", "gunyah_rm_reply", "gunyah_rm_notification",
	};
	char path[128];
	unsigned int i, j;
	bool found;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		found = false;
		for (j = 0; j < ARRAY_SIZE(folders); j++) {
			snprintf(path, sizeof(path), TRACING "%s/%s/format", folders[j], known[i]);
			found |= !access(path, R_OK);
		}
		EXPECT_TRUE(found) {
			ksft_print_msg("%s\n", known[i]);
		}
	}
}

/* ---- counters ---- */

/* R85: the VM and its states are there while it is, and so is its memory */
TEST(counters_of_a_vm)
{
	struct test_vm vm = {};
	unsigned int vmid;

	require_gunyah();
	vm_create(&vm, 1);
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "lent"));
	vm_start(&vm);
	vmid = last_vmid();
	EXPECT_LE(0x80, vmid);
	EXPECT_EQ(GUEST_SIZE, driver_counter("gunyah_vm/memory", "lent"));
	EXPECT_LT(0, driver_counter("gunyah_vm/memory", "parcels"));

	/* The next VM may have this vmid after the reset. */
	ASSERT_EQ(AGENT_STATUS, agent_psci(&vm.vcpu[0], PSCI_SYSTEM_OFF, 0, 0));
	EXPECT_EQ(vmid, last_vmid());
	ASSERT_EQ(0, __vm_reset(&vm));
	EXPECT_EQ(0, last_vmid());
	vm_start_anew(&vm);
	EXPECT_LE(0x80, last_vmid());
	vm_destroy(&vm);
	EXPECT_EQ(0, last_vmid());
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "lent"));
}

/* R85: requests are answered, and both are counted */
TEST(counters_of_the_connection)
{
	__u64 requests, replies;
	struct test_vm vm = {};

	require_gunyah();
	requests = driver_counter("gunyah_rm/requests", NULL);
	replies = driver_counter("gunyah_rm/replies", NULL);
	vm_create(&vm, 1);
	EXPECT_EQ(requests, driver_counter("gunyah_rm/requests", NULL));
	vm_start(&vm);
	vm_destroy(&vm);
	/* ALLOC, LEND, CONFIG, INIT, GET, START, STOP, RESET, RECLAIM, DEALLOC */
	EXPECT_LE(requests + 10, driver_counter("gunyah_rm/requests", NULL));
	EXPECT_EQ(driver_counter("gunyah_rm/requests", NULL) - requests,
		  driver_counter("gunyah_rm/replies", NULL) - replies);
}

/* R84: each counter that the documentation has is there */
TEST(counters_of_the_documentation)
{
	static const char * const names[] = {
#include "counters.inc"
	};
	unsigned int i;

	require_gunyah();
	ASSERT_LT(10, ARRAY_SIZE(names));
	for (i = 0; i < ARRAY_SIZE(names); i++)
		driver_counter(names[i], NULL);
}

/* ---- messages ---- */

static int kmsg = -1;

/* From here on. */
static void open_log(void)
{
	if (kmsg >= 0)
		close(kmsg);
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg < 0 || lseek(kmsg, 0, SEEK_END) < 0)
		test_die("/dev/kmsg");
}

/* How many messages since then hold the text. */
static unsigned int logged(const char *text)
{
	unsigned int n = 0;
	char line[1024];
	ssize_t len;

	for (;;) {
		len = read(kmsg, line, sizeof(line) - 1);
		if (len < 0 && errno == EPIPE)
			continue;
		if (len <= 0)
			break;
		line[len] = 0;
		n += !!strstr(line, text);
	}
	open_log();
	return n;
}

FIXTURE(message)
{
	struct test_vm vm;
};

FIXTURE_SETUP(message)
{
	require_gunyah();
	vm_create(&self->vm, 1);
	open_log();
}

FIXTURE_TEARDOWN(message)
{
	vm_destroy(&self->vm);
}

/* R20: one message, with what was refused */
TEST_F(message, refused_start)
{
	self->vm.no_image_name = true;
	vm_load(&self->vm);
	EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
	EXPECT_EQ(1, logged("the resource manager did not initialise"));
}

/* R71: what a user does wrong is the user's to know, not the log's */
TEST_F(message, wrong_arguments_are_silent)
{
	struct gunyah_fn_desc desc = { .type = GUNYAH_FN_VCPU, .arg_size = 3 };
	unsigned int i;

	for (i = 0; i < 100; i++) {
		__set_dtb(self->vm.fd, 1, 0);
		__set_boot_reg(self->vm.fd, 0x999, 0);
		__ioctl(self->vm.fd, GUNYAH_VM_ADD_FUNCTION, &desc);
		__map_mem(self->vm.fd, self->vm.mem_fd, 1, 2, 3, 4);
		__create_guest_mem(self->vm.dev_fd, 1, ~0ULL);
	}
	EXPECT_EQ(0, logged("gunyah"));
}

/* R14: a message for an impossible access, and not one for each of very many */
TEST_F(message, impossible_length)
{
	unsigned int i, n;

	require_control();
	control_clear(-1);
	vm_start(&self->vm);
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
	CALL_RULE(CALL_VCPU_RUN, CTL_CALL_RESULT, .times = 200, .p = { 0, 4, GUEST_MMIO, 3 });
	open_log();
	for (i = 0; i < 200; i++)
		EXPECT_EQ(-EIO, __vcpu_run(&self->vm.vcpu[0]));
	n = logged("access of 3 bytes");
	EXPECT_LT(0, n);
	EXPECT_GT(200, n);
	control_clear(-1);
	EXPECT_EQ(GUEST_BASE, agent_do(&self->vm.vcpu[0], AGENT_PC, 0, 0, 0));
}

/* R23: what is given up is said once, and counted */
TEST_F(message, vm_that_can_not_be_reset)
{
	__u64 lost;

	require_control();
	control_clear(-1);
	lost = driver_counter("gunyah_vm/lost_vms", NULL);
	vm_start(&self->vm);
	MSG_RULE(MSG_VM_RESET, CTL_REFUSE, .times = CTL_FOREVER, .p = { 2 });
	open_log();
	close(self->vm.fd);
	EXPECT_EQ(1, logged("what it was lent stays lent"));
	EXPECT_EQ(lost + 1, driver_counter("gunyah_vm/lost_vms", NULL));
	control_clear(-1);
	self->vm.fd = create_vm(self->vm.dev_fd);
	EXPECT_TRUE(control_revive(true));
	EXPECT_EQ(GUEST_SIZE / SZ_4K, control_reclaim());
}

TEST_HARNESS_MAIN
