// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ownership of the primary VM's memory, a byte for each page of its RAM.
 *
 * Words: a page is "taken" when it leaves PAGE_HOST (lent or shared by a
 * memparcel) and "returned" when it comes back.  Lent pages are gone from the
 * primary VM's stage 2; shared pages keep what the owner's own entry of the
 * access list says.
 *
 * Invariants: a page is in at most one parcel; all callers of mem_check_host(),
 * mem_take() and mem_return() hold mem_lock() across check and commit; the
 * number of pages that are not PAGE_HOST is always exact.
 *
 * The published hypervisor leaves lent memory open to the host until the first
 * MEM_SHARE since boot.  This one closes it at once; the command-line word
 * ghyp.open_until_share=1 imitates the published one.
 */

#include "lib/alloc.h"
#include "mem.h"
#include "stage2.h"
#include "vm.h"

#define PAGE_SEEN	0x80	/* marks a page during a check, never after it */

static struct {
	spinlock_t lock;	/* guards state[], not_host and shared_once */
	u64 base, size;
	u8 *state;		/* enum page_state, one for each page of RAM */
	u64 not_host;
	bool open_until_share;	/* fact of the published hypervisor, on request */
	bool shared_once;
} mem;

void mem_lock(void)
{
	spin_lock(&mem.lock);
}

void mem_unlock(void)
{
	spin_unlock(&mem.lock);
}

/**
 * mem_init() - make all RAM of the primary VM its own
 * @ram_base: first address, page aligned
 * @ram_size: bytes, page aligned
 *
 * Context: once, at boot, before the primary VM runs.
 */
void mem_init(u64 ram_base, u64 ram_size)
{
	const char *open = hyp_option("open_until_share");
	u64 pages = ram_size >> PAGE_SHIFT;

	mem.state = boot_alloc(pages * MEM_STATE_SIZE);
	if (!mem.state)
		hyp_panic("no memory for the states of %lu pages", (unsigned long)pages);
	memset(mem.state, PAGE_HOST, pages);
	mem.base = ram_base;
	mem.size = ram_size;
	mem.open_until_share = open && !strcmp(open, "1");
}

static bool in_ram(u64 pa)
{
	return pa >= mem.base && pa - mem.base < mem.size;
}

static u8 *state_of(u64 pa)
{
	return &mem.state[(pa - mem.base) >> PAGE_SHIFT];
}

/**
 * mem_state() - who has the page at @pa
 * @pa: physical address, which is the primary VM's IPA
 *
 * Context: any; the answer may be old at once without mem_lock().
 * Return: PAGE_DEVICE for everything that is not the primary VM's RAM.
 */
enum page_state mem_state(u64 pa)
{
	return in_ram(pa) ? *state_of(pa) & ~PAGE_SEEN : PAGE_DEVICE;
}

bool mem_is_ram(u64 pa, u64 size)
{
	return in_ram(pa) && size <= mem.size - (pa - mem.base);
}

u64 mem_ram_pages(void)
{
	return mem.size >> PAGE_SHIFT;
}

u64 mem_page_number(u64 pa)
{
	return (pa - mem.base) >> PAGE_SHIFT;
}

u64 mem_page_address(u64 number)
{
	return mem.base + (number << PAGE_SHIFT);
}

u64 mem_pages_not_host_owned(void)
{
	return READ_ONCE(mem.not_host);
}

static u64 range_pages(const struct mem_range *r)
{
	return r->size >> PAGE_SHIFT;
}

/* Marks pages as seen; stops at the first that is not the host's or seen before. */
static u64 mark_range(const struct mem_range *r)
{
	u64 pages = range_pages(r);
	u64 i;

	if (!in_ram(r->ipa) || mem.size - (r->ipa - mem.base) < r->size)
		return 0;
	for (i = 0; i < pages; i++) {
		u8 *s = state_of(r->ipa) + i;

		if (*s != PAGE_HOST)
			break;
		*s |= PAGE_SEEN;
	}
	return i;
}

static void unmark(u64 ipa, u64 pages)
{
	u8 *s = state_of(ipa);

	while (pages--)
		*s++ &= ~PAGE_SEEN;
}

/**
 * mem_check_host() - may all of these ranges be taken?
 * @r: ranges, page aligned, that don't wrap
 * @n: how many
 *
 * Context: mem_lock() is held.
 * Return: 0 when every range is not empty, every page is the host's and none
 * comes twice, else -1.
 */
int mem_check_host(const struct mem_range *r, unsigned int n)
{
	unsigned int i;
	u64 marked = 0;
	int ret = 0;

	for (i = 0; i < n; i++) {
		marked = mark_range(&r[i]);
		if (!r[i].size || marked != range_pages(&r[i])) {
			ret = -1;
			break;
		}
	}
	if (ret && marked)
		unmark(r[i].ipa, marked);
	while (i--)
		unmark(r[i].ipa, range_pages(&r[i]));
	return ret;
}

static void set_state(const struct mem_range *r, enum page_state to)
{
	memset(state_of(r->ipa), to, range_pages(r));
}

static int host_protect(const struct mem_range *r, unsigned int prot)
{
	struct stage2 *s2 = &vm_primary()->s2;

	if (!prot)
		return stage2_unmap(s2, r->ipa, r->size);
	return stage2_map(s2, r->ipa, r->ipa, r->size, prot);
}

/*
 * Full access for the host again.  The borders of the range were split when it
 * was cut, so this needs no new table; what was left open is passed over.
 */
static void host_restore(const struct mem_range *r)
{
	if (stage2_range_has(&vm_primary()->s2, r->ipa, r->size, S2_RWX))
		return;
	if (host_protect(r, S2_RWX))
		hyp_panic("stage 2 of the primary VM can't be restored");
}

/**
 * mem_take() - change pages to lent or shared
 * @r: ranges that mem_check_host() accepted under the same lock
 * @n: how many
 * @to: PAGE_LENT or PAGE_SHARED
 * @host_prot: access that the host keeps, 0 for none
 *
 * Context: mem_lock() is held.
 * Return: 0, or -1 when a page table could not be had: then nothing changed.
 */
int mem_take(const struct mem_range *r, unsigned int n, enum page_state to,
	     unsigned int host_prot)
{
	bool open = mem.open_until_share && !mem.shared_once && to == PAGE_LENT;
	unsigned int i;

	for (i = 0; i < n && !open; i++) {
		if (host_protect(&r[i], host_prot)) {
			while (i--)
				host_restore(&r[i]);
			return -1;
		}
	}
	if (to == PAGE_SHARED)
		mem.shared_once = true;
	for (i = 0; i < n; i++) {
		set_state(&r[i], to);
		mem.not_host += range_pages(&r[i]);
	}
	return 0;
}

/**
 * mem_return() - give pages back to the host, with full access
 * @r: ranges of a parcel
 * @n: how many
 * @sanitize: write zeroes first
 *
 * Context: mem_lock() is held; no other VM maps the pages any more.
 * Return: 0; there is no way to fail.
 */
int mem_return(const struct mem_range *r, unsigned int n, bool sanitize)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (sanitize) {
			memset((void *)r[i].ipa, 0, r[i].size);
			mem_sync_icache(r[i].ipa, r[i].size);
		}
		host_restore(&r[i]);
		set_state(&r[i], PAGE_HOST);
		mem.not_host -= range_pages(&r[i]);
	}
	return 0;
}

/**
 * mem_give() - change pages to lent or shared, with no parcel
 * @r: a range that mem_check_host() accepted under the same lock
 * @to: PAGE_LENT, which takes them from the host, or PAGE_SHARED, which does not
 * @nosync: the host's TLBs may be cleaned later
 *
 * Context: mem_lock() is held.
 * Return: 0, or -1 when a page table could not be had: then nothing changed.
 */
int mem_give(const struct mem_range *r, enum page_state to, bool nosync)
{
	struct stage2 *s2 = &vm_primary()->s2;
	int ret = 0;

	if (to == PAGE_LENT && nosync)
		ret = stage2_unmap_nosync(s2, r->ipa, r->size);
	else if (to == PAGE_LENT)
		ret = stage2_unmap(s2, r->ipa, r->size);
	if (ret)
		return ret;
	set_state(r, to);
	mem.not_host += range_pages(r);
	return 0;
}

/**
 * mem_take_back() - pages of mem_give() are the host's again
 * @r: the range, or a part of it, which may need tables
 *
 * Context: mem_lock() is held; no other VM maps the pages any more.
 * Return: 0, or -1 when a page table could not be had: then nothing changed.
 */
int mem_take_back(const struct mem_range *r)
{
	if (!stage2_range_has(&vm_primary()->s2, r->ipa, r->size, S2_RWX) &&
	    host_protect(r, S2_RWX))
		return -1;
	set_state(r, PAGE_HOST);
	mem.not_host -= range_pages(r);
	return 0;
}

/*
 * Walks [ipa, ipa + size) of a VM page by page.  A page is held while it is copied:
 * another CPU may be lending it just now, or taking it back.
 */
static bool copy_vm(struct vm *vm, u64 ipa, u8 *buf, u64 size, unsigned int prot)
{
	while (size) {
		u64 offset = ipa & (PAGE_SIZE - 1);
		u64 len = MIN(size, PAGE_SIZE - offset);
		unsigned int have;
		bool ok;
		u64 pa;

		if (!stage2_hold(&vm->s2, ipa, &pa, &have))
			return false;
		ok = (have & prot) == prot && !(have & S2_DEVICE);
		pa = ALIGN_DOWN(pa, PAGE_SIZE) + offset;
		if (ok && prot == S2_W)
			memcpy((void *)pa, buf, len);
		else if (ok)
			memcpy(buf, (void *)pa, len);
		stage2_release(&vm->s2);
		if (!ok)
			return false;
		ipa += len;
		buf += len;
		size -= len;
	}
	return true;
}

bool mem_copy_from_vm(struct vm *vm, void *dst, u64 ipa, u64 size)
{
	return copy_vm(vm, ipa, dst, size, S2_R);
}

/* A failing copy may have written the pages before the one that failed. */
bool mem_copy_to_vm(struct vm *vm, u64 ipa, const void *src, u64 size)
{
	return copy_vm(vm, ipa, (u8 *)src, size, S2_W);
}

/**
 * mem_sync_icache() - make bytes written at EL2 or by the host ready to run
 * @pa: physical address
 * @size: bytes
 *
 * Cleans and invalidates the data cache to the point of coherency, so that a
 * VM with its MMU off sees the bytes too, and drops all instruction caches.
 */
void mem_sync_icache(u64 pa, u64 size)
{
	u64 ctr, line, p;

	asm volatile("mrs %0, ctr_el0" : "=r"(ctr));
	line = 4UL << ((ctr >> 16) & 15);
	for (p = ALIGN_DOWN(pa, line); p < pa + size; p += line)
		asm volatile("dc civac, %0" : : "r"(p) : "memory");
	asm volatile("dsb ish\n\tic ialluis\n\tdsb ish\n\tisb" : : : "memory");
}
