// SPDX-License-Identifier: GPL-2.0-only
/* VM_MAP_MEM: which bindings are taken, and how each wrong one is refused (R60). */
#include "../kselftest_harness.h"
#include "lib/gunyah_test.h"

#define UNMAP(flags)	((flags) | GUNYAH_MEM_UNMAP)

FIXTURE(map)
{
	int dev;
	int vm;
	int mem;
};

FIXTURE_SETUP(map)
{
	require_gunyah();
	self->dev = open_gunyah();
	self->vm = create_vm(self->dev);
	self->mem = create_guest_mem(self->dev, 2 * SZ_2M);
}

FIXTURE_TEARDOWN(map)
{
	close(self->mem);
	close(self->vm);
	close(self->dev);
}

TEST_F(map, bad_pointer)
{
	EXPECT_EQ(-EFAULT, __ioctl(self->vm, GUNYAH_VM_MAP_MEM, 8));
}

TEST_F(map, size_zero)
{
	EXPECT_EQ(-EINVAL, __map_mem(self->vm, self->mem, GUEST_BASE, 0, 0, LEND_RWX));
}

TEST_F(map, unaligned)
{
	EXPECT_EQ(-EINVAL, __map_mem(self->vm, self->mem, GUEST_BASE + 1, PAGE, 0, LEND_RWX));
	EXPECT_EQ(-EINVAL, __map_mem(self->vm, self->mem, GUEST_BASE, PAGE + 1, 0, LEND_RWX));
	EXPECT_EQ(-EINVAL, __map_mem(self->vm, self->mem, GUEST_BASE, PAGE, 1, LEND_RWX));
}

TEST_F(map, beyond_the_file)
{
	EXPECT_EQ(-EINVAL, __map_mem(self->vm, self->mem, GUEST_BASE, 3 * SZ_2M, 0, LEND_RWX));
	EXPECT_EQ(-EINVAL, __map_mem(self->vm, self->mem, GUEST_BASE, PAGE, 2 * SZ_2M, LEND_RWX));
}

TEST_F(map, address_wraps)
{
	EXPECT_EQ(-EOVERFLOW, __map_mem(self->vm, self->mem, -PAGE, SZ_2M, 0, LEND_RWX));
}

TEST_F(map, offset_wraps)
{
	EXPECT_EQ(-EOVERFLOW, __map_mem(self->vm, self->mem, GUEST_BASE, SZ_2M, -PAGE, LEND_RWX));
}

TEST_F(map, without_read)
{
	EXPECT_EQ(-EINVAL, __map_mem(self->vm, self->mem, GUEST_BASE, SZ_2M, 0, 0));
	EXPECT_EQ(-EINVAL, __map_mem(self->vm, self->mem, GUEST_BASE, SZ_2M, 0,
				     GUNYAH_MEM_ALLOW_WRITE | GUNYAH_MEM_ALLOW_EXEC));
}

TEST_F(map, unknown_flag)
{
	EXPECT_EQ(-EINVAL, __map_mem(self->vm, self->mem, GUEST_BASE, SZ_2M, 0,
				     LEND_RWX | 0x80));
	EXPECT_EQ(-EINVAL, __map_mem(self->vm, self->mem, GUEST_BASE, SZ_2M, 0,
				     LEND_RWX | 0x200));
	EXPECT_EQ(-EINVAL, __map_mem(self->vm, self->mem, GUEST_BASE, SZ_2M, 0,
				     LEND_RWX | 0x80000000));
}

TEST_F(map, unknown_access_type)
{
	EXPECT_EQ(-EINVAL, __map_mem(self->vm, self->mem, GUEST_BASE, SZ_2M, 0,
				     GUNYAH_MEM_ALLOW_RWX | 3));
	EXPECT_EQ(-EINVAL, __map_mem(self->vm, self->mem, GUEST_BASE, SZ_2M, 0,
				     GUNYAH_MEM_ALLOW_RWX | 7));
}

TEST_F(map, no_such_fd)
{
	EXPECT_EQ(-EBADF, __map_mem(self->vm, -1, GUEST_BASE, SZ_2M, 0, LEND_RWX));
	EXPECT_EQ(-EBADF, __map_mem(self->vm, 1000, GUEST_BASE, SZ_2M, 0, LEND_RWX));
}

TEST_F(map, fd_of_another_kind)
{
	int null = open("/dev/null", O_RDWR);

	EXPECT_EQ(-EINVAL, __map_mem(self->vm, null, GUEST_BASE, SZ_2M, 0, LEND_RWX));
	EXPECT_EQ(-EINVAL, __map_mem(self->vm, self->vm, GUEST_BASE, SZ_2M, 0, LEND_RWX));
	close(null);
}

TEST_F(map, overlap_of_addresses)
{
	map_mem(self->vm, self->mem, GUEST_BASE, SZ_2M, 0, LEND_RWX);
	EXPECT_EQ(-EEXIST, __map_mem(self->vm, self->mem, GUEST_BASE + SZ_2M - PAGE, PAGE,
				     SZ_2M, LEND_RWX));
	EXPECT_EQ(-EEXIST, __map_mem(self->vm, self->mem, GUEST_BASE - PAGE, 2 * PAGE,
				     SZ_2M, LEND_RWX));
	/* Next to it is free. */
	EXPECT_EQ(0, __map_mem(self->vm, self->mem, GUEST_BASE + SZ_2M, SZ_2M, SZ_2M, LEND_RWX));
}

TEST_F(map, overlap_of_the_file_range)
{
	map_mem(self->vm, self->mem, GUEST_BASE, SZ_2M, 0, LEND_RWX);
	EXPECT_EQ(-EEXIST, __map_mem(self->vm, self->mem, GUEST_BASE + SZ_2M, PAGE,
				     SZ_2M - PAGE, LEND_RWX));
}

TEST_F(map, file_range_bound_by_another_vm)
{
	int other = create_vm(self->dev);

	map_mem(self->vm, self->mem, GUEST_BASE, SZ_2M, 0, LEND_RWX);
	EXPECT_EQ(-EEXIST, __map_mem(other, self->mem, GUEST_BASE, PAGE, 0, LEND_RWX));
	EXPECT_EQ(0, __map_mem(other, self->mem, GUEST_BASE, SZ_2M, SZ_2M, LEND_RWX));
	close(other);
	/* What a closed VM had bound is free again. */
	EXPECT_EQ(0, __map_mem(self->vm, self->mem, GUEST_BASE + SZ_2M, SZ_2M, SZ_2M, LEND_RWX));
}

TEST_F(map, binding_keeps_the_file)
{
	map_mem(self->vm, self->mem, GUEST_BASE, SZ_2M, 0, LEND_RWX);
	close(self->mem);
	self->mem = create_guest_mem(self->dev, SZ_2M);
	EXPECT_EQ(-EEXIST, __map_mem(self->vm, self->mem, GUEST_BASE, SZ_2M, 0, LEND_RWX));
}

TEST_F(map, unmap_gives_the_range_free)
{
	map_mem(self->vm, self->mem, GUEST_BASE, SZ_2M, 0, LEND_RWX);
	EXPECT_EQ(0, __map_mem(self->vm, self->mem, GUEST_BASE, SZ_2M, 0, UNMAP(LEND_RWX)));
	EXPECT_EQ(0, __map_mem(self->vm, self->mem, GUEST_BASE, SZ_2M, 0, LEND_RWX));
}

TEST_F(map, unmap_what_is_not_there)
{
	EXPECT_EQ(-ENOENT, __map_mem(self->vm, self->mem, GUEST_BASE, SZ_2M, 0, UNMAP(LEND_RWX)));
	map_mem(self->vm, self->mem, GUEST_BASE, SZ_2M, 0, LEND_RWX);
	EXPECT_EQ(-ENOENT, __map_mem(self->vm, self->mem, GUEST_BASE + SZ_2M, SZ_2M, SZ_2M,
				     UNMAP(LEND_RWX)));
}

TEST_F(map, unmap_must_match)
{
	int other = create_guest_mem(self->dev, SZ_2M);

	map_mem(self->vm, self->mem, GUEST_BASE, SZ_2M, 0, LEND_RWX);
	/* offset, flags and file of the binding */
	EXPECT_EQ(-ENOENT, __map_mem(self->vm, self->mem, GUEST_BASE, SZ_2M, SZ_2M,
				     UNMAP(LEND_RWX)));
	EXPECT_EQ(-ENOENT, __map_mem(self->vm, self->mem, GUEST_BASE, SZ_2M, 0,
				     UNMAP(GUNYAH_MEM_FORCE_SHARE | GUNYAH_MEM_ALLOW_RWX)));
	EXPECT_EQ(-ENOENT, __map_mem(self->vm, self->mem, GUEST_BASE, SZ_2M, 0,
				     UNMAP(GUNYAH_MEM_FORCE_LEND | GUNYAH_MEM_ALLOW_READ)));
	EXPECT_EQ(-ENOENT, __map_mem(self->vm, other, GUEST_BASE, SZ_2M, 0, UNMAP(LEND_RWX)));
	/* It is still there. */
	EXPECT_EQ(-EEXIST, __map_mem(self->vm, other, GUEST_BASE, SZ_2M, 0, LEND_RWX));
	close(other);
}

FIXTURE(part)
{
	int dev;
	int vm;
	int mem;
	int other;
};

FIXTURE_SETUP(part)
{
	require_gunyah();
	self->dev = open_gunyah();
	self->vm = create_vm(self->dev);
	self->mem = create_guest_mem(self->dev, SZ_2M);
	self->other = create_guest_mem(self->dev, SZ_2M);
	map_mem(self->vm, self->mem, GUEST_BASE, SZ_2M, 0, LEND_RWX);
}

FIXTURE_TEARDOWN(part)
{
	close(self->other);
	close(self->mem);
	close(self->vm);
	close(self->dev);
}

/* In pages. */
FIXTURE_VARIANT(part)
{
	unsigned int start;
	unsigned int size;
	bool at_end;
};

FIXTURE_VARIANT_ADD(part, front)
{
	.start = 0,
	.size = 1,
};

FIXTURE_VARIANT_ADD(part, back)
{
	.size = 1,
	.at_end = true,
};

FIXTURE_VARIANT_ADD(part, middle)
{
	.start = 16,
	.size = 4,
};

/* R60 and the guest-memory file's contract: the part is free, the rest is bound. */
TEST_F(part, unmap)
{
	__u64 size = variant->size * PAGE;
	__u64 start = variant->at_end ? SZ_2M - size : variant->start * PAGE;
	__u64 gpa = GUEST_BASE + start;

	ASSERT_EQ(0, __map_mem(self->vm, self->mem, gpa, size, start, UNMAP(LEND_RWX)));
	EXPECT_EQ(0, __map_mem(self->vm, self->other, gpa, size, 0, LEND_RWX));
	if (start)
		EXPECT_EQ(-EEXIST, __map_mem(self->vm, self->other, gpa - PAGE, PAGE,
					     SZ_2M / 2, LEND_RWX));
	if (start + size < SZ_2M)
		EXPECT_EQ(-EEXIST, __map_mem(self->vm, self->other, gpa + size, PAGE,
					     SZ_2M / 2, LEND_RWX));
}

TEST_HARNESS_MAIN
