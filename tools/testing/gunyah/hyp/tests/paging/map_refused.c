// SPDX-License-Identifier: GPL-2.0-only
/* addrspace_map and addrspace_unmap, refused: each error. */

#include "paging.h"

#define RW	ATTRS(R | W)

static struct paged_vm p, q;

/*
 * Two pages are lent, two are shared behind them; the VM runs in no test.  In
 * the end all pages come back, so nothing has been mapped by then.
 */
#define SHARED_IPA	(PAGE_IPA + 2 * PAGE_SIZE)

static bool with_pages(void (*test)(void))
{
	expect("ready", true, paged_prepare(&p, VM_IPA));
	expect("lend", 0, lend(&p, PAGE_IPA, 2 * PAGE_SIZE));
	expect("share", 0, share(&p, SHARED_IPA, 2 * PAGE_SIZE));
	test();
	expect("back", 0, lend_back(&p, PAGE_IPA, 2 * PAGE_SIZE));
	expect("back", 0, share_back(&p, SHARED_IPA, 2 * PAGE_SIZE));
	expect("drop", true, paged_drop(&p));
	return true;
}

static u64 try_lent(u64 flags)
{
	return map(&p, p.extent[GUEST_PRIVATE], GPA, RW, flags, PAGE_IPA, PAGE_SIZE);
}

static u64 try_shared(u64 gpa, u64 flags)
{
	return map(&p, p.extent[GUEST_SHARED], gpa, RW, flags, SHARED_IPA, PAGE_SIZE);
}

static u64 untry_lent(u64 flags)
{
	return unmap(&p, p.extent[GUEST_PRIVATE], GPA, flags, PAGE_IPA, PAGE_SIZE);
}

static void do_flags(void)
{
	expect("whole", E_DENIED, try_lent(PRIVATE));
	expect("not private", E_DENIED, try_lent(PARTIAL));
	expect("private MMIO", E_DENIED, try_lent(PARTIAL | PRIVATE | VMMIO));
	expect("bit 3", E_INVAL, try_lent(PARTIAL | PRIVATE | BIT(3)));
	expect("bit 32", E_INVAL, try_lent(PARTIAL | PRIVATE | BIT(32)));
	expect("whole", E_DENIED, try_shared(GPA_SHARED, VMMIO));
	expect("private", E_DENIED, try_shared(GPA_SHARED, PARTIAL | PRIVATE | VMMIO));
	expect("outside", E_DENIED, try_shared(GPA_SHARED, PARTIAL));
	expect("over the end", E_DENIED,
	       map(&p, p.extent[GUEST_SHARED], NAMED_BASE + NAMED_SIZE - PAGE_SIZE, RW, PARTIAL,
		   SHARED_IPA, 2 * PAGE_SIZE));
	/* In a named range there is no need for VMMIO, and with it is no harm. */
	expect("inside", 0, try_shared(GPA, PARTIAL));
	expect("unmap", 0, unmap_shared(&p, GPA, SHARED_IPA, PAGE_SIZE));
	expect("inside", 0, try_shared(GPA, PARTIAL | VMMIO));
	expect("unmap", 0, unmap(&p, p.extent[GUEST_SHARED], GPA, PARTIAL, SHARED_IPA, PAGE_SIZE));

	expect("map", 0, try_lent(PARTIAL | PRIVATE));
	expect("unmap whole", E_DENIED, untry_lent(PRIVATE));
	expect("unmap not private", E_DENIED, untry_lent(PARTIAL));
	expect("unmap bit 3", E_INVAL, untry_lent(PARTIAL | PRIVATE | BIT(3)));
	expect("unmap", 0, untry_lent(PARTIAL | PRIVATE));
}

static bool flags(void)
{
	return with_pages(do_flags);
}

static void do_attributes(void)
{
	static const u64 bad[] = {
		R | W | R << 4 | 15UL << 16,		/* user more than kernel */
		R | (R | W) << 4 | 15UL << 16,		/* less */
		15UL << 16,				/* nothing */
		W | W << 4 | 15UL << 16,		/* not R */
		X | X << 4 | 15UL << 16,
		RW & ~0xff0000UL,			/* device */
		(RW & ~0xff0000UL) | 5UL << 16,		/* not cached */
		RW | BIT(3), RW | BIT(7), RW | BIT(8), RW | BIT(24), RW | BIT(63),
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		expect("attributes", E_INVAL, map(&p, p.extent[GUEST_PRIVATE], GPA, bad[i],
						  PARTIAL | PRIVATE, PAGE_IPA, PAGE_SIZE));
}

static bool attributes(void)
{
	return with_pages(do_attributes);
}

static void expect_both(const char *what, u64 err, u64 gpa, u64 pa, u64 size)
{
	expect(what, err, map_lent(&p, gpa, R | W, pa, size));
	expect(what, err, unmap_lent(&p, gpa, pa, size));
}

static void do_places(void)
{
	expect_both("empty", E_SIZE, GPA, PAGE_IPA, 0);
	expect_both("size", E_SIZE, GPA, PAGE_IPA, PAGE_SIZE + 8);
	expect_both("guest address", E_ALIGN, GPA + 8, PAGE_IPA, PAGE_SIZE);
	expect_both("offset", E_ALIGN, GPA, PAGE_IPA + 8, PAGE_SIZE);
	expect_both("guest wraps", E_OVERFLOW, -PAGE_SIZE, PAGE_IPA, 2 * PAGE_SIZE);
	expect_both("offset wraps", E_OVERFLOW, GPA, -PAGE_SIZE, 2 * PAGE_SIZE);
	expect_both("over 36 bits", E_ADDRESS, BIT(36) - PAGE_SIZE, PAGE_IPA, 2 * PAGE_SIZE);
	expect_both("36 bits", E_ADDRESS, BIT(36), PAGE_IPA, PAGE_SIZE);
	expect_both("hypervisor", E_ADDRESS, GPA, 0x41000000, PAGE_SIZE);
	expect_both("device", E_ADDRESS, GPA, 0x09000000, PAGE_SIZE);
	/* The last page below is fine. */
	expect("map", 0, map_lent(&p, BIT(36) - PAGE_SIZE, R | W, PAGE_IPA, PAGE_SIZE));
	expect("unmap", 0, unmap_lent(&p, BIT(36) - PAGE_SIZE, PAGE_IPA, PAGE_SIZE));
}

static bool places(void)
{
	return with_pages(do_places);
}

static void do_taken(void)
{
	expect("map", 0, map_lent(&p, GPA + PAGE_SIZE, R | W, PAGE_IPA, PAGE_SIZE));
	expect("same", E_TAKEN,
	       map_lent(&p, GPA + PAGE_SIZE, R | W, PAGE_IPA + PAGE_SIZE, PAGE_SIZE));
	expect("itself", E_TAKEN, map_lent(&p, GPA + PAGE_SIZE, R | W, PAGE_IPA, PAGE_SIZE));
	expect("shared", E_TAKEN, map_shared(&p, GPA + PAGE_SIZE, R | W, SHARED_IPA, PAGE_SIZE));
	/* One of two is enough, and the other stays free. */
	expect("half", E_TAKEN, map_shared(&p, GPA, R | W, SHARED_IPA, 2 * PAGE_SIZE));
	expect("free half", 0, map_shared(&p, GPA, R | W, SHARED_IPA, PAGE_SIZE));
	expect("unmap", 0, unmap_shared(&p, GPA, SHARED_IPA, PAGE_SIZE));
	expect("unmap", 0, unmap_lent(&p, GPA + PAGE_SIZE, PAGE_IPA, PAGE_SIZE));
}

static bool taken(void)
{
	return with_pages(do_taken);
}

/* The image is there only when the VM runs. */
static bool taken_by_image(void)
{
	expect("start", true, paged_open(&p, VM_IPA));
	expect("lend", 0, lend(&p, PAGE_IPA, PAGE_SIZE));
	expect("image", E_TAKEN, map_lent(&p, GUEST_BASE, R | W, PAGE_IPA, PAGE_SIZE));
	expect("its end", E_TAKEN,
	       map_lent(&p, GUEST_BASE + VM_SIZE - PAGE_SIZE, R | W, PAGE_IPA, PAGE_SIZE));
	expect("image", E_MAPPINGS, map_lent(&p, GPA, R | W, VM_IPA, PAGE_SIZE));
	expect("back", 0, lend_back(&p, PAGE_IPA, PAGE_SIZE));
	expect("end", true, paged_close(&p));
	return true;
}

static void do_elsewhere(void)
{
	expect("map", 0, map_lent(&p, GPA, R | W, PAGE_IPA, PAGE_SIZE));
	expect("again", E_MAPPINGS, map_lent(&p, GPA + PAGE_SIZE, R | W, PAGE_IPA, PAGE_SIZE));
	expect("with another", E_MAPPINGS,
	       map_lent(&p, GPA + 2 * PAGE_SIZE, R | W, PAGE_IPA, 2 * PAGE_SIZE));
	expect("the other", 0,
	       map_lent(&p, GPA + 2 * PAGE_SIZE, R | W, PAGE_IPA + PAGE_SIZE, PAGE_SIZE));
	expect("unmap", 0, unmap_lent(&p, GPA + 2 * PAGE_SIZE, PAGE_IPA + PAGE_SIZE, PAGE_SIZE));
	expect("unmap", 0, unmap_lent(&p, GPA, PAGE_IPA, PAGE_SIZE));
}

static bool elsewhere(void)
{
	return with_pages(do_elsewhere);
}

static void do_not_owner(void)
{
	u64 hosts = SHARED_IPA + 2 * PAGE_SIZE;

	expect("the host's", E_OWNER, map_lent(&p, GPA, R | W, hosts, PAGE_SIZE));
	expect("the host's", E_OWNER, map_shared(&p, GPA, R | W, hosts, PAGE_SIZE));
	expect("shared as private", E_OWNER, map_lent(&p, GPA, R | W, SHARED_IPA, PAGE_SIZE));
	expect("private as shared", E_OWNER, map_shared(&p, GPA, R | W, PAGE_IPA, PAGE_SIZE));
	expect("one too many", E_OWNER, map_lent(&p, GPA, R | W, PAGE_IPA, 3 * PAGE_SIZE));
	/* The parcel's until START. */
	expect("image", E_OWNER, map_lent(&p, GPA, R | W, VM_IPA, PAGE_SIZE));
}

static bool not_owner(void)
{
	return with_pages(do_not_owner);
}

static u64 map_extent(u64 extent)
{
	return map(&p, extent, GPA, RW, PARTIAL | PRIVATE, PAGE_IPA, PAGE_SIZE);
}

static u64 unmap_extent(u64 extent)
{
	return unmap(&p, extent, GPA, PARTIAL | PRIVATE, PAGE_IPA, PAGE_SIZE);
}

static void do_extents(void)
{
	expect("ready", true, paged_prepare(&q, VM2_IPA));
	expect("host shared", E_EXTENT, map_extent(p.extent[HOST_SHARED]));
	expect("host private", E_EXTENT, map_extent(p.extent[HOST_PRIVATE]));
	expect("the other VM's", E_EXTENT, map_extent(q.extent[GUEST_PRIVATE]));
	expect("host private", E_EXTENT, unmap_extent(p.extent[HOST_PRIVATE]));
	expect("the other VM's", E_EXTENT, unmap_extent(q.extent[GUEST_PRIVATE]));
	expect("vCPU", E_TYPE, map_extent(p.vm.vcpu));
	expect("space", E_TYPE, map_extent(p.space));
	expect("none", E_INVAL, map_extent(~0UL));
	expect("drop", true, paged_drop(&q));
}

static bool extents(void)
{
	return with_pages(do_extents);
}

static void do_capabilities(void)
{
	struct paged_vm bad = p;
	u64 x[9] = { 0xc600802bUL, p.space, p.extent[GUEST_PRIVATE], GPA, RW, PARTIAL | PRIVATE,
		     PAGE_IPA, PAGE_SIZE, 1 };
	u64 y[9] = { 0xc600802cUL, p.space, p.extent[GUEST_PRIVATE], GPA, PARTIAL | PRIVATE,
		     PAGE_IPA, PAGE_SIZE, 1 };

	bad.space = p.extent[GUEST_PRIVATE];
	expect("extent", E_TYPE, map_lent(&bad, GPA, R | W, PAGE_IPA, PAGE_SIZE));
	bad.space = 0;
	expect("none", E_INVAL, map_lent(&bad, GPA, R | W, PAGE_IPA, PAGE_SIZE));
	expect("none", E_INVAL, unmap_lent(&bad, GPA, PAGE_IPA, PAGE_SIZE));
	hvc_long(x);
	expect("reserved", E_INVAL, x[0]);
	hvc_long(y);
	expect("reserved", E_INVAL, y[0]);
}

static bool capabilities(void)
{
	return with_pages(do_capabilities);
}

static void do_not_mapped(void)
{
	u64 second = PAGE_IPA + PAGE_SIZE;

	expect("nothing", E_ADDRESS, unmap_lent(&p, GPA, PAGE_IPA, PAGE_SIZE));
	expect("map", 0, map_lent(&p, GPA, R | W, PAGE_IPA, PAGE_SIZE));
	expect("map", 0, map_lent(&p, GPA + PAGE_SIZE, R | W, second, PAGE_SIZE));
	expect("another page", E_ADDRESS, unmap_lent(&p, GPA, second, PAGE_SIZE));
	expect("another address", E_ADDRESS, unmap_lent(&p, GPA + PAGE_SIZE, PAGE_IPA, PAGE_SIZE));
	expect("another extent", E_ADDRESS, unmap_shared(&p, GPA, PAGE_IPA, PAGE_SIZE));
	expect("one too many", E_ADDRESS, unmap_lent(&p, GPA, PAGE_IPA, 3 * PAGE_SIZE));
	/* Two mappings that follow one another are one range. */
	expect("both", 0, unmap_lent(&p, GPA, PAGE_IPA, 2 * PAGE_SIZE));
	expect("twice", E_ADDRESS, unmap_lent(&p, GPA, PAGE_IPA, PAGE_SIZE));
}

static bool not_mapped(void)
{
	return with_pages(do_not_mapped);
}

static const struct test tests[] = {
	{ "map and unmap: PARTIAL, PRIVATE, VMMIO where they belong", flags },
	{ "map: access and type of memory", attributes },
	{ "map and unmap: sizes and addresses", places },
	{ "map: the guest address is taken", taken },
	{ "map: the image's addresses are taken, its pages mapped", taken_by_image },
	{ "map: the page is mapped elsewhere", elsewhere },
	{ "map: the page is not the extent's", not_owner },
	{ "map and unmap: extents that can't be mapped there", extents },
	{ "map and unmap: capabilities of other things, reserved argument", capabilities },
	{ "unmap: only what is mapped exactly so", not_mapped },
};

void run_map_refused(void)
{
	run_all(tests, ARRAY_SIZE(tests));
}
