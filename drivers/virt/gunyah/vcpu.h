/* SPDX-License-Identifier: GPL-2.0-only */
/* The vCPU function. */
#ifndef _GUNYAH_VCPU_H
#define _GUNYAH_VCPU_H

struct gunyah_vm_function_type;

extern const struct gunyah_vm_function_type gunyah_vcpu_function;

#endif
