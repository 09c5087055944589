// SPDX-License-Identifier: GPL-2.0-only
/* The terminal, when stdin is one: each key goes to the guest as it is. */
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "gunyah-vmm.h"

static struct termios saved_terminal;
static bool terminal_changed;

void terminal_init(void)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &saved_terminal))
		return;		/* not a terminal: a file or a pipe does as well */
	raw = saved_terminal;
	/* Ctrl-C stays ours. */
	raw.c_lflag &= ~(ICANON | ECHO | IEXTEN);
	raw.c_iflag &= ~(ICRNL | IXON);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	raw.c_cc[VQUIT] = _POSIX_VDISABLE;
	raw.c_cc[VSUSP] = _POSIX_VDISABLE;
	if (!tcsetattr(STDIN_FILENO, TCSANOW, &raw)) {
		terminal_changed = true;
		atexit(terminal_restore);
	}
}

void terminal_restore(void)
{
	if (terminal_changed)
		tcsetattr(STDIN_FILENO, TCSANOW, &saved_terminal);
	terminal_changed = false;
}
