// SPDX-License-Identifier: GPL-2.0-only
/*
 * The terminal, when stdin is one: each key goes to the guest as it is.  And what
 * guests print, wherever it goes.
 */
#include <errno.h>
#include <poll.h>
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

/* All of it; stdout may be one that does not block, others have it, too. */
void terminal_write(const void *buf, size_t len)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };
	const char *p = buf;
	ssize_t n;

	while (len) {
		n = write(STDOUT_FILENO, p, len);
		if (n < 0 && errno == EAGAIN)
			poll(&out, 1, -1);
		else if (n < 0 && errno != EINTR)
			return;		/* nobody listens: as if it were printed */
		if (n > 0) {
			p += n;
			len -= n;
		}
	}
}
