/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The paths of the demand-paged flow.  What is given and taken back goes by
 * hypercalls there, and each of a path's is known: where in the life it is, and
 * which piece of memory it is about.
 */
#ifndef GUNYAH_TEST_PAGED_PATH_H
#define GUNYAH_TEST_PAGED_PATH_H

#include "path.h"

/* So often the driver asks when it is told to ask again. */
#define HYP_TRIES	100

/* The hypercalls about memory. */
enum paged_call {
	PAGED_DONATE,
	PAGED_MAP,
	PAGED_UNMAP,
	PAGED_CALLS,
};

/* Who finds that one fails. */
enum paged_at {
	AT_NOTHING,	/* end of the list */
	AT_START,	/* VM_START */
	AT_FAULT,	/* the guest, which touches the memory, and with it VCPU_RUN */
	AT_CALL,	/* a call that gives or takes back while the guest runs */
	AT_END,		/* nobody: the VM goes, and there is no later */
};

/* What it is about; of no concern while there is a later, for nothing is lost. */
enum paged_piece {
	PIECE_ANY,
	PIECE_HUGE,		/* a huge page, as what is shared is, and the first half of RAM */
	PIECE_DTB,		/* the device tree */
	PIECE_PAGE,		/* one page: that which goes and comes, or the firmware */
	PIECE_BEFORE,		/* of RAM, from the device tree to the page that goes and comes */
	PIECE_BEHIND,		/* from there to the end of RAM */
	PIECE_TO_FIRMWARE,	/* or to the firmware */
};

/**
 * struct paged_point - a hypercall of a clean life
 * @at: who finds it
 * @piece: of what size
 */
struct paged_point {
	enum paged_at at;
	enum paged_piece piece;
};

/**
 * struct paged_calls - the hypercalls of a path
 * @points: of each kind, in their order, then one at AT_NOTHING
 */
struct paged_calls {
	const struct paged_point *points[PAGED_CALLS];
};

extern const struct path paged_path, firmware_path;

unsigned int paged_call_number(enum paged_call call);
const char *paged_call_name(enum paged_call call);
/* So many in a life. */
unsigned int paged_calls(const struct path *path, enum paged_call call);

/* What is given up when the hypercall at @p fails. */
struct cost paged_cost(const struct paged_point *p);

/* See cost_of() and cost_of_death(). */
unsigned int paged_parcel_pages(const struct path *path, __u32 id, unsigned int nth);
struct cost paged_cost_of_death(const struct path *path);

#endif
