// SPDX-License-Identifier: GPL-2.0-only
/*
 * An 8250-compatible UART.  It has no interrupt: Linux polls it, which is what
 * its driver does when the device tree names none.  The transmitter is always
 * empty; what is typed waits in the terminal until the guest asks for it.
 */
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "gunyah-vmm.h"

/* Registers and bits of the 8250 that Linux's driver looks at. */
enum { UART_DATA, UART_IER, UART_IIR, UART_LCR, UART_MCR, UART_LSR, UART_MSR, UART_SCR };
#define UART_LCR_DLAB	0x80
#define UART_MCR_LOOP	0x10
#define UART_LSR_DR	0x01
#define UART_LSR_EMPTY	0x60
#define UART_IIR_NONE	0x01
#define UART_IIR_THRI	0x02
#define UART_IIR_RDI	0x04
#define UART_IIR_FIFO	0xc0
#define UART_MSR_READY	0xb0	/* carrier, DSR, CTS */

static struct uart {
	__u8 ier, fcr, lcr, mcr, scr;
	__u8 dll, dlm;
	bool thri;		/* the transmitter became empty, and nobody was told */
	bool eof;		/* nothing more comes from stdin */
} uart;

static pthread_mutex_t uart_lock = PTHREAD_MUTEX_INITIALIZER;

/* Without input for a guest that has another console: stdin is that one's. */
void uart_init(bool input)
{
	pthread_mutex_lock(&uart_lock);
	uart = (struct uart) { .eof = !input };
	pthread_mutex_unlock(&uart_lock);
}

static bool input_waits(void)
{
	struct pollfd pfd = { .fd = STDIN_FILENO, .events = POLLIN };

	return !uart.eof && poll(&pfd, 1, 0) == 1;
}

static __u8 receive(void)
{
	unsigned char c;

	if (!input_waits())
		return 0;
	if (read(STDIN_FILENO, &c, 1) == 1)
		return c;
	uart.eof = true;
	return 0;
}

static void transmit(__u8 c)
{
	terminal_write(&c, 1);
	uart.thri = true;
}

static __u8 interrupt_id(void)
{
	__u8 fifo = uart.fcr & 1 ? UART_IIR_FIFO : 0;

	if ((uart.ier & 1) && input_waits())
		return fifo | UART_IIR_RDI;
	if ((uart.ier & 2) && uart.thri) {
		uart.thri = false;
		return fifo | UART_IIR_THRI;
	}
	return fifo | UART_IIR_NONE;
}

__u8 uart_read(unsigned int reg)
{
	__u8 value = 0;

	pthread_mutex_lock(&uart_lock);
	switch (reg) {
	case UART_DATA:
		value = uart.lcr & UART_LCR_DLAB ? uart.dll : receive();
		break;
	case UART_IER:
		value = uart.lcr & UART_LCR_DLAB ? uart.dlm : uart.ier;
		break;
	case UART_IIR:
		value = interrupt_id();
		break;
	case UART_LCR:
		value = uart.lcr;
		break;
	case UART_MCR:
		value = uart.mcr;
		break;
	case UART_LSR:
		value = UART_LSR_EMPTY | (input_waits() ? UART_LSR_DR : 0);
		break;
	case UART_MSR:
		/* In loop-back the outputs of MCR come back: DTR, RTS, OUT1, OUT2. */
		if (uart.mcr & UART_MCR_LOOP)
			value = (uart.mcr & 1) << 5 | (uart.mcr & 2) << 3 | (uart.mcr & 4) << 4 |
				(uart.mcr & 8) << 4;
		else
			value = UART_MSR_READY;
		break;
	case UART_SCR:
		value = uart.scr;
		break;
	}
	pthread_mutex_unlock(&uart_lock);
	return value;
}

void uart_write(unsigned int reg, __u8 value)
{
	pthread_mutex_lock(&uart_lock);
	switch (reg) {
	case UART_DATA:
		if (uart.lcr & UART_LCR_DLAB)
			uart.dll = value;
		else if (!(uart.mcr & UART_MCR_LOOP))
			transmit(value);
		break;
	case UART_IER:
		if (uart.lcr & UART_LCR_DLAB) {
			uart.dlm = value;
			break;
		}
		/* Enabling the transmit interrupt raises it: the transmitter is empty. */
		if ((value & 2) && !(uart.ier & 2))
			uart.thri = true;
		uart.ier = value & 0x0f;
		break;
	case UART_IIR:	/* written it is the FIFO control register */
		uart.fcr = value;
		break;
	case UART_LCR:
		uart.lcr = value;
		break;
	case UART_MCR:
		uart.mcr = value & 0x1f;
		break;
	case UART_SCR:
		uart.scr = value;
		break;
	}
	pthread_mutex_unlock(&uart_lock);
}
