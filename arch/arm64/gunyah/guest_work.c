// SPDX-License-Identifier: GPL-2.0-only
/*
 * Work of a thread that waits before it enters a guest.
 *
 * A thread that loops in vcpu_run does not return to user mode, so what the
 * kernel does on that way has to be done in the loop.  The kernel's own helper
 * for that, xfer_to_guest_mode_handle_work(), belongs to KVM's vCPU, and
 * task_work_run() is not exported: hence this one, built in also when the
 * driver is a module.
 */
#include <kunit/static_stub.h>
#include <linux/export.h>
#include <linux/gunyah.h>
#include <linux/resume_user_mode.h>
#include <linux/sched.h>

int gunyah_guest_work(void)
{
	unsigned long work;

	KUNIT_STATIC_STUB_REDIRECT(gunyah_guest_work);

	for (;;) {
		work = read_thread_flags();
		if (!(work & GUNYAH_GUEST_WORK))
			return 0;

		/* First: a thread that is to die must not run on. */
		if (work & (_TIF_SIGPENDING | _TIF_NOTIFY_SIGNAL))
			return -EINTR;

		if (work & _TIF_NEED_RESCHED)
			schedule();

		/* Clears the flag itself; no registers: this is a system call. */
		if (work & _TIF_NOTIFY_RESUME)
			resume_user_mode_work(NULL);
	}
}
EXPORT_SYMBOL_GPL(gunyah_guest_work);
