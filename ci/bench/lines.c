// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin of QEMU's emulator that lists the cache lines that the kernel stores to on
 * two or more CPUs while a phase runs: see bench.h.
 *
 * The phase is that of the first CPU; the markers of others, which do the same, begin
 * and end nothing.  When QEMU ends the file out=FILE has a line for each instruction
 * that stored to such a line on a CPU:
 *
 *	phase line cpu instruction stores
 *
 * Lines are by the address that was used: the kernel has each object at one.  The CPUs
 * take turns (-icount): nothing is locked here.
 */
#include "plugin.h"

EXPORT int qemu_plugin_version = 1;

#define LINE_SHIFT	6
#define BUCKETS		65536

/**
 * struct store - stores of one instruction to one line on one CPU
 * @next: others of the line
 * @insn: address of the instruction
 * @cpu: index of the CPU
 * @number: so many
 */
struct store {
	struct store *next;
	uint64_t insn;
	unsigned int cpu;
	uint64_t number;
};

struct line {
	struct line *next;
	uint64_t number;
	struct store *stores;
};

static struct line *buckets[BUCKETS];
static bool recording;
static unsigned int phases;
static const char *path;
static FILE *out;

static struct line *line_of(uint64_t number)
{
	struct line **bucket = &buckets[number % BUCKETS];
	struct line *line;

	for (line = *bucket; line; line = line->next)
		if (line->number == number)
			return line;

	line = plugin_zalloc(sizeof(*line));
	line->number = number;
	line->next = *bucket;
	*bucket = line;
	return line;
}

static struct store *store_of(struct line *line, uint64_t insn, unsigned int cpu)
{
	struct store *store;

	for (store = line->stores; store; store = store->next)
		if (store->insn == insn && store->cpu == cpu)
			return store;

	store = plugin_zalloc(sizeof(*store));
	store->insn = insn;
	store->cpu = cpu;
	store->next = line->stores;
	line->stores = store;
	return store;
}

static void stored(unsigned int cpu, uint32_t info, uint64_t address, void *insn)
{
	if (recording && qemu_plugin_mem_is_store(info))
		store_of(line_of(address >> LINE_SHIFT), (uintptr_t)insn, cpu)->number++;
}

static void begin(unsigned int cpu, void *unused)
{
	if (!cpu)
		recording = true;
}

static bool two_cpus(const struct line *line)
{
	const struct store *store;

	for (store = line->stores; store; store = store->next)
		if (store->cpu != line->stores->cpu)
			return true;
	return false;
}

/* Say what is known of a line, and forget it. */
static void end_line(struct line *line)
{
	bool say = two_cpus(line);
	struct store *store;

	while ((store = line->stores)) {
		if (say)
			fprintf(out, "%u %" PRIx64 " %u %" PRIx64 " %" PRIu64 "\n", phases,
				line->number << LINE_SHIFT, store->cpu, store->insn,
				store->number);
		line->stores = store->next;
		free(store);
	}
}

static void end(unsigned int cpu, void *unused)
{
	struct line *line;
	unsigned int i;

	if (cpu)
		return;
	recording = false;
	for (i = 0; i < BUCKETS; i++)
		for (line = buckets[i]; line; line = line->next)
			end_line(line);
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
		if (address >= KERNEL)
			qemu_plugin_register_vcpu_mem_cb(insn, stored, QEMU_PLUGIN_CB_NO_REGS,
							 QEMU_PLUGIN_MEM_W, (void *)address);
		plugin_markers(insn, begin, end);
	}
}

static void finish(uint64_t id, void *data)
{
	if (fclose(out))
		perror(path);
}

EXPORT int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv)
{
	if (argc != 1 || strncmp(argv[0], "out=", 4)) {
		fprintf(stderr, "bench plugin: out=FILE is wanted\n");
		return -1;
	}
	path = strdup(argv[0] + 4);
	out = fopen(path, "w");
	if (!out) {
		perror(path);
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, finish, NULL);
	return 0;
}
