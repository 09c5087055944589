/* SPDX-License-Identifier: GPL-2.0-only */
/* Points of the failure sweeps: one of them, and all of a kind on a path. */
#ifndef GUNYAH_TEST_POINTS_H
#define GUNYAH_TEST_POINTS_H

#include "path.h"

/*
 * After a life: did it cost what was said, and end as was said?  @error: of the
 * step that failed, @again: when it was tried again.
 */
bool as_stated(const char *what, const struct life *l, int error, int again,
	       const struct sweep_state *before, const struct cost *cost);
/* The same when the connection died in it; @error: of the call that saw it, if one did. */
bool died_as_stated(const char *what, const struct path *path, const struct life *l, int error,
		    const struct sweep_state *before);

/* A rule that makes the @nth message @id fail. */
int message_rule(enum how how, __u32 id, unsigned int nth);
/* One life in which the @nth message @id fails; false when it is not as stated. */
bool message_point(const struct path *path, enum how how, __u32 id, unsigned int nth, bool *fired);

/* Each message, and each hypercall that sends one, until there is no further one. */
bool path_sweep_messages(const struct path *path);
bool path_sweep_sends(const struct path *path);
/* Each reply that can't be received: the connection dies. */
bool path_sweep_receives(const struct path *path, unsigned int *points, unsigned int *last);
/* Each allocation of the driver in the calling thread; needs lib/alloc_fault.c. */
bool path_sweep_allocations(const struct path *path, const struct sweep_state *before);
/* A life in which all allocations of the kernel's workers fail: as any other. */
bool path_live_without_workers(const struct path *path, const struct sweep_state *before);

#endif
