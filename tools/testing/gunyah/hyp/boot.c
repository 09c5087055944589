// SPDX-License-Identifier: GPL-2.0-only
/* From the first C function to the primary VM's first instruction. */
#include "cpu.h"
#include "debug.h"
#include "gic.h"
#include "lib/alloc.h"
#include "lib/options.h"
#include "lib/random.h"
#include "mmu.h"
#include "primary.h"
#include "sysregs.h"
#include "vcpu.h"

extern char __image_start[], __image_end[];

void __noreturn boot_main(void *fdt);
void __noreturn boot_secondary(unsigned int index);

void boot_main(void *fdt)
{
	struct machine m;

	mmu_init();
	mmu_enable();
	cpu_init(0);
	cpus[0].started = true;
	page_pool_init(HYP_BASE, HYP_SIZE);
	page_pool_add(HYP_BASE, (u64)__image_start);
	page_pool_add((u64)__image_end, HYP_END);

	primary_read_machine(fdt, &m);
	options_init(m.bootargs);
	random_init(m.rng_seed, m.rng_seed_len);
	mmu_map_ram(m.top);
	cpu_set_count(m.cpus);

	sysregs_init();
	debug_init();
	cpu_init_el2();
	gic_init_dist(m.gicd_base, m.gicr_base);
	gic_init_cpu();

	primary_create(&m);
	objects_init();
	rm_init();
	primary_load(fdt, &m);
	hyp_log("%u CPUs, %lu MiB for the primary VM, %lu KiB of the pool used", m.cpus,
		(m.ram_end - HYP_END) >> 20, page_pool_used() * 4);
	vcpu_run_primary(vm_primary()->vcpu[0]);
}

void boot_secondary(unsigned int index)
{
	mmu_enable();
	cpu_init(index);
	cpu_init_el2();
	gic_init_cpu();
	vcpu_run_primary(vm_primary()->vcpu[index]);
}
