// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of what is found around a page of a guest-memory file (R64).  The folios are
 * made up: nobody looks into them.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "../guest_pages.h"

/* Pages of a huge page. */
#define BLOCK	PHYS_PFN(GUNYAH_HUGE_SIZE)
#define PFN	(16 * BLOCK)

struct join_folio {
	pgoff_t first;
	pgoff_t last;
	unsigned long pfn;
};

/*
 * @asked: of which folio's pages is asked
 * @low, @high: what is wanted; @high 0: all
 */
struct join_case {
	const char *name;
	struct join_folio folios[5];
	unsigned int asked;
	pgoff_t first;
	pgoff_t last;
	pgoff_t low;
	pgoff_t high;
};

static const struct join_case join_cases[] = {
	{ "alone", { { 4, 7, PFN } }, 0, 4, 7 },
	{ "followed", { { 4, 7, PFN }, { 8, 8, PFN + 4 } }, 0, 4, 8 },
	{ "preceded", { { 4, 7, PFN }, { 8, 8, PFN + 4 } }, 1, 4, 8 },
	{ "both, twice",
	  { { 0, 1, PFN }, { 2, 3, PFN + 2 }, { 4, 7, PFN + 4 }, { 8, 11, PFN + 8 },
	    { 12, 12, PFN + 12 } }, 2, 0, 12 },
	{ "a hole on each side",
	  { { 0, 1, PFN }, { 4, 7, PFN + 4 }, { 9, 9, PFN + 9 } }, 1, 4, 7 },
	{ "elsewhere", { { 2, 3, PFN }, { 4, 7, PFN + 3 }, { 8, 8, PFN + 8 } }, 1, 4, 7 },
	{ "the other way round", { { 4, 4, PFN + 1 }, { 5, 5, PFN } }, 0, 4, 4 },
	{ "up to what is elsewhere",
	  { { 4, 7, PFN }, { 8, 8, PFN + 4 }, { 9, 9, PFN + 6 } }, 0, 4, 8 },
	{ "the end of the block",
	  { { BLOCK - 2, BLOCK - 1, PFN }, { BLOCK, BLOCK + 1, PFN + 2 } }, 0,
	  BLOCK - 2, BLOCK - 1 },
	{ "the beginning of the block",
	  { { BLOCK - 2, BLOCK - 1, PFN }, { BLOCK, BLOCK + 1, PFN + 2 } }, 1,
	  BLOCK, BLOCK + 1 },
	{ "a huge page", { { 0, BLOCK - 1, PFN }, { BLOCK, 2 * BLOCK - 1, PFN + BLOCK } }, 0,
	  0, BLOCK - 1 },
	{ "larger", { { 0, 2 * BLOCK - 1, PFN }, { 2 * BLOCK, 2 * BLOCK, PFN + 2 * BLOCK } }, 0,
	  0, 2 * BLOCK - 1 },
	{ "less is wanted behind", { { 4, 4, PFN }, { 5, 5, PFN + 1 }, { 6, 7, PFN + 2 } }, 0,
	  4, 6, 0, 6 },
	{ "less is wanted before", { { 4, 5, PFN }, { 6, 6, PFN + 2 }, { 7, 7, PFN + 3 } }, 2,
	  5, 7, 5, BLOCK },
	{ "nothing else is wanted", { { 4, 4, PFN }, { 5, 5, PFN + 1 }, { 6, 6, PFN + 2 } }, 1,
	  5, 5, 5, 5 },
	{ "a part of a larger one is wanted", { { 0, 2 * BLOCK - 1, PFN } }, 0,
	  0, BLOCK, 0, BLOCK },
};

static void join_desc(const struct join_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(join, join_cases, join_desc);

static void contiguous_folios_join(struct kunit *test)
{
	const struct join_case *c = test->param_value;
	const struct join_folio *asked = &c->folios[c->asked];
	struct gunyah_guest_pages gp;
	pgoff_t page, first, last;
	struct page *made_up;
	unsigned int i;

	gunyah_guest_pages_init(&gp, 4 * BLOCK, false);
	mutex_lock(&gp.lock);
	for (i = 0; i < ARRAY_SIZE(c->folios) && c->folios[i].pfn; i++) {
		MA_STATE(mas, &gp.folios, c->folios[i].first, c->folios[i].last);

		/* Where there is no memory: nobody may look into it. */
		made_up = pfn_to_page(c->folios[i].pfn);
		KUNIT_EXPECT_EQ(test, 0, mas_store_gfp(&mas, made_up, GFP_KERNEL));
	}

	for (page = c->first; page <= c->last; page++) {
		if (page < asked->first || page > asked->last)
			continue;
		first = c->low;
		last = c->high ?: gp.nr_pages - 1;
		KUNIT_EXPECT_EQ(test, 0, gunyah_guest_pages_piece(&gp, page, &first, &last));
		KUNIT_EXPECT_EQ(test, first, c->first);
		KUNIT_EXPECT_EQ(test, last, c->last);
	}

	__mt_destroy(&gp.folios);
	mutex_unlock(&gp.lock);
}

static struct kunit_case guest_pages_test_cases[] = {
	KUNIT_CASE_PARAM(contiguous_folios_join, join_gen_params),
	{}
};

static struct kunit_suite guest_pages_test_suite = {
	.name		= "gunyah_guest_pages",
	.test_cases	= guest_pages_test_cases,
};

kunit_test_suite(guest_pages_test_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("KUnit tests of the pages of Gunyah's guest-memory files");
MODULE_LICENSE("GPL");
