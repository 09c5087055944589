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

static struct {
	struct test_vm vm;
	struct agent_job job;
	struct shared *shared;
	int shared_fd;
	int to_guest;
	int from_guest;
	int last;
	__u64 events;
	__u64 echoes;
} f;

FIXTURE(flow) {};

FIXTURE_VARIANT(flow)
{
	struct test_bell bell;
	__u32 flags;
	__u64 op;
	unsigned int part;	/* one by one, which takes long, one in so many of the signals */
};

FIXTURE_VARIANT_ADD(flow, edge)
{
	.bell = { .label = 0x10, .spi = 10 },
	.op = AGENT_ECHO,
	.part = 1,
};

/* As Linux does it: the next signal may come while this interrupt is at work. */
FIXTURE_VARIANT_ADD(flow, edge_ended_late)
{
	.bell = { .label = 0x10, .spi = 10 },
	.op = AGENT_ECHO_LATE,
	.part = 10,
};

/*
 * Ended first: the hypervisor does not say what becomes of a signal that comes while
 * a level interrupt is at work.
 */
FIXTURE_VARIANT_ADD(flow, level)
{
	.bell = { .label = 0x10, .spi = 10, .level = true, .can_clear = true },
	.flags = GUNYAH_IRQFD_FLAGS_LEVEL,
	.op = AGENT_ECHO,
	.part = 10,
};

FIXTURE_SETUP(flow)
{
	struct test_vm *vm = &f.vm;

	require_gunyah();
	f.events = env_number("GUNYAH_EVENTS", 2000);
	vm->shm = (struct test_shm) { .gpa = SHARED, .size = SZ_2M };
	vm_add_bell(vm, &variant->bell);
	vm_add_bell(vm, &last);
	vm_create(vm, 1);
	f.shared_fd = create_guest_mem(vm->dev_fd, SZ_2M);
	map_mem(vm->fd, f.shared_fd, SHARED, SZ_2M, 0,
		GUNYAH_MEM_FORCE_SHARE | GUNYAH_MEM_ALLOW_RWX);
	f.shared = mmap(NULL, SZ_4K, PROT_READ | PROT_WRITE, MAP_SHARED, f.shared_fd, 0);
	ASSERT_NE(MAP_FAILED, (void *)f.shared);
	f.to_guest = event_new();
	f.from_guest = event_new();
	f.last = event_new();
	add_irqfd(vm->fd, f.to_guest, variant->bell.label, variant->flags);
	add_irqfd(vm->fd, f.last, last.label, 0);
	add_ioeventfd(vm->fd, f.from_guest, GUEST_MMIO + 8 * (GUEST_SPI + variant->bell.spi),
		      4);
	vm_start(vm);
	bell_on(&vm->vcpu[0], &variant->bell);
	bell_on(&vm->vcpu[0], &last);
	job_start(&f.job, &vm->vcpu[0], variant->op, GUEST_MMIO, SHARED, GUEST_SPI + last.spi);
}

FIXTURE_TEARDOWN(flow)
{
	munmap(f.shared, SZ_4K);
	close(f.shared_fd);
	vm_destroy(&f.vm);
	close(f.to_guest);
	close(f.from_guest);
	close(f.last);
}

static void send(void)
{
	__atomic_store_n(&f.shared->sent, f.shared->sent + 1, __ATOMIC_RELEASE);
	event_signal(f.to_guest);
}

static __u64 seen(void)
{
	return __atomic_load_n(&f.shared->seen, __ATOMIC_ACQUIRE);
}

/* The guest's count of interrupts, when all is over. */
static __u64 end(struct __test_metadata *_metadata)
{
	event_signal(f.last);
	/* The guest wrote nowhere else, and its thread had no other exit. */
	EXPECT_EQ(AGENT_DONE, job_end(&f.job));
	f.echoes += event_take(f.from_guest);
	EXPECT_EQ(0, event_take(f.to_guest));
	return f.vm.vcpu[0].result;
}

static void report(const char *what, __u64 irqs, double from)
{
	ksft_print_msg("%s: %llu signals, %llu interrupts, %llu echoes, %.1f s\n", what,
		       (unsigned long long)f.shared->sent, (unsigned long long)irqs,
		       (unsigned long long)f.echoes, seconds() - from);
}

/* R45: one at a time: each has its interrupt, and its answer */
TEST_F_TIMEOUT(flow, ping_pong, 1800)
{
	const __u64 rounds = f.events / variant->part;
	const double from = seconds();
	__u64 i, irqs;

	for (i = 1; i <= rounds; i++) {
		send();
		ASSERT_EQ(1, event_wait(f.from_guest));
		f.echoes++;
		ASSERT_EQ(i, seen());
	}
	irqs = end(_metadata);
	report("ping-pong", irqs, from);
	EXPECT_EQ(rounds, irqs);
	EXPECT_EQ(rounds, f.echoes);
}

/*
 * R45: several without waiting: they may be merged, but after the last one there is
 * an interrupt, and the guest has no more of them than there were signals
 */
TEST_F_TIMEOUT(flow, bursts, 1800)
{
	const double from = seconds();
	__u64 left, irqs, n;
	unsigned int seed = 1;

	for (left = f.events; left; ) {
		n = 1 + rand_r(&seed) % BURST;
		n = n < left ? n : left;
		left -= n;
		while (n--)
			send();
		/* Each look of the guest is followed by a signal of its own. */
		while (seen() != f.shared->sent)
			f.echoes += event_wait(f.from_guest);
	}
	irqs = end(_metadata);
	report("bursts", irqs, from);
	EXPECT_EQ(f.events, f.shared->sent);
	EXPECT_GE(f.events, irqs);
	EXPECT_LE(f.events / BURST, irqs);
	EXPECT_EQ(irqs, f.echoes);
}

/* R45: the host never waits, and the last one comes through all the same */
TEST_F_TIMEOUT(flow, flood, 1800)
{
	const double from = seconds();
	__u64 i, irqs;

	for (i = 0; i < f.events; i++)
		send();
	while (seen() != f.events)
		f.echoes += event_wait(f.from_guest);
	irqs = end(_metadata);
	report("flood", irqs, from);
	EXPECT_LE(1, irqs);
	EXPECT_GE(f.events, irqs);
	EXPECT_EQ(irqs, f.echoes);
}

TEST_HARNESS_MAIN
