// SPDX-License-Identifier: GPL-2.0-only
/*
 * Capabilities are new at each boot.  Those of the recording are looked up by
 * what stood in the same place: the device tree, an entry of a VM's resources,
 * the guest's device tree.
 */

#include "replay.h"

#define MAX_CAPS	256

static struct {
	u64 recorded, now;
} caps[MAX_CAPS];

static u32 nr_caps;

static bool find(u64 recorded, u32 *index)
{
	u32 i;

	for (i = 0; i < nr_caps; i++) {
		if (caps[i].recorded == recorded) {
			*index = i;
			return true;
		}
	}
	return false;
}

void cap_learn(u64 recorded, u64 now)
{
	u32 i;

	if (!find(recorded, &i)) {
		if (nr_caps == MAX_CAPS)
			return;
		i = nr_caps++;
	}
	caps[i].recorded = recorded;
	caps[i].now = now;
}

u64 cap_or_value(u64 recorded)
{
	u32 i;

	return find(recorded, &i) ? caps[i].now : recorded;
}

/* One that nobody gave: a little above a good one, or with one bit flipped. */
u64 cap_now(u64 recorded, bool *invented)
{
	u32 i;

	*invented = !find(recorded, &i);
	if (!*invented)
		return caps[i].now;
	for (i = 0; i < nr_caps; i++) {
		u64 above = recorded - caps[i].recorded;
		u64 flipped = caps[i].recorded ^ recorded;

		if (above < 8)
			return caps[i].now + above;
		if (!(flipped & (flipped - 1)))
			return caps[i].now ^ flipped;
	}
	return recorded;
}

bool cap_error(u64 err)
{
	return err == 1 || err == 50 || err == 52 || err == 53;
}
