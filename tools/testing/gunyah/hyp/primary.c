// SPDX-License-Identifier: GPL-2.0-only
/*
 * The primary VM.  It has the machine as it is (IPA = PA) without the
 * hypervisor's memory, the GIC, which is emulated in its place, and the control
 * page: all of RAM above HYP_END, and everything that is not RAM as devices, so
 * that nothing has to be known of QEMU's device map.
 *
 * Its kernel was put at PRIMARY_ENTRY by QEMU.  QEMU's device tree, with the
 * initrd and the command line in /chosen, is edited and handed on at the same
 * address.
 */
#include <libfdt.h>

#include "control.h"
#include "extent.h"
#include "lib/alloc.h"
#include "mem.h"
#include "mmu.h"
#include "primary.h"

#define PRIMARY_ENTRY	0x60000000UL
#define IPA_END		BIT(40)
#define POOL_RECORDS_END	(5UL << 30)	/* RAM up to here has its records in the pool */
#define ROOM_ALIGN	BIT(21)
#define FDT_ROOM	0x10000
#define FDT_MAX_SIZE	0x200000	/* the arm64 boot protocol's limit */

static u64 read_cell64(const fdt32_t *p)
{
	return (u64)fdt32_to_cpu(p[0]) << 32 | fdt32_to_cpu(p[1]);
}

static const void *get(const void *fdt, int node, const char *name, int min_len, const char *what)
{
	int len;
	const void *p = fdt_getprop(fdt, node, name, &len);

	if (node < 0 || !p || len < min_len)
		hyp_panic("device tree: no %s", what);
	return p;
}

static int memory_node(const void *fdt)
{
	static const char memory[] = "memory";

	return fdt_node_offset_by_prop_value(fdt, -1, "device_type", memory, sizeof(memory));
}

static unsigned int count_cpus(const void *fdt)
{
	static const char cpu[] = "cpu";
	unsigned int n = 0;
	int node = -1;

	for (;;) {
		node = fdt_node_offset_by_prop_value(fdt, node, "device_type", cpu, sizeof(cpu));
		if (node < 0)
			return n;
		n++;
	}
}

/*
 * What is noted for each page of RAM is in the pool, unless RAM is large: then it is
 * at the end of RAM, which the primary VM is not told of.
 */
static u64 records_room(u64 top)
{
	u64 pages = top >> PAGE_SHIFT;

	if (top > EL2_END)
		hyp_panic("RAM ends at %lx: EL2 has addresses up to %lx", top, EL2_END);
	if (top <= POOL_RECORDS_END)
		return 0;
	/* Each of the two in whole pages. */
	return ALIGN_UP(pages * (MEM_STATE_SIZE + EXTENT_RECORD_SIZE) + 2 * PAGE_SIZE, ROOM_ALIGN);
}

void primary_read_machine(const void *fdt, struct machine *m)
{
	int chosen = fdt_path_offset(fdt, "/chosen");
	const fdt32_t *reg;
	int len = 0;

	if (fdt_check_header(fdt))
		hyp_panic("no device tree at %p", fdt);
	reg = get(fdt, memory_node(fdt), "reg", 16, "memory node");
	m->top = RAM_BASE + read_cell64(reg + 2);
	m->ram_end = m->top - records_room(m->top);
	if (read_cell64(reg) != RAM_BASE)
		hyp_panic("RAM begins at %lx", read_cell64(reg));
	reg = get(fdt, fdt_node_offset_by_compatible(fdt, -1, "arm,gic-v3"), "reg", 32,
		  "GICv3 (gic-version=3)");
	m->gicd_base = read_cell64(reg);
	m->gicd_size = read_cell64(reg + 2);
	m->gicr_base = read_cell64(reg + 4);
	m->gicr_size = read_cell64(reg + 6);
	m->cpus = count_cpus(fdt);
	m->bootargs = chosen < 0 ? NULL : fdt_getprop(fdt, chosen, "bootargs", NULL);
	m->rng_seed = chosen < 0 ? NULL : fdt_getprop(fdt, chosen, "rng-seed", &len);
	m->rng_seed_len = m->rng_seed ? (u32)len : 0;
}

static void map(struct vm *vm, u64 start, u64 end, unsigned int prot)
{
	if (start < end && stage2_map(&vm->s2, start, start, end - start, prot))
		hyp_panic("primary VM: no memory for stage 2");
}

static void map_all(struct vm *vm, const struct machine *m)
{
	u64 gicr_end = m->gicr_base + m->gicr_size;

	map(vm, 0, HYP_BASE, S2_R | S2_W | S2_DEVICE);
	map(vm, HYP_END, m->ram_end, S2_RWX);
	map(vm, m->top, IPA_END, S2_R | S2_W | S2_DEVICE);
	if (stage2_unmap(&vm->s2, m->gicd_base, m->gicd_size) ||
	    stage2_unmap(&vm->s2, m->gicr_base, gicr_end - m->gicr_base) ||
	    stage2_unmap(&vm->s2, CONTROL_IPA, CONTROL_SIZE))
		hyp_panic("primary VM: no memory for stage 2");
}

void primary_create(const struct machine *m)
{
	struct vm *vm = vm_create(VMID_PRIMARY);
	unsigned int i;

	if (!vm)
		hyp_panic("primary VM: no memory");
	if (m->ram_end <= PRIMARY_ENTRY)
		hyp_panic("RAM ends at %lx, the kernel is at %lx", m->ram_end, PRIMARY_ENTRY);
	if (!*(const volatile u64 *)PRIMARY_ENTRY)
		hyp_panic("no kernel at %lx: QEMU's -device loader puts it there", PRIMARY_ENTRY);
	map_all(vm, m);
	if (vgic_init(vm, m->gicd_base, m->gicr_base, VGIC_NR_LINES))
		hyp_panic("primary VM: no memory for its GIC");
	for (i = 0; i < m->cpus; i++)
		if (!vm_add_vcpu(vm, 0))
			hyp_panic("primary VM: no memory for vCPU %u", i);
	boot_room_set(m->ram_end, m->top);
	mem_init(HYP_END, m->ram_end - HYP_END);
}

static void check(int err, const char *what)
{
	if (err < 0)
		hyp_panic("primary VM's device tree: %s: %s", what, fdt_strerror(err));
}

static void edit(void *fdt, const struct machine *m)
{
	int node = memory_node(fdt);
	u64 size = m->ram_end - HYP_END;
	fdt32_t cells[4] = {
		cpu_to_fdt32(HYP_END >> 32), cpu_to_fdt32((u32)HYP_END),
		cpu_to_fdt32((u32)(size >> 32)), cpu_to_fdt32((u32)size),
	};

	check(fdt_setprop(fdt, node, "reg", cells, sizeof(cells)), "memory");
	check(rm_fill_primary_fdt(fdt), "hypervisor node");
}

static unsigned int order_of(u64 size)
{
	unsigned int order = 0;

	while ((PAGE_SIZE << order) < size)
		order++;
	return order;
}

void primary_load(void *fdt, const struct machine *m)
{
	u64 size = fdt_totalsize(fdt) + FDT_ROOM;
	unsigned int order = order_of(size);
	void *copy = page_alloc(order);

	if (!copy)
		hyp_panic("primary VM: no memory for its device tree");
	check(fdt_open_into(fdt, copy, (int)size), "copy");
	edit(copy, m);
	check(fdt_pack(copy), "pack");
	if (fdt_totalsize(copy) > FDT_MAX_SIZE)
		hyp_panic("primary VM's device tree: over 2 MiB");
	memcpy(fdt, copy, fdt_totalsize(copy));
	mem_sync_icache((u64)fdt, fdt_totalsize(copy));
	page_free(copy, order);
	vcpu_power_on(vm_primary()->vcpu[0], PRIMARY_ENTRY, (u64)fdt);
}
