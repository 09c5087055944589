/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many list entries all parcels have, see parcel_entries.c.
 */
#ifndef _GUNYAH_PARCEL_ENTRIES_H
#define _GUNYAH_PARCEL_ENTRIES_H

#include <linux/types.h>

/*
 * Entries of all parcels together that the driver lets the resource manager
 * have.  The published resource manager (Dec 2023) starts no guest when it has
 * more than about 6,144, and from 8,192 on it never answers again.
 */
#define GUNYAH_MAX_MEM_ENTRIES	6000

/**
 * gunyah_parcel_entries_reserve() - count entries of a parcel that is to be given
 * @n: how many
 *
 * Context: any but interrupts.
 * Return: false when there would be more than GUNYAH_MAX_MEM_ENTRIES; they are not
 * counted then.
 */
bool gunyah_parcel_entries_reserve(size_t n);

/**
 * gunyah_parcel_entries_release() - the resource manager has none of these any more
 * @n: as many as were reserved
 *
 * Context: any but interrupts.
 */
void gunyah_parcel_entries_release(size_t n);

/**
 * gunyah_parcel_entries_count() - list entries of parcels that are given or lost
 *
 * Context: any but interrupts.
 * Return: how many.
 */
u64 gunyah_parcel_entries_count(void);

#endif
