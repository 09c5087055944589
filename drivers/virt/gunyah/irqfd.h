/* SPDX-License-Identifier: GPL-2.0-only */
/* irqfd: what its tests see of it, and nobody else. */
#ifndef _GUNYAH_IRQFD_H
#define _GUNYAH_IRQFD_H

#include <linux/kconfig.h>

struct eventfd_ctx;
struct file;
struct gunyah_vm_function_type;

#if IS_ENABLED(CONFIG_KUNIT)
extern const struct gunyah_vm_function_type gunyah_irqfd_function;
struct eventfd_ctx *gunyah_irqfd_eventfd(struct file *file);
#endif

#endif
