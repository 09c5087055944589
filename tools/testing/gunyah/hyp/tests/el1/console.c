// SPDX-License-Identifier: GPL-2.0-only
/* Printing on the PL011, and the end of the test. */

#include "el1.h"

#define UARTDR		0x00
#define UARTFR		0x18
#define UARTFR_TXFF	BIT(5)

#define PSCI_SYSTEM_OFF	0x84000008UL

static void put_char(char c)
{
	while (mmio_read32(UART + UARTFR) & UARTFR_TXFF)
		;
	mmio_write32(UART + UARTDR, (u8)c);
}

static void put_string(const char *s)
{
	while (*s) {
		if (*s == '\n')
			put_char('\r');
		put_char(*s++);
	}
}

static void put_number(u64 v, unsigned int base, unsigned int width, char pad)
{
	char digits[24];
	unsigned int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	while (n < width && n < sizeof(digits))
		digits[n++] = pad;
	while (n--)
		put_char(digits[n]);
}

static void put_signed(s64 v)
{
	if (v < 0)
		put_char('-');
	put_number(v < 0 ? 0 - (u64)v : (u64)v, 10, 0, ' ');
}

static const char *convert(const char *p, va_list *ap)
{
	char pad = *p == '0' ? '0' : ' ';
	unsigned int width = 0;
	bool wide = false;

	while (*p >= '0' && *p <= '9')
		width = width * 10 + (unsigned int)(*p++ - '0');
	while (*p == 'l') {
		wide = true;
		p++;
	}
	switch (*p) {
	case 's':
		put_string(va_arg(*ap, const char *));
		break;
	case 'c':
		put_char((char)va_arg(*ap, int));
		break;
	case 'd':
		put_signed(wide ? va_arg(*ap, s64) : va_arg(*ap, int));
		break;
	case 'u':
		put_number(wide ? va_arg(*ap, u64) : va_arg(*ap, u32), 10, width, pad);
		break;
	case 'x':
		put_number(wide ? va_arg(*ap, u64) : va_arg(*ap, u32), 16, width, pad);
		break;
	default:
		put_char(*p);
		break;
	}
	return p + 1;
}

void print(const char *fmt, ...)
{
	char one[2] = { 0 };
	va_list ap;

	va_start(ap, fmt);
	while (*fmt) {
		if (*fmt == '%') {
			fmt = convert(fmt + 1, &ap);
			continue;
		}
		one[0] = *fmt++;
		put_string(one);
	}
	va_end(ap);
}

void power_off(void)
{
	u64 regs[8] = { PSCI_SYSTEM_OFF };

	smc_call(regs);
	for (;;)
		asm volatile("wfi");
}

/* Called from the vectors. */
void unexpected_exception(u64 esr, u64 far, u64 elr)
{
	print("exception: esr %lx far %lx elr %lx\n", esr, far, elr);
	power_off();
}
