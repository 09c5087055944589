// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest of 16 GiB: its memory in one piece, in nearly as many pieces as the
 * resource manager takes, and in more than it takes.
 *
 * The file's memory is allocated once.  "Pieces" are made by bindings: none goes
 * on in the file where the one before it ends.  In each 2 MiB of the file is its
 * number, which the guest has to find where the bindings say.
 *
 * Not a part of the usual run: GUNYAH_SOAK_GIB (16) says how much memory, of which
 * the machine must have 2 GiB more.
 */
#include <linux/falloc.h>

#include "../kselftest_harness.h"
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
 */
struct big {
	struct test_vm vm;
	__u64 size;
	__u64 blocks;
	struct sweep_state before;
	unsigned int began;
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
static void look(struct __test_metadata *_metadata, struct test_vm *vm, __u64 blocks)
{
	__u64 i, step = blocks / 64 ?: 1;

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

/* A life in @n pieces; returns the entries that it took. */
static unsigned int live(struct __test_metadata *_metadata, struct big *big,
			 unsigned int n)
{
	struct cost nothing = {};
	struct sweep_state now;
	unsigned int entries;

	cut(big->blocks, n);
	open_vm(&big->vm);
	/* The resource manager has written into the device tree. */
	vm_load(&big->vm);
	bind_pieces(&big->vm);
	say(&big->began, "bound");
	vm_start(&big->vm);
	entries = driver_counter("gunyah_vm/memory", "entries");
	EXPECT_EQ(entries, control_read(CTL_ENTRIES));
	EXPECT_EQ(big->size / SZ_4K, control_read(CTL_PAGES_NOT_HOST));
	say(&big->began, "started");
	look(_metadata, &big->vm, big->blocks);
	close_vm(&big->vm);
	say(&big->began, "run and closed");
	EXPECT_EQ(4711 + n, last_word(&big->vm, big->blocks));
	now = sweep_state();
	EXPECT_TRUE(sweep_same("big", &big->before, &nothing, &now));
	ksft_print_msg("%u bindings: %u entries\n", n, entries);
	return entries;
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
	unsigned int many = big->blocks * 3 / 4, entries;

	if (big->blocks > MAX_ENTRIES + 100)
		many = MAX_ENTRIES - 1;
	big->vm.dev_fd = open_gunyah();
	big->vm.mem_fd = __create_guest_mem(big->vm.dev_fd, big->size, GHMF_ALLOW_HUGEPAGE);
	ASSERT_LE(0, big->vm.mem_fd);
	ASSERT_EQ(0, fallocate(big->vm.mem_fd, FALLOC_FL_KEEP_SIZE, 0, big->size));
	say(&big->began, "allocated");
	big->vm.nr_vcpus = 1;
	write_blocks(&big->vm, big->size);

	entries = live(_metadata, big, 1);
	EXPECT_GE(big->blocks / 8, entries);
	/* Some of many may be neighbours all the same. */
	entries = live(_metadata, big, many);
	EXPECT_LT(many - many / 50, entries);
	if (many == MAX_ENTRIES - 1)
		refuse(_metadata, big);
	else
		ksft_print_msg("too small a guest for too many pieces\n");
	/* And that did no harm. */
	live(_metadata, big, 1);

	close(big->vm.mem_fd);
	close(big->vm.dev_fd);
}

TEST_HARNESS_MAIN
