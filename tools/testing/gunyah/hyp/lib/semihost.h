/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls to QEMU itself: end it, write a file of the host. */
#ifndef HYP_SEMIHOST_H
#define HYP_SEMIHOST_H

#include "../types.h"

void __noreturn semihost_exit(int status);

#endif
