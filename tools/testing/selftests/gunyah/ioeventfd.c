// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioeventfds: a write of the guest that one asks for signals its eventfd and is
 * over; any other access is an exit, as without.
 */
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "../kselftest_harness.h"
#include "lib/events.h"

#define DATAMATCH	GUNYAH_IOEVENTFD_FLAGS_DATAMATCH
#define MANY		1000

FIXTURE(ioeventfd)
{
	struct test_vm vm;
	struct test_vcpu *vcpu;
	int fd;
};

FIXTURE_SETUP(ioeventfd)
{
	require_gunyah();
	self->fd = event_new();
	vm_create(&self->vm, 1);
	self->vcpu = &self->vm.vcpu[0];
}

FIXTURE_TEARDOWN(ioeventfd)
{
	vm_destroy(&self->vm);
	close(self->fd);
}

static __u64 low(__u64 value, __u32 len)
{
	return len && len < 8 ? value & ((1ULL << 8 * len) - 1) : value;
}

/* The guest writes; true when that came as an exit, which is then answered. */
static bool write_exits(struct __test_metadata *_metadata, struct test_vcpu *vcpu, __u64 addr,
			__u32 len, __u64 value)
{
	struct gunyah_vcpu_run *run = vcpu->run;
	__u64 data;
	int event;

	agent_post(vcpu, AGENT_STORE, addr, len, value);
	event = agent_run(vcpu);
	if (event == AGENT_DONE)
		return false;
	EXPECT_EQ(AGENT_MMIO, event);
	EXPECT_EQ(addr, run->mmio.phys_addr);
	EXPECT_EQ(len, run->mmio.len);
	EXPECT_EQ(1, run->mmio.is_write);
	memcpy(&data, run->mmio.data, sizeof(data));
	EXPECT_EQ(low(value, len), low(data, len));
	EXPECT_EQ(AGENT_DONE, agent_run(vcpu));
	EXPECT_EQ(0, vcpu->esr);
	return true;
}

#define exits(addr, len, value)	write_exits(_metadata, self->vcpu, addr, len, value)

/* ---- what is asked for ---- */

#define VALUE		0x1122334455667788ULL
#define OTHER		(VALUE ^ 1)

/* Each write of the guest there: who gets it? */
static void try_writes(struct __test_metadata *_metadata, struct test_vcpu *vcpu, int fd,
		       const struct gunyah_fn_ioeventfd_arg *arg, bool there)
{
	static const __u64 values[] = { VALUE, OTHER };
	unsigned int len, i;
	bool wanted;

	for (len = 1; len <= 8; len *= 2) {
		for (i = 0; i < ARRAY_SIZE(values); i++) {
			wanted = there && (!arg->len || arg->len == len);
			if (arg->flags & DATAMATCH)
				wanted &= values[i] == VALUE;
			EXPECT_NE(wanted, write_exits(_metadata, vcpu, arg->addr, len, values[i]));
			EXPECT_EQ(wanted, event_take(fd)) {
				TH_LOG("a write of %u bytes, len %u, flags %u", len, arg->len,
				       arg->flags);
			}
		}
	}
}

static bool is_length(__u32 len)
{
	return len == 1 || len == 2 || len == 4 || len == 8;
}

/* R45: what can be asked for, with members that nobody looks at dirty; R43 where it can't */
TEST_F(ioeventfd, every_length_flag_and_dirt)
{
	static const __u32 lengths[] = { 0, 1, 2, 3, 4, 8, 9, 0x80000004 };
	static const __u32 unknown[] = { 0, 2, 0x80000000 };
	unsigned int i, match, dirt, u;

	vm_start(&self->vm);
	for (i = 0; i < ARRAY_SIZE(lengths) * 8; i++) {
		match = i & 1;
		dirt = i >> 1 & 3;
		for (u = 0; u < ARRAY_SIZE(unknown); u++) {
			__u32 len = lengths[i / 8];
			bool good = !unknown[u] && (is_length(len) || (!len && !match));
			struct gunyah_fn_ioeventfd_arg arg = {
				.datamatch = dirt & 1 || !match ? VALUE : low(VALUE, len),
				.addr = GUEST_MMIO,
				.len = len,
				.fd = self->fd,
				.flags = (match ? DATAMATCH : 0) | unknown[u],
				.padding = dirt & 2 ? 0xdeadbeef : 0,
			};

			EXPECT_EQ(good ? 0 : -EINVAL, __add_ioeventfd(self->vm.fd, &arg)) {
				TH_LOG("len %u, flags %#x", len, arg.flags);
			}
			if (good)
				try_writes(_metadata, self->vcpu, self->fd, &arg, true);
			EXPECT_EQ(good ? 0 : unknown[u] ? -EINVAL : -ENOENT,
				  __remove_ioeventfd(self->vm.fd, &arg)) {
				TH_LOG("len %u, flags %#x", len, arg.flags);
			}
		}
	}
	EXPECT_TRUE(exits(GUEST_MMIO, 4, VALUE));
	EXPECT_EQ(0, event_take(self->fd));
}

/* Addresses beside it are not it, and reads are never its */
TEST_F(ioeventfd, other_accesses_exit)
{
	struct gunyah_vcpu_run *run = self->vcpu->run;
	unsigned int len;

	vm_start(&self->vm);
	add_ioeventfd(self->vm.fd, self->fd, GUEST_MMIO + 8, 4);
	EXPECT_TRUE(exits(GUEST_MMIO + 4, 8, 1));
	EXPECT_TRUE(exits(GUEST_MMIO + 7, 4, 1));
	EXPECT_TRUE(exits(GUEST_MMIO + 9, 4, 1));
	EXPECT_TRUE(exits(GUEST_MMIO + 10, 2, 1));
	EXPECT_TRUE(exits(GUEST_MMIO + 12, 4, 1));
	EXPECT_EQ(0, event_take(self->fd));
	EXPECT_FALSE(exits(GUEST_MMIO + 8, 4, 1));
	EXPECT_EQ(1, event_take(self->fd));

	add_ioeventfd(self->vm.fd, self->fd, GUEST_MMIO + 16, 0);
	for (len = 1; len <= 8; len *= 2) {
		agent_post(self->vcpu, AGENT_LOAD, GUEST_MMIO + 16, len, 0);
		ASSERT_EQ(AGENT_MMIO, agent_run(self->vcpu));
		EXPECT_EQ(GUEST_MMIO + 16, run->mmio.phys_addr);
		EXPECT_EQ(0, run->mmio.is_write);
		memset(run->mmio.data, 0x5a, 8);
		ASSERT_EQ(AGENT_DONE, agent_run(self->vcpu));
		EXPECT_EQ(low(0x5a5a5a5a5a5a5a5a, len), self->vcpu->result);
	}
	EXPECT_EQ(0, event_take(self->fd));
}

/* R2, R45: as many writes in a row as the guest makes, and each counts */
TEST_F(ioeventfd, each_write_is_counted)
{
	vm_start(&self->vm);
	add_ioeventfd(self->vm.fd, self->fd, GUEST_MMIO, 8);
	agent_do(self->vcpu, AGENT_STORE_LOOP, GUEST_MMIO, 1000, 0);
	EXPECT_EQ(1000, event_take(self->fd));
}

/* R45: several values on one address, each its own; what is in between exits */
TEST_F(ioeventfd, several_values_on_one_address)
{
	struct gunyah_fn_ioeventfd_arg arg = {
		.addr = GUEST_MMIO, .len = 2, .flags = DATAMATCH,
	};
	int fds[16], i, j;

	vm_start(&self->vm);
	for (i = 0; i < 16; i++) {
		fds[i] = event_new();
		arg.fd = fds[i];
		/* Of the upper ones no more than the low bytes count. */
		arg.datamatch = 2 * i + 0xabc0000ULL * i;
		ASSERT_EQ(0, __add_ioeventfd(self->vm.fd, &arg));
	}
	for (i = 0; i < 32; i++) {
		EXPECT_EQ(i & 1, exits(GUEST_MMIO, 2, i));
		for (j = 0; j < 16; j++)
			EXPECT_EQ(i == 2 * j, event_take(fds[j]));
	}
	/* One of them goes, the others stay. */
	arg.datamatch = 10;
	EXPECT_EQ(0, __remove_ioeventfd(self->vm.fd, &arg));
	EXPECT_EQ(-ENOENT, __remove_ioeventfd(self->vm.fd, &arg));
	for (i = 0; i < 32; i += 2)
		EXPECT_EQ(i == 10, exits(GUEST_MMIO, 2, i));
	for (j = 0; j < 16; j++)
		close(fds[j]);
}

/* ---- what is refused ---- */

/* A write that both ask for? */
static const struct pair {
	struct asked { __u32 len; bool match; __u64 data; } first, second;
	int ret;
} pairs[] = {
	{ { 4 }, { 4 }, -EEXIST },
	{ { 4 }, { 2 }, 0 },
	{ { 4 }, { 8 }, 0 },
	{ { 0 }, { 0 }, -EEXIST },
	{ { 0 }, { 1 }, -EEXIST },
	{ { 8 }, { 0 }, -EEXIST },
	{ { 4 }, { 4, true, 1 }, -EEXIST },
	{ { 4, true, 1 }, { 4 }, -EEXIST },
	{ { 0 }, { 4, true, 1 }, -EEXIST },
	{ { 4, true, 1 }, { 0 }, -EEXIST },
	{ { 4, true, 1 }, { 4, true, 1 }, -EEXIST },
	{ { 4, true, 1 }, { 4, true, 2 }, 0 },
	{ { 4, true, 1 }, { 2, true, 1 }, 0 },
	{ { 4, true, 1 }, { 2 }, 0 },
	{ { 4, true, 1 }, { 4, true, 0x700000001 }, -EEXIST },
	{ { 8, true, 1 }, { 8, true, 0x700000001 }, 0 },
	{ { 1, true, 0x101 }, { 1, true, 0x201 }, -EEXIST },
};

static struct gunyah_fn_ioeventfd_arg ask(const struct asked *a, int fd)
{
	return (struct gunyah_fn_ioeventfd_arg) {
		.datamatch = a->data,
		.addr = GUEST_MMIO,
		.len = a->len,
		.fd = fd,
		.flags = a->match ? DATAMATCH : 0,
	};
}

/* R43, R45: EEXIST, of which nothing is left; the same elsewhere is another thing */
TEST_F(ioeventfd, overlap)
{
	int other = event_new();
	unsigned int i;

	vm_start(&self->vm);
	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		const struct pair *p = &pairs[i];
		struct gunyah_fn_ioeventfd_arg a = ask(&p->first, self->fd);
		struct gunyah_fn_ioeventfd_arg b = ask(&p->second, other);
		__u32 len = p->first.len ?: 4;

		ASSERT_EQ(0, __add_ioeventfd(self->vm.fd, &a));
		EXPECT_EQ(p->ret, __add_ioeventfd(self->vm.fd, &b)) {
			TH_LOG("pair %u", i);
		}
		EXPECT_FALSE(exits(GUEST_MMIO, len, p->first.data));
		EXPECT_EQ(1, event_take(self->fd));
		EXPECT_EQ(0, event_take(other));
		b.addr += 8;
		EXPECT_EQ(0, __add_ioeventfd(self->vm.fd, &b));
		EXPECT_EQ(0, __remove_ioeventfd(self->vm.fd, &b));
		/* Whichever was refused is free as soon as the first is gone. */
		EXPECT_EQ(0, __remove_ioeventfd(self->vm.fd, &a));
		b.addr -= 8;
		if (p->ret)
			EXPECT_EQ(0, __add_ioeventfd(self->vm.fd, &b));
		EXPECT_FALSE(exits(GUEST_MMIO, p->second.len ?: 4, p->second.data));
		EXPECT_EQ(1, event_take(other));
		EXPECT_EQ(0, event_take(self->fd));
		EXPECT_EQ(0, __remove_ioeventfd(self->vm.fd, &b));
	}
	close(other);
}

/* A range that is not there at all */
TEST_F(ioeventfd, address_wraps)
{
	static const struct { __u64 addr; __u32 len; int ret; } table[] = {
		{ -1ULL, 0, 0 }, { -1ULL, 1, 0 }, { -1ULL, 2, -EOVERFLOW },
		{ -1ULL, 4, -EOVERFLOW }, { -1ULL, 8, -EOVERFLOW }, { -2ULL, 2, 0 },
		{ -3ULL, 4, -EOVERFLOW }, { -4ULL, 4, 0 }, { -7ULL, 8, -EOVERFLOW },
		{ -8ULL, 8, 0 }, { 0, 8, 0 }, { 0, 0, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		struct gunyah_fn_ioeventfd_arg arg = {
			.addr = table[i].addr, .len = table[i].len, .fd = self->fd,
		};

		EXPECT_EQ(table[i].ret, __add_ioeventfd(self->vm.fd, &arg)) {
			TH_LOG("row %u", i);
		}
		EXPECT_EQ(table[i].ret ? -ENOENT : 0, __remove_ioeventfd(self->vm.fd, &arg));
	}
}

/* R43, R45 */
TEST_F(ioeventfd, wrong_file)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int epoll = epoll_create1(EPOLL_CLOEXEC);
	const int closed = fcntl(self->fd, F_DUPFD_CLOEXEC, 500);
	const struct { int fd, ret; } table[] = {
		{ -1, -EBADF }, { closed, -EBADF }, { 1 << 20, -EBADF }, { 0x7fffffff, -EBADF },
		{ -0x7fffffff, -EBADF }, { null, -EINVAL }, { epoll, -EINVAL },
		{ self->vm.fd, -EINVAL }, { self->vm.dev_fd, -EINVAL },
		{ self->vm.mem_fd, -EINVAL }, { self->vcpu->fd, -EINVAL },
	};
	unsigned int i;

	close(closed);
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		struct gunyah_fn_ioeventfd_arg arg = {
			.addr = GUEST_MMIO, .len = 4, .fd = table[i].fd,
		};

		EXPECT_EQ(table[i].ret, __add_ioeventfd(self->vm.fd, &arg)) {
			TH_LOG("row %u", i);
		}
		EXPECT_EQ(-ENOENT, __remove_ioeventfd(self->vm.fd, &arg));
	}
	add_ioeventfd(self->vm.fd, self->fd, GUEST_MMIO, 4);
	close(null);
	close(epoll);
}

/* R41: not one byte more or less */
TEST_F(ioeventfd, wrong_argument)
{
	struct gunyah_fn_ioeventfd_arg arg = { .addr = GUEST_MMIO, .len = 4, .fd = self->fd };
	static const __u32 sizes[] = { 0, 1, 16, 31, 33, 40, 256, 257, 0xffffffff };
	static const unsigned int cmds[] = {
		GUNYAH_VM_ADD_FUNCTION, GUNYAH_VM_REMOVE_FUNCTION,
	};
	char buf[256] = "";
	unsigned int i, c;

	memcpy(buf, &arg, sizeof(arg));
	for (c = 0; c < ARRAY_SIZE(cmds); c++) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++)
			EXPECT_EQ(-EINVAL, __function(self->vm.fd, cmds[c], GUNYAH_FN_IOEVENTFD,
						      buf, sizes[i])) {
				TH_LOG("size %u", sizes[i]);
			}
		EXPECT_EQ(-EFAULT, __function(self->vm.fd, cmds[c], GUNYAH_FN_IOEVENTFD,
					      (void *)8, sizeof(arg)));
	}
	add_ioeventfd(self->vm.fd, self->fd, GUEST_MMIO, 4);
}

/* ---- adding and removing ---- */

static int shared_fd;

static void *add_in_thread(void *vm)
{
	add_ioeventfd(((struct test_vm *)vm)->fd, shared_fd, GUEST_MMIO + 24, 4);
	return NULL;
}

/* R42, R43: in every state of the VM, and by any thread */
TEST_F(ioeventfd, added_at_any_time)
{
	struct test_vm vm = {};
	pthread_t thread;
	unsigned int i;

	/* Before there is memory. */
	vm_open(&vm);
	add_ioeventfd(vm.fd, self->fd, GUEST_MMIO, 4);
	vm_fill(&vm, 1);
	add_ioeventfd(vm.fd, self->fd, GUEST_MMIO + 8, 4);
	vm_start(&vm);
	add_ioeventfd(vm.fd, self->fd, GUEST_MMIO + 16, 4);
	vm_destroy(&self->vm);
	self->vm = vm;
	self->vm.vcpu[0].vm = &self->vm;
	shared_fd = self->fd;
	ASSERT_EQ(0, pthread_create(&thread, NULL, add_in_thread, &self->vm));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	for (i = 0; i < 4; i++) {
		EXPECT_FALSE(exits(GUEST_MMIO + 8 * i, 4, i));
		EXPECT_EQ(1, event_take(self->fd));
	}
	/* When the guest is over. */
	ASSERT_EQ(AGENT_STATUS, agent_psci(self->vcpu, PSCI_SYSTEM_OFF, 0, 0));
	add_ioeventfd(self->vm.fd, self->fd, GUEST_MMIO + 32, 4);
	for (i = 0; i < 5; i++)
		EXPECT_EQ(0, remove_ioeventfd(self->vm.fd, GUEST_MMIO + 8 * i, 4));
}

/* All but the fd has to be as it was */
TEST_F(ioeventfd, what_is_compared_when_removed)
{
	const struct gunyah_fn_ioeventfd_arg added = {
		.datamatch = 5, .addr = GUEST_MMIO, .len = 4, .fd = self->fd, .flags = DATAMATCH,
	};
	struct gunyah_fn_ioeventfd_arg arg = added;

	vm_start(&self->vm);
	ASSERT_EQ(0, __add_ioeventfd(self->vm.fd, &added));
	arg.addr++;
	EXPECT_EQ(-ENOENT, __remove_ioeventfd(self->vm.fd, &arg));
	arg = added;
	arg.len = 2;
	EXPECT_EQ(-ENOENT, __remove_ioeventfd(self->vm.fd, &arg));
	arg = added;
	arg.datamatch = 4;
	EXPECT_EQ(-ENOENT, __remove_ioeventfd(self->vm.fd, &arg));
	arg = added;
	arg.flags = 0;
	EXPECT_EQ(-ENOENT, __remove_ioeventfd(self->vm.fd, &arg));
	arg.len = 0;
	arg.datamatch = 0;
	EXPECT_EQ(-ENOENT, __remove_ioeventfd(self->vm.fd, &arg));
	/* None of these took it away. */
	EXPECT_FALSE(exits(GUEST_MMIO, 4, 5));
	EXPECT_EQ(1, event_take(self->fd));
	arg = added;
	arg.fd = -1;
	arg.padding = 0xffffffff;
	EXPECT_EQ(0, __remove_ioeventfd(self->vm.fd, &arg));
	EXPECT_EQ(-ENOENT, __remove_ioeventfd(self->vm.fd, &arg));
	EXPECT_TRUE(exits(GUEST_MMIO, 4, 5));

	/* Free at once, for another eventfd, too. */
	ASSERT_EQ(0, __add_ioeventfd(self->vm.fd, &added));
	EXPECT_EQ(0, __remove_ioeventfd(self->vm.fd, &added));
	/* With the address alone, as crosvm does it. */
	add_ioeventfd(self->vm.fd, self->fd, GUEST_MMIO, 0);
	EXPECT_EQ(0, remove_ioeventfd(self->vm.fd, GUEST_MMIO, 0));
}

/* R20, R45: it is there in each run, and can be removed between two */
TEST_F(ioeventfd, over_resets)
{
	unsigned int i;

	add_ioeventfd(self->vm.fd, self->fd, GUEST_MMIO, 4);
	for (i = 1; i <= 4; i++) {
		vm_start_anew(&self->vm);
		EXPECT_FALSE(exits(GUEST_MMIO, 4, i));
		EXPECT_EQ(1, event_take(self->fd));
		ASSERT_EQ(AGENT_STATUS, agent_psci(self->vcpu, PSCI_SYSTEM_OFF, 0, 0));
		ASSERT_EQ(0, __vm_reset(&self->vm));
	}
	EXPECT_EQ(0, remove_ioeventfd(self->vm.fd, GUEST_MMIO, 4));
	vm_start_anew(&self->vm);
	EXPECT_TRUE(exits(GUEST_MMIO, 4, 1));
	EXPECT_EQ(0, event_take(self->fd));
}

/* The guest goes on, and nobody is told */
TEST_F(ioeventfd, eventfd_closed_while_bound)
{
	int copy = dup(self->fd), i;

	vm_start(&self->vm);
	add_ioeventfd(self->vm.fd, self->fd, GUEST_MMIO, 4);
	close(self->fd);
	EXPECT_FALSE(exits(GUEST_MMIO, 4, 1));
	EXPECT_EQ(1, event_take(copy));
	close(copy);
	for (i = 0; i < 100; i++)
		EXPECT_FALSE(exits(GUEST_MMIO, 4, 1));
	self->fd = event_new();
	EXPECT_EQ(0, remove_ioeventfd(self->vm.fd, GUEST_MMIO, 4));
	EXPECT_TRUE(exits(GUEST_MMIO, 4, 1));
}

/* A counter that can't grow is not waited for */
TEST_F(ioeventfd, counter_is_full)
{
	vm_start(&self->vm);
	add_ioeventfd(self->vm.fd, self->fd, GUEST_MMIO, 4);
	ASSERT_EQ(0, eventfd_write(self->fd, 0xfffffffffffffffe));
	EXPECT_FALSE(exits(GUEST_MMIO, 4, 1));
	EXPECT_LE(0xfffffffffffffffe, event_take(self->fd));
	EXPECT_FALSE(exits(GUEST_MMIO, 4, 1));
	EXPECT_EQ(1, event_take(self->fd));
}

/* One eventfd behind several, another VM's too */
TEST_F(ioeventfd, one_eventfd_for_many)
{
	struct test_vm vm = {};
	unsigned int i;

	vm_create(&vm, 1);
	vm_start(&vm);
	vm_start(&self->vm);
	for (i = 0; i < 8; i++)
		add_ioeventfd(i & 1 ? vm.fd : self->vm.fd, self->fd, GUEST_MMIO + 8 * i, 4);
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(i & 1, exits(GUEST_MMIO + 8 * i, 4, i));
		EXPECT_EQ(i & 1, !write_exits(_metadata, &vm.vcpu[0], GUEST_MMIO + 8 * i, 4, i));
	}
	EXPECT_EQ(8, event_take(self->fd));
	vm_destroy(&vm);
}

/* R87: they all work, and all go with the VM */
TEST_F(ioeventfd, a_thousand)
{
	struct gunyah_fn_ioeventfd_arg arg = { .len = 4, .fd = self->fd, .flags = DATAMATCH };
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		arg.addr = GUEST_MMIO + i / 4 * 8;
		arg.datamatch = i;
		ASSERT_EQ(0, __add_ioeventfd(self->vm.fd, &arg));
	}
	vm_start(&self->vm);
	for (i = 0; i < MANY; i += 37) {
		EXPECT_FALSE(exits(GUEST_MMIO + i / 4 * 8, 4, i));
		EXPECT_TRUE(exits(GUEST_MMIO + i / 4 * 8, 4, i + 4));
		EXPECT_EQ(1, event_take(self->fd));
	}
	for (i = 0; i < MANY; i += 2) {
		arg.addr = GUEST_MMIO + i / 4 * 8;
		arg.datamatch = i;
		ASSERT_EQ(0, __remove_ioeventfd(self->vm.fd, &arg));
	}
	for (i = 0; i < MANY; i += 37)
		EXPECT_EQ(!(i & 1), exits(GUEST_MMIO + i / 4 * 8, 4, i));
}

/* ---- removed while the guest writes ---- */

#define WRITES		20000
#define ROUNDS		200

/* Runs the vCPU to the end of its command; how many of the writes came as exits. */
static void *count_exits(void *arg)
{
	unsigned long n = 0;
	int event;

	while ((event = agent_run(arg)) == AGENT_MMIO)
		n++;
	return (void *)(event == AGENT_DONE ? n : -1UL);
}

/* R1, R45, R87: each write is signalled or is an exit, none is both, none is neither */
TEST_F(ioeventfd, added_and_removed_while_written)
{
	unsigned long signalled = 0, rounds = 0, n;
	pthread_t thread;
	void *exited;

	vm_start(&self->vm);
	add_ioeventfd(self->vm.fd, self->fd, GUEST_MMIO, 8);
	agent_post(self->vcpu, AGENT_STORE_LOOP, GUEST_MMIO, WRITES, 0);
	ASSERT_EQ(0, pthread_create(&thread, NULL, count_exits, self->vcpu));
	while (pthread_tryjoin_np(thread, &exited)) {
		/* The guest has come to its writes; they may be over at any time. */
		n = event_take(self->fd);
		if (!n || rounds == ROUNDS) {
			signalled += n;
			sched_yield();
			continue;
		}
		EXPECT_EQ(0, remove_ioeventfd(self->vm.fd, GUEST_MMIO, 8));
		signalled += n + event_take(self->fd);
		/* After the last one the rest are exits. */
		if (++rounds < ROUNDS)
			add_ioeventfd(self->vm.fd, self->fd, GUEST_MMIO, 8);
	}
	signalled += event_take(self->fd);
	ksft_print_msg("%lu rounds: %lu writes signalled, %lu exits\n", rounds, signalled,
		       (unsigned long)exited);
	EXPECT_EQ(WRITES, signalled + (unsigned long)exited);
	EXPECT_LT(1, rounds);
	EXPECT_LT(0, (unsigned long)exited);
}

TEST_HARNESS_MAIN
