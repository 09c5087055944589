/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tests of the profile "paging": what the files of this payload share.
 *
 * Words: as in isolation.h, whose VMs and calls are used.  Page and block are
 * of the host's memory; to donate is to give to a guest, to take back the
 * reverse.
 */
#ifndef PAGING_H
#define PAGING_H

#include "../isolation/isolation.h"

#define BLOCK_SIZE	0x200000UL

/* Host memory: pages anywhere in the first, blocks in the second. */
#define PAGE_IPA	PARCEL_IPA
#define BLOCK_IPA	PARCEL2_IPA
#define GIGABYTE_IPA	0x80000000UL
#define GIGABYTE_SIZE	0x40000000UL

/* In the guest: what every VM here has named, its image at the beginning. */
#define NAMED_BASE	GUEST_BASE
#define NAMED_SIZE	0x4000000UL
#define IMAGE_PAGES	(VM_SIZE / PAGE_SIZE)
/* Nothing is there: in the named range, outside of it, and in another GiB. */
#define GPA		(NAMED_BASE + 0x800000UL)
#define GPA_SHARED	0xa0000000UL
#define GPA_FAR		0x140000000UL

enum { GUEST_PRIVATE, HOST_SHARED, HOST_PRIVATE, GUEST_SHARED, EXTENTS };

/* Hypercalls' errors. */
#define E_INVAL		1
#define E_SIZE		2
#define E_ALIGN		3
#define E_NOMEM		10
#define E_OVERFLOW	20
#define E_ADDRESS	22
#define E_DENIED	30
#define E_BUSY		31
#define E_CAP		50
#define E_TYPE		52
#define E_OWNER		111
#define E_MAPPINGS	120
#define E_EXTENT	121
#define E_TAKEN		200

/* The resource manager's. */
#define RM_MESSAGE	4
#define RM_ARGUMENT	6
#define RM_HANDLE	7
#define RM_MAP_FAILED	9
#define RM_VMID		0xd
#define RM_STATE	0x14

#define ID_VM_START	0x56000004U
#define ID_VM_RESET	0x56000006U
#define ID_VM_INIT	0x5600000bU
#define ID_VM_RESOURCES	0x56000020U
#define ID_BOOT_CONTEXT	0x56000031U
#define ID_PAGING	0x56000033U
#define ID_LAYOUT	0x56000034U

#define STATUS_EXITED	9
#define STATUS_RESET	11

#define STATE_READY	0
#define STATE_BLOCKED	3
#define STATE_READ	4
#define STATE_WRITE	5
#define STATE_FAULT	7

#define EMULATE		0
#define RETRY		1
#define FAULT		2

#define CALL_MAP	0x2b
#define CALL_UNMAP	0x2c
#define CALL_DONATE	0x61

#define PARTIAL		1UL
#define PRIVATE		2UL
#define VMMIO		4UL
#define NOSYNC		0x80000000UL

#define TO_SIBLING	2
#define TO_PROTECTED	3
#define FROM_PROTECTED	4

#define ATTRS(rights)	((rights) * 0x11UL | 15UL << 16)	/* user and kernel, write-back */

struct paged_vm {
	struct test_vm vm;
	u64 space, extent[EXTENTS];	/* capabilities */
};

/* ---- vm.c ---- */

/* To INIT; the rest of the way to READY; and until the guest waits for a command. */
bool paged_begin(struct paged_vm *p, u64 ipa);
bool paged_ready(struct paged_vm *p);
bool paged_open(struct paged_vm *p, u64 ipa);
/* paged_begin() with the usual range and layout, then paged_ready(). */
bool paged_prepare(struct paged_vm *p, u64 ipa);
/* The resources of a VM in READY. */
bool paged_find(struct paged_vm *p);
/* STOP and RESET of a VM that runs; RESET of one in READY. */
bool paged_end(struct paged_vm *p);
bool paged_reset(struct paged_vm *p);
/* paged_end(), the image's pages come back, DEALLOC. */
bool paged_close(struct paged_vm *p);
/* RESET, RECLAIM, DEALLOC of a VM that was never started. */
bool paged_drop(struct paged_vm *p);

u32 set_ranges(u16 vmid, u32 n, const u64 *ranges);	/* address, size, ... */
u32 set_layout(u16 vmid, u32 id, u64 base, u64 size);
u32 set_boot(u16 vmid, u32 set, u32 index, u64 value);

/* The hypercalls; x8 or the last argument is 0. */
u64 map(const struct paged_vm *p, u64 extent, u64 gpa, u64 attrs, u64 flags, u64 pa, u64 size);
u64 unmap(const struct paged_vm *p, u64 extent, u64 gpa, u64 flags, u64 pa, u64 size);
u64 donate(u64 options, u64 from, u64 to, u64 pa, u64 size);
void hvc_long(u64 x[9]);

/* The usual ways. */
u64 lend(const struct paged_vm *p, u64 pa, u64 size);
u64 lend_back(const struct paged_vm *p, u64 pa, u64 size);
u64 share(const struct paged_vm *p, u64 pa, u64 size);
u64 share_back(const struct paged_vm *p, u64 pa, u64 size);
u64 map_lent(const struct paged_vm *p, u64 gpa, u64 rights, u64 pa, u64 size);
u64 unmap_lent(const struct paged_vm *p, u64 gpa, u64 pa, u64 size);
u64 map_shared(const struct paged_vm *p, u64 gpa, u64 rights, u64 pa, u64 size);
u64 unmap_shared(const struct paged_vm *p, u64 gpa, u64 pa, u64 size);

/* The guest does it and stops with a page fault: its address, and write or not. */
bool faults(struct paged_vm *p, u64 cmd, u64 gpa, bool write);
/* The exit is answered; the guest goes on to its next command. */
bool answered(struct paged_vm *p, u64 answer, u64 action);

/* The next hypercall of this number finds memory for so many stage-2 tables only. */
void starve(u64 nr, u64 tables);
/* That rule has fired; it is cleared. */
bool starved(void);
/* A command of the control page; its status. */
u64 control_command(u64 command, u64 arg);

u64 peek(u64 addr);
bool hidden(u64 addr);		/* from the host */
u64 pages_given(void);

/* ---- tests ---- */

void run_requests(void);
void run_donate(void);
void run_map(void);
void run_map_refused(void);
void run_faults(void);
void run_life(void);
void run_smp(void);

extern const u8 tell_start[], tell_end[];

#endif
