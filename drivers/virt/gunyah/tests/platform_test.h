/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the tests of the platform's functions: a guest whose memory is in several
 * pieces, so that there is something to be undone in the middle.
 */
#ifndef _GUNYAH_TESTS_PLATFORM_TEST_H
#define _GUNYAH_TESTS_PLATFORM_TEST_H

#include <linux/falloc.h>

#include "parcel_test.h"

/* Entries of the lent parcel; a shared one with one entry comes after it. */
#define LENT_PIECES	4
#define PIECES		(LENT_PIECES + 1)

/*
 * Pages of one folio, in reverse: none of them can merge with the next.  Small,
 * as some of it is leaked.
 */
static inline void map_pieces(struct kunit *test)
{
	struct parcel_test *t = test->priv;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, vfs_fallocate(t->file, FALLOC_FL_KEEP_SIZE, 0, SOME_PAGES), 0);
	for (i = 0; i < LENT_PIECES; i++)
		KUNIT_ASSERT_EQ(test, map_mem(t, GPA + i * PAGE_SIZE,
					      (LENT_PIECES - 1 - i) * PAGE_SIZE, PAGE_SIZE, RWX),
				0);
	KUNIT_ASSERT_EQ(test, map_mem(t, 0x40000000, LENT_PIECES * PAGE_SIZE, PAGE_SIZE, SHARE),
			0);
}

/* Forget what was seen, for another try. */
static inline void forget_calls(struct parcel_test *t)
{
	t->gives = 0;
	t->reclaims = 0;
	t->fail_give = 0;
	t->fail_reclaim = 0;
	memset(t->seen, 0, sizeof(t->seen));
}

#endif
