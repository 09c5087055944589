// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many list entries the profile "published" takes: the real resource
 * manager's heap holds a guest of 6,144 one-page entries, does not start one of
 * 7,168, and drops the request that would make 8,192.
 */

#include "isolation.h"

#define ENTRIES_GOOD	6144
#define ENTRIES_MUCH	7168
#define ENTRIES_MOST	8192

static struct test_vm vm;

bool limit_entries_start(void)
{
	u64 last = (u64)(ENTRIES_GOOD - 1) * PAGE_SIZE;
	u64 v;

	*(u64 *)(PAGES_IPA + last) = 0x1a57;
	expect("ready", true, vm_prepare_pages(&vm, PAGES_IPA, ENTRIES_GOOD));
	expect("start", true, vm_go(&vm));
	expect("pages", ENTRIES_GOOD, control_read(CONTROL_PAGES_NOT_HOST));
	expect("load", true, vm_load(&vm, GUEST_BASE + last, &v));
	expect("last page", 0x1a57, v);
	expect("end", true, vm_close(&vm));
	return true;
}

bool limit_entries_refused(void)
{
	expect("ready", true, vm_prepare_pages(&vm, PAGES_IPA, ENTRIES_MUCH));
	expect("refused", true, vm_start(&vm) != 0);
	expect("end", true, vm_drop(&vm));
	return true;
}

/* No answer to that one, and the next call is answered. */
bool limit_entries_dropped(void)
{
	u16 vmid = rm_alloc();
	u32 handle = rm_lend_pages(PAGES_IPA, ENTRIES_MOST, vmid);
	u64 at = PAGES_IPA;
	u32 done;

	for (done = MAX_LIST; done < ENTRIES_MOST - MAX_LIST; done += MAX_LIST) {
		at += MAX_LIST * PAGE_SIZE;
		expect("append", 0, rm_append_pages(handle, at, MAX_LIST, false));
	}
	at += MAX_LIST * PAGE_SIZE;
	expect("no answer", ~0U, rm_append_pages(handle, at, MAX_LIST, true));
	expect("reclaim", 0, rm_reclaim(handle, 0));
	expect("dealloc", 0, rm_dealloc(vmid));
	return true;
}
