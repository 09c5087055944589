// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the hypervisor's ABI as linux/gunyah.h has it: the table of errors
 * the fields of identify, and the registers of each hypercall; vcpu_run's, which
 * nothing can stand in for, are those of any guest that runs.
 */
#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <linux/bitfield.h>
#include <linux/gunyah.h>
#include <linux/module.h>

struct error_case {
	const char *name;
	int error;
	int errno_;
};

/* R55: every error of the API, and some that have no name here. */
static const struct error_case error_cases[] = {
	{ "OK", 0, 0 },
	{ "UNIMPLEMENTED", -1, -EOPNOTSUPP },
	{ "RETRY", -2, -EAGAIN },
	{ "ARG_INVAL", 1, -EINVAL },
	{ "ARG_SIZE", 2, -EINVAL },
	{ "ARG_ALIGN", 3, -EINVAL },
	{ "NOMEM", 10, -ENOMEM },
	{ "NORESOURCES", 11, -EINVAL },
	{ "ADDR_OVFL", 20, -EINVAL },
	{ "ADDR_UNFL", 21, -EINVAL },
	{ "ADDR_INVAL", 22, -EINVAL },
	{ "DENIED", 30, -EACCES },
	{ "BUSY", 31, -EBUSY },
	{ "IDLE", 32, -EBUSY },
	{ "OBJECT_STATE", 33, -EINVAL },
	{ "IRQ_BOUND", 40, -EIO },
	{ "IRQ_UNBOUND", 41, -EIO },
	{ "CAP_NULL", 50, -EACCES },
	{ "CAP_REVOKED", 51, -EACCES },
	{ "WRONG_OBJECT_TYPE", 52, -EACCES },
	{ "INSUF_RIGHTS", 53, -EACCES },
	{ "CSPACE_FULL", 54, -EBUSY },
	{ "MSGQUEUE_EMPTY", 60, -EIO },
	{ "MSGQUEUE_FULL", 61, -EIO },
	{ "MEMDB_NOT_OWNER", 111, -EINVAL },
	{ "MAPPINGS_FULL", 120, -EINVAL },
	{ "EXISTING_MAPPING", 200, -EINVAL },
	{ "below all", -3, -EINVAL },
	{ "above all", 0x7fffffff, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(error, error_cases, name);

static void error_to_errno(struct kunit *test)
{
	const struct error_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, gunyah_error_to_errno(c->error), c->errno_);
}

/* R80: the answer of the published hypervisor, taken apart. */
static void identify_published(struct kunit *test)
{
	const struct gunyah_identify_result id = {
		.api_info = 0x5100000000008001,
		.flags = { 0x10000eff },
	};
	const u64 used = GUNYAH_FEATURE_PARTITION_CSPACE | GUNYAH_FEATURE_DOORBELL |
			 GUNYAH_FEATURE_MSGQUEUE | GUNYAH_FEATURE_VIC | GUNYAH_FEATURE_VPM |
			 GUNYAH_FEATURE_VCPU | GUNYAH_FEATURE_MEMEXTENT | GUNYAH_FEATURE_VCPU_RUN;

	KUNIT_EXPECT_EQ(test, FIELD_GET(GUNYAH_API_INFO_VERSION, id.api_info), GUNYAH_API_V1);
	KUNIT_EXPECT_EQ(test, FIELD_GET(GUNYAH_API_INFO_VARIANT, id.api_info), 0x51);
	KUNIT_EXPECT_TRUE(test, id.api_info & GUNYAH_API_INFO_64BIT);
	KUNIT_EXPECT_FALSE(test, id.api_info & GUNYAH_API_INFO_BIG_ENDIAN);
	KUNIT_EXPECT_EQ(test, id.flags[0] & used, used);
}

static bool present_stub(void)
{
	return true;
}

static void identify_stub(struct gunyah_identify_result *result)
{
	result->api_info = 0x123;
}

static enum gunyah_error vcpu_run_stub(u64 capid, u64 resume0, u64 resume1, u64 resume2,
				       struct gunyah_vcpu_run_result *result)
{
	result->state = capid;
	result->data[0] = resume0;
	result->data[1] = resume1;
	result->data[2] = resume2;

	return GUNYAH_ERROR_RETRY;
}

static enum gunyah_error donate_stub(u64 options, u64 from_capid, u64 to_capid, u64 offset,
				     u64 size)
{
	return options + from_capid + to_capid + offset + size;
}

/* R86: what the tests of all layers above stand on: a hypercall can be replaced. */
static void hypercalls_can_be_replaced(struct kunit *test)
{
	struct gunyah_identify_result id = {};
	struct gunyah_vcpu_run_result run = {};

	kunit_activate_static_stub(test, gunyah_hypervisor_present, present_stub);
	kunit_activate_static_stub(test, gunyah_hypercall_hyp_identify, identify_stub);
	kunit_activate_static_stub(test, gunyah_hypercall_vcpu_run, vcpu_run_stub);
	kunit_activate_static_stub(test, gunyah_hypercall_memextent_donate, donate_stub);

	KUNIT_EXPECT_TRUE(test, gunyah_hypervisor_present());

	gunyah_hypercall_hyp_identify(&id);
	KUNIT_EXPECT_EQ(test, id.api_info, 0x123);

	KUNIT_EXPECT_EQ(test, gunyah_hypercall_vcpu_run(1, 2, 3, 4, &run), GUNYAH_ERROR_RETRY);
	KUNIT_EXPECT_EQ(test, run.state, 1);
	KUNIT_EXPECT_EQ(test, run.data[0], 2);
	KUNIT_EXPECT_EQ(test, run.data[1], 3);
	KUNIT_EXPECT_EQ(test, run.data[2], 4);

	KUNIT_EXPECT_EQ(test, (int)gunyah_hypercall_memextent_donate(1, 2, 3, 4, 5), 15);
}

static u64 regs_seen[9];

static void registers_stub(u64 *x)
{
	unsigned int i;

	memcpy(regs_seen, x, sizeof(regs_seen));
	x[0] = GUNYAH_ERROR_OK;
	for (i = 1; i < 5; i++)
		x[i] = 0x100 + i;
}

static void expect_registers(struct kunit *test, u64 number, const u64 *args, size_t n)
{
	u64 want[9] = { 0xc6008000 | number };

	memcpy(want + 1, args, n * sizeof(*args));
	KUNIT_EXPECT_MEMEQ(test, regs_seen, want, sizeof(want));
}

#define EXPECT_CALL(test, number, ...) do {					\
	const u64 args[] = { __VA_ARGS__ };					\
										\
	expect_registers(test, number, args, ARRAY_SIZE(args));			\
} while (0)

/* The published API: arguments from x1 on, what is reserved is 0, results from x1 on. */
static void registers_of_each_call(struct kunit *test)
{
	struct gunyah_identify_result id = {};
	bool more = false;
	size_t size = 0;
	u64 flags = 0;
	u8 buf[4];

	kunit_activate_static_stub(test, gunyah_hvc_registers, registers_stub);

	gunyah_hypercall_hyp_identify(&id);
	EXPECT_CALL(test, 0x00, 0);
	KUNIT_EXPECT_EQ(test, id.api_info, 0);
	KUNIT_EXPECT_EQ(test, id.flags[0], 0x101);
	KUNIT_EXPECT_EQ(test, id.flags[1], 0x102);
	KUNIT_EXPECT_EQ(test, id.flags[2], 0x103);

	KUNIT_EXPECT_EQ(test, (int)gunyah_hypercall_bell_send(1, 2, &flags), 0);
	EXPECT_CALL(test, 0x12, 1, 2);
	KUNIT_EXPECT_EQ(test, flags, 0x101);
	KUNIT_EXPECT_EQ(test, (int)gunyah_hypercall_bell_send(1, 2, NULL), 0);

	KUNIT_EXPECT_EQ(test, (int)gunyah_hypercall_bell_set_mask(1, 2, 3), 0);
	EXPECT_CALL(test, 0x15, 1, 2, 3);

	KUNIT_EXPECT_EQ(test, (int)gunyah_hypercall_msgq_send(1, 2, buf, 3, &more), 0);
	EXPECT_CALL(test, 0x1b, 1, 2, (uintptr_t)buf, 3);
	KUNIT_EXPECT_TRUE(test, more);

	KUNIT_EXPECT_EQ(test, (int)gunyah_hypercall_msgq_recv(1, buf, 4, &size, &more), 0);
	EXPECT_CALL(test, 0x1c, 1, (uintptr_t)buf, 4);
	KUNIT_EXPECT_EQ(test, size, 0x101);
	KUNIT_EXPECT_FALSE(test, more);

	KUNIT_EXPECT_EQ(test, (int)gunyah_hypercall_addrspace_map(1, 2, 3, 4, 5, 6, 7), 0);
	EXPECT_CALL(test, 0x2b, 1, 2, 3, 4, 5, 6, 7);

	KUNIT_EXPECT_EQ(test, (int)gunyah_hypercall_addrspace_unmap(1, 2, 3, 4, 5, 6), 0);
	EXPECT_CALL(test, 0x2c, 1, 2, 3, 4, 5, 6);

	KUNIT_EXPECT_EQ(test, (int)gunyah_hypercall_memextent_donate(1, 2, 3, 4, 5), 0);
	EXPECT_CALL(test, 0x61, 1, 2, 3, 4, 5);
}

/* R8: rescheduling is done, not reported. */
static void guest_work_reschedules(struct kunit *test)
{
	preempt_disable();
	set_tsk_need_resched(current);
	set_preempt_need_resched();
	KUNIT_EXPECT_TRUE(test, gunyah_guest_work_pending());
	preempt_enable();

	KUNIT_EXPECT_EQ(test, gunyah_guest_work(), 0);
}

/* R8: a signal is left for the return to user mode. */
static void guest_work_leaves_signals(struct kunit *test)
{
	set_thread_flag(TIF_SIGPENDING);
	KUNIT_EXPECT_TRUE(test, gunyah_guest_work_pending());
	KUNIT_EXPECT_EQ(test, gunyah_guest_work(), -EINTR);
	KUNIT_EXPECT_TRUE(test, test_thread_flag(TIF_SIGPENDING));
	clear_thread_flag(TIF_SIGPENDING);
}

static struct kunit_case hypercall_cases[] = {
	KUNIT_CASE_PARAM(error_to_errno, error_gen_params),
	KUNIT_CASE(identify_published),
	KUNIT_CASE(hypercalls_can_be_replaced),
	KUNIT_CASE(registers_of_each_call),
	KUNIT_CASE(guest_work_reschedules),
	KUNIT_CASE(guest_work_leaves_signals),
	{}
};

static struct kunit_suite hypercall_suite = {
	.name = "gunyah_hypercall",
	.test_cases = hypercall_cases,
};

kunit_test_suite(hypercall_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("Tests of Gunyah's hypercalls");
MODULE_LICENSE("GPL");
