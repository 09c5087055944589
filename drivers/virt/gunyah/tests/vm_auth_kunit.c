// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of authenticated VMs (R29): the arguments, what is sent for each type and
 * in which order, what follows when a call of that fails (R57, R58), and where
 * the firmware of a protected VM is.
 *
 * What was done is a word, a letter a call: A alloc, C configure, U authenticate,
 * F firmware, I init, S start, P stop, R reset, D dealloc; and of the VM's own
 * "d" drain, "r" reclaim, "x" give up.
 */
#include <kunit/test-bug.h>
#include <linux/module.h>

#include "../vm_auth.h"
#include "../vm_rm.h"
#include "fake_rm.h"
#include "parcel_test.h"

#define FIXED_VMID	28
#define HANDLE		7
#define PAS_ID		0x1c
#define DTB_OFFSET	SZ_2M

/*
 * Arguments
 */

struct trusted_case {
	const char *name;
	struct gunyah_vm_qtvm_auth_arg arg;
	int ret;
};

static const struct trusted_case trusted_cases[] = {
	{ "usual", { FIXED_VMID, 0, PAS_ID, GPA, SZ_8K }, 0 },
	{ "any vmid", { 0, 0, 0, GPA, 1 }, 0 },
	{ "up to the end of all", { 0xffff, 0, U32_MAX, GPA, U64_MAX - GPA }, 0 },
	{ "padding", { FIXED_VMID, 1, PAS_ID, GPA, SZ_8K }, -EINVAL },
	{ "size 0", { FIXED_VMID, 0, PAS_ID, GPA, 0 }, -EINVAL },
	{ "address not aligned", { FIXED_VMID, 0, PAS_ID, GPA + 8, SZ_8K }, -EINVAL },
	{ "wraps", { FIXED_VMID, 0, PAS_ID, GPA, U64_MAX - GPA + 1 }, -EOVERFLOW },
};

KUNIT_ARRAY_PARAM_DESC(trusted, trusted_cases, name);

static void trusted_argument(struct kunit *test)
{
	const struct trusted_case *c = test->param_value;
	struct gunyah_vm_auth auth;

	KUNIT_ASSERT_EQ(test, gunyah_vm_auth_trusted(&auth, &c->arg), c->ret);
	if (c->ret)
		return;
	KUNIT_EXPECT_EQ(test, auth.type, GUNYAH_RM_VM_AUTH_QCOM_TRUSTED_VM);
	KUNIT_EXPECT_EQ(test, auth.vmid, c->arg.vm_id);
	KUNIT_EXPECT_EQ(test, auth.pas_id, c->arg.peripheral_id);
	KUNIT_EXPECT_EQ(test, auth.gpa, c->arg.guest_phys_addr);
	KUNIT_EXPECT_EQ(test, auth.size, c->arg.size);
}

struct firmware_case {
	const char *name;
	struct gunyah_vm_firmware_config arg;
	int ret;
};

static const struct firmware_case firmware_cases[] = {
	{ "usual", { 0x7fc00000, SZ_4M }, 0 },
	{ "one page", { 0, SZ_4K }, 0 },
	{ "size 0", { GPA, 0 }, -EINVAL },
	{ "size not aligned", { GPA, SZ_4K + 8 }, -EINVAL },
	{ "address not aligned", { GPA + 8, SZ_4K }, -EINVAL },
	{ "wraps", { -(u64)SZ_4K, SZ_8K }, -EOVERFLOW },
	{ "size in pages wraps", { 0, -(u64)SZ_4K }, PAGE_SIZE > SZ_4K ? -EOVERFLOW : 0 },
};

KUNIT_ARRAY_PARAM_DESC(firmware, firmware_cases, name);

static void firmware_argument(struct kunit *test)
{
	const struct firmware_case *c = test->param_value;
	struct gunyah_vm_auth auth;

	KUNIT_ASSERT_EQ(test, gunyah_vm_auth_firmware(&auth, &c->arg), c->ret);
	if (c->ret)
		return;
	KUNIT_EXPECT_EQ(test, auth.type, GUNYAH_RM_VM_AUTH_QCOM_ANDROID_PVM);
	KUNIT_EXPECT_EQ(test, auth.gpa, c->arg.guest_phys_addr);
	KUNIT_EXPECT_EQ(test, auth.size, c->arg.size);
}

struct range_case {
	const char *name;
	enum gunyah_rm_vm_auth type;
	u64 gpa;
	u64 size;
	int ret;
	u64 offset;
};

static const struct range_case range_cases[] = {
	{ "none", GUNYAH_RM_VM_AUTH_NONE, 0, 0, 0, 0 },
	{ "firmware", GUNYAH_RM_VM_AUTH_QCOM_ANDROID_PVM, 0x1000, SZ_4K, 0, 0 },
	{ "at the base", GUNYAH_RM_VM_AUTH_QCOM_TRUSTED_VM, GPA, SZ_8K, 0, 0 },
	{ "up to the end", GUNYAH_RM_VM_AUTH_QCOM_TRUSTED_VM, GPA + SZ_4M, SZ_4M, 0, SZ_4M },
	{ "one byte too many", GUNYAH_RM_VM_AUTH_QCOM_TRUSTED_VM, GPA + SZ_4M, SZ_4M + 1,
	  -EINVAL },
	{ "below", GUNYAH_RM_VM_AUTH_QCOM_TRUSTED_VM, GPA - SZ_4K, SZ_8K, -EINVAL },
	{ "behind", GUNYAH_RM_VM_AUTH_QCOM_TRUSTED_VM, GPA + SZ_8M, SZ_4K, -EINVAL },
	{ "more than all", GUNYAH_RM_VM_AUTH_QCOM_TRUSTED_VM, GPA, U64_MAX, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(range, range_cases, name);

static void image_range(struct kunit *test)
{
	const struct gunyah_vm_image image = { .base = GPA, .size = SZ_8M };
	const struct range_case *c = test->param_value;
	const struct gunyah_vm_auth auth = { .type = c->type, .gpa = c->gpa, .size = c->size };
	u64 offset, size;

	KUNIT_ASSERT_EQ(test, gunyah_vm_auth_image_range(&auth, &image, &offset, &size), c->ret);
	if (c->ret)
		return;
	KUNIT_EXPECT_EQ(test, offset, c->offset);
	KUNIT_EXPECT_EQ(test, size,
			c->type == GUNYAH_RM_VM_AUTH_QCOM_TRUSTED_VM ? c->size : 0);
}

/*
 * A life
 */

/**
 * struct life - a VM with the double behind it
 * @v: the VM
 * @stats: counters
 * @fake: the resource manager
 * @vmid: the VM's
 * @after_config: state after CONFIG_IMAGE
 * @fail: id of the call that fails, always
 * @error: with this error; 0: it is not answered
 * @fail_status: with this notification before, 0 for none
 * @done: what was done
 * @wrong: a call came in a state in which the published resource manager dies
 * @state: the double's
 */
struct life {
	struct gunyah_vm_rm v;
	struct gunyah_vm_rm_stats stats;
	struct fake_rm *fake;
	u16 vmid;
	u8 after_config;
	u32 fail;
	u32 error;
	u8 fail_status;
	char done[64];
	bool wrong;
	u8 state;
};

static void note(struct life *l, char c)
{
	size_t n = strlen(l->done);

	if (n < sizeof(l->done) - 1)
		l->done[n] = c;
}

/* The published resource manager's order: the notification, then the reply. */
static void notify_status(struct life *l, u8 status)
{
	struct gunyah_rm_vm_status_notification msg = {
		.vmid = cpu_to_le16(l->vmid),
		.vm_status = status,
	};

	l->state = status;
	fake_rm_put_message(l->fake, GUNYAH_RM_TYPE_NOTIFICATION, 0, GUNYAH_RM_VM_STATUS, &msg,
			    sizeof(msg));
}

static void notify_exited(struct life *l)
{
	struct gunyah_rm_vm_exited_notification msg = {
		.vmid = cpu_to_le16(l->vmid),
		.exit_type = cpu_to_le16(7),
	};

	notify_status(l, GUNYAH_RM_VM_STATUS_EXITED);
	fake_rm_put_message(l->fake, GUNYAH_RM_TYPE_NOTIFICATION, 0, GUNYAH_RM_VM_EXITED, &msg,
			    sizeof(msg));
}

static void answer_reset(struct life *l)
{
	/* R57: these two are the end of the published resource manager. */
	if (l->state == GUNYAH_RM_VM_STATUS_LOAD || l->state == GUNYAH_RM_VM_STATUS_AUTH)
		l->wrong = true;
	notify_status(l, GUNYAH_RM_VM_STATUS_RESETTING);
	fake_rm_answer_ok(l->fake);
	notify_status(l, GUNYAH_RM_VM_STATUS_RESET);
}

static void answer_alloc(struct life *l)
{
	const struct gunyah_rm_vmid_req *req = (const void *)l->fake->request;
	__le32 vmid = cpu_to_le32(l->vmid);

	l->state = GUNYAH_RM_VM_STATUS_LOAD;
	KUNIT_EXPECT_EQ(l->fake->test, le16_to_cpu(req->vmid),
			l->vmid == FIXED_VMID ? FIXED_VMID : 0);
	fake_rm_put_reply(l->fake, GUNYAH_RM_ERROR_OK, &vmid, req->vmid ? 0 : sizeof(vmid));
}

struct answer {
	u32 id;
	char letter;
	u8 status;	/* afterwards */
};

static const struct answer answers[] = {
	{ GUNYAH_RM_VM_ALLOC_VMID, 'A' },
	{ GUNYAH_RM_VM_CONFIG_IMAGE, 'C' },
	{ GUNYAH_RM_VM_AUTH_IMAGE, 'U', GUNYAH_RM_VM_STATUS_INIT },
	{ GUNYAH_RM_VM_SET_FIRMWARE_MEM, 'F' },
	{ GUNYAH_RM_VM_INIT, 'I', GUNYAH_RM_VM_STATUS_READY },
	{ GUNYAH_RM_VM_START, 'S', GUNYAH_RM_VM_STATUS_RUNNING },
	{ GUNYAH_RM_VM_STOP, 'P' },
	{ GUNYAH_RM_VM_RESET, 'R' },
	{ GUNYAH_RM_VM_DEALLOC_VMID, 'D' },
};

static void answer(struct fake_rm *fake)
{
	static const __le32 hyp_error = cpu_to_le32(1);
	struct life *l = fake->data;
	const struct answer *a;

	for (a = answers; a->id != fake->request_id; a++)
		KUNIT_ASSERT_LT(fake->test, a - answers, ARRAY_SIZE(answers));
	note(l, a->letter);

	if (a->id == l->fail) {
		if (l->fail_status)
			notify_status(l, l->fail_status);
		if (l->error)
			fake_rm_put_reply(fake, l->error, &hyp_error,
					  a->letter == 'F' ? sizeof(hyp_error) : 0);
		return;
	}

	switch (a->id) {
	case GUNYAH_RM_VM_ALLOC_VMID:
		return answer_alloc(l);
	case GUNYAH_RM_VM_RESET:
		return answer_reset(l);
	case GUNYAH_RM_VM_STOP:
		notify_exited(l);
		break;
	case GUNYAH_RM_VM_CONFIG_IMAGE:
		notify_status(l, l->after_config);
		break;
	default:
		if (a->status)
			notify_status(l, a->status);
		break;
	}
	fake_rm_answer_ok(fake);
}

static void on_changed(struct gunyah_vm_rm *v, enum gunyah_vm_rm_state state)
{
}

static void on_drain(struct gunyah_vm_rm *v)
{
	note(container_of(v, struct life, v), 'd');
}

static bool on_reclaim(struct gunyah_vm_rm *v, bool lost)
{
	note(container_of(v, struct life, v), lost ? 'x' : 'r');
	return !lost;
}

static const struct gunyah_vm_rm_ops ops = {
	.changed = on_changed,
	.drain = on_drain,
	.reclaim = on_reclaim,
};

static int life_init(struct kunit *test)
{
	struct life *l = kunit_kzalloc(test, sizeof(*l), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, l);
	l->fake = fake_rm_create(test);
	l->fake->answer = answer;
	l->fake->data = l;
	l->vmid = VMID;
	gunyah_vm_rm_setup(&l->v, l->fake->rm, &ops, &l->stats);
	l->v.limit_ms = 1000;
	l->v.refusal_ms = 100;
	test->priv = l;
	return 0;
}

static const struct gunyah_vm_image the_image = {
	.handle		= HANDLE,
	.base		= GPA,
	.size		= SZ_8M,
	.dtb_offset	= DTB_OFFSET,
	.dtb_size	= SZ_4K,
	.fw_handle	= HANDLE + 1,
	.fw_offset	= SZ_64K,
};

static void choose(struct life *l, enum gunyah_rm_vm_auth type, struct gunyah_vm_auth *auth)
{
	*auth = (struct gunyah_vm_auth) { .type = type, .pas_id = PAS_ID, .size = SZ_4M };
	if (type == GUNYAH_RM_VM_AUTH_QCOM_TRUSTED_VM) {
		l->vmid = FIXED_VMID;
		l->after_config = GUNYAH_RM_VM_STATUS_AUTH;
		auth->vmid = FIXED_VMID;
	} else {
		l->after_config = GUNYAH_RM_VM_STATUS_INIT;
	}
	gunyah_vm_rm_set_auth(&l->v, auth->type, auth->vmid, auth->pas_id);
}

/* Start as far as it goes, and return what stopped it. */
static int go(struct life *l, const struct gunyah_vm_auth *auth)
{
	const char *what;

	return gunyah_vm_rm_alloc(&l->v) ?:
	       gunyah_vm_auth_load(auth, &l->v, &the_image, 0, SZ_2M, &what) ?:
	       gunyah_vm_rm_init(&l->v) ?:
	       gunyah_vm_rm_start(&l->v);
}

struct order_case {
	const char *name;
	enum gunyah_rm_vm_auth type;
	const char *done;
};

static const struct order_case order_cases[] = {
	{ "none", GUNYAH_RM_VM_AUTH_NONE, "ACISPdRrD" },
	{ "trusted", GUNYAH_RM_VM_AUTH_QCOM_TRUSTED_VM, "ACUISPdRrD" },
	{ "protected", GUNYAH_RM_VM_AUTH_QCOM_ANDROID_PVM, "ACFISPdRrD" },
};

KUNIT_ARRAY_PARAM_DESC(order, order_cases, name);

static void order(struct kunit *test)
{
	const struct order_case *c = test->param_value;
	struct life *l = test->priv;
	struct gunyah_vm_auth auth;
	int i;

	/* Twice: it stands over runs. */
	choose(l, c->type, &auth);
	for (i = 0; i < 2; i++) {
		memset(l->done, 0, sizeof(l->done));
		KUNIT_EXPECT_EQ(test, go(l, &auth), 0);
		KUNIT_EXPECT_EQ(test, gunyah_vm_rm_end(&l->v), 0);
		KUNIT_EXPECT_STREQ(test, l->done, c->done);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&l->stats.vmids), 0);
	KUNIT_EXPECT_FALSE(test, l->wrong);
}

struct fail_case {
	const char *name;
	enum gunyah_rm_vm_auth type;
	u32 fail;
	u32 error;
	u8 status;
	int ret;
	const char *done;
	int vmids;
	int lost;
	int end;
};

#define T	GUNYAH_RM_VM_AUTH_QCOM_TRUSTED_VM
#define F	GUNYAH_RM_VM_AUTH_QCOM_ANDROID_PVM

static const struct fail_case fail_cases[] = {
	{ "trusted: vmid is taken", T, GUNYAH_RM_VM_ALLOC_VMID, GUNYAH_RM_ERROR_NORESOURCE, 0,
	  -ENODEV, "A", 0, 0, 0 },
	{ "trusted: CONFIG refused", T, GUNYAH_RM_VM_CONFIG_IMAGE,
	  GUNYAH_RM_ERROR_ARGUMENT_INVALID, GUNYAH_RM_VM_STATUS_INIT_FAILED, -EINVAL, "ACr", 1,
	  0, 0 },
	{ "AUTH refused", T, GUNYAH_RM_VM_AUTH_IMAGE, GUNYAH_RM_ERROR_VALIDATE_FAILED, 0,
	  -EINVAL, "ACUr", 1, 0, 0 },
	{ "AUTH refused, and INIT_FAILED", T, GUNYAH_RM_VM_AUTH_IMAGE, GUNYAH_RM_ERROR_DENIED,
	  GUNYAH_RM_VM_STATUS_INIT_FAILED, -EPERM, "ACUr", 1, 0, 0 },
	{ "AUTH not known", T, GUNYAH_RM_VM_AUTH_IMAGE, GUNYAH_RM_ERROR_UNIMPLEMENTED, 0,
	  -EOPNOTSUPP, "ACUr", 1, 0, 0 },
	{ "AUTH not answered", T, GUNYAH_RM_VM_AUTH_IMAGE, 0, 0, -ETIMEDOUT, "ACUdx", 1, 1,
	  -ETIMEDOUT },
	{ "trusted: INIT refused", T, GUNYAH_RM_VM_INIT, GUNYAH_RM_ERROR_MEM_INVALID,
	  GUNYAH_RM_VM_STATUS_INIT_FAILED, -EINVAL, "ACUIdRrD", 0, 0, 0 },
	{ "trusted: START refused", T, GUNYAH_RM_VM_START, GUNYAH_RM_ERROR_DENIED,
	  GUNYAH_RM_VM_STATUS_INIT_FAILED, -EPERM, "ACUISdRrD", 0, 0, 0 },
	{ "FIRMWARE refused", F, GUNYAH_RM_VM_SET_FIRMWARE_MEM, GUNYAH_RM_ERROR_DENIED, 0,
	  -EPERM, "ACFIdRrD", 0, 0, 0 },
	{ "FIRMWARE not known", F, GUNYAH_RM_VM_SET_FIRMWARE_MEM, GUNYAH_RM_ERROR_UNIMPLEMENTED,
	  0, -EOPNOTSUPP, "ACFIdRrD", 0, 0, 0 },
	{ "FIRMWARE not answered", F, GUNYAH_RM_VM_SET_FIRMWARE_MEM, 0, 0, -ETIMEDOUT, "ACFdx",
	  1, 1, -ETIMEDOUT },
	{ "protected: START refused", F, GUNYAH_RM_VM_START, GUNYAH_RM_ERROR_DENIED,
	  GUNYAH_RM_VM_STATUS_INIT_FAILED, -EPERM, "ACFISdRrD", 0, 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(fail, fail_cases, name);

static void fail(struct kunit *test)
{
	const struct fail_case *c = test->param_value;
	struct life *l = test->priv;
	struct gunyah_vm_auth auth;

	choose(l, c->type, &auth);
	l->fail = c->fail;
	l->error = c->error;
	l->fail_status = c->status;
	KUNIT_EXPECT_EQ(test, go(l, &auth), c->ret);
	KUNIT_EXPECT_EQ(test, gunyah_vm_rm_end(&l->v), c->end);
	KUNIT_EXPECT_STREQ(test, l->done, c->done);
	KUNIT_EXPECT_EQ(test, gunyah_vm_rm_state(&l->v), GUNYAH_VM_RM_NONE);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->stats.vmids), c->vmids);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->stats.lost), c->lost);
	KUNIT_EXPECT_FALSE(test, l->wrong);
}

struct unsent_case {
	const char *name;
	enum gunyah_rm_vm_auth type;
	const char *done;
};

/* The call after CONFIG_IMAGE does not get out: the way out of that state. */
static const struct unsent_case unsent_cases[] = {
	{ "AUTH not sent", T, "ACUIdRrD" },
	{ "FIRMWARE not sent", F, "ACIdRrD" },
};

KUNIT_ARRAY_PARAM_DESC(unsent, unsent_cases, name);

static void unsent(struct kunit *test)
{
	const struct unsent_case *c = test->param_value;
	struct life *l = test->priv;
	struct gunyah_vm_auth auth;
	const char *what;

	choose(l, c->type, &auth);
	KUNIT_ASSERT_EQ(test, gunyah_vm_rm_alloc(&l->v), 0);
	l->fake->fail_send = 2;
	l->fake->send_error = GUNYAH_ERROR_ARG_INVAL;
	KUNIT_EXPECT_EQ(test, gunyah_vm_auth_load(&auth, &l->v, &the_image, 0, SZ_2M, &what),
			-ECOMM);
	KUNIT_EXPECT_STREQ(test, l->done, "AC");
	KUNIT_EXPECT_EQ(test, gunyah_vm_rm_end(&l->v), 0);
	KUNIT_EXPECT_STREQ(test, l->done, c->done);
	KUNIT_EXPECT_FALSE(test, l->wrong);
}

/* Neither at the start nor on the way out. */
static void auth_is_never_sent(struct kunit *test)
{
	struct life *l = test->priv;
	struct gunyah_vm_auth auth;

	choose(l, GUNYAH_RM_VM_AUTH_QCOM_TRUSTED_VM, &auth);
	KUNIT_ASSERT_EQ(test, gunyah_vm_rm_alloc(&l->v), 0);
	KUNIT_ASSERT_EQ(test, gunyah_vm_rm_configure(&l->v, &the_image, 0, SZ_2M), 0);
	l->fake->fail_send = 1;
	l->fake->send_error = GUNYAH_ERROR_ARG_INVAL;
	KUNIT_EXPECT_EQ(test, gunyah_vm_rm_end(&l->v), 0);
	KUNIT_EXPECT_STREQ(test, l->done, "ACr");
	KUNIT_EXPECT_EQ(test, gunyah_vm_rm_state(&l->v), GUNYAH_VM_RM_NONE);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->stats.vmids), 1);
}

/* From the recorded messages of the published resource manager, but for handle and vmid. */
static const struct rm_recorded config_message =
	FRAGMENT(0x21, 0x01, 0x03, 0x00, 0x09, 0x00, 0x00, 0x56,
		 FIXED_VMID, 0, 1, 0, HANDLE, 0, 0, 0,
		 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0,
		 0, 0, 0x20, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0);
static const struct rm_recorded auth_message =
	FRAGMENT(0x21, 0x01, 0x05, 0x00, 0x0a, 0x00, 0x00, 0x56,
		 FIXED_VMID, 0, 1, 0, 0, 0, 0, 0, PAS_ID, 0, 0, 0);
static const struct rm_recorded firmware_message =
	FRAGMENT(0x21, 0x01, 0x04, 0x00, 0x32, 0x00, 0x00, 0x56,
		 VMID, 0, 0, 0, HANDLE + 1, 0, 0, 0,
		 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0);

static void messages_of_a_trusted_vm(struct kunit *test)
{
	struct life *l = test->priv;
	struct gunyah_vm_auth auth;

	choose(l, GUNYAH_RM_VM_AUTH_QCOM_TRUSTED_VM, &auth);
	KUNIT_ASSERT_EQ(test, go(l, &auth), 0);
	fake_rm_expect_sent(l->fake, 1, &config_message);
	fake_rm_expect_sent(l->fake, 2, &auth_message);
	KUNIT_EXPECT_EQ(test, gunyah_vm_rm_end(&l->v), 0);
}

static void messages_of_a_protected_vm(struct kunit *test)
{
	struct life *l = test->priv;
	struct gunyah_vm_auth auth;

	choose(l, GUNYAH_RM_VM_AUTH_QCOM_ANDROID_PVM, &auth);
	KUNIT_ASSERT_EQ(test, go(l, &auth), 0);
	fake_rm_expect_sent(l->fake, 2, &firmware_message);
	KUNIT_EXPECT_EQ(test, gunyah_vm_rm_end(&l->v), 0);
}

/*
 * Where the firmware is: RAM is [GPA, GPA + 8 MiB)
 */

struct place_case {
	const char *name;
	u64 gpa;
	u64 size;
	u64 bind_gpa;		/* of another binding */
	u64 bind_size;
	u32 bind_flags;
	int ret;
	bool apart;
	u64 offset;
};

static const struct place_case place_cases[] = {
	{ "none", 0, 0, 0, 0, 0, 0, false, 0 },
	{ "at the start of RAM", GPA, SZ_4K, 0, 0, 0, 0, false, 0 },
	{ "at the end of RAM", GPA + SZ_4M, SZ_4M, 0, 0, 0, 0, false, SZ_4M },
	{ "apart", GPA - SZ_1G, SZ_2M, GPA - SZ_1G, SZ_2M, RWX, 0, true, 0 },
	{ "in the middle of a binding apart", GPA - SZ_1G + SZ_64K, SZ_64K, GPA - SZ_1G, SZ_2M,
	  RWX, 0, true, SZ_64K },
	{ "right below RAM", GPA - SZ_2M, SZ_2M, GPA - SZ_2M, SZ_2M, RWX, 0, true, 0 },
	{ "right above RAM", GPA + SZ_8M, SZ_2M, GPA + SZ_8M, SZ_2M, RWX, 0, true, 0 },
	/* In pages of this kernel: of more than 4K it does not fill them. */
	{ "the last 4K of a page", GPA - SZ_4K, SZ_4K, GPA - PAGE_SIZE, PAGE_SIZE, RWX, 0, true,
	  PAGE_SIZE - SZ_4K },
	{ "the first 4K of a page", GPA + SZ_8M, SZ_4K, GPA + SZ_8M, PAGE_SIZE, RWX, 0, true, 0 },
	{ "from page to page", GPA - PAGE_SIZE - SZ_4K, 2 * SZ_4K, GPA - 2 * PAGE_SIZE,
	  2 * PAGE_SIZE, RWX, 0, true, PAGE_SIZE - SZ_4K },
	{ "in a part of what is RAM, too", GPA - SZ_2M, SZ_64K, GPA - SZ_2M, SZ_2M, RWX, 0, false,
	  0 },
	{ "over the end of RAM", GPA + SZ_4M, SZ_4M + SZ_4K, 0, 0, 0, -EINVAL },
	{ "nowhere", GPA + SZ_1G, SZ_4K, 0, 0, 0, -EINVAL },
	{ "beyond a binding apart", GPA + SZ_1G, SZ_4M, GPA + SZ_1G, SZ_2M, RWX, -EINVAL },
	{ "in shared memory", GPA + SZ_1G, SZ_2M, GPA + SZ_1G, SZ_2M, SHARE, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(place, place_cases, name);

static void place_of_the_firmware(struct kunit *test)
{
	const struct place_case *c = test->param_value;
	struct parcel_test *t = test->priv;
	u64 base = c->bind_gpa == GPA - SZ_2M && !c->apart ? c->bind_gpa : GPA;

	KUNIT_ASSERT_EQ(test, map_mem(t, GPA, 0, SZ_8M, RWX), 0);
	if (c->bind_size)
		KUNIT_ASSERT_EQ(test, map_mem(t, c->bind_gpa, SZ_8M, c->bind_size, c->bind_flags),
				0);
	gunyah_vm_mem_set_firmware(&t->mem, c->gpa, c->size);

	KUNIT_ASSERT_EQ(test, give(t, GPA + SZ_2M, SZ_4K), c->ret);
	if (c->ret) {
		KUNIT_EXPECT_EQ(test, t->gives, 0);
		return;
	}

	KUNIT_EXPECT_EQ(test, t->image.base, base);
	KUNIT_EXPECT_EQ(test, t->gives, c->apart ? 2 : 1);
	if (c->size) {
		KUNIT_EXPECT_EQ(test, t->image.fw_handle,
				c->apart ? FIRST_HANDLE + 1 : FIRST_HANDLE);
		KUNIT_EXPECT_EQ(test, t->image.fw_offset, c->offset);
	}
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
}

static struct kunit_case argument_cases[] = {
	KUNIT_CASE_PARAM(trusted_argument, trusted_gen_params),
	KUNIT_CASE_PARAM(firmware_argument, firmware_gen_params),
	KUNIT_CASE_PARAM(image_range, range_gen_params),
	{}
};

static struct kunit_suite argument_suite = {
	.name = "gunyah_vm_auth_argument",
	.test_cases = argument_cases,
};

static struct kunit_case life_cases[] = {
	KUNIT_CASE_PARAM(order, order_gen_params),
	KUNIT_CASE_PARAM(fail, fail_gen_params),
	KUNIT_CASE_PARAM(unsent, unsent_gen_params),
	KUNIT_CASE(auth_is_never_sent),
	KUNIT_CASE(messages_of_a_trusted_vm),
	KUNIT_CASE(messages_of_a_protected_vm),
	{}
};

static struct kunit_suite life_suite = {
	.name = "gunyah_vm_auth",
	.init = life_init,
	.test_cases = life_cases,
};

static struct kunit_case firmware_place_cases[] = {
	KUNIT_CASE_PARAM(place_of_the_firmware, place_gen_params),
	{}
};

static struct kunit_suite firmware_suite = {
	.name = "gunyah_vm_firmware",
	.init = parcel_test_init,
	.test_cases = firmware_place_cases,
};

kunit_test_suites(&argument_suite, &life_suite, &firmware_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("KUnit tests of authenticated Gunyah VMs");
MODULE_LICENSE("GPL");
