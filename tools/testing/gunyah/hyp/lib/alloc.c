// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of the hypervisor: a buddy allocator of pages, and above it slabs of
 * one page for small objects.
 *
 * A free block carries its list's links in itself; info[] says for the first
 * page of each free block that it is free and how large, and nothing of all
 * other pages.  A slab's page begins with struct slab, and goes back when its
 * last object is freed, so that page_pool_used() shows leaks and nothing else.
 */
#include "alloc.h"
#include "../cpu.h"
#include "../lib.h"

#define MAX_ORDER	13		/* 32 MiB */
#define POOL_MAX_PAGES	(0x04000000UL >> PAGE_SHIFT)
#define INFO_FREE	0x80

struct block {
	struct block *next, **pprev;
};

struct slab {
	struct slab *next, **pprev;	/* among those of its class with room */
	void *free;
	u16 used, class;
	u32 order;			/* of an object with pages of its own */
	u64 unused[4];			/* to 64 bytes */
};

#define CLASS_MIN_SHIFT	5		/* 32 bytes */
#define CLASSES		6		/* to 1024 bytes */
#define CLASS_PAGES	0xffff

static spinlock_t lock;
static u64 pool_base, pool_pages, pages_used;
static u64 room_next, room_end;		/* the boot CPU's */
static u8 info[POOL_MAX_PAGES];
static struct block *free_list[MAX_ORDER + 1];
static struct slab *slabs[CLASSES];

static void push(struct block *b, unsigned int order)
{
	b->next = free_list[order];
	b->pprev = &free_list[order];
	if (b->next)
		b->next->pprev = &b->next;
	free_list[order] = b;
	info[((u64)b - pool_base) >> PAGE_SHIFT] = (u8)(INFO_FREE | order);
}

static void take(struct block *b)
{
	*b->pprev = b->next;
	if (b->next)
		b->next->pprev = b->pprev;
	info[((u64)b - pool_base) >> PAGE_SHIFT] = 0;
}

static void *pages_get(unsigned int order)
{
	struct block *b;
	unsigned int o;

	for (o = order; o <= MAX_ORDER && !free_list[o]; o++)
		;
	if (o > MAX_ORDER)
		return NULL;
	b = free_list[o];
	take(b);
	while (o > order) {
		o--;
		push((struct block *)((u64)b + (PAGE_SIZE << o)), o);
	}
	pages_used += 1UL << order;
	return b;
}

static void pages_put(void *va, unsigned int order)
{
	u64 page = ((u64)va - pool_base) >> PAGE_SHIFT;
	u64 buddy;

	pages_used -= 1UL << order;
	for (; order < MAX_ORDER; order++) {
		buddy = page ^ (1UL << order);
		if (buddy >= pool_pages || info[buddy] != (INFO_FREE | order))
			break;
		take((struct block *)(pool_base + (buddy << PAGE_SHIFT)));
		page = MIN(page, buddy);
	}
	push((struct block *)(pool_base + (page << PAGE_SHIFT)), order);
}

void page_pool_init(u64 base, u64 size)
{
	pool_base = base;
	pool_pages = size >> PAGE_SHIFT;
	if (pool_pages > POOL_MAX_PAGES)
		hyp_panic("page pool: %lu pages are too many", pool_pages);
}

void page_pool_add(u64 start, u64 end)
{
	for (start = ALIGN_UP(start, PAGE_SIZE); start + PAGE_SIZE <= end; start += PAGE_SIZE) {
		pages_used++;
		pages_put((void *)start, 0);
	}
}

void *page_alloc(unsigned int order)
{
	void *p;

	spin_lock(&lock);
	p = order <= MAX_ORDER ? pages_get(order) : NULL;
	spin_unlock(&lock);
	if (p)
		memset(p, 0, PAGE_SIZE << order);
	return p;
}

void boot_room_set(u64 start, u64 end)
{
	room_next = start;
	room_end = start < end ? end : 0;
}

void *boot_alloc(u64 size)
{
	unsigned int order = 0;
	u64 at = room_next;

	if (!room_end) {
		while (order < MAX_ORDER && (PAGE_SIZE << order) < size)
			order++;
		return size <= PAGE_SIZE << order ? page_alloc(order) : NULL;
	}

	size = ALIGN_UP(size, PAGE_SIZE);
	if (size > room_end - at)
		return NULL;
	room_next += size;
	memset((void *)at, 0, size);
	return (void *)at;
}

void page_free(void *va, unsigned int order)
{
	if (!va)
		return;
	spin_lock(&lock);
	pages_put(va, order);
	spin_unlock(&lock);
}

u64 page_pool_used(void)
{
	return READ_ONCE(pages_used);
}

static void slab_link(struct slab *s)
{
	struct slab **head = &slabs[s->class];

	s->next = *head;
	s->pprev = head;
	if (s->next)
		s->next->pprev = &s->next;
	*head = s;
}

static void slab_unlink(struct slab *s)
{
	*s->pprev = s->next;
	if (s->next)
		s->next->pprev = s->pprev;
}

static struct slab *slab_new(unsigned int class)
{
	u64 size = 1UL << (class + CLASS_MIN_SHIFT);
	struct slab *s = pages_get(0);
	u64 p;

	if (!s)
		return NULL;
	*s = (struct slab){ .class = (u16)class };
	for (p = (u64)s + PAGE_SIZE - size; p >= (u64)(s + 1); p -= size) {
		*(void **)p = s->free;
		s->free = (void *)p;
	}
	slab_link(s);
	return s;
}

static void *slab_alloc(unsigned int class)
{
	struct slab *s = slabs[class];
	void *p;

	if (!s)
		s = slab_new(class);
	if (!s)
		return NULL;
	p = s->free;
	s->free = *(void **)p;
	s->used++;
	if (!s->free)
		slab_unlink(s);
	return p;
}

static void *large_alloc(size_t size)
{
	unsigned int order = 0;
	struct slab *s;

	while ((PAGE_SIZE << order) < size + sizeof(*s))
		order++;
	s = order <= MAX_ORDER ? pages_get(order) : NULL;
	if (!s)
		return NULL;
	*s = (struct slab){ .class = CLASS_PAGES, .order = order };
	return s + 1;
}

/* A test may want it to find the pool empty: FAULT_NOMEM. */
static bool refused(void)
{
	struct cpu *cpu = cpu_this();

	return cpu->objects && !--cpu->objects;
}

void *hyp_alloc(size_t size)
{
	unsigned int class = 0;
	void *p;

	if (refused())
		return NULL;

	while (class < CLASSES && (1UL << (class + CLASS_MIN_SHIFT)) < size)
		class++;
	spin_lock(&lock);
	p = class < CLASSES ? slab_alloc(class) : large_alloc(size);
	spin_unlock(&lock);
	if (p)
		memset(p, 0, size);
	return p;
}

void hyp_free(void *p)
{
	struct slab *s = (struct slab *)((u64)p & PAGE_MASK);

	if (!p)
		return;
	spin_lock(&lock);
	if (s->class == CLASS_PAGES) {
		pages_put(s, s->order);
	} else {
		if (!s->free)
			slab_link(s);
		*(void **)p = s->free;
		s->free = p;
		if (--s->used == 0) {
			slab_unlink(s);
			pages_put(s, 0);
		}
	}
	spin_unlock(&lock);
}
