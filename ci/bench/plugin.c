// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin of QEMU's emulator that counts instructions by address, in phases.
 *
 * Each instruction has a counter of its own, which the translated code adds to:
 * nothing is estimated.  An instruction that faults has run once by this count, and
 * once more when it is run again.
 *
 * A phase lies between two markers, instructions "movz xzr, #imm" that do nothing:
 * see bench.h.  The file out=FILE gets a line for each address that ran in a phase, the
 * first of which is 0:
 *
 *	phase address count
 *
 * and, with vector=ADDRESS, the place where the kernel's own interrupts arrive, one of
 * how many of them came in a phase, and how many instructions of the kernel ran from
 * there to their ERET; these are among the others, too:
 *
 *	phase irq interrupts instructions
 *
 * One CPU is assumed.  Registers can't be read by this version of the interface, so
 * whose an instruction is is told by its address.
 */
#include "plugin.h"

EXPORT int qemu_plugin_version = 1;

/* ---- counters ---- */

#define PAGE_SHIFT	12
#define PAGE_INSNS	(1 << (PAGE_SHIFT - 2))
#define BUCKETS		65536

/**
 * struct page - a page of code
 * @next: in its bucket
 * @all: the next of all pages
 * @number: its address, shifted
 * @now: how often each instruction has run
 * @begin: how often it had when the phase began
 */
struct page {
	struct page *next;
	struct page *all;
	uint64_t number;
	uint64_t now[PAGE_INSNS];
	uint64_t begin[PAGE_INSNS];
};

static struct page *buckets[BUCKETS];
static struct page *pages;
static unsigned int phases;
static FILE *out;

static struct page *page_of(uint64_t address)
{
	uint64_t number = address >> PAGE_SHIFT;
	struct page **bucket = &buckets[number % BUCKETS];
	struct page *page;

	for (page = *bucket; page; page = page->next)
		if (page->number == number)
			return page;

	page = plugin_zalloc(sizeof(*page));
	page->number = number;
	page->next = *bucket;
	*bucket = page;
	page->all = pages;
	pages = page;
	return page;
}

/* ---- interrupts ---- */

/**
 * struct interrupts - those that the kernel took of itself
 * @number: so many
 * @insns: what ran in them, and in what these called
 */
struct interrupts {
	uint64_t number;
	uint64_t insns;
};

static uint64_t vector;
static uint64_t kernel_insns;
static uint64_t irq_began;
static unsigned int irq_depth;
static struct interrupts irqs, irqs_then;

/* @data: instructions of the block that begins here, which were counted already. */
static void irq_enter(unsigned int cpu, void *data)
{
	if (irq_depth++)
		return;
	irq_began = kernel_insns - (uintptr_t)data;
	irqs.number++;
}

static void irq_leave(unsigned int cpu, void *unused)
{
	if (!irq_depth || --irq_depth)
		return;
	irqs.insns += kernel_insns - irq_began;
}

static void look_for_irq(struct qemu_plugin_tb *tb)
{
	size_t i, n = qemu_plugin_tb_n_insns(tb);
	struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, 0);

	if (!vector || qemu_plugin_insn_vaddr(insn) < KERNEL)
		return;

	qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &kernel_insns, n);
	if (qemu_plugin_insn_vaddr(insn) == vector)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, irq_enter, QEMU_PLUGIN_CB_NO_REGS,
						       (void *)(uintptr_t)n);
	for (i = 0; i < n; i++) {
		insn = qemu_plugin_tb_get_insn(tb, i);
		if (insn_word(insn) == INSN_ERET)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, irq_leave,
							       QEMU_PLUGIN_CB_NO_REGS, NULL);
	}
}

/* ---- phases ---- */

/* Pages that are new in a phase have begun at 0. */
static void begin(unsigned int cpu, void *unused)
{
	struct page *page;

	for (page = pages; page; page = page->all)
		memcpy(page->begin, page->now, sizeof(page->now));
	irqs_then = irqs;
}

static void write_page(const struct page *page)
{
	unsigned int i;

	for (i = 0; i < PAGE_INSNS; i++)
		if (page->now[i] != page->begin[i])
			fprintf(out, "%u %" PRIx64 " %" PRIu64 "\n", phases,
				(page->number << PAGE_SHIFT) + 4 * i,
				page->now[i] - page->begin[i]);
}

static void end(unsigned int cpu, void *unused)
{
	struct page *page;

	for (page = pages; page; page = page->all)
		write_page(page);
	if (vector)
		fprintf(out, "%u irq %" PRIu64 " %" PRIu64 "\n", phases,
			irqs.number - irqs_then.number, irqs.insns - irqs_then.insns);
	phases++;
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t i, n = qemu_plugin_tb_n_insns(tb);
	struct qemu_plugin_insn *insn;
	uint64_t address;

	for (i = 0; i < n; i++) {
		insn = qemu_plugin_tb_get_insn(tb, i);
		address = qemu_plugin_insn_vaddr(insn);
		qemu_plugin_register_vcpu_insn_exec_inline(
			insn, QEMU_PLUGIN_INLINE_ADD_U64,
			&page_of(address)->now[address >> 2 & (PAGE_INSNS - 1)], 1);
		plugin_markers(insn, begin, end);
	}
	look_for_irq(tb);
}

static void finish(uint64_t id, void *data)
{
	if (fclose(out))
		perror("bench plugin");
}

EXPORT int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv)
{
	const char *path = "";
	int i;

	for (i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "out=", 4))
			path = argv[i] + 4;
		else if (!strncmp(argv[i], "vector=", 7))
			vector = strtoull(argv[i] + 7, NULL, 0);
	}
	out = fopen(path, "w");
	if (!out) {
		fprintf(stderr, "bench plugin: out=FILE is wanted, got '%s'\n", path);
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, finish, NULL);
	return 0;
}
