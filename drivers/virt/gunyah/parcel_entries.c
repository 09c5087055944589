// SPDX-License-Identifier: GPL-2.0-only
/*
 * The list entries of all parcels are counted for as long as the kernel runs.
 *
 * The count stands for the small heap of the one resource manager.  What a connection
 * has left there, as a parcel that did not come back, is still there for the next one,
 * also when the driver was unloaded in between.  So this is built in.
 */
#include <linux/cleanup.h>
#include <linux/export.h>
#include <linux/spinlock.h>

#include "parcel_entries.h"

static DEFINE_SPINLOCK(gunyah_parcel_entries_lock);
static u64 gunyah_parcel_entries;

bool gunyah_parcel_entries_reserve(size_t n)
{
	guard(spinlock)(&gunyah_parcel_entries_lock);
	if (gunyah_parcel_entries + n > GUNYAH_MAX_MEM_ENTRIES)
		return false;
	gunyah_parcel_entries += n;
	return true;
}
EXPORT_SYMBOL_NS_GPL(gunyah_parcel_entries_reserve, GUNYAH_PARCEL);

void gunyah_parcel_entries_release(size_t n)
{
	guard(spinlock)(&gunyah_parcel_entries_lock);
	gunyah_parcel_entries -= n;
}
EXPORT_SYMBOL_NS_GPL(gunyah_parcel_entries_release, GUNYAH_PARCEL);

u64 gunyah_parcel_entries_count(void)
{
	guard(spinlock)(&gunyah_parcel_entries_lock);
	return gunyah_parcel_entries;
}
EXPORT_SYMBOL_NS_GPL(gunyah_parcel_entries_count, GUNYAH_PARCEL);
