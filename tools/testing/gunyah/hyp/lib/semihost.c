// SPDX-License-Identifier: GPL-2.0-only
/*
 * Semihosting: a HLT at EL2 that QEMU takes as a call to itself.  The file of
 * the resource manager's log is opened at the first write and stays open;
 * what is written is in the host's file when the call returns, so nothing has
 * to be flushed.
 */
#include "semihost.h"
#include "../lib.h"

#define SYS_OPEN		0x01
#define SYS_WRITE		0x05
#define SYS_EXIT_EXTENDED	0x20

#define OPEN_WB			5	/* mode "wb" */
#define STOPPED_APPLICATION_EXIT 0x20026

enum log_state { LOG_UNTRIED, LOG_OPEN, LOG_NONE };

static enum log_state log_state;
static u64 log_handle;
static spinlock_t log_lock;

static u64 semihost(u64 op, const void *block)
{
	register u64 x0 asm("x0") = op;
	register u64 x1 asm("x1") = (u64)block;

	asm volatile("hlt #0xf000" : "+r" (x0) : "r" (x1) : "memory");
	return x0;
}

void semihost_exit(int status)
{
	u64 block[2] = { STOPPED_APPLICATION_EXIT, (u64)(s64)status };

	for (;;)
		semihost(SYS_EXIT_EXTENDED, block);
}

static void log_open(void)
{
	const char *name = hyp_option("rmlog");
	u64 block[3];

	log_state = LOG_NONE;
	if (!name || !*name)
		return;
	block[0] = (u64)name;
	block[1] = OPEN_WB;
	block[2] = strlen(name);
	log_handle = semihost(SYS_OPEN, block);
	if ((s64)log_handle < 0)
		hyp_log("rmlog: QEMU can't open %s", name);
	else
		log_state = LOG_OPEN;
}

bool hyp_rmlog_write(const char *buf, size_t len)
{
	u64 block[3];
	bool ok;

	spin_lock(&log_lock);
	if (log_state == LOG_UNTRIED)
		log_open();
	ok = log_state == LOG_OPEN;
	if (ok) {
		block[0] = log_handle;
		block[1] = (u64)buf;
		block[2] = len;
		ok = semihost(SYS_WRITE, block) == 0;	/* bytes not written */
	}
	spin_unlock(&log_lock);
	return ok;
}

void hyp_exit(int status)
{
	semihost_exit(status);
}
