// SPDX-License-Identifier: GPL-2.0-only
/*
 * The machine's PL011.  The primary VM drives it; the hypervisor only puts
 * characters in between, a line at a time, and leaves its set-up alone.
 */
#include "uart.h"
#include "../lib.h"

#define UART_BASE	0x09000000UL
#define UART_DR		0x00
#define UART_FR		0x18
#define UART_FR_TXFF	BIT(5)

static spinlock_t uart_lock;

static volatile u32 *reg(u64 off)
{
	return (volatile u32 *)(UART_BASE + off);
}

static void putc(char c)
{
	while (*reg(UART_FR) & UART_FR_TXFF)
		;
	*reg(UART_DR) = (u8)c;
}

void uart_line(const char *s)
{
	while (*s)
		putc(*s++);
	putc('\r');
	putc('\n');
}

static void log(const char *fmt, va_list ap)
{
	char line[256] = "hyp: ";

	hyp_vsnprintf(line + 5, sizeof(line) - 5, fmt, ap);
	spin_lock(&uart_lock);
	uart_line(line);
	spin_unlock(&uart_lock);
}

void hyp_log(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log(fmt, ap);
	va_end(ap);
}

void hyp_debug(const char *fmt, ...)
{
	va_list ap;

	if (!hyp_option("debug"))
		return;
	va_start(ap, fmt);
	log(fmt, ap);
	va_end(ap);
}
