// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals both ways, many of them: none is lost, none is doubled.
 *
 * The host writes the number of its signal to shared memory and signals an irqfd.
 * The guest takes the interrupt, copies the number to the word behind it, and
 * writes to an ioeventfd, nothing else: it has no timer, and nobody signals twice,
 * so what is lost on the way is a test that does not end.
 *
 * GUNYAH_EVENTS says how many signals (default 2000).
 */
#include <time.h>

#include "../kselftest_harness.h"
#include "lib/events.h"
#include "lib/soak.h"

#define SHARED		(GUEST_BASE + 0x10000000UL)
#define BURST		32

/* Its last interrupt. */
static const struct test_bell last = { .label = 0x20, .spi = 20 };

/* The words of the shared memory. */
struct shared {
	__u64 sent;
	__u64 seen;
};

FIXTURE(flow)
{
	struct test_vm vm;
	struct agent_job job;
	struct shared *shared;
	int shared_fd;
	int to_guest;
	int from_guest;
	int last;
	__u64 events;
	__u64 echoes;
};

FIXTURE_VARIANT(flow)
{
	struct test_bell bell;
	__u32 flags;
};

FIXTURE_VARIANT_ADD(flow, edge) { .bell = { .label = 0x10, .spi = 10 } };
FIXTURE_VARIANT_ADD(flow, level)
{
	.bell = { .label = 0x10, .spi = 10, .level = true, .can_clear = true },
	.flags = GUNYAH_IRQFD_FLAGS_LEVEL,
};

FIXTURE_SETUP(flow)
{
	struct test_vm *vm = &self->vm;

	require_gunyah();
	self->events = env_number("GUNYAH_EVENTS", 2000);
	vm->shm = (struct test_shm) { .gpa = SHARED, .size = SZ_2M };
	vm_add_bell(vm, &variant->bell);
	vm_add_bell(vm, &last);
	vm_create(vm, 1);
	self->shared_fd = create_guest_mem(vm->dev_fd, SZ_2M);
	map_mem(vm->fd, self->shared_fd, SHARED, SZ_2M, 0,
		GUNYAH_MEM_FORCE_SHARE | GUNYAH_MEM_ALLOW_RWX);
	self->shared = mmap(NULL, SZ_4K, PROT_READ | PROT_WRITE, MAP_SHARED, self->shared_fd, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->shared);
	self->to_guest = event_new();
	self->from_guest = event_new();
	self->last = event_new();
	add_irqfd(vm->fd, self->to_guest, variant->bell.label, variant->flags);
	add_irqfd(vm->fd, self->last, last.label, 0);
	add_ioeventfd(vm->fd, self->from_guest, GUEST_MMIO + 8 * (GUEST_SPI + variant->bell.spi),
		      4);
	vm_start(vm);
	bell_on(&vm->vcpu[0], &variant->bell);
	bell_on(&vm->vcpu[0], &last);
	job_start(&self->job, &vm->vcpu[0], AGENT_ECHO, GUEST_MMIO, SHARED,
		  GUEST_SPI + last.spi);
}

FIXTURE_TEARDOWN(flow)
{
	munmap(self->shared, SZ_4K);
	close(self->shared_fd);
	vm_destroy(&self->vm);
	close(self->to_guest);
	close(self->from_guest);
	close(self->last);
}

static void send(FIXTURE_DATA(flow) *self)
{
	__atomic_store_n(&self->shared->sent, self->shared->sent + 1, __ATOMIC_RELEASE);
	event_signal(self->to_guest);
}

static __u64 seen(FIXTURE_DATA(flow) *self)
{
	return __atomic_load_n(&self->shared->seen, __ATOMIC_ACQUIRE);
}

/* The guest's count of interrupts, when all is over. */
static __u64 end(struct __test_metadata *_metadata, FIXTURE_DATA(flow) *self)
{
	event_signal(self->last);
	/* The guest wrote nowhere else, and its thread had no other exit. */
	EXPECT_EQ(AGENT_DONE, job_end(&self->job));
	self->echoes += event_take(self->from_guest);
	EXPECT_EQ(0, event_take(self->to_guest));
	return self->vm.vcpu[0].result;
}

static void report(const char *what, FIXTURE_DATA(flow) *self, __u64 irqs,
		   const struct timespec *from)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ksft_print_msg("%s: %llu signals, %llu interrupts, %llu echoes, %.1f s\n", what,
		       (unsigned long long)self->shared->sent, (unsigned long long)irqs,
		       (unsigned long long)self->echoes,
		       now.tv_sec - from->tv_sec + (now.tv_nsec - from->tv_nsec) / 1e9);
}

/* R45: one at a time: each has its interrupt, and its answer */
TEST_F_TIMEOUT(flow, ping_pong, 1800)
{
	struct timespec from;
	__u64 i, irqs;

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (i = 1; i <= self->events; i++) {
		send(self);
		ASSERT_EQ(1, event_wait(self->from_guest));
		self->echoes++;
		ASSERT_EQ(i, seen(self));
	}
	irqs = end(_metadata, self);
	report("ping-pong", self, irqs, &from);
	EXPECT_EQ(self->events, irqs);
	EXPECT_EQ(self->events, self->echoes);
}

/*
 * R45: several without waiting: they may be merged, but after the last one there is
 * an interrupt, and the guest has no more of them than there were signals
 */
TEST_F_TIMEOUT(flow, bursts, 1800)
{
	struct timespec from;
	__u64 left, irqs, n;
	unsigned int seed = 1;

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (left = self->events; left; ) {
		n = 1 + rand_r(&seed) % BURST;
		n = n < left ? n : left;
		left -= n;
		while (n--)
			send(self);
		/* Each look of the guest is followed by a signal of its own. */
		while (seen(self) != self->shared->sent)
			self->echoes += event_wait(self->from_guest);
	}
	irqs = end(_metadata, self);
	report("bursts", self, irqs, &from);
	EXPECT_EQ(self->events, self->shared->sent);
	EXPECT_GE(self->events, irqs);
	EXPECT_LE(self->events / BURST, irqs);
	EXPECT_EQ(irqs, self->echoes);
}

/* R45: the host never waits, and the last one comes through all the same */
TEST_F_TIMEOUT(flow, flood, 1800)
{
	struct timespec from;
	__u64 i, irqs;

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (i = 0; i < self->events; i++)
		send(self);
	while (seen(self) != self->events)
		self->echoes += event_wait(self->from_guest);
	irqs = end(_metadata, self);
	report("flood", self, irqs, &from);
	EXPECT_LE(1, irqs);
	EXPECT_GE(self->events, irqs);
	EXPECT_EQ(irqs, self->echoes);
}

TEST_HARNESS_MAIN
