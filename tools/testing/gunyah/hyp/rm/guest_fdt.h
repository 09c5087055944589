/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two halves of the guest's device tree share. */
#ifndef HYP_RM_GUEST_FDT_H
#define HYP_RM_GUEST_FDT_H

#include "rm.h"

/* A checked copy of the tree with room behind it; guest_fdt.c. */
void *guest_fdt_load(const struct rm_vm *vm, u32 room);

#endif
