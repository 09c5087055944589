// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory goes back to the host, and bindings change, while the guest runs.  Only
 * where the resource manager knows demand paging.
 */
#include <linux/falloc.h>
#include <sys/stat.h>

#include "../kselftest_harness.h"
#include "lib/paged.h"

#define SIZE		(4 * SZ_2M)
#define PUNCH		(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE)
#define ROUNDS		100
#define HOLES		500
#define MANY_HOLES	10000
#define SOME_HOLES	1000
/* Single pages in every other place of a file. */
#define SPARSE		100

FIXTURE(reclaim)
{
	struct test_vm vm;
	struct test_vcpu *vcpu;
	__u64 away;
	__u64 leaked;
	int mem;
};

FIXTURE_VARIANT(reclaim)
{
	__u32 flags;
	__u64 gpa;
};

FIXTURE_VARIANT_ADD(reclaim, lent) { .flags = LEND_RWX, .gpa = APART };
FIXTURE_VARIANT_ADD(reclaim, shared) { .flags = SHARE_RW, .gpa = SHARED };

FIXTURE_SETUP(reclaim)
{
	require_paging();
	require_control();
	self->away = pages_away();
	self->leaked = bytes_leaked();
	vm_create(&self->vm, 2);
	self->vcpu = &self->vm.vcpu[0];
	self->mem = create_guest_mem(self->vm.dev_fd, SIZE);
	map_mem(self->vm.fd, self->mem, variant->gpa, SIZE, 0, variant->flags);
}

FIXTURE_TEARDOWN(reclaim)
{
	vm_destroy(&self->vm);
	close(self->mem);
	EXPECT_EQ(self->away, pages_away());
	EXPECT_EQ(self->leaked, bytes_leaked());
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "lent"));
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "shared"));
}

static void start(struct test_vm *vm)
{
	vm_start(vm);
	agent_do(&vm->vcpu[0], AGENT_NOP, 0, 0, 0);
}

/* The address range of a call (R60, R71). */
TEST_F(reclaim, bad_ranges)
{
	int i;

	for (i = 0; i < 2; i++) {
		EXPECT_EQ(-EINVAL, __reclaim(&self->vm, variant->gpa, 0));
		EXPECT_EQ(-EINVAL, __reclaim(&self->vm, variant->gpa + 1, PAGE));
		EXPECT_EQ(-EINVAL, __reclaim(&self->vm, variant->gpa, PAGE + 1));
		EXPECT_EQ(-EOVERFLOW, __reclaim(&self->vm, -PAGE, 2 * PAGE));
		EXPECT_EQ(-ENOENT, __reclaim(&self->vm, GUEST_HOLE, PAGE));
		EXPECT_EQ(-EFAULT, __ioctl(self->vm.fd, GUNYAH_VM_RECLAIM_MEM, NULL));
		/* The host has all of it. */
		EXPECT_EQ(0, __reclaim(&self->vm, variant->gpa, SIZE));
		if (!i)
			start(&self->vm);
	}
}

/* R63: the host finds what the guest wrote, the guest what the host wrote. */
TEST_F(reclaim, content_goes_both_ways)
{
	__u64 *p, away;

	start(&self->vm);
	agent_do(self->vcpu, AGENT_FILL, variant->gpa, SIZE, 7);
	away = pages_away();
	EXPECT_EQ(0, __reclaim(&self->vm, variant->gpa, SIZE));
	EXPECT_EQ(away - SIZE / SZ_4K, pages_away());
	p = paged_map(self->mem, SIZE, 0);
	EXPECT_EQ(7, p[0]);
	EXPECT_EQ(7, p[SIZE / 8 - 1]);
	p[5] = 8;
	munmap(p, SIZE);

	EXPECT_EQ(8, agent_do(self->vcpu, AGENT_LOAD, variant->gpa + 40, 8, 0));
	EXPECT_EQ(7 * SIZE / 8 + 1, agent_do(self->vcpu, AGENT_SUM, variant->gpa, SIZE, 0));
	EXPECT_EQ(away, pages_away());
}

/* Of a folio, too: the rest of it stays with the guest. */
TEST_F(reclaim, parts_of_a_folio)
{
	const struct {
		__u64 offset;
		__u64 size;
	} parts[] = {
		{ 0, PAGE }, { 5 * PAGE, PAGE }, { SZ_2M - PAGE, PAGE },
		{ SZ_2M / 2, 3 * PAGE }, { SZ_2M - PAGE, 2 * PAGE }, { 0, SZ_2M },
	};
	unsigned int i;
	__u64 away;

	start(&self->vm);
	agent_do(self->vcpu, AGENT_FILL, variant->gpa, SIZE, 7);
	away = pages_away();
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		EXPECT_EQ(0, __reclaim(&self->vm, variant->gpa + parts[i].offset, parts[i].size));
		EXPECT_EQ(away - parts[i].size / SZ_4K, pages_away());
		/* Once more: there is nothing. */
		EXPECT_EQ(0, __reclaim(&self->vm, variant->gpa + parts[i].offset, parts[i].size));
		EXPECT_EQ(7 * SIZE / 8, agent_do(self->vcpu, AGENT_SUM, variant->gpa, SIZE, 0));
		EXPECT_EQ(0, self->vcpu->esr);
		EXPECT_EQ(away, pages_away());
	}
}

static __u64 allocated(int mem)
{
	struct stat st;

	return fstat(mem, &st) ? -1 : st.st_blocks * 512;
}

/* The hypercalls grow with the pieces, but CPUs are waited for once for many of them. */
TEST_F(reclaim, many_pieces_wait_once)
{
	int mem = create_guest_mem(self->vm.dev_fd, 2 * SPARSE * PAGE);
	__u64 gpa = variant->gpa + 0x4000000, flushes;
	unsigned int i, n = SPARSE;

	/* None goes on in the file where the one before it ends. */
	for (i = 0; i < n; i++)
		map_mem(self->vm.fd, mem, gpa + i * PAGE, PAGE, 2 * i * PAGE, variant->flags);
	start(&self->vm);
	agent_do(self->vcpu, AGENT_FILL, gpa, n * PAGE, 1);

	control_mark();
	flushes = control_read(CTL_FLUSHES);
	EXPECT_EQ(0, __reclaim(&self->vm, gpa, n * PAGE));
	flushes = control_read(CTL_FLUSHES) - flushes;
	EXPECT_EQ(n, control_count(CTL_CALL, CALL_ADDRSPACE_UNMAP));
	EXPECT_EQ(n, control_count(CTL_CALL, CALL_DONATE));
	ksft_print_msg("%u pieces came back, TLBs were cleaned %llu times\n", n,
		       (unsigned long long)flushes);
	EXPECT_LE(1, flushes);
	EXPECT_GE(n / 16, flushes);

	EXPECT_EQ(n * PAGE / 8, agent_do(self->vcpu, AGENT_SUM, gpa, n * PAGE, 0));
	close(mem);
}

/* Given back for good: what a balloon does. */
TEST_F(reclaim, reclaimed_memory_can_be_freed)
{
	start(&self->vm);
	agent_do(self->vcpu, AGENT_FILL, variant->gpa, SIZE, 7);
	/* What is lent has to be taken back before, what is shared has not. */
	if (variant->flags != SHARE_RW) {
		EXPECT_EQ(-1, fallocate(self->mem, PUNCH, 0, SZ_2M));
		EXPECT_EQ(EBUSY, errno);
		EXPECT_EQ(0, __reclaim(&self->vm, variant->gpa, SZ_2M));
	}
	EXPECT_EQ(0, fallocate(self->mem, PUNCH, 0, SZ_2M));
	/* The guest gets new pages when it comes again. */
	EXPECT_EQ(7 * (SIZE - SZ_2M) / 8, agent_do(self->vcpu, AGENT_SUM, variant->gpa, SIZE, 0));
}

/* A hole in what the guest has: it is gone from there, and from the host's mappings. */
TEST_F(reclaim, hole_in_shared_memory)
{
	__u64 away, *p;

	if (variant->flags != SHARE_RW)
		return;
	start(&self->vm);
	agent_do(self->vcpu, AGENT_FILL, variant->gpa, SIZE, 7);
	away = pages_away();
	p = paged_map(self->mem, SIZE, 0);
	EXPECT_EQ(0, fallocate(self->mem, PUNCH, PAGE, 3 * PAGE));
	EXPECT_EQ(away - 3 * PAGE_4KS, pages_away());
	EXPECT_EQ(7, p[0]);
	EXPECT_EQ(0, p[PAGE / 8]);
	p[PAGE / 8] = 5;
	EXPECT_EQ(5, agent_do(self->vcpu, AGENT_LOAD, variant->gpa + PAGE, 8, 0));
	EXPECT_EQ(7 * (SIZE - 3 * PAGE) / 8 + 5,
		  agent_do(self->vcpu, AGENT_SUM, variant->gpa, SIZE, 0));
	EXPECT_EQ(away, pages_away());

	EXPECT_EQ(0, fallocate(self->mem, PUNCH, 0, SIZE));
	EXPECT_EQ(away - SIZE / SZ_4K, pages_away());
	EXPECT_EQ(0, allocated(self->mem));
	EXPECT_EQ(0, p[0]);
	EXPECT_EQ(0, agent_do(self->vcpu, AGENT_SUM, variant->gpa, SIZE, 0));
	EXPECT_EQ(0, self->vcpu->esr);
	munmap(p, SIZE);
}

struct worker {
	pthread_t thread;
	struct test_vcpu *vcpu;
	__u64 gpa;
	int *stop;
	bool holes;
	unsigned int rounds;
	unsigned int wrong;
};

/* Writes its half again and again, and reads it where nobody makes holes in it. */
static void *work(void *arg)
{
	struct worker *w = arg;
	__u64 size = SIZE / 2, value;

	while (!__atomic_load_n(w->stop, __ATOMIC_ACQUIRE)) {
		value = ++w->rounds;
		agent_do(w->vcpu, AGENT_FILL, w->gpa, size, value);
		if (w->vcpu->esr)
			w->wrong++;
		if (w->holes)
			continue;
		if (agent_do(w->vcpu, AGENT_SUM, w->gpa, size, 0) != value * (size / 8) ||
		    w->vcpu->esr)
			w->wrong++;
	}
	return NULL;
}

/* Two vCPUs use the memory while it comes and goes under them (R21, R63). */
TEST_F(reclaim, while_two_vcpus_use_it)
{
	struct worker workers[2];
	unsigned int i, seed = 1;
	int stop = 0;

	start(&self->vm);
	ASSERT_EQ(0, agent_cpu_on(self->vcpu, 1, 0));
	for (i = 0; i < 2; i++) {
		workers[i] = (struct worker) {
			.vcpu = &self->vm.vcpu[i],
			.gpa = variant->gpa + i * SIZE / 2,
			.stop = &stop,
		};
		ASSERT_EQ(0, pthread_create(&workers[i].thread, NULL, work, &workers[i]));
	}

	for (i = 0; i < ROUNDS; i++) {
		__u64 offset = rand_r(&seed) % (SIZE / PAGE) * PAGE;
		__u64 size = PAGE << rand_r(&seed) % 10;

		if (offset + size > SIZE)
			size = SIZE - offset;
		EXPECT_EQ(0, __reclaim(&self->vm, variant->gpa + offset, size));
		usleep(2000);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	for (i = 0; i < 2; i++) {
		pthread_join(workers[i].thread, NULL);
		ksft_print_msg("vCPU %u: %u rounds\n", i, workers[i].rounds);
		EXPECT_EQ(0, workers[i].wrong);
		EXPECT_LT(0, workers[i].rounds);
	}
}

/* R21, R63: the same with holes in what is shared, each of which is made. */
TEST_F(reclaim, holes_while_two_vcpus_use_it)
{
	struct worker workers[2];
	unsigned int i, seed = 1;
	__u64 away, *p;
	int stop = 0;

	if (variant->flags != SHARE_RW)
		return;
	start(&self->vm);
	ASSERT_EQ(0, agent_cpu_on(self->vcpu, 1, 0));
	away = pages_away();
	for (i = 0; i < 2; i++) {
		workers[i] = (struct worker) {
			.vcpu = &self->vm.vcpu[i],
			.gpa = variant->gpa + i * SIZE / 2,
			.stop = &stop,
			.holes = true,
		};
		ASSERT_EQ(0, pthread_create(&workers[i].thread, NULL, work, &workers[i]));
	}

	for (i = 0; i < HOLES; i++) {
		off_t offset = rand_r(&seed) % (SIZE / PAGE) * PAGE;

		EXPECT_EQ(0, fallocate(self->mem, PUNCH, offset, PAGE << rand_r(&seed) % 12));
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	for (i = 0; i < 2; i++) {
		pthread_join(workers[i].thread, NULL);
		ksft_print_msg("vCPU %u: %u rounds\n", i, workers[i].rounds);
		EXPECT_EQ(0, workers[i].wrong);
		EXPECT_LT(0, workers[i].rounds);
	}

	/* All of it is the guest's again when it is touched, and the host sees the same. */
	agent_do(self->vcpu, AGENT_FILL, variant->gpa, SIZE, 9);
	EXPECT_EQ(9 * SIZE / 8, agent_do(self->vcpu, AGENT_SUM, variant->gpa, SIZE, 0));
	EXPECT_EQ(away, pages_away());
	EXPECT_EQ(SIZE, allocated(self->mem));
	p = paged_map(self->mem, SIZE, 0);
	for (i = 0; i < SIZE / 8; i += PAGE / 8)
		ASSERT_EQ(9, p[i]);
	munmap(p, SIZE);
	EXPECT_EQ(0, fallocate(self->mem, PUNCH, 0, SIZE));
	EXPECT_EQ(0, allocated(self->mem));
}

/*
 * R60: each is of a page that the guest has, and takes what it wrote there; the next
 * time that page is as new.
 */
TEST_F(reclaim, ten_thousand_holes)
{
	__u64 away, offset;
	unsigned int i;
	double end;

	if (variant->flags != SHARE_RW)
		return;
	start(&self->vm);
	away = pages_away();
	/* As many as there is time for, where all is slow. */
	end = seconds() + 15;
	for (i = 0; i < MANY_HOLES && seconds() < end; i++) {
		offset = i % 64 * PAGE;
		ASSERT_EQ(0, agent_do(self->vcpu, AGENT_LOAD, variant->gpa + offset, 8, 0));
		agent_do(self->vcpu, AGENT_STORE, variant->gpa + offset, 8, i + 1);
		ASSERT_EQ(0, self->vcpu->esr);
		ASSERT_EQ(0, fallocate(self->mem, PUNCH, offset, PAGE)) {
			TH_LOG("hole number %u: %s", i, strerror(errno));
		}
	}
	ksft_print_msg("%u holes\n", i);
	EXPECT_LE(SOME_HOLES, i);
	agent_do(self->vcpu, AGENT_FILL, variant->gpa, SIZE, 9);
	EXPECT_EQ(away, pages_away());
}

struct puncher {
	pthread_t thread;
	int mem;
	int *stop;
	unsigned int done;
	unsigned int wrong;
};

static void *punch(void *arg)
{
	struct puncher *p = arg;

	while (!__atomic_load_n(p->stop, __ATOMIC_ACQUIRE)) {
		if (!fallocate(p->mem, PUNCH, 0, SZ_2M))
			p->done++;
		else if (errno != EBUSY)
			p->wrong++;
	}
	return NULL;
}

/* R21: VMs start and go while somebody makes holes in what they share. */
TEST_F(reclaim, holes_over_the_life_of_a_vm)
{
	struct puncher p = {};
	int i, stop = 0;

	if (variant->flags != SHARE_RW)
		return;
	p.mem = create_guest_mem(self->vm.dev_fd, SZ_2M);
	p.stop = &stop;
	ASSERT_EQ(0, pthread_create(&p.thread, NULL, punch, &p));
	for (i = 0; i < 5; i++) {
		struct test_vm vm = {};

		vm_create(&vm, 1);
		map_mem(vm.fd, p.mem, SHARED, SZ_2M, 0, SHARE_RW);
		vm_start(&vm);
		agent_do(&vm.vcpu[0], AGENT_FILL, SHARED, SZ_2M, 7);
		EXPECT_EQ(0, vm.vcpu[0].esr);
		vm_destroy(&vm);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	pthread_join(p.thread, NULL);
	ksft_print_msg("%u holes\n", p.done);
	EXPECT_LT(0, p.done);
	EXPECT_EQ(0, p.wrong);
	EXPECT_EQ(0, fallocate(p.mem, PUNCH, 0, SZ_2M));
	EXPECT_EQ(0, allocated(p.mem));
	close(p.mem);
}

static void *touch_all(void *arg)
{
	struct worker *w = arg;

	agent_post(w->vcpu, AGENT_FILL, w->gpa, SIZE, 1);
	w->wrong = agent_run(w->vcpu);
	return NULL;
}

/* Both want the same pages at the same time: each is given once. */
TEST_F(reclaim, two_vcpus_fault_on_the_same_pages)
{
	struct worker workers[2];
	__u64 given, away;
	unsigned int i, j;

	start(&self->vm);
	ASSERT_EQ(0, agent_cpu_on(self->vcpu, 1, 0));
	EXPECT_EQ(0, __reclaim(&self->vm, variant->gpa, SIZE));
	away = pages_away();
	for (j = 0; j < 10; j++) {
		given = driver_counter("gunyah_vm/memory", "given");
		for (i = 0; i < 2; i++) {
			workers[i] = (struct worker) {
				.vcpu = &self->vm.vcpu[i], .gpa = variant->gpa,
			};
			ASSERT_EQ(0, pthread_create(&workers[i].thread, NULL, touch_all,
						    &workers[i]));
		}
		for (i = 0; i < 2; i++) {
			pthread_join(workers[i].thread, NULL);
			EXPECT_EQ(AGENT_DONE, workers[i].wrong);
			EXPECT_EQ(0, workers[i].vcpu->esr);
		}
		EXPECT_EQ(given + SIZE, driver_counter("gunyah_vm/memory", "given"));
		EXPECT_EQ(away + SIZE / SZ_4K, pages_away());
		EXPECT_EQ(0, __reclaim(&self->vm, variant->gpa, SIZE));
		EXPECT_EQ(away, pages_away());
	}
}

/* A binding goes away under two vCPUs: each gets an exit that says so. */
TEST_F(reclaim, unmap_while_two_vcpus_use_it)
{
	struct agent_job jobs[2];
	unsigned int i;
	__u64 away;

	start(&self->vm);
	agent_do(self->vcpu, AGENT_FILL, variant->gpa, SIZE, 1);
	away = pages_away();
	ASSERT_EQ(0, agent_cpu_on(self->vcpu, 1, 0));
	for (i = 0; i < 2; i++) {
		job_start(&jobs[i], &self->vm.vcpu[i], AGENT_STORE_LOOP,
			  variant->gpa + i * PAGE, 1ULL << 40, 0);
		agent_wait_busy(&self->vm.vcpu[i]);
	}
	ASSERT_EQ(0, __map_mem(self->vm.fd, self->mem, variant->gpa, SIZE / 2, 0,
			       variant->flags | GUNYAH_MEM_UNMAP));
	for (i = 0; i < 2; i++) {
		if (variant->flags == SHARE_RW) {
			/* It looks like a device that nobody is. */
			EXPECT_EQ(AGENT_MMIO, job_end(&jobs[i]));
			EXPECT_EQ(variant->gpa + i * PAGE,
				  self->vm.vcpu[i].run->mmio.phys_addr);
			continue;
		}
		EXPECT_EQ(AGENT_OTHER_EXIT, job_end(&jobs[i]));
		EXPECT_EQ(GUNYAH_VCPU_EXIT_PAGE_FAULT, self->vm.vcpu[i].run->exit_reason);
		EXPECT_EQ(-ENOENT, self->vm.vcpu[i].run->page_fault.attempt);
		EXPECT_EQ(variant->gpa + i * PAGE,
			  self->vm.vcpu[i].run->page_fault.phys_addr);
	}
	EXPECT_EQ(away - SIZE / 2 / SZ_4K, pages_away());

	/* Bound anew it is there again: the loop goes on, and ends when it is taken. */
	ASSERT_EQ(0, __map_mem(self->vm.fd, self->mem, variant->gpa, SIZE / 2, 0,
			       variant->flags));
}

/* UNMAP at each end and in the middle; the file's range is free afterwards. */
TEST_F(reclaim, unmap_parts)
{
	__u32 unmap = variant->flags | GUNYAH_MEM_UNMAP;
	__u64 gpa = variant->gpa;

	start(&self->vm);
	agent_do(self->vcpu, AGENT_FILL, gpa, SIZE, 7);
	EXPECT_EQ(-ENOENT, __map_mem(self->vm.fd, self->mem, gpa, PAGE, PAGE, unmap));
	EXPECT_EQ(0, __map_mem(self->vm.fd, self->mem, gpa, PAGE, 0, unmap));
	EXPECT_EQ(0, __map_mem(self->vm.fd, self->mem, gpa + SZ_2M, SZ_2M, SZ_2M, unmap));
	EXPECT_EQ(0, __map_mem(self->vm.fd, self->mem, gpa + SIZE - PAGE, PAGE, SIZE - PAGE,
			       unmap));
	EXPECT_EQ(-ENOENT, __map_mem(self->vm.fd, self->mem, gpa, PAGE, 0, unmap));
	EXPECT_EQ(7 * (SZ_2M - PAGE) / 8,
		  agent_do(self->vcpu, AGENT_SUM, gpa + PAGE, SZ_2M - PAGE, 0));
	EXPECT_EQ(7 * (SZ_2M - PAGE) / 8,
		  agent_do(self->vcpu, AGENT_SUM, gpa + SIZE - SZ_2M, SZ_2M - PAGE, 0));
	EXPECT_EQ(0, self->vcpu->esr);
	EXPECT_EQ(0, __map_mem(self->vm.fd, self->mem, gpa + SZ_2M, PAGE, 0, variant->flags));
	EXPECT_EQ(7, agent_do(self->vcpu, AGENT_LOAD, gpa + SZ_2M, 8, 0));
}

/* New bindings of a guest that runs. */
TEST_F(reclaim, map_while_it_runs)
{
	int mem = create_guest_mem(self->vm.dev_fd, SZ_2M);
	__u64 *p = paged_map(mem, SZ_2M, 0);

	p[0] = 5;
	munmap(p, SZ_2M);
	start(&self->vm);
	EXPECT_EQ(0, __map_mem(self->vm.fd, mem, 0x50000000, SZ_2M, 0, SHARE_RW));
	EXPECT_EQ(-EEXIST, __map_mem(self->vm.fd, mem, 0x58000000, SZ_2M, 0, SHARE_RW));
	/* It is there at once: not only a device's access finds it. */
	EXPECT_EQ(5, agent_do(self->vcpu, AGENT_LOAD_PAIR, 0x50000000, 0, 0));
	EXPECT_EQ(0, self->vcpu->esr);
	EXPECT_EQ(0, __map_mem(self->vm.fd, mem, 0x50000000, SZ_2M, 0,
			       SHARE_RW | GUNYAH_MEM_UNMAP));
	agent_post(self->vcpu, AGENT_LOAD, 0x50000000, 8, 0);
	EXPECT_EQ(AGENT_MMIO, agent_run(self->vcpu));
	close(mem);
}

/* R60 to R64: what is lent where none was; it is there at once, and goes and comes again. */
TEST_F(reclaim, lend_while_it_runs)
{
	const __u64 gpa = 0x50000000, pages = SZ_2M / SZ_4K;
	int mem = create_guest_mem(self->vm.dev_fd, SZ_2M);
	__u64 *p = paged_map(mem, SZ_2M, 0);
	__u64 away;

	p[0] = 5;
	start(&self->vm);
	away = pages_away();
	/* All or nothing, and none of it while the host has any of it mapped. */
	EXPECT_EQ(-EBUSY, __map_mem(self->vm.fd, mem, gpa, SZ_2M, 0, LEND_RWX));
	EXPECT_EQ(away, pages_away());
	munmap(p, SZ_2M);
	ASSERT_EQ(0, __map_mem(self->vm.fd, mem, gpa, SZ_2M, 0, LEND_RWX));
	EXPECT_EQ(away + pages, pages_away());
	EXPECT_EQ(5, agent_do(self->vcpu, AGENT_LOAD_PAIR, gpa, 0, 0));
	agent_do(self->vcpu, AGENT_FILL, gpa, SZ_2M, 7);
	EXPECT_EQ(-1, fallocate(mem, PUNCH, 0, PAGE));
	EXPECT_EQ(EBUSY, errno);

	/* What was taken back is asked for as a device is. */
	EXPECT_EQ(0, __reclaim(&self->vm, gpa + PAGE, PAGE));
	EXPECT_EQ(away + pages - PAGE / SZ_4K, pages_away());
	p = paged_map(mem, PAGE, PAGE);
	EXPECT_EQ(7, p[0]);
	p[0] = 8;
	/* Mapped here it is not given: the monitor is told. */
	EXPECT_EQ(-EBUSY, paged_attempt(self->vcpu, AGENT_LOAD, gpa + PAGE, 8, 0));
	munmap(p, PAGE);
	EXPECT_EQ(AGENT_DONE, paged_answer(self->vcpu, GUNYAH_VCPU_RESUME_RETRY));
	EXPECT_EQ(8, self->vcpu->result);
	EXPECT_EQ(7 * SZ_2M / 8 + 1, agent_do(self->vcpu, AGENT_SUM, gpa, SZ_2M, 0));
	EXPECT_EQ(0, self->vcpu->esr);
	EXPECT_EQ(away + pages, pages_away());

	/* A part goes for good; the rest goes with the VM. */
	EXPECT_EQ(0, __map_mem(self->vm.fd, mem, gpa, PAGE, 0, LEND_RWX | GUNYAH_MEM_UNMAP));
	EXPECT_EQ(away + pages - PAGE / SZ_4K, pages_away());
	p = paged_map(mem, PAGE, 0);
	EXPECT_EQ(7, p[0]);
	munmap(p, PAGE);
	agent_post(self->vcpu, AGENT_LOAD, gpa, 8, 0);
	EXPECT_EQ(AGENT_MMIO, agent_run(self->vcpu));
	close(mem);
}

TEST_HARNESS_MAIN
