/* SPDX-License-Identifier: GPL-2.0-only */
/* The primary VM: its memory, devices and device tree. */
#ifndef HYP_PRIMARY_H
#define HYP_PRIMARY_H

#include "vm.h"

/* What boot has to know of the machine, from QEMU's device tree. */
struct machine {
	u64 ram_end;			/* the primary VM's; the hypervisor's records follow */
	u64 top;			/* the machine's */
	unsigned int cpus;
	u64 gicd_base, gicd_size, gicr_base, gicr_size;
	const char *bootargs;		/* NULL, or inside the tree */
	const void *rng_seed;
	u32 rng_seed_len;
};

/* A tree that lacks something is a panic.  Strings and pointers are into @fdt. */
void primary_read_machine(const void *fdt, struct machine *m);
/* Stage 2, vGIC, vCPUs; none runs. */
void primary_create(const struct machine *m);
/* QEMU's tree becomes the primary VM's, in its place; the boot vCPU is ready to run. */
void primary_load(void *fdt, const struct machine *m);

#endif
