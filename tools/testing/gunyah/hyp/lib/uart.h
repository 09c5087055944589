/* SPDX-License-Identifier: GPL-2.0-only */
/* The PL011, shared with the primary VM: output only, no set-up. */
#ifndef HYP_UART_H
#define HYP_UART_H

#include "../types.h"

/* A whole line without its end; takes no lock (panic). */
void uart_line(const char *s);

#endif
