/* SPDX-License-Identifier: GPL-2.0-only */
/* ioeventfd: what its tests see of it, and nobody else. */
#ifndef _GUNYAH_IOEVENTFD_H
#define _GUNYAH_IOEVENTFD_H

#include <linux/kconfig.h>

struct eventfd_ctx;
struct gunyah_vm_function_type;

#if IS_ENABLED(CONFIG_KUNIT)
extern const struct gunyah_vm_function_type gunyah_ioeventfd_function;
struct eventfd_ctx *gunyah_ioeventfd_eventfd(int fd);
#endif

#endif
