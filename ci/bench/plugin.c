// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin of QEMU's emulator that counts instructions by address, in phases.
 *
 * Each instruction has a counter of its own, which the translated code adds to:
 * nothing is estimated.  An instruction that faults has run once by this count, and
 * once more when it is run again.
 *
 * A phase lies between two markers, instructions "movz xzr, #imm" that do nothing:
 * see bench.h.  When QEMU ends the file out=FILE has a line for each address that ran
 * in a phase, the first of which is 0:
 *
 *	phase address count
 *
 * One CPU is assumed.  Registers can't be read by this version of the interface, so
 * whose an instruction is is told by its address.
 *
 * Debian 12's QEMU has no header for plugins: what is used of version 1 of the
 * interface is declared here.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

/* ---- QEMU's interface ---- */

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;

enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t n);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
					   void (*cb)(uint64_t id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    void (*cb)(unsigned int cpu, void *data),
					    enum qemu_plugin_cb_flags flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn,
						enum qemu_plugin_op op, void *ptr, uint64_t imm);
void qemu_plugin_register_atexit_cb(uint64_t id, void (*cb)(uint64_t id, void *data), void *data);

#define EXPORT __attribute__((visibility("default")))

EXPORT int qemu_plugin_version = 1;

/* ---- counters ---- */

#define PAGE_SHIFT	12
#define PAGE_INSNS	(1 << (PAGE_SHIFT - 2))
#define BUCKETS		65536
#define PHASES		64

/**
 * struct page - a page of code
 * @next: in its bucket
 * @all: the next of all pages
 * @number: its address, shifted
 * @now: how often each instruction has run
 * @begin: how often it had when the phase began
 * @phase: how often it did in each phase; NULL for none
 */
struct page {
	struct page *next;
	struct page *all;
	uint64_t number;
	uint64_t now[PAGE_INSNS];
	uint64_t begin[PAGE_INSNS];
	uint64_t *phase[PHASES];
};

static struct page *buckets[BUCKETS];
static struct page *pages;
static unsigned int phases;
static const char *out;

static void *zalloc(size_t size)
{
	void *p = calloc(1, size);

	if (!p) {
		fprintf(stderr, "bench plugin: out of memory\n");
		abort();
	}
	return p;
}

static struct page *page_of(uint64_t address)
{
	uint64_t number = address >> PAGE_SHIFT;
	struct page **bucket = &buckets[number % BUCKETS];
	struct page *page;

	for (page = *bucket; page; page = page->next)
		if (page->number == number)
			return page;

	page = zalloc(sizeof(*page));
	page->number = number;
	page->next = *bucket;
	*bucket = page;
	page->all = pages;
	pages = page;
	return page;
}

/* ---- phases ---- */

/* Pages that are new in a phase have begun at 0. */
static void begin(unsigned int cpu, void *unused)
{
	struct page *page;

	for (page = pages; page; page = page->all)
		memcpy(page->begin, page->now, sizeof(page->now));
}

static void end(unsigned int cpu, void *unused)
{
	uint64_t *count;
	struct page *page;
	unsigned int i;

	if (phases == PHASES) {
		fprintf(stderr, "bench plugin: too many phases\n");
		abort();
	}
	for (page = pages; page; page = page->all) {
		if (!memcmp(page->begin, page->now, sizeof(page->now)))
			continue;
		count = zalloc(sizeof(page->now));
		for (i = 0; i < PAGE_INSNS; i++)
			count[i] = page->now[i] - page->begin[i];
		page->phase[phases] = count;
	}
	phases++;
}

static void look_for_marker(struct qemu_plugin_insn *insn)
{
	uint32_t word;

	memcpy(&word, qemu_plugin_insn_data(insn), sizeof(word));
	if (word == (BENCH_MOVZ | BENCH_BEGIN << 5))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, begin, QEMU_PLUGIN_CB_NO_REGS, NULL);
	else if (word == (BENCH_MOVZ | BENCH_STOP << 5))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, end, QEMU_PLUGIN_CB_NO_REGS, NULL);
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
		look_for_marker(insn);
	}
}

static void write_phase(FILE *file, const struct page *page, unsigned int phase)
{
	const uint64_t *count = page->phase[phase];
	unsigned int i;

	for (i = 0; count && i < PAGE_INSNS; i++)
		if (count[i])
			fprintf(file, "%u %" PRIx64 " %" PRIu64 "\n", phase,
				(page->number << PAGE_SHIFT) + 4 * i, count[i]);
}

static void finish(uint64_t id, void *data)
{
	const struct page *page;
	unsigned int phase;
	FILE *file;

	file = fopen(out, "w");
	if (!file) {
		perror(out);
		return;
	}
	for (page = pages; page; page = page->all)
		for (phase = 0; phase < phases; phase++)
			write_phase(file, page, phase);
	if (fclose(file))
		perror(out);
}

EXPORT int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv)
{
	if (argc != 1 || strncmp(argv[0], "out=", 4)) {
		fprintf(stderr, "bench plugin: out=FILE is wanted\n");
		return -1;
	}
	out = strdup(argv[0] + 4);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, finish, NULL);
	return 0;
}
