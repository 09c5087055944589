// SPDX-License-Identifier: GPL-2.0-only
/*
 * The log of the resource manager's messages: a ring of text, drained to a
 * file of the host.
 *
 * One line for each queue message:
 *   <time-us> TX|RX len=N data=HEX	(TX: from the primary VM, RX: to it)
 *   <time-us> EV text
 * RX lines are written when the primary VM receives.
 *
 * Invariant: whole lines are put in, in the order of their times.  The ring is
 * drained at the next tick of the late work, or when a line would not fit, so
 * no line is lost while there is a file; without one the text is dropped.
 */

#include "rm.h"

#define LOG_SIZE	(64 * 1024U)
#define LOG_LINE	640

static struct {
	spinlock_t lock;	/* a leaf */
	u32 len;		/* bytes that wait in text[] */
	u64 position;		/* bytes since boot */
	char text[LOG_SIZE];
} rm_log;

static void log_drain_locked(void)
{
	if (rm_log.len)
		hyp_rmlog_write(rm_log.text, rm_log.len);
	rm_log.len = 0;
}

static void log_line(const char *line, u32 len)
{
	if (rm_log.len + len > LOG_SIZE)
		log_drain_locked();
	memcpy(rm_log.text + rm_log.len, line, len);
	rm_log.len += len;
	rm_log.position += len;
}

void rm_log_message(bool tx, const void *data, u32 len)
{
	static const char hex[] = "0123456789abcdef";
	const u8 *b = data;
	char line[LOG_LINE];
	u32 n, i;

	spin_lock(&rm_log.lock);
	n = (u32)hyp_snprintf(line, sizeof(line), "%lu %s len=%u data=",
			      (unsigned long)hyp_time_us(), tx ? "TX" : "RX", len);
	for (i = 0; i < len && n + 3 < sizeof(line); i++) {
		line[n++] = hex[b[i] >> 4];
		line[n++] = hex[b[i] & 15];
	}
	line[n++] = '\n';
	log_line(line, n);
	spin_unlock(&rm_log.lock);
	rm_defer_log();
}

void rm_log_event(const char *fmt, ...)
{
	char line[LOG_LINE];
	va_list ap;
	u32 n;

	spin_lock(&rm_log.lock);
	n = (u32)hyp_snprintf(line, sizeof(line), "%lu EV ", (unsigned long)hyp_time_us());
	va_start(ap, fmt);
	n += (u32)hyp_vsnprintf(line + n, sizeof(line) - n - 1, fmt, ap);
	va_end(ap);
	n = MIN(n, (u32)sizeof(line) - 2);
	line[n++] = '\n';
	log_line(line, n);
	spin_unlock(&rm_log.lock);
}

/**
 * rm_log_drain() - write to the host's file what waits
 *
 * Context: any; takes the log's lock.
 */
void rm_log_drain(void)
{
	spin_lock(&rm_log.lock);
	log_drain_locked();
	spin_unlock(&rm_log.lock);
}

u64 rm_log_position(void)
{
	return READ_ONCE(rm_log.position);
}
