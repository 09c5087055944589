// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that the guest and this program have both.
 *
 * RAM is lent to the guest: no device of this program can reach it.  So the
 * guest's drivers must put queues and buffers into memory that is shared.
 * Linux does that for a device whose node names a "restricted-dma-pool" as its
 * memory-region: all DMA of the device goes through buffers in that pool.
 *
 * A shared binding is a memparcel whose label is its guest address in pages of
 * 4 KiB; a "shm" device with that label in the guest's device tree says where
 * it is to be mapped.  The resource manager tells the guest of it in
 *
 *   /memory                   the range is memory
 *   /reserved-memory/buffer@  and has the property no-map
 *
 * and there is the difficulty: a pool has to be in the kernel's linear map,
 * what is no-map is not, and the resource manager puts its node before those
 * of the monitor.  But Linux refuses to take memory out of its map when a part
 * of it is in use already (early_init_dt_reserve_memory()), and the initial RAM
 * disk is noted before /reserved-memory is looked at.  So:
 *
 *   RAM                       ..., device tree, initial RAM disk, zeros
 *   RAM_BASE + memory         one page (64 KiB) of shared memory, zeros
 *   ... + POOL_OFFSET         the pool
 *
 * The range of the RAM disk in /chosen goes to the end of that one page; zeros
 * behind a RAM disk, or in place of one, mean nothing.  Its content stays in
 * lent memory.  With "retain_initrd" on the command line the page is never used
 * for anything else.  Linux 5.15 to 6.12 were looked at; they complain in two
 * lines of the log ("failed to reserve memory for node 'buffer@...", "OVERLAP
 * DETECTED!") which are harmless.
 *
 * Where the resource manager knows demand paging, shared memory is no parcel, and it
 * is not told of it: the device tree has the whole /memory then.  The guest gets it
 * when it touches it; but the first touch must be a load or store of one register, and
 * Linux clears the pool by others.  So the guest is entered in some code that reads
 * a word of each page, and goes on to the kernel.
 */
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "gunyah-vmm.h"

void shared_create(struct guest *guest)
{
	struct gunyah_create_mem_args mem = { .size = SHARED_EACH * (1 + guest->opt->nr_disks) };
	struct gunyah_map_mem_args map = {
		.guest_addr = RAM_BASE + guest->opt->memory,
		.flags = GUNYAH_MEM_FORCE_SHARE | GUNYAH_MEM_ALLOW_READ | GUNYAH_MEM_ALLOW_WRITE,
		.size = mem.size,
	};

	guest->shared_addr = map.guest_addr;
	guest->shared_size = mem.size;
	guest->shared_fd = ioctl(guest->dev_fd, GUNYAH_CREATE_GUEST_MEM, &mem);
	if (guest->shared_fd < 0)
		die_errno("CREATE_GUEST_MEM (shared)");
	map.guest_mem_fd = guest->shared_fd;
	if (ioctl(guest->vm_fd, GUNYAH_VM_MAP_MEM, &map))
		die_errno("VM_MAP_MEM (shared)");
	/* Stays mapped while the guest runs, as only shared memory may. */
	guest->shared = mmap(NULL, guest->shared_size, PROT_READ | PROT_WRITE, MAP_SHARED,
			     guest->shared_fd, 0);
	if (guest->shared == MAP_FAILED)
		die_errno("mapping shared memory");
}

/*
 * X1 and X2 are the ends of the shared memory, X4 is the kernel's entry; that is
 * entered with X1 to X3 zero, as the boot protocol has it.
 */
size_t shared_entry_code(const void **code)
{
	static const __u32 insns[] = {
		0x39400023,	/* 1: ldrb w3, [x1] */
		0x91400421,	/* add x1, x1, #4096 */
		0xeb02003f,	/* cmp x1, x2 */
		0x54ffffa3,	/* b.lo 1b */
		0xaa1f03e1,	/* mov x1, xzr */
		0xaa1f03e2,	/* mov x2, xzr */
		0xaa1f03e3,	/* mov x3, xzr */
		0xd61f0080,	/* br x4 */
	};

	*code = insns;
	return sizeof(insns);
}

/* What a guest before a restart has left there is not for the next one. */
void shared_clear(struct guest *guest)
{
	memset(guest->shared, 0, guest->shared_size);
}

/* Where len bytes at guest address addr are here; NULL unless all are in the pool. */
void *shared_range(const struct guest *guest, __u64 addr, __u64 len)
{
	__u64 start = guest->shared_addr + POOL_OFFSET;
	__u64 size = guest->shared_size - POOL_OFFSET;

	if (addr < start || addr - start > size || len > size - (addr - start))
		return NULL;
	return (char *)guest->shared + POOL_OFFSET + (addr - start);
}
