// SPDX-License-Identifier: GPL-2.0-only
/* Accesses that may fault: which signal did it cost?  Any number of threads. */
#include <setjmp.h>

#include "gunyah_test.h"

static __thread sigjmp_buf fault_env;
static __thread bool fault_expected;

static void on_fault(int sig)
{
	if (fault_expected)
		siglongjmp(fault_env, sig);
	/* A fault that no test expects: it is the program's end. */
	signal(sig, SIG_DFL);
}

int touch(char *p, bool write)
{
	struct sigaction sa = { .sa_handler = on_fault };
	int sig;

	sigaction(SIGBUS, &sa, NULL);
	sigaction(SIGSEGV, &sa, NULL);
	sig = sigsetjmp(fault_env, 1);
	if (!sig) {
		char c;

		fault_expected = true;
		c = __atomic_load_n(p, __ATOMIC_RELAXED);
		if (write)
			__atomic_store_n(p, c, __ATOMIC_RELAXED);
	}
	fault_expected = false;
	return sig;
}

bool touch_range(char *p, size_t size)
{
	size_t i;

	for (i = 0; i < size; i += PAGE)
		if (touch(p + i, true))
			return false;
	return true;
}
