// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the host can't touch: the hypervisor's memory and what it lent.  The
 * accesses are made past any driver, at EL1 with the MMU off.
 */

#include "isolation.h"

/* The hypervisor's 64 MiB: its image, its page pool, the end. */
static const u64 hyp_places[] = { 0x40000000, 0x40200000, 0x41000000, 0x43fffff8 };

#define RET_INSN	0xd65f03c0d65f03c0UL	/* twice */
#define MARK		0x1122334455667788UL
#define ERR_EMPTY	60
#define ID_GET_VMID	0x56000024U

static u64 peek(u64 addr)
{
	u64 v = 0;

	try_read64(addr, &v);
	return v;
}

static void fill(u64 addr, u64 size, u64 v)
{
	u64 i;

	for (i = 0; i < size; i += 8)
		*(u64 *)(addr + i) = v;
}

bool hyp_memory_read(void)
{
	u64 v;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(hyp_places); i++) {
		expect("ESR", ESR_DATA, try_read64(hyp_places[i], &v));
		expect("FAR", hyp_places[i], last_fault.far);
	}
	return true;
}

bool hyp_memory_write(void)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(hyp_places); i++)
		expect("ESR", ESR_DATA, try_write64(hyp_places[i], MARK));
	return true;
}

bool hyp_memory_exec(void)
{
	expect("ESR", ESR_FETCH, try_exec(0x40200000));
	return true;
}

bool hyp_memory_lend(void)
{
	u16 vmid = rm_alloc();

	expect("handle", ~0U, rm_lend(0x41000000, PAGE_SIZE, vmid, 7, 0, 0, 0));
	/* Half of it is the host's own. */
	expect("handle", ~0U, rm_lend(0x43fff000, 2 * PAGE_SIZE, vmid, 7, 0, 0, 0));
	expect("handle", ~0U, rm_lend(0x41000000, PAGE_SIZE, vmid, 7, 7, 0, 0));
	expect("dealloc", 0, rm_dealloc(vmid));
	return true;
}

/* The published hypervisor says 0 and loses the message (trace 06e). */
bool hyp_memory_buffer(void)
{
	u64 ready, size;
	u8 buf[240] __aligned(8);

	expect("send", 0, hyp_msgq_send(rm_tx_cap, 8, (void *)0x40200000, 1, 0, &ready));
	expect("call after it", 0, rm_call(ID_GET_VMID, NULL, 0));
	expect("more", ERR_EMPTY, hyp_msgq_recv(rm_rx_cap, buf, sizeof(buf), &size, &ready));
	return true;
}

/* ---- a page lent to a VM that never runs ---- */

struct lent {
	u16 vmid;
	u32 handle;
};

static bool lend(struct lent *l, u64 ipa, u64 size, u8 flags)
{
	l->vmid = rm_alloc();
	l->handle = rm_lend(ipa, size, l->vmid, R | W | X, 0, 9, flags);
	return l->vmid && l->handle != ~0U;
}

static bool give_back(const struct lent *l, u8 flags)
{
	return !rm_reclaim(l->handle, flags) && !rm_dealloc(l->vmid);
}

bool lent_read(void)
{
	struct lent l;
	u64 v;

	fill(PARCEL_IPA, PAGE_SIZE, MARK);
	expect("lend", true, lend(&l, PARCEL_IPA, PAGE_SIZE, 0));
	expect("ESR", ESR_DATA, try_read64(PARCEL_IPA, &v));
	expect("FAR", PARCEL_IPA, last_fault.far);
	expect("ESR", ESR_DATA, try_read64(PARCEL_IPA + PAGE_SIZE - 8, &v));
	expect("reclaim", true, give_back(&l, 0));
	expect("ESR", 0, try_read64(PARCEL_IPA, &v));
	return true;
}

bool lent_write(void)
{
	struct lent l;

	fill(PARCEL_IPA, PAGE_SIZE, MARK);
	expect("lend", true, lend(&l, PARCEL_IPA, PAGE_SIZE, 0));
	expect("ESR", ESR_DATA, try_write64(PARCEL_IPA, 1));
	expect("reclaim", true, give_back(&l, 0));
	expect("content", MARK, peek(PARCEL_IPA));
	return true;
}

bool lent_exec(void)
{
	struct lent l;

	fill(PARCEL_IPA, PAGE_SIZE, RET_INSN);
	expect("ESR", 0, try_exec(PARCEL_IPA));
	expect("lend", true, lend(&l, PARCEL_IPA, PAGE_SIZE, 0));
	expect("ESR", ESR_FETCH, try_exec(PARCEL_IPA));
	expect("FAR", PARCEL_IPA, last_fault.far);
	expect("reclaim", true, give_back(&l, 0));
	expect("ESR", 0, try_exec(PARCEL_IPA));
	return true;
}

bool lent_neighbours(void)
{
	u64 page = PARCEL_IPA + 0x10000;
	struct lent l;
	u64 v;

	expect("lend", true, lend(&l, page, PAGE_SIZE, 0));
	expect("below", 0, try_write64(page - 8, MARK));
	expect("above", 0, try_write64(page + PAGE_SIZE, MARK));
	expect("itself", ESR_DATA, try_read64(page, &v));
	expect("reclaim", true, give_back(&l, 0));
	expect("below", MARK, peek(page - 8));
	expect("above", MARK, peek(page + PAGE_SIZE));
	return true;
}

bool lent_block(void)
{
	u64 size = 0x200000;
	struct lent l;
	u64 v;

	expect("lend", true, lend(&l, PARCEL2_IPA, size, 0));
	expect("first", ESR_DATA, try_read64(PARCEL2_IPA, &v));
	expect("last", ESR_DATA, try_read64(PARCEL2_IPA + size - 8, &v));
	expect("below", 0, try_read64(PARCEL2_IPA - 8, &v));
	expect("above", 0, try_read64(PARCEL2_IPA + size, &v));
	expect("reclaim", true, give_back(&l, 0));
	expect("after", 0, try_write64(PARCEL2_IPA + size / 2, MARK));
	return true;
}

/* The page holds a request that would be answered. */
bool lent_send_buffer(void)
{
	u8 buf[240] __aligned(8);
	struct lent l;
	u64 ready, size;

	fill(PARCEL_IPA, PAGE_SIZE, 0x5600002400770121UL);
	expect("lend", true, lend(&l, PARCEL_IPA, PAGE_SIZE, 0));
	hyp_msgq_send(rm_tx_cap, 8, (void *)PARCEL_IPA, 1, 0, &ready);
	delay_ms(20);
	expect("answer", ERR_EMPTY, hyp_msgq_recv(rm_rx_cap, buf, sizeof(buf), &size, &ready));
	expect("reclaim", true, give_back(&l, 0));
	return true;
}

/* The message stays in the queue, and the page as it was. */
bool lent_receive_buffer(void)
{
	u8 buf[240] __aligned(8);
	u64 ready, size, end;
	struct lent l;

	fill(PARCEL_IPA, PAGE_SIZE, MARK);
	expect("lend", true, lend(&l, PARCEL_IPA, PAGE_SIZE, 0));
	*(u64 *)buf = 0x5600002400770121UL;
	expect("send", 0, hyp_msgq_send(rm_tx_cap, 8, buf, 1, 0, &ready));
	end = now_ms() + WAIT_MS;
	do {
		size = 1;
		hyp_msgq_recv(rm_rx_cap, (void *)PARCEL_IPA, 240, &size, &ready);
		idle();
	} while (!ready && now_ms() < end);
	expect("size", 0, size);
	expect("receive", 0, hyp_msgq_recv(rm_rx_cap, buf, sizeof(buf), &size, &ready));
	expect("size", 16, size);
	expect("reclaim", true, give_back(&l, 0));
	expect("content", MARK, peek(PARCEL_IPA));
	return true;
}

/* ---- the other CPU ---- */

static struct {
	u32 reads;
	bool stop;
	u64 esr;
} other;

/* Reads the page over and over until it can't. */
static void read_on(void *arg)
{
	u64 v;

	(void)arg;
	while (!READ_ONCE(other.stop)) {
		other.esr = try_read64(PARCEL_IPA, &v);
		if (other.esr)
			break;
		WRITE_ONCE(other.reads, other.reads + 1);
	}
}

bool lent_other_cpu(void)
{
	u64 end = now_ms() + WAIT_MS;
	struct lent l;
	u32 before;

	memset(&other, 0, sizeof(other));
	expect("CPU 1", true, cpu_call(1, read_on, NULL));
	while (READ_ONCE(other.reads) < 1000 && now_ms() < end)
		idle();
	expect("lend", true, lend(&l, PARCEL_IPA, PAGE_SIZE, 0));
	/* From here on no read may succeed any more; one may be under way. */
	before = READ_ONCE(other.reads);
	while (!cpu_is_idle(1) && now_ms() < end)
		idle();
	WRITE_ONCE(other.stop, true);
	expect("ESR", ESR_DATA, other.esr);
	expect("late reads", true, READ_ONCE(other.reads) - before <= 1);
	expect("reclaim", true, give_back(&l, 0));
	return true;
}

bool lent_twice(void)
{
	struct lent l;

	expect("lend", true, lend(&l, PARCEL_IPA, 4 * PAGE_SIZE, 0));
	expect("again", ~0U, rm_lend(PARCEL_IPA, PAGE_SIZE, l.vmid, 7, 0, 0, 0));
	expect("share", ~0U, rm_lend(PARCEL_IPA + PAGE_SIZE, PAGE_SIZE, l.vmid, 7, 7, 0, 0));
	/* What is around it is not taken by a request that fails. */
	expect("more", ~0U, rm_lend(PARCEL_IPA, 8 * PAGE_SIZE, l.vmid, 7, 0, 0, 0));
	expect("behind", 0, try_write64(PARCEL_IPA + 4 * PAGE_SIZE, MARK));
	expect("reclaim", true, give_back(&l, 0));
	return true;
}

/* ---- content ---- */

bool reclaimed_content(void)
{
	struct lent l;

	fill(PARCEL_IPA, PAGE_SIZE, MARK);
	expect("lend", true, lend(&l, PARCEL_IPA, PAGE_SIZE, 0));
	expect("reclaim", true, give_back(&l, 0));
	expect("first", MARK, peek(PARCEL_IPA));
	expect("last", MARK, peek(PARCEL_IPA + PAGE_SIZE - 8));
	return true;
}

bool reclaimed_sanitized(void)
{
	struct lent l;

	fill(PARCEL_IPA, 2 * PAGE_SIZE, MARK);
	expect("lend", true, lend(&l, PARCEL_IPA, PAGE_SIZE, 0));
	expect("reclaim", true, give_back(&l, 1));
	expect("first", 0, peek(PARCEL_IPA));
	expect("last", 0, peek(PARCEL_IPA + PAGE_SIZE - 8));
	expect("next page", MARK, peek(PARCEL_IPA + PAGE_SIZE));
	return true;
}

bool lent_sanitized(void)
{
	struct lent l;

	fill(PARCEL_IPA, PAGE_SIZE, MARK);
	expect("lend", true, lend(&l, PARCEL_IPA, PAGE_SIZE, 1));
	expect("reclaim", true, give_back(&l, 0));
	expect("first", 0, peek(PARCEL_IPA));
	expect("last", 0, peek(PARCEL_IPA + PAGE_SIZE - 8));
	return true;
}

/* ---- shared ---- */

bool shared_read_only(void)
{
	u16 vmid = rm_alloc();
	u32 handle;
	u64 v;

	fill(PARCEL_IPA, PAGE_SIZE, MARK);
	handle = rm_lend(PARCEL_IPA, PAGE_SIZE, vmid, R | W, R, 9, 0);
	expect("read", 0, try_read64(PARCEL_IPA, &v));
	expect("content", MARK, v);
	expect("write", ESR_DATA, try_write64(PARCEL_IPA, 1));
	expect("reclaim", 0, rm_reclaim(handle, 0));
	expect("write after", 0, try_write64(PARCEL_IPA, 1));
	expect("dealloc", 0, rm_dealloc(vmid));
	return true;
}

bool shared_no_exec(void)
{
	u16 vmid = rm_alloc();
	u32 handle;

	fill(PARCEL_IPA, PAGE_SIZE, RET_INSN);
	handle = rm_lend(PARCEL_IPA, PAGE_SIZE, vmid, R | W, R | W, 9, 0);
	expect("write", 0, try_write64(PARCEL_IPA + 8, 1));
	expect("fetch", ESR_FETCH, try_exec(PARCEL_IPA));
	expect("reclaim", 0, rm_reclaim(handle, 0));
	expect("fetch after", 0, try_exec(PARCEL_IPA));
	expect("dealloc", 0, rm_dealloc(vmid));
	return true;
}

/* Nothing of it happens: the page stays as it is. */
bool shared_unknown_vmid(void)
{
	u16 vmid = rm_alloc();

	expect("dealloc", 0, rm_dealloc(vmid));
	expect("share", ~0U, rm_lend(PARCEL_IPA, PAGE_SIZE, vmid, 7, R, 9, 0));
	expect("write", 0, try_write64(PARCEL_IPA, MARK));
	expect("lend", ~0U, rm_lend(PARCEL_IPA, PAGE_SIZE, vmid, 7, 0, 9, 0));
	expect("write", 0, try_write64(PARCEL_IPA, MARK));
	return true;
}
