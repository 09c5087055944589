// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest with much memory: in one piece, in nearly as many pieces as the resource
 * manager takes, and in more than it takes; and what that costs, which grows with the
 * contiguous ranges and not with the pages.  Where the resource manager knows demand
 * paging the guest touches all of it.
 *
 * The file's memory is allocated once.  "Pieces" are made by bindings: none goes
 * on in the file where the one before it ends.  In each 2 MiB of the file is its
 * number, which the guest has to find where the bindings say.
 *
 * Not a part of the usual run: GUNYAH_SOAK_GIB (16) says how much memory, of which
 * the machine must have 1 GiB more.
 */
#include <linux/falloc.h>

#include "../kselftest_harness.h"
#include "lib/paged.h"
#include "lib/soak.h"
#include "lib/sweep.h"

/* What the driver gives at most, all VMs together. */
#define MAX_ENTRIES	6000
#define MAX_PIECES	16384
/* Pieces between two that follow one another for the guest: a prime, so it meets all. */
#define STRIDE		1009
/* Blocks of 2 MiB that stay in one piece at the beginning: agent and device tree. */
#define FIRST		2

/**
 * struct big - a VM with much memory
 * @vm: the VM
 * @size: bytes of its memory
 * @blocks: of 2 MiB
 * @before: the counters without it
 * @began: when the present step did
 * @paged: memory is given when it is touched
 * @ranges: contiguous in physical memory and for the guest: entries of its parcel, or
 *	pieces
 */
struct big {
	struct test_vm vm;
	__u64 size;
	__u64 blocks;
	struct sweep_state before;
	unsigned int began;
	bool paged;
	unsigned int ranges;
};

FIXTURE(big)
{
	struct big big;
};

FIXTURE_SETUP(big)
{
	struct big *big = &self->big;

	require_gunyah();
	require_control();
	big->paged = paging_there();
	big->size = (__u64)env_number("GUNYAH_SOAK_GIB", 16) << 30;
	big->blocks = big->size / SZ_2M;
	if (memory_kib("MemAvailable") < (big->size >> 10) + (1UL << 20))
		SKIP(return, "less than 1 GiB more memory than the guest is to have");
	big->before = sweep_state();
	/* The tables of the hypervisor know where memory was lent. */
	big->before.pool_pages = 0;
	big->began = uptime();
}

FIXTURE_TEARDOWN(big)
{
}

static void say(unsigned int *since, const char *what)
{
	unsigned int now = uptime();

	ksft_print_msg("%s: %u s, pages of the hypervisor's own: %llu\n", what, now - *since,
		       (unsigned long long)control_read(CTL_POOL_PAGES));
	*since = now;
}

/* What was called since the mark, and a new one.  False: it was not @messages, @calls. */
static bool cost_was(const char *what, unsigned int messages, unsigned int calls)
{
	unsigned int lends = control_count(CTL_MSG, MSG_MEM_LEND);
	unsigned int appends = control_count(CTL_MSG, MSG_MEM_APPEND);
	unsigned int reclaims = control_count(CTL_MSG, MSG_MEM_RECLAIM);
	unsigned int donates = control_count(CTL_CALL, CALL_DONATE);
	unsigned int maps = control_count(CTL_CALL, CALL_ADDRSPACE_MAP);
	unsigned int unmaps = control_count(CTL_CALL, CALL_ADDRSPACE_UNMAP);

	ksft_print_msg("  %s: %u messages, of which LEND %u, APPEND %u, RECLAIM %u\n", what,
		       (unsigned int)control_count(CTL_MSG, CTL_ANY), lends, appends, reclaims);
	ksft_print_msg("  %s: hypercalls: donate %u, map %u, unmap %u\n", what, donates, maps,
		       unmaps);
	control_mark();
	return lends + appends + reclaims == messages && donates == calls &&
	       maps + unmaps == calls;
}

/* The VM and its vCPU; memory is bound later. */
static void open_vm(struct test_vm *vm)
{
	vm->nr_vcpus = 1;
	vm->fd = create_vm(vm->dev_fd);
	if (__set_dtb(vm->fd, GUEST_DTB, GUEST_DTB_SIZE))
		test_die("VM_SET_DTB_CONFIG");
	vcpu_add(vm, 0);
}

static void close_vm(struct test_vm *vm)
{
	munmap(vm->vcpu[0].run, SZ_4K);
	close(vm->vcpu[0].fd);
	close(vm->fd);
}

/* A number in each block. */
static void write_blocks(struct test_vm *vm, __u64 size)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vm->mem_fd, 0);
	__u64 i;

	if (p == MAP_FAILED)
		test_die("mmap");
	for (i = 0; i < size / SZ_2M; i++)
		*(__u64 *)(p + (i + 1) * SZ_2M - 8) = i + 1000;
	munmap(p, size);
}

/* What follows in the guest's addresses is at @block of the file. */
static struct piece {
	__u64 gpa_block;
	__u64 block;
	__u64 n;
} pieces[MAX_PIECES];
static unsigned int nr_pieces;

static void add_piece(__u64 *gpa_block, __u64 block, __u64 n)
{
	pieces[nr_pieces++] = (struct piece) { .gpa_block = *gpa_block, .block = block, .n = n };
	*gpa_block += n;
}

/* All memory in @n pieces, some of which are one block longer than the others. */
static void cut(__u64 blocks, unsigned int n)
{
	__u64 rest = blocks - FIRST, len, extra, i, k, gpa_block = 0;

	nr_pieces = 0;
	if (n == 1) {
		add_piece(&gpa_block, 0, blocks);
		return;
	}
	n--;
	len = rest / n;
	extra = rest % n;
	add_piece(&gpa_block, 0, FIRST);
	for (i = 0; i < n; i++) {
		k = i * STRIDE % n;
		add_piece(&gpa_block, FIRST + k * len + (k < extra ? k : extra),
			  len + (k < extra));
	}
}

/* Block of the file behind block @i of the guest. */
static __u64 place(__u64 i)
{
	unsigned int k;

	for (k = 0; k < nr_pieces - 1; k++)
		if (i < pieces[k].gpa_block + pieces[k].n)
			break;
	return pieces[k].block + i - pieces[k].gpa_block;
}

static void bind_pieces(struct test_vm *vm)
{
	unsigned int k;

	for (k = 0; k < nr_pieces; k++)
		map_mem(vm->fd, vm->mem_fd, GUEST_BASE + pieces[k].gpa_block * SZ_2M,
			pieces[k].n * SZ_2M, pieces[k].block * SZ_2M, LEND_RWX);
}

/* The guest sees the right blocks, and what it writes into the last one is there. */
static void look(struct __test_metadata *_metadata, struct test_vm *vm, __u64 blocks, __u64 step)
{
	__u64 i;

	for (i = FIRST; i < blocks; i += step)
		ASSERT_EQ(place(i) + 1000, agent_do(&vm->vcpu[0], AGENT_LOAD,
						    GUEST_BASE + (i + 1) * SZ_2M - 8, 8, 0));
	agent_do(&vm->vcpu[0], AGENT_STORE, GUEST_BASE + blocks * SZ_2M - 16, 8,
		 4711 + nr_pieces);
	ASSERT_EQ(AGENT_STATUS, agent_psci(&vm->vcpu[0], PSCI_SYSTEM_OFF, 0, 0));
}

static __u64 last_word(struct test_vm *vm, __u64 blocks)
{
	char *p = mmap(NULL, SZ_2M, PROT_READ, MAP_SHARED, vm->mem_fd, place(blocks - 1) * SZ_2M);
	__u64 value;

	if (p == MAP_FAILED)
		test_die("mmap");
	value = *(__u64 *)(p + SZ_2M - 16);
	munmap(p, SZ_2M);
	return value;
}

/* Started, and run to its end: messages and hypercalls are as many as the ranges say. */
static void run_eager(struct __test_metadata *_metadata, struct big *big)
{
	vm_start(&big->vm);
	big->ranges = driver_counter("gunyah_vm/memory", "entries");
	EXPECT_EQ(big->ranges, control_read(CTL_ENTRIES));
	EXPECT_EQ(big->size / SZ_4K, control_read(CTL_PAGES_NOT_HOST));
	/* All that a start asks for, however much is lent, where that is contiguous. */
	if (nr_pieces == 1)
		EXPECT_GT(16, control_count(CTL_MSG, CTL_ANY));
	EXPECT_TRUE(cost_was("start", (big->ranges + 511) / 512, 0));
	look(_metadata, &big->vm, big->blocks, big->blocks / 64 ?: 1);
	EXPECT_TRUE(cost_was("run", 0, 0));
}

/* The device tree is all that is given before the guest runs. */
static void run_paged(struct __test_metadata *_metadata, struct big *big)
{
	vm_start(&big->vm);
	EXPECT_EQ(GUEST_DTB_SIZE / SZ_4K, control_read(CTL_PAGES_NOT_HOST));
	EXPECT_TRUE(cost_was("start", 1, 0));
	/* What is behind the device tree. */
	agent_do(&big->vm.vcpu[0], AGENT_LOAD, GUEST_BASE + FIRST * SZ_2M - 8, 8, 0);
	look(_metadata, &big->vm, big->blocks, 1);
	EXPECT_EQ(big->size / SZ_4K, control_read(CTL_PAGES_NOT_HOST));
	big->ranges = control_count(CTL_CALL, CALL_DONATE);
	EXPECT_TRUE(cost_was("run", 0, big->ranges));
}

/* A life in @n pieces; returns the ranges that it took. */
static unsigned int live(struct __test_metadata *_metadata, struct big *big,
			 unsigned int n)
{
	struct cost nothing = {};
	struct sweep_state now;

	cut(big->blocks, n);
	open_vm(&big->vm);
	/* The resource manager has written into the device tree. */
	vm_load(&big->vm);
	bind_pieces(&big->vm);
	say(&big->began, "bound");
	control_mark();
	if (big->paged)
		run_paged(_metadata, big);
	else
		run_eager(_metadata, big);
	say(&big->began, "started and run");
	close_vm(&big->vm);
	/* The device tree is a range of its own there. */
	EXPECT_TRUE(cost_was("end", !big->paged, big->paged ? big->ranges + 1 : 0));
	say(&big->began, "closed");
	EXPECT_EQ(4711 + n, last_word(&big->vm, big->blocks));
	now = sweep_state();
	EXPECT_TRUE(sweep_same("big", &big->before, &nothing, &now));
	ksft_print_msg("%s, %u bindings, %llu pages: %u ranges\n",
		       big->paged ? "demand-paged" : "eager", n,
		       (unsigned long long)(big->size / SZ_4K), big->ranges);
	return big->ranges;
}

/* More pieces than the resource manager takes: nothing is given. */
static void refuse(struct __test_metadata *_metadata, struct big *big)
{
	struct cost nothing = {};
	struct sweep_state now;

	cut(big->blocks, MAX_ENTRIES + 20);
	open_vm(&big->vm);
	bind_pieces(&big->vm);
	control_mark();
	EXPECT_EQ(-E2BIG, __vm_start(&big->vm));
	EXPECT_EQ(0, control_count(CTL_MSG, MSG_MEM_LEND));
	now = sweep_state();
	EXPECT_TRUE(sweep_same("refused", &big->before, &nothing, &now));
	close_vm(&big->vm);
	say(&big->began, "refused");
}

/* R64, R65 */
TEST_F_TIMEOUT(big, one_piece_many_and_too_many, SOAK_LIMIT)
{
	struct big *big = &self->big;
	unsigned int many = big->blocks * 3 / 4, ranges;

	if (big->blocks > MAX_ENTRIES + 100)
		many = MAX_ENTRIES - 1;
	big->vm.dev_fd = open_gunyah();
	big->vm.mem_fd = __create_guest_mem(big->vm.dev_fd, big->size, GHMF_ALLOW_HUGEPAGE);
	ASSERT_LE(0, big->vm.mem_fd);
	ASSERT_EQ(0, fallocate(big->vm.mem_fd, FALLOC_FL_KEEP_SIZE, 0, big->size));
	say(&big->began, "allocated");
	big->vm.nr_vcpus = 1;
	write_blocks(&big->vm, big->size);

	/* On demand a piece is a folio: a block at least. */
	ranges = live(_metadata, big, 1);
	EXPECT_GE(big->paged ? big->blocks + 1 : big->blocks / 8, ranges);
	/* Some of many may be neighbours all the same; or in two folios. */
	ranges = live(_metadata, big, many);
	EXPECT_LT(many - many / 50, ranges);
	EXPECT_GE(many + big->blocks / 8, ranges);
	if (!big->paged && many == MAX_ENTRIES - 1)
		refuse(_metadata, big);
	else
		ksft_print_msg("no number of pieces is too large\n");
	/* And that did no harm. */
	live(_metadata, big, 1);

	close(big->vm.mem_fd);
	close(big->vm.dev_fd);
}

TEST_HARNESS_MAIN
