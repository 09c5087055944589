// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stage-2 tables: 40 bits of IPA, so two concatenated tables of level 1 (1 GiB
 * an entry) at the root, then level 2 (2 MiB) and level 3 (4 KiB).
 *
 * A change is made in two passes: the first makes all tables that the second
 * will need (and splits blocks at the ends of the range, which changes nothing
 * that the VM sees), so that the second can't fail.  A valid entry is never
 * replaced by another valid one: it is made invalid and flushed before
 * (break before make).  So a CPU may take a fault on an address that is mapped
 * all the time; traps.c looks it up and runs the instruction again.
 */
#include "cpu.h"

#define ENTRIES		512
#define ROOT_ENTRIES	1024
#define ROOT_ORDER	1
#define IPA_LIMIT	BIT(40)

#define PTE_VALID	BIT(0)
#define PTE_TABLE	BIT(1)		/* levels 1, 2; a page at level 3 */
#define PTE_ATTR_SHIFT	2
#define PTE_NORMAL	(0xfUL << PTE_ATTR_SHIFT)
#define PTE_NGNRE	(0x1UL << PTE_ATTR_SHIFT)
#define PTE_READ	BIT(6)
#define PTE_WRITE	BIT(7)
#define PTE_SH_INNER	(3UL << 8)
#define PTE_AF		BIT(10)
#define PTE_XN		BIT(54)
#define PTE_ADDR	0x0000fffffffff000UL

#define VTTBR_VMID_SHIFT 48

/* What pass one and pass two are given. */
struct change {
	u64 ipa, end, pa;
	u64 attr;		/* 0: unmap */
	bool nosync;		/* TLBs may be cleaned later */
};

static u64 level_size(unsigned int level)
{
	return 1UL << (39 - 9 * level);		/* 1: 1G, 2: 2M, 3: 4K */
}

static bool is_table(u64 pte, unsigned int level)
{
	return level < 3 && (pte & (PTE_VALID | PTE_TABLE)) == (PTE_VALID | PTE_TABLE);
}

static u64 *table_of(u64 pte)
{
	return (u64 *)(pte & PTE_ADDR);
}

static u64 *entry_of(u64 *table, u64 ipa, unsigned int level)
{
	u64 i = ipa >> (39 - 9 * level);

	return &table[level == 1 ? i & (ROOT_ENTRIES - 1) : i & (ENTRIES - 1)];
}

static u64 leaf(u64 pa, u64 attr, unsigned int level)
{
	return pa | attr | PTE_VALID | (level == 3 ? PTE_TABLE : 0);
}

static u64 prot_attr(unsigned int prot)
{
	u64 a = PTE_AF;

	a |= prot & S2_DEVICE ? PTE_NGNRE : PTE_NORMAL | PTE_SH_INNER;
	a |= prot & S2_R ? PTE_READ : 0;
	a |= prot & S2_W ? PTE_WRITE : 0;
	a |= prot & S2_X ? 0 : PTE_XN;
	return a;
}

static unsigned int attr_prot(u64 pte)
{
	unsigned int p = 0;

	p |= (pte & PTE_NORMAL) == PTE_NORMAL ? 0 : S2_DEVICE;
	p |= pte & PTE_READ ? S2_R : 0;
	p |= pte & PTE_WRITE ? S2_W : 0;
	p |= pte & PTE_XN ? 0 : S2_X;
	return p;
}

u64 stage2_vttbr(const struct stage2 *s2)
{
	return (u64)s2->root | (u64)s2->hw_vmid << VTTBR_VMID_SHIFT;
}

static u64 flushes;		/* atomic: so many, of all VMs */

/* All CPUs forget this VM's translations; the loaded VM's is put aside for it. */
static void flush(struct stage2 *s2)
{
	u64 old = read_sysreg(vttbr_el2);

	s2->stale = false;
	__atomic_fetch_add(&flushes, 1, __ATOMIC_RELAXED);

	dsb_ishst();
	write_sysreg(stage2_vttbr(s2), vttbr_el2);
	isb();
	asm volatile("tlbi vmalls12e1is" ::: "memory");
	dsb_ish();
	write_sysreg(old, vttbr_el2);
	isb();
}

static void free_table(u64 *table, unsigned int level)
{
	unsigned int i;

	for (i = 0; i < ENTRIES; i++)
		if (is_table(table[i], level))
			free_table(table_of(table[i]), level + 1);
	page_free(table, 0);
}

/* A table in the place of a block or of nothing: written when no CPU has the block. */
static void set_table(struct stage2 *s2, u64 *entry, u64 *table)
{
	if (*entry & PTE_VALID) {
		WRITE_ONCE(*entry, 0);
		flush(s2);
	}
	dsb_ishst();
	WRITE_ONCE(*entry, (u64)table | PTE_VALID | PTE_TABLE);
	dsb_ishst();
}

/* A test may want this hypercall to find the pool empty: FAULT_CALL_NOMEM. */
static u64 *new_table(void)
{
	struct cpu *cpu = cpu_this();

	if (cpu->starved && !cpu->tables)
		return NULL;
	if (cpu->starved)
		cpu->tables--;
	return page_alloc(0);
}

/* The table below an entry; made when there is none, with the block's pages in it. */
static u64 *make_table(struct stage2 *s2, u64 *entry, unsigned int level)
{
	u64 size = level_size(level + 1);
	u64 *table;
	u64 attr;
	u64 i;

	if (is_table(*entry, level))
		return table_of(*entry);
	table = new_table();
	if (!table)
		return NULL;
	s2->tables++;
	if (*entry & PTE_VALID) {
		attr = *entry & ~(PTE_ADDR | PTE_VALID | PTE_TABLE);
		for (i = 0; i < ENTRIES; i++)
			table[i] = leaf((*entry & PTE_ADDR) + i * size, attr, level + 1);
	}
	set_table(s2, entry, table);
	return table;
}

/* True when one entry of this level can stand for the range's next part. */
static bool fits(const struct change *c, u64 ipa, unsigned int level)
{
	u64 size = level_size(level);
	u64 pa = c->pa + (ipa - c->ipa);

	return IS_ALIGNED(ipa, size) && ipa + size <= c->end && (!c->attr || IS_ALIGNED(pa, size));
}

/* Pass one below one table, [ipa, end) being its part of the range. */
static int prepare(struct stage2 *s2, const struct change *c, u64 *table, u64 ipa, u64 end,
		   unsigned int level)
{
	u64 next, *entry, *below;

	for (; ipa < end; ipa = next) {
		next = MIN(ALIGN_DOWN(ipa, level_size(level)) + level_size(level), end);
		entry = entry_of(table, ipa, level);
		if (fits(c, ipa, level) || (!c->attr && !(*entry & PTE_VALID)))
			continue;
		below = make_table(s2, entry, level);
		if (!below)
			return -1;
		if (prepare(s2, c, below, ipa, next, level + 1))
			return -1;
	}
	return 0;
}

/* Chain a table that no entry points to any more, and those below it, for free_chain(). */
static void chain_table(u64 **chain, u64 *table, unsigned int level)
{
	unsigned int i;

	for (i = 0; i < ENTRIES; i++)
		if (is_table(table[i], level))
			chain_table(chain, table_of(table[i]), level + 1);
	/* Walkers may still read it: as an entry, an aligned address is invalid. */
	WRITE_ONCE(table[0], (u64)*chain);
	*chain = table;
}

static void free_chain(struct stage2 *s2, u64 *chain)
{
	u64 *next;

	for (; chain; chain = next) {
		next = (u64 *)chain[0];
		s2->tables--;
		page_free(chain, 0);
	}
}

/* Pass two, first half: nothing of the range is mapped.  True when something was. */
static bool clear(const struct change *c, u64 *table, u64 ipa, u64 end, unsigned int level,
		  u64 **chain)
{
	bool was_valid = false;
	u64 next, *entry, old;

	for (; ipa < end; ipa = next) {
		next = MIN(ALIGN_DOWN(ipa, level_size(level)) + level_size(level), end);
		entry = entry_of(table, ipa, level);
		old = *entry;
		if (!(old & PTE_VALID))
			continue;
		if (!fits(c, ipa, level)) {
			was_valid |= clear(c, table_of(old), ipa, next, level + 1, chain);
			continue;
		}
		WRITE_ONCE(*entry, 0);
		was_valid = true;
		if (is_table(old, level))
			chain_table(chain, table_of(old), level + 1);
	}
	return was_valid;
}

/* Pass two, second half: the new entries. */
static void commit(const struct change *c, u64 *table, u64 ipa, u64 end, unsigned int level)
{
	u64 next, *entry;

	for (; ipa < end; ipa = next) {
		next = MIN(ALIGN_DOWN(ipa, level_size(level)) + level_size(level), end);
		entry = entry_of(table, ipa, level);
		if (fits(c, ipa, level))
			WRITE_ONCE(*entry, leaf(c->pa + (ipa - c->ipa), c->attr, level));
		else
			commit(c, table_of(*entry), ipa, next, level + 1);
	}
}

static int change(struct stage2 *s2, const struct change *c)
{
	u64 *chain = NULL;

	if (!IS_ALIGNED(c->ipa | c->end | c->pa, PAGE_SIZE) || c->end > IPA_LIMIT ||
	    c->end < c->ipa)
		return -1;
	spin_lock(&s2->lock);
	if (prepare(s2, c, s2->root, c->ipa, c->end, 1)) {
		spin_unlock(&s2->lock);
		return -1;
	}
	if (clear(c, s2->root, c->ipa, c->end, 1, &chain))
		s2->stale = true;
	/* A table that is freed, and a new entry, need clean TLBs in any case. */
	if (s2->stale && (!c->nosync || chain))
		flush(s2);
	free_chain(s2, chain);
	if (c->attr) {
		commit(c, s2->root, c->ipa, c->end, 1);
		dsb_ishst();
	}
	spin_unlock(&s2->lock);
	return 0;
}

int stage2_map(struct stage2 *s2, u64 ipa, u64 pa, u64 size, unsigned int prot)
{
	struct change c = {
		.ipa = ipa, .end = ipa + size, .pa = pa, .attr = prot_attr(prot),
	};

	return change(s2, &c);
}

int stage2_unmap(struct stage2 *s2, u64 ipa, u64 size)
{
	struct change c = { .ipa = ipa, .end = ipa + size };

	return change(s2, &c);
}

int stage2_unmap_nosync(struct stage2 *s2, u64 ipa, u64 size)
{
	struct change c = { .ipa = ipa, .end = ipa + size, .nosync = true };

	return change(s2, &c);
}

u64 stage2_flushes(void)
{
	return __atomic_load_n(&flushes, __ATOMIC_RELAXED);
}

void stage2_sync(struct stage2 *s2)
{
	spin_lock(&s2->lock);
	if (s2->stale)
		flush(s2);
	spin_unlock(&s2->lock);
}

/* The leaf that maps ipa and its level, 0 when there is none; s2->lock held. */
static u64 find(struct stage2 *s2, u64 ipa, unsigned int *level)
{
	u64 *table = s2->root;
	u64 pte;

	if (ipa >= IPA_LIMIT)
		return 0;
	for (*level = 1;; (*level)++) {
		pte = *entry_of(table, ipa, *level);
		if (!(pte & PTE_VALID))
			return 0;
		if (!is_table(pte, *level))
			return pte;
		table = table_of(pte);
	}
}

bool stage2_hold(struct stage2 *s2, u64 ipa, u64 *pa, unsigned int *prot)
{
	unsigned int level;
	u64 pte;

	spin_lock(&s2->lock);
	pte = find(s2, ipa, &level);
	if (!pte) {
		spin_unlock(&s2->lock);
		return false;
	}
	*pa = (pte & PTE_ADDR) + (ipa & (level_size(level) - 1) & PAGE_MASK);
	*prot = attr_prot(pte);
	return true;
}

void stage2_release(struct stage2 *s2)
{
	spin_unlock(&s2->lock);
}

bool stage2_lookup(struct stage2 *s2, u64 ipa, u64 *pa, unsigned int *prot)
{
	unsigned int p;
	u64 page;

	if (!stage2_hold(s2, ipa, &page, &p))
		return false;
	stage2_release(s2);
	if (pa)
		*pa = page;
	if (prot)
		*prot = p;
	return true;
}

bool stage2_range_has(struct stage2 *s2, u64 ipa, u64 size, unsigned int prot)
{
	u64 end = ipa + size;
	unsigned int level;
	u64 pte;

	if (end < ipa)
		return false;
	while (ipa < end) {
		spin_lock(&s2->lock);
		pte = find(s2, ipa, &level);
		spin_unlock(&s2->lock);
		if (!pte || (attr_prot(pte) & prot) != prot)
			return false;
		ipa = ALIGN_DOWN(ipa, level_size(level)) + level_size(level);
	}
	return true;
}

bool stage2_range_empty(struct stage2 *s2, u64 ipa, u64 size)
{
	u64 end = ipa + size;
	unsigned int level;
	u64 pte;

	while (ipa < end) {
		spin_lock(&s2->lock);
		pte = find(s2, ipa, &level);
		spin_unlock(&s2->lock);
		if (pte)
			return false;
		ipa = ALIGN_DOWN(ipa, level_size(level)) + level_size(level);
	}
	return true;
}

int stage2_init(struct stage2 *s2, u16 hw_vmid)
{
	*s2 = (struct stage2){ .hw_vmid = hw_vmid };
	s2->root = page_alloc(ROOT_ORDER);
	if (!s2->root)
		return -1;
	flush(s2);		/* what an earlier VM with this VMID left */
	return 0;
}

void stage2_destroy(struct stage2 *s2)
{
	unsigned int i;

	if (!s2->root)
		return;
	flush(s2);		/* no vCPU is loaded any more */
	for (i = 0; i < ROOT_ENTRIES; i++)
		if (is_table(s2->root[i], 1))
			free_table(table_of(s2->root[i]), 2);
	page_free(s2->root, ROOT_ORDER);
	s2->root = NULL;
	s2->tables = 0;
}
