// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of what the platform does besides when memory is given and taken back:
 * the order, and what is undone when something fails (R64).
 *
 * What was done is a word: "p" a piece of memory prepared and "u" undone, "G" a
 * parcel given and "R" reclaimed, each also where it failed.
 */
#include <linux/io.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "../direct_map.h"
#include "../platform.h"
#include "platform_test.h"

/* A piece that was prepared; @n_acl is 0 when that was undone. */
struct piece {
	u64 phys;
	size_t n_acl;
	struct gunyah_rm_mem_acl acl[2];
};

/*
 * The test's platform.  @n: pieces prepared so far; @left: of these not undone;
 * @fail_do, @fail_undo: the call that fails with @err, from 1.
 */
static struct {
	char done[64];
	struct piece pieces[PIECES];
	unsigned int n;
	unsigned int left;
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

/* R62: neither side of a lent piece's way is in the direct map. */
static void expect_hidden(struct kunit *test, u64 phys, size_t n_acl)
{
	u32 val;

	if (n_acl == 1 && gunyah_direct_map_can_change())
		KUNIT_EXPECT_EQ(test, copy_from_kernel_nofault(&val, phys_to_virt(phys),
							       sizeof(val)), -EFAULT);
}

static int pre_give(const struct gunyah_rm_mem_entry *entry, const struct gunyah_rm_mem_acl *acl,
		    size_t n_acl)
{
	struct kunit *test = kunit_get_current_test();
	struct piece *piece;

	note('p');
	expect_hidden(test, entry->ipa, n_acl);
	if (++p.does == p.fail_do)
		return p.err;

	KUNIT_ASSERT_LT(test, p.n, ARRAY_SIZE(p.pieces));
	KUNIT_ASSERT_LE(test, n_acl, ARRAY_SIZE(piece->acl));
	piece = &p.pieces[p.n++];
	piece->phys = entry->ipa;
	piece->n_acl = n_acl;
	memcpy(piece->acl, acl, n_acl * sizeof(*acl));
	p.left++;
	return 0;
}

/* The last one of its parcel first, with what it was prepared with. */
static int post_reclaim(const struct gunyah_rm_mem_entry *entry,
			const struct gunyah_rm_mem_acl *acl, size_t n_acl)
{
	struct kunit *test = kunit_get_current_test();
	struct piece *piece;
	unsigned int i = p.n;

	note('u');
	expect_hidden(test, entry->ipa, n_acl);
	if (++p.undoes == p.fail_undo)
		return p.err;

	while (i && p.pieces[i - 1].n_acl != n_acl)
		i--;
	KUNIT_ASSERT_GT(test, i, 0);
	piece = &p.pieces[i - 1];
	KUNIT_EXPECT_EQ(test, piece->phys, entry->ipa);
	KUNIT_EXPECT_MEMEQ(test, piece->acl, acl, n_acl * sizeof(*acl));
	piece->n_acl = 0;
	p.left--;
	return 0;
}

static int not_here(const struct gunyah_rm_mem_entry *entry, bool shared)
{
	KUNIT_FAIL(kunit_get_current_test(), "no page is demanded in this flow");
	return -EOPNOTSUPP;
}

static const struct gunyah_platform_ops ops = {
	.owner = THIS_MODULE,
	.pre_give = pre_give,
	.post_reclaim = post_reclaim,
	.pre_demand_page = not_here,
	.release_demand_page = not_here,
};

static const struct gunyah_platform_ops other_ops = {
	.owner = THIS_MODULE,
	.pre_give = pre_give,
	.post_reclaim = post_reclaim,
	.pre_demand_page = not_here,
	.release_demand_page = not_here,
};

static int noted_give(struct gunyah_rm *rm, struct gunyah_rm_mem_parcel *parcel)
{
	note('G');
	return give_stub(rm, parcel);
}

static int noted_reclaim(struct gunyah_rm *rm, u32 handle, bool sanitize)
{
	note('R');
	return reclaim_stub(rm, handle, sanitize);
}

static void unregister(void *unused)
{
	gunyah_platform_unregister(&ops);
}

static int platform_test_init(struct kunit *test)
{
	int ret = parcel_test_init(test);

	if (ret)
		return ret;

	memset(&p, 0, sizeof(p));
	kunit_activate_static_stub(test, gunyah_rm_mem_give, noted_give);
	kunit_activate_static_stub(test, gunyah_rm_mem_reclaim, noted_reclaim);
	/* A real one of this machine would be in the way. */
	ret = gunyah_platform_register(&ops);
	if (ret == -EEXIST)
		kunit_skip(test, "the platform of this machine is registered");
	KUNIT_ASSERT_EQ(test, ret, 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, unregister, NULL), 0);
	return 0;
}

/* Forget what was done, for another try. */
static void again(struct parcel_test *t)
{
	forget_calls(t);
	memset(&p, 0, sizeof(p));
}

static void each_piece_there_and_back(struct kunit *test)
{
	struct parcel_test *t = test->priv;
	unsigned int i;

	map_pieces(test);
	KUNIT_ASSERT_EQ(test, give(t, GPA, SZ_4K), 0);
	KUNIT_ASSERT_EQ(test, t->seen[0].n_entries, LENT_PIECES);
	KUNIT_EXPECT_EQ(test, p.n, PIECES);
	for (i = 0; i < PIECES; i++) {
		KUNIT_EXPECT_EQ(test, p.pieces[i].n_acl, i < LENT_PIECES ? 1 : 2);
		KUNIT_EXPECT_EQ(test, p.pieces[i].acl[0].vmid, VMID);
		KUNIT_EXPECT_EQ(test, p.pieces[i].acl[0].rights, ACL_RWX);
	}
	KUNIT_EXPECT_EQ(test, p.pieces[LENT_PIECES].acl[1].vmid, OWN_VMID);
	KUNIT_EXPECT_EQ(test, p.pieces[LENT_PIECES].acl[1].rights, ACL_RWX);

	KUNIT_EXPECT_EQ(test, take_back(t), 0);
	KUNIT_EXPECT_STREQ(test, p.done, "ppppGpGRuRuuuu");
	KUNIT_EXPECT_EQ(test, p.left, 0);
	expect_stats(test, 0, 0, 0, 0);
}

struct do_case {
	const char *name;
	unsigned int fail_do;
	const char *done;
};

static const struct do_case do_cases[] = {
	{ "the first piece", 1, "p" },
	{ "the second piece", 2, "ppu" },
	{ "the third piece", 3, "pppuu" },
	{ "the last piece of the image", 4, "ppppuuu" },
	{ "the shared piece", 5, "ppppGpRuuuu" },
};

KUNIT_ARRAY_PARAM_DESC(do, do_cases, name);

static void preparing_fails(struct kunit *test)
{
	const struct do_case *c = test->param_value;
	struct parcel_test *t = test->priv;

	map_pieces(test);
	p.fail_do = c->fail_do;
	p.err = -EINVAL;
	KUNIT_EXPECT_EQ(test, give(t, GPA, SZ_4K), -ENODEV);
	KUNIT_EXPECT_STREQ(test, p.done, c->done);
	KUNIT_EXPECT_EQ(test, p.left, 0);
	expect_stats(test, 0, 0, 0, 0);

	/* It is not the platform's opinion. */
	again(t);
	p.fail_do = c->fail_do;
	p.err = -ENOMEM;
	KUNIT_EXPECT_EQ(test, give(t, GPA, SZ_4K), -ENOMEM);
	KUNIT_EXPECT_STREQ(test, p.done, c->done);

	/* And then it works. */
	again(t);
	KUNIT_EXPECT_EQ(test, give(t, GPA, SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
	KUNIT_EXPECT_EQ(test, p.left, 0);
	expect_stats(test, 0, 0, 0, 0);
}

struct give_case {
	const char *name;
	unsigned int fail_give;
	bool keep_handle;
	const char *done;
};

static const struct give_case give_cases[] = {
	{ "the image", 1, false, "ppppGuuuu" },
	{ "the image, half done", 1, true, "ppppGRuuuu" },
	{ "the shared parcel", 2, false, "ppppGpGuRuuuu" },
};

KUNIT_ARRAY_PARAM_DESC(give, give_cases, name);

static void request_fails(struct kunit *test)
{
	const struct give_case *c = test->param_value;
	struct parcel_test *t = test->priv;

	map_pieces(test);
	t->fail_give = c->fail_give;
	t->keep_handle = c->keep_handle;
	t->err = -ENOMEM;
	KUNIT_EXPECT_EQ(test, give(t, GPA, SZ_4K), -ENOMEM);
	KUNIT_EXPECT_STREQ(test, p.done, c->done);
	KUNIT_EXPECT_EQ(test, p.left, 0);
	expect_stats(test, 0, 0, 0, 0);

	again(t);
	KUNIT_EXPECT_EQ(test, give(t, GPA, SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
	KUNIT_EXPECT_EQ(test, p.left, 0);
}

struct undo_case {
	const char *name;
	unsigned int fail_undo;
	const char *done;
	unsigned int leaked;	/* pieces */
};

/* Of "ppppGpG"; nothing is tried further with a parcel one piece of which is lost. */
static const struct undo_case undo_cases[] = {
	{ "the shared piece", 1, "RuRuuuu", 1 },
	{ "the last piece of the image", 2, "RuRu", LENT_PIECES },
	{ "the second piece of the image", 4, "RuRuuu", LENT_PIECES },
	{ "the first piece of the image", 5, "RuRuuuu", LENT_PIECES },
};

KUNIT_ARRAY_PARAM_DESC(undo, undo_cases, name);

static void undoing_fails(struct kunit *test)
{
	const struct undo_case *c = test->param_value;
	struct parcel_test *t = test->priv;

	map_pieces(test);
	KUNIT_ASSERT_EQ(test, give(t, GPA, SZ_4K), 0);
	memset(p.done, 0, sizeof(p.done));
	p.fail_undo = c->fail_undo;
	p.err = -EINVAL;
	KUNIT_EXPECT_EQ(test, take_back(t), 1);
	KUNIT_EXPECT_STREQ(test, p.done, c->done);
	expect_stats(test, 0, 0, c->leaked * PAGE_SIZE, 0);

	/* What is lost is not given again, and nobody asks the platform. */
	again(t);
	KUNIT_EXPECT_EQ(test, give(t, GPA, SZ_4K), -EIO);
	KUNIT_EXPECT_STREQ(test, p.done, "");
}

/* The undo of a give that failed fails, too. */
static void undoing_a_failed_give_fails(struct kunit *test)
{
	struct parcel_test *t = test->priv;

	map_pieces(test);
	p.fail_do = 3;
	p.fail_undo = 2;
	p.err = -EINVAL;
	KUNIT_EXPECT_EQ(test, give(t, GPA, SZ_4K), -ENODEV);
	KUNIT_EXPECT_STREQ(test, p.done, "pppuu");
	expect_stats(test, 0, 0, LENT_PIECES * PAGE_SIZE, 0);
	/* Who ends the run is told. */
	KUNIT_EXPECT_EQ(test, take_back(t), 1);
}

/* What the hypervisor may have is not this VM's in the firmware, either. */
static void unknown_is_not_undone(struct kunit *test)
{
	struct parcel_test *t = test->priv;

	map_pieces(test);
	t->fail_give = 2;
	t->err = -EIO;
	KUNIT_EXPECT_EQ(test, give(t, GPA, SZ_4K), -EIO);
	KUNIT_EXPECT_STREQ(test, p.done, "ppppGpGRuuuu");
	KUNIT_EXPECT_EQ(test, p.left, 1);
	expect_stats(test, 0, 0, PAGE_SIZE, 0);
}

static void refused_reclaim_is_not_undone(struct kunit *test)
{
	struct parcel_test *t = test->priv;

	map_pieces(test);
	KUNIT_ASSERT_EQ(test, give(t, GPA, SZ_4K), 0);
	/* The image, which comes last. */
	t->fail_reclaim = 2;
	t->err = -EINVAL;
	KUNIT_EXPECT_EQ(test, take_back(t), 1);
	KUNIT_EXPECT_STREQ(test, p.done, "ppppGpGRuR");
	expect_stats(test, 0, 0, LENT_PIECES * PAGE_SIZE, 0);
}

static void abandoned_is_not_undone(struct kunit *test)
{
	struct parcel_test *t = test->priv;

	map_pieces(test);
	KUNIT_ASSERT_EQ(test, give(t, GPA, SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_mem_abandon(&t->mem), 2);
	KUNIT_EXPECT_STREQ(test, p.done, "ppppGpG");
	expect_stats(test, 0, 0, PIECES * PAGE_SIZE, 0);
}

static void one_platform_at_a_time(struct kunit *test)
{
	static const struct gunyah_platform_ops missing[] = {
		{ .pre_give = pre_give, .post_reclaim = post_reclaim,
		  .pre_demand_page = not_here },
		{ .pre_give = pre_give, .post_reclaim = post_reclaim,
		  .release_demand_page = not_here },
		{ .pre_give = pre_give, .pre_demand_page = not_here,
		  .release_demand_page = not_here },
		{ .post_reclaim = post_reclaim, .pre_demand_page = not_here,
		  .release_demand_page = not_here },
	};
	unsigned int i;

	KUNIT_EXPECT_EQ(test, gunyah_platform_register(&other_ops), -EEXIST);
	KUNIT_EXPECT_EQ(test, gunyah_platform_register(&ops), -EEXIST);
	/* Not the registered one: nothing. */
	gunyah_platform_unregister(&other_ops);
	KUNIT_EXPECT_EQ(test, gunyah_platform_register(&other_ops), -EEXIST);

	gunyah_platform_unregister(&ops);
	for (i = 0; i < ARRAY_SIZE(missing); i++)
		KUNIT_EXPECT_EQ(test, gunyah_platform_register(&missing[i]), -EINVAL);
	KUNIT_EXPECT_NULL(test, gunyah_platform_get());
	KUNIT_EXPECT_EQ(test, gunyah_platform_register(&other_ops), 0);
	gunyah_platform_unregister(&other_ops);
	KUNIT_EXPECT_EQ(test, gunyah_platform_register(&ops), 0);
}

/* References to this module, where there are any. */
static int refs(void)
{
#if defined(MODULE) && defined(CONFIG_MODULE_UNLOAD)
	return module_refcount(THIS_MODULE);
#else
	return 0;
#endif
}

/* A parcel is undone by who prepared it, and has a reference to it until then. */
static void parcels_keep_their_platform(struct kunit *test)
{
	struct parcel_test *t = test->priv;
	int before = refs();

	map_pieces(test);
	KUNIT_ASSERT_EQ(test, give(t, GPA, SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, refs(), before ? before + 2 : 0);
	gunyah_platform_unregister(&ops);
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
	KUNIT_EXPECT_STREQ(test, p.done, "ppppGpGRuRuuuu");
	KUNIT_EXPECT_EQ(test, refs(), before);

	/* Without one, nothing is called; and one that comes too late is not asked. */
	again(t);
	KUNIT_ASSERT_EQ(test, give(t, GPA, SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, gunyah_platform_register(&ops), 0);
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
	KUNIT_EXPECT_STREQ(test, p.done, "GGRR");
}

static struct kunit_case platform_test_cases[] = {
	KUNIT_CASE(each_piece_there_and_back),
	KUNIT_CASE_PARAM(preparing_fails, do_gen_params),
	KUNIT_CASE_PARAM(request_fails, give_gen_params),
	KUNIT_CASE_PARAM(undoing_fails, undo_gen_params),
	KUNIT_CASE(undoing_a_failed_give_fails),
	KUNIT_CASE(unknown_is_not_undone),
	KUNIT_CASE(refused_reclaim_is_not_undone),
	KUNIT_CASE(abandoned_is_not_undone),
	KUNIT_CASE(one_platform_at_a_time),
	KUNIT_CASE(parcels_keep_their_platform),
	{}
};

static struct kunit_suite platform_test_suite = {
	.name		= "gunyah_platform",
	.init		= platform_test_init,
	.test_cases	= platform_test_cases,
};

kunit_test_suites(&platform_test_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_IMPORT_NS(GUNYAH_DIRECT_MAP);
MODULE_DESCRIPTION("KUnit tests of the platform's part in giving memory to a Gunyah VM");
MODULE_LICENSE("GPL");
