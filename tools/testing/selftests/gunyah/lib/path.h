/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ways that work ("paths"), for failure sweeps: each is a life whose
 * hypercalls and messages are known, and each point on it has a cost that is
 * stated here, before anything fails.
 */
#ifndef GUNYAH_TEST_PATH_H
#define GUNYAH_TEST_PATH_H

#include "sweep.h"

#define SHARED_PAGES	(SZ_2M / SZ_4K)

/**
 * struct path - a way that works
 * @name: for messages
 * @live: lives a life
 * @nr_vcpus: of the VM
 * @nr_added: times that a vCPU is added
 * @nr_masks: times that a doorbell's masks are set
 * @nr_signals: that it is rung
 * @share: with shared memory
 * @off: the guest ends the VM, not the host
 * @reset: then it is reset and started again, and ended by the host
 * @small_pages: lends pages of 4K: the hypervisor's tables for them stay, and are
 *	not counted
 * @firmware: a protected VM, with firmware in the last page of its RAM
 * @order: ids of the messages of a life, then 0
 * @calls: in the demand-paged flow, its hypercalls about memory (lib/paged_path.h)
 */
struct path {
	const char *name;
	bool (*live)(struct life *l, const struct path *path);
	unsigned int nr_vcpus;
	unsigned int nr_added;
	unsigned int nr_masks;
	unsigned int nr_signals;
	bool share;
	bool off;
	bool reset;
	bool small_pages;
	bool firmware;
	const __u32 *order;
	const struct paged_calls *calls;
};

extern const struct path create_path, memory_path, map_path, functions_path, late_path,
			 start_1_path, start_4_path, reset_path, pieces_path, events_path,
			 user_path;

/* One life; false when a step failed twice. */
bool path_live(struct life *l, const struct path *path);
/* Messages @id of a life, 0: all. */
unsigned int path_messages(const struct path *path, __u32 id);

/* How a message fails. */
enum how {
	NOT_SENT,	/* the hypercall fails */
	REFUSED,	/* not done */
	DENIED,		/* done, and the answer is an error */
	TORN,		/* done, and the answer is none */
	HOWS,
};

/* What is given up when the @nth message @id of a life fails. */
struct cost cost_of(const struct path *path, enum how how, __u32 id, unsigned int nth);
/* What the caller of that step is told; 0: nobody is, it is of the end, or costs nothing. */
int error_of(const struct path *path, enum how how, __u32 id, unsigned int nth);
/* And when it is tried again: memory that is lost does not start again. */
int again_of(int error, const struct cost *cost);
/* What was lost comes back to the host where it can; the driver's leaks stay. */
bool cost_recover(const struct cost *cost);

/*
 * What is lost when the connection dies, by how far the life got since
 * control_mark(): all that was given and not taken back.
 */
struct cost cost_of_death(const struct path *path);

#endif
