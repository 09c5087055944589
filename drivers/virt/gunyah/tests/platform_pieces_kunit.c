// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of what the platform does besides when memory is given and taken back
 * page by page: the order, and what is undone when something fails (R64).
 *
 * What was done is a word: "p" a piece prepared and "u" undone, "D" donated and
 * "d" donated back, "M" mapped and "m" unmapped, "g" an entry of a parcel prepared
 * and "r" undone, each also where it failed.
 */
#include <kunit/test.h>
#include <linux/falloc.h>
#include <linux/module.h>

#include "../platform.h"
#include "paging_test.h"

/* Small, as some of it is leaked. */
#define PIECE_SIZE	(4 * PAGE_SIZE)

/*
 * The test's platform.  @last: what it was called for last; @left: bytes that are
 * prepared, not shared and shared; @fail_do, @fail_undo: the call that fails with
 * @err, from 1.
 */
static struct {
	char done[64];
	struct gunyah_rm_mem_entry last;
	u64 left[2];
	unsigned int does;
	unsigned int undoes;
	unsigned int fail_do;
	unsigned int fail_undo;
	int err;
} p;

static void note(char c)
{
	size_t n = strlen(p.done);

	if (n < sizeof(p.done) - 1)
		p.done[n] = c;
}

/* Forget what was done, but for what is still prepared. */
static void again(void)
{
	memset(p.done, 0, sizeof(p.done));
	p.does = 0;
	p.undoes = 0;
	p.fail_do = 0;
	p.fail_undo = 0;
}

/* R62: when the platform is called for lent memory, that is not in the direct map. */
static void expect_hidden(const struct gunyah_rm_mem_entry *entry)
{
	struct kunit *test = kunit_get_current_test();

	if (!gunyah_direct_map_can_change())
		return;
	KUNIT_EXPECT_FALSE(test, in_direct_map(entry->ipa));
	KUNIT_EXPECT_FALSE(test, in_direct_map(entry->ipa + entry->size - PAGE_SIZE));
}

static void expect_shown(struct kunit *test, bool shown)
{
	if (gunyah_direct_map_can_change())
		KUNIT_EXPECT_EQ(test, in_direct_map(p.last.ipa), shown);
}

static int prepare(char c, const struct gunyah_rm_mem_entry *entry, bool shared)
{
	note(c);
	p.last = *entry;
	if (!shared)
		expect_hidden(entry);
	if (++p.does == p.fail_do)
		return p.err;
	p.left[shared] += entry->size;
	return 0;
}

static int undo(char c, const struct gunyah_rm_mem_entry *entry, bool shared)
{
	struct kunit *test = kunit_get_current_test();
	struct paging_test *t = test->priv;
	u64 off;

	note(c);
	p.last = *entry;
	if (!shared)
		expect_hidden(entry);
	/* Not while the guest may have it. */
	for (off = 0; off < entry->size; off += PAGE_SIZE)
		KUNIT_EXPECT_EQ(test, hyp_page(t, entry->ipa + off), 0);
	if (++p.undoes == p.fail_undo)
		return p.err;
	KUNIT_EXPECT_GE(test, p.left[shared], entry->size);
	p.left[shared] -= entry->size;
	return 0;
}

static int pre_give(const struct gunyah_rm_mem_entry *entry, const struct gunyah_rm_mem_acl *acl,
		    size_t n_acl)
{
	return prepare('g', entry, n_acl > 1);
}

static int post_reclaim(const struct gunyah_rm_mem_entry *entry,
			const struct gunyah_rm_mem_acl *acl, size_t n_acl)
{
	struct kunit *test = kunit_get_current_test();

	KUNIT_EXPECT_EQ(test, acl->vmid, VMID);
	KUNIT_EXPECT_EQ(test, acl->rights, GUNYAH_RM_ACL_R | GUNYAH_RM_ACL_W | GUNYAH_RM_ACL_X);
	return undo('r', entry, n_acl > 1);
}

static int pre_demand_page(const struct gunyah_rm_mem_entry *entry, bool shared)
{
	return prepare('p', entry, shared);
}

static int release_demand_page(const struct gunyah_rm_mem_entry *entry, bool shared)
{
	return undo('u', entry, shared);
}

static const struct gunyah_platform_ops ops = {
	.owner = THIS_MODULE,
	.pre_give = pre_give,
	.post_reclaim = post_reclaim,
	.pre_demand_page = pre_demand_page,
	.release_demand_page = release_demand_page,
};

/* ---- the hypervisor ---- */

static enum gunyah_error noted_donate(u64 options, u64 from, u64 to, u64 phys, u64 size)
{
	/* To the host's extents, which are in the middle. */
	note(to == CAP_EXTENT + 1 || to == CAP_EXTENT + 2 ? 'd' : 'D');
	return donate_stub(options, from, to, phys, size);
}

static enum gunyah_error noted_map(u64 capid, u64 extent, u64 gpa, u64 attrs, u64 flags, u64 phys,
				   u64 size)
{
	note('M');
	return map_stub(capid, extent, gpa, attrs, flags, phys, size);
}

static enum gunyah_error noted_unmap(u64 capid, u64 extent, u64 gpa, u64 flags, u64 phys, u64 size)
{
	note('m');
	return unmap_stub(capid, extent, gpa, flags, phys, size);
}

/* ---- tests ---- */

/* References to this module, where there are any. */
static int refs(void)
{
#if defined(MODULE) && defined(CONFIG_MODULE_UNLOAD)
	return module_refcount(THIS_MODULE);
#else
	return 0;
#endif
}

/* @n more than @before. */
static void expect_refs(struct kunit *test, int before, int n)
{
	KUNIT_EXPECT_EQ(test, refs(), before ? before + n : 0);
}

static void unregister(void *unused)
{
	gunyah_platform_unregister(&ops);
}

static int platform_pieces_test_init(struct kunit *test)
{
	int ret = paging_test_init(test);

	if (ret)
		return ret;

	memset(&p, 0, sizeof(p));
	p.err = -EINVAL;
	kunit_activate_static_stub(test, gunyah_hypercall_memextent_donate, noted_donate);
	kunit_activate_static_stub(test, gunyah_hypercall_addrspace_map, noted_map);
	kunit_activate_static_stub(test, gunyah_hypercall_addrspace_unmap, noted_unmap);
	/* A real one of this machine would be in the way. */
	ret = gunyah_platform_register(&ops);
	if (ret == -EEXIST)
		kunit_skip(test, "the platform of this machine is registered");
	KUNIT_ASSERT_EQ(test, ret, 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, unregister, NULL), 0);
	return 0;
}

/* Memory in one folio, no larger than that. */
static void map_piece(struct kunit *test, u64 gpa, u64 offset, u32 flags)
{
	struct paging_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, vfs_fallocate(t->file, FALLOC_FL_KEEP_SIZE, offset, PIECE_SIZE), 0);
	KUNIT_ASSERT_EQ(test, map_mem(t, gpa, offset, PIECE_SIZE, flags), 0);
}

/* A piece of lent memory, one of shared memory, and the device tree. */
static void map_small(struct kunit *test)
{
	map_piece(test, RAM, 0, RWX);
	map_piece(test, DTB, SZ_2M, RWX);
	map_piece(test, SHM, RAM_SIZE, SHARE);
}

/* Started; what was done so far is forgotten.  Returns the pieces that the image is. */
static int start_small(struct kunit *test)
{
	struct paging_test *t = test->priv;

	map_small(test);
	start(test);
	again();
	return t->parcel.n_entries;
}

static void expect_left(struct kunit *test, u64 lent, u64 shared)
{
	struct paging_test *t = test->priv;

	/* With what the image parcel was prepared for. */
	KUNIT_EXPECT_EQ(test, p.left[0], lent + t->layout_size);
	KUNIT_EXPECT_EQ(test, p.left[1], shared);
}

static unsigned int times(char c)
{
	const char *at;
	unsigned int n = 0;

	for (at = p.done; *at; at++)
		n += *at == c;
	return n;
}

/* At the end of a run; @leaked bytes of what was prepared are not undone. */
static void expect_end(struct kunit *test, unsigned int n_leaked, u64 leaked)
{
	struct paging_test *t = test->priv;
	struct gunyah_mem_stats now;

	KUNIT_EXPECT_EQ(test, end(t), n_leaked);
	KUNIT_EXPECT_EQ(test, p.left[0] + p.left[1], leaked);
	gunyah_mem_stats_read(&now);
	KUNIT_EXPECT_EQ(test, now.lent, t->before.lent);
	KUNIT_EXPECT_EQ(test, now.shared, t->before.shared);
	KUNIT_EXPECT_EQ(test, now.leaked - t->before.leaked, leaked);
	KUNIT_EXPECT_EQ(test, now.parcels, t->before.parcels);
}

struct where_case {
	const char *name;
	u64 gpa;
	bool shared;
};

static const struct where_case where_cases[] = {
	{ "lent", RAM, false },
	{ "shared", SHM, true },
};

KUNIT_ARRAY_PARAM_DESC(where, where_cases, name);

static void there_and_back(struct kunit *test)
{
	const struct where_case *c = test->param_value;
	struct paging_test *t = test->priv;
	int before = refs();
	int image;

	image = start_small(test);
	expect_refs(test, before, image);
	KUNIT_EXPECT_EQ(test, fault(t, c->gpa, true), 0);
	KUNIT_EXPECT_STREQ(test, p.done, "pDM");
	KUNIT_EXPECT_EQ(test, p.last.ipa, t->last_phys);
	KUNIT_EXPECT_EQ(test, p.last.size, t->last_size);
	KUNIT_EXPECT_EQ(test, p.last.size, PIECE_SIZE);
	expect_left(test, c->shared ? 0 : PIECE_SIZE, c->shared ? PIECE_SIZE : 0);
	expect_refs(test, before, image + 1);

	/* The guest has it: nothing is to be done. */
	again();
	KUNIT_EXPECT_EQ(test, fault(t, c->gpa, true), 0);
	KUNIT_EXPECT_STREQ(test, p.done, "");

	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, c->gpa, PIECE_SIZE), 0);
	KUNIT_EXPECT_STREQ(test, p.done, "mdu");
	expect_shown(test, true);
	expect_left(test, 0, 0);
	expect_refs(test, before, image);

	/* And at the end of the run. */
	KUNIT_EXPECT_EQ(test, fault(t, c->gpa, true), 0);
	expect_end(test, 0, 0);
	expect_all_back(test);
	expect_refs(test, before, 0);
}

static void preparing_fails(struct kunit *test)
{
	const struct where_case *c = test->param_value;
	struct paging_test *t = test->priv;
	int before = refs();
	int image;

	image = start_small(test);
	p.fail_do = 1;
	KUNIT_EXPECT_EQ(test, fault(t, c->gpa, true), -EINVAL);
	KUNIT_EXPECT_STREQ(test, p.done, "p");
	expect_shown(test, true);
	expect_left(test, 0, 0);
	expect_refs(test, before, image);

	/* And then it works. */
	again();
	KUNIT_EXPECT_EQ(test, fault(t, c->gpa, true), 0);
	KUNIT_EXPECT_STREQ(test, p.done, "pDM");
	expect_end(test, 0, 0);
	expect_all_back(test);
	expect_refs(test, before, 0);
}

struct hyp_case {
	const char *name;
	u64 gpa;
	unsigned int fail_at;
	unsigned int n_fail;
	const char *done;
	bool leaked;
};

static const struct hyp_case hyp_cases[] = {
	{ "lent, no donation", RAM, 1, 1, "pDu", false },
	{ "lent, no mapping", RAM, 2, 1, "pDMdu", false },
	{ "lent, no mapping and no way back", RAM, 2, 2, "pDMd", true },
	{ "shared, no donation", SHM, 1, 1, "pDu", false },
	{ "shared, no mapping", SHM, 2, 1, "pDMdu", false },
	{ "shared, no mapping and no way back", SHM, 2, 2, "pDMd", true },
};

KUNIT_ARRAY_PARAM_DESC(hyp, hyp_cases, name);

/* What the hypervisor may have is not this VM's for the platform, either. */
static void giving_fails(struct kunit *test)
{
	const struct hyp_case *c = test->param_value;
	struct paging_test *t = test->priv;
	int before = refs();
	int image;

	image = start_small(test);
	fail(t, c->fail_at, c->n_fail, GUNYAH_ERROR_NOMEM);
	KUNIT_EXPECT_EQ(test, fault(t, c->gpa, true), -ENOMEM);
	fail(t, 0, 0, 0);
	KUNIT_EXPECT_STREQ(test, p.done, c->done);
	expect_refs(test, before, image);
	if (c->gpa == RAM)
		expect_shown(test, !c->leaked);
	if (!c->leaked)
		expect_left(test, 0, 0);

	again();
	KUNIT_EXPECT_EQ(test, fault(t, c->gpa, true), c->leaked ? -EIO : 0);
	KUNIT_EXPECT_STREQ(test, p.done, c->leaked ? "" : "pDM");
	expect_end(test, c->leaked, c->leaked ? PIECE_SIZE : 0);
	expect_refs(test, before, 0);
}

/* The undo of a give that failed fails, too. */
static void undoing_a_failed_give_fails(struct kunit *test)
{
	const struct where_case *c = test->param_value;
	struct paging_test *t = test->priv;
	int before = refs();
	int image;

	image = start_small(test);
	p.fail_undo = 1;
	fail(t, 1, 1, GUNYAH_ERROR_NOMEM);
	KUNIT_EXPECT_EQ(test, fault(t, c->gpa, true), -ENOMEM);
	fail(t, 0, 0, 0);
	KUNIT_EXPECT_STREQ(test, p.done, "pDu");
	expect_refs(test, before, image);
	if (!c->shared)
		expect_shown(test, false);

	/* It is not given again, and nobody asks the platform. */
	again();
	KUNIT_EXPECT_EQ(test, fault(t, c->gpa, true), -EIO);
	KUNIT_EXPECT_STREQ(test, p.done, "");
	expect_end(test, 1, PIECE_SIZE);
	expect_refs(test, before, 0);
}

static void undoing_fails(struct kunit *test)
{
	const struct where_case *c = test->param_value;
	struct paging_test *t = test->priv;
	int before = refs();
	int image;

	image = start_small(test);
	KUNIT_ASSERT_EQ(test, fault(t, c->gpa, true), 0);
	again();
	p.fail_undo = 1;
	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, c->gpa, PIECE_SIZE), -EIO);
	KUNIT_EXPECT_STREQ(test, p.done, "mdu");
	expect_refs(test, before, image);
	if (!c->shared)
		expect_shown(test, false);

	/* There is nothing left to be taken back, nor to be given. */
	again();
	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, c->gpa, PIECE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, fault(t, c->gpa, true), -EIO);
	KUNIT_EXPECT_STREQ(test, p.done, "");
	expect_end(test, 1, PIECE_SIZE);
	expect_refs(test, before, 0);
}

static void undoing_fails_at_the_end(struct kunit *test)
{
	const struct where_case *c = test->param_value;
	struct paging_test *t = test->priv;
	int before = refs();
	int image;

	image = start_small(test);
	KUNIT_ASSERT_EQ(test, fault(t, c->gpa, true), 0);
	again();
	/* By guest address: shared memory, the piece in RAM, the image. */
	p.fail_undo = 1;
	expect_end(test, 1, PIECE_SIZE);
	KUNIT_EXPECT_EQ(test, p.undoes, image + 1);
	KUNIT_EXPECT_EQ(test, t->n_owned, 0);
	expect_refs(test, before, 0);
}

/* A take-back that fails half-way has not asked the platform; the next one goes on. */
static void taking_back_fails(struct kunit *test)
{
	const struct where_case *c = test->param_value;
	struct paging_test *t = test->priv;
	int before = refs();
	int image;

	image = start_small(test);
	KUNIT_ASSERT_EQ(test, fault(t, c->gpa, true), 0);

	again();
	fail(t, 1, 1, GUNYAH_ERROR_NOMEM);
	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, c->gpa, PIECE_SIZE), -ENOMEM);
	KUNIT_EXPECT_STREQ(test, p.done, "m");

	again();
	fail(t, 2, 1, GUNYAH_ERROR_NOMEM);
	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, c->gpa, PIECE_SIZE), -ENOMEM);
	KUNIT_EXPECT_STREQ(test, p.done, "md");
	fail(t, 0, 0, 0);
	expect_refs(test, before, image + 1);

	/* The guest gets it back without the platform. */
	again();
	KUNIT_EXPECT_EQ(test, fault(t, c->gpa, true), 0);
	KUNIT_EXPECT_STREQ(test, p.done, "M");

	again();
	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, c->gpa, PIECE_SIZE), 0);
	KUNIT_EXPECT_STREQ(test, p.done, "mdu");
	expect_left(test, 0, 0);
	expect_refs(test, before, image);
	expect_end(test, 0, 0);
	expect_all_back(test);
	expect_refs(test, before, 0);
}

/* What never came back is not undone, and keeps no reference. */
static void lost_is_not_undone(struct kunit *test)
{
	const struct where_case *c = test->param_value;
	struct paging_test *t = test->priv;
	int before = refs();

	start_small(test);
	KUNIT_ASSERT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, DTB, PIECE_SIZE), 0);
	KUNIT_ASSERT_EQ(test, fault(t, c->gpa, true), 0);
	again();
	fail(t, 2, 1, GUNYAH_ERROR_DENIED);
	expect_end(test, 1, PIECE_SIZE);
	KUNIT_EXPECT_STREQ(test, p.done, "md");
	expect_refs(test, before, 0);
}

/* A piece comes back in parts: each is undone once, and each keeps the module. */
static void parts(struct kunit *test)
{
	const struct where_case *c = test->param_value;
	struct paging_test *t = test->priv;
	int before = refs();
	int image;
	u64 phys;

	image = start_small(test);
	KUNIT_ASSERT_EQ(test, fault(t, c->gpa, true), 0);
	KUNIT_ASSERT_EQ(test, t->last_size, PIECE_SIZE);
	phys = t->last_phys;

	again();
	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, c->gpa + PAGE_SIZE, PAGE_SIZE), 0);
	KUNIT_EXPECT_STREQ(test, p.done, "mdu");
	KUNIT_EXPECT_EQ(test, p.last.ipa, phys + PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, p.last.size, PAGE_SIZE);
	expect_refs(test, before, image + 2);

	/* The last part, of which nothing can be used any more. */
	again();
	p.fail_undo = 1;
	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, c->gpa + 3 * PAGE_SIZE, PAGE_SIZE),
			-EIO);
	KUNIT_EXPECT_EQ(test, p.last.ipa, phys + 3 * PAGE_SIZE);
	expect_refs(test, before, image + 2);

	/* The first and the third are left; the fourth is not asked for again. */
	again();
	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, c->gpa, PIECE_SIZE), 0);
	KUNIT_EXPECT_STREQ(test, p.done, "mmdudu");
	expect_refs(test, before, image);
	expect_end(test, 1, PAGE_SIZE);
	expect_refs(test, before, 0);
}

/* The image was prepared as a parcel, and comes back as that or as pieces. */
static void image_parcel(struct kunit *test)
{
	struct paging_test *t = test->priv;
	int before = refs();

	map_small(test);
	KUNIT_ASSERT_EQ(test, give(t), 0);
	KUNIT_EXPECT_EQ(test, strlen(p.done), t->parcel.n_entries);
	KUNIT_EXPECT_EQ(test, p.done[0], 'g');
	KUNIT_EXPECT_EQ(test, p.left[0], t->image.size);
	expect_refs(test, before, 1);

	/* It was never started: the parcel is reclaimed. */
	again();
	KUNIT_EXPECT_EQ(test, end(t), 0);
	KUNIT_EXPECT_EQ(test, strlen(p.done), t->parcel.n_entries);
	KUNIT_EXPECT_EQ(test, p.done[0], 'r');
	KUNIT_EXPECT_EQ(test, p.left[0], 0);
	expect_refs(test, before, 0);

	start(test);
	expect_refs(test, before, t->parcel.n_entries);
	again();
	expect_end(test, 0, 0);
	KUNIT_EXPECT_EQ(test, strlen(p.done), 3 * t->parcel.n_entries);
	/* It was prepared as a parcel. */
	KUNIT_EXPECT_EQ(test, times('r'), t->parcel.n_entries);
	expect_refs(test, before, 0);
}

/* Nobody knows whether it was started: it is as the hypervisor says. */
static void image_unsure(struct kunit *test)
{
	struct paging_test *t = test->priv;
	int before = refs();

	map_small(test);
	KUNIT_ASSERT_EQ(test, give(t), 0);
	KUNIT_ASSERT_EQ(test, name(t), 0);
	fill_resources(test, -1);
	hyp_adopt(test);
	gunyah_vm_paging_started(&t->mem, -EIO);
	again();
	expect_end(test, 0, 0);
	KUNIT_EXPECT_EQ(test, p.undoes, t->parcel.n_entries);
	expect_refs(test, before, 0);

	KUNIT_ASSERT_EQ(test, give(t), 0);
	KUNIT_ASSERT_EQ(test, name(t), 0);
	fill_resources(test, -1);
	gunyah_vm_paging_started(&t->mem, -EIO);
	again();
	KUNIT_EXPECT_EQ(test, end(t), 0);
	KUNIT_EXPECT_NOT_NULL(test, strchr(p.done, 'r'));
	KUNIT_EXPECT_NULL(test, strchr(p.done, 'u'));
	KUNIT_EXPECT_EQ(test, p.left[0], 0);
	expect_refs(test, before, 0);
}

/* A piece is undone by who prepared it, and by nobody where nobody did. */
static void pieces_keep_their_platform(struct kunit *test)
{
	struct paging_test *t = test->priv;
	int before = refs();

	start_small(test);
	KUNIT_ASSERT_EQ(test, fault(t, RAM, true), 0);
	gunyah_platform_unregister(&ops);
	again();
	KUNIT_EXPECT_EQ(test, fault(t, SHM, true), 0);
	KUNIT_EXPECT_STREQ(test, p.done, "DM");
	KUNIT_EXPECT_EQ(test, gunyah_platform_register(&ops), 0);

	again();
	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, SHM, PIECE_SIZE), 0);
	KUNIT_EXPECT_STREQ(test, p.done, "md");
	gunyah_platform_unregister(&ops);
	again();
	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, RAM, PIECE_SIZE), 0);
	KUNIT_EXPECT_STREQ(test, p.done, "mdu");
	expect_end(test, 0, 0);
	expect_all_back(test);
	expect_refs(test, before, 0);
}

static struct kunit_case platform_pieces_test_cases[] = {
	KUNIT_CASE_PARAM(there_and_back, where_gen_params),
	KUNIT_CASE_PARAM(preparing_fails, where_gen_params),
	KUNIT_CASE_PARAM(giving_fails, hyp_gen_params),
	KUNIT_CASE_PARAM(undoing_a_failed_give_fails, where_gen_params),
	KUNIT_CASE_PARAM(undoing_fails, where_gen_params),
	KUNIT_CASE_PARAM(undoing_fails_at_the_end, where_gen_params),
	KUNIT_CASE_PARAM(taking_back_fails, where_gen_params),
	KUNIT_CASE_PARAM(lost_is_not_undone, where_gen_params),
	KUNIT_CASE_PARAM(parts, where_gen_params),
	KUNIT_CASE(image_parcel),
	KUNIT_CASE(image_unsure),
	KUNIT_CASE(pieces_keep_their_platform),
	{}
};

static struct kunit_suite platform_pieces_test_suite = {
	.name		= "gunyah_platform_pieces",
	.init		= platform_pieces_test_init,
	.exit		= paging_test_exit,
	.test_cases	= platform_pieces_test_cases,
};

kunit_test_suites(&platform_pieces_test_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_IMPORT_NS(GUNYAH_DIRECT_MAP);
MODULE_DESCRIPTION("KUnit tests of the platform's part in giving a Gunyah VM memory page by page");
MODULE_LICENSE("GPL");
