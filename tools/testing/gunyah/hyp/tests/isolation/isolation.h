/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tests of the hypervisor's isolation: what the files of this payload share.
 *
 * Each test is a function that says true or false, with a name in the table of
 * main.c.  A test leaves nothing behind: no parcel, no VM.
 *
 * Words: host = this payload, in the place of the primary VM.
 */
#ifndef ISOLATION_H
#define ISOLATION_H

#include "../el1/el1.h"
#include "../regset/regset.h"

#define WAIT_MS		5000

#define ESR_DATA	0x96000010UL	/* synchronous external abort, EL1 */
#define ESR_FETCH	0x86000010UL

/* Memory of the tests; the payload itself is at 0x60000000. */
#define VM_IPA		0x50000000UL
#define VM_SIZE		0x400000UL
#define VM2_IPA		0x51000000UL
#define PARCEL_IPA	0x54000000UL
#define PARCEL2_IPA	0x55000000UL
#define PAGES_IPA	0x68000000UL	/* 8192 pages */

/* In the guest. */
#define GUEST_BASE	0x80000000UL
#define GUEST_DTB	0x200000UL	/* offset */
#define GUEST_SHM	0x90000000UL	/* where tree "shm" has the parcel labelled 0x77 */
#define SHM_LABEL	0x77

#define X		1
#define W		2
#define R		4

/*
 * A test that expects something says what it found instead, and has failed; it
 * goes on, so that it can put away what it made.
 */
void expect(const char *what, u64 expected, u64 found);

/* report.c */
struct test {
	const char *name;
	bool (*run)(void);
};

void report_begin(void);
void run_all(const struct test *tests, u32 n);
void report(bool good, const char *group, const char *name);
/* The last lines; the suite looks for the payload's name. */
void report_end(const char *payload);

/* rm.c: one call; the error word of the reply, ~0 when none comes. */
u32 rm_call(u32 id, const u8 *payload, u32 len);
/* The same with a limit of its own, in milliseconds. */
u32 rm_call_within(u32 id, const u8 *payload, u32 len, u64 ms);
/* Payload of the last reply, behind the error word, and how long it is. */
const u8 *rm_reply(void);
u32 rm_reply_len(void);
/* A parcel: lent when owner_rights is 0, else shared.  Its handle, or ~0. */
u32 rm_lend(u64 ipa, u64 size, u16 vmid, u8 rights, u8 owner_rights, u32 label, u8 flags);
/*
 * A parcel of one-page entries: the first MAX_LIST of them; when @pages is more,
 * the others have to be appended.
 */
#define MAX_LIST	512
u32 rm_lend_pages(u64 ipa, u32 pages, u16 vmid);
u32 rm_append_pages(u32 handle, u64 ipa, u32 pages, bool done);
u32 rm_reclaim(u32 handle, u8 flags);
/* A vmid in state LOAD, as a receiver for parcels; 0 when there is none. */
u16 rm_alloc(void);
u32 rm_dealloc(u16 vmid);
/* The last VM_STATUS of this vmid; waits until it is the one wanted. */
bool rm_wait_status(u16 vmid, u8 status);

/* vm.c: a guest with the command interpreter. */
struct test_vm {
	u64 ipa;
	u16 vmid;
	u32 handle;
	u64 vcpu;		/* capability */
	u32 virq;		/* its wake-up interrupt */
	struct run_result last;
	u64 regs[REGSET_MAX];	/* what it reported */
	u32 nr_results;
	u64 esr, far;		/* exception that it reported, else 0 */
};

/* A request of a vmid only. */
u32 vm_call(u32 id, u16 vmid);
/* The steps of vm_prepare(): what is in the parcel, LEND, CONFIG_IMAGE; the vCPU. */
bool vm_lend(struct test_vm *vm, u64 ipa, const char *tree);
u32 vm_configure(const struct test_vm *vm);
bool vm_find_vcpu(struct test_vm *vm);
bool vm_open(struct test_vm *vm, u64 ipa, const char *tree);
/* LEND to READY only; then parcels may be added before vm_go(). */
bool vm_prepare(struct test_vm *vm, u64 ipa, const char *tree);
bool vm_go(struct test_vm *vm);
/* vm_prepare() with RAM of one-page entries instead of one entry. */
bool vm_prepare_pages(struct test_vm *vm, u64 ipa, u32 pages);
/* VM_START alone; its error. */
u32 vm_start(struct test_vm *vm);
/* RESET, RECLAIM, DEALLOC of a VM that did not start. */
bool vm_drop(struct test_vm *vm);
/* STOP, RESET, RECLAIM, DEALLOC; true when all of it worked. */
bool vm_close(struct test_vm *vm);
/* vm_close() but for the reclaim. */
bool vm_end(struct test_vm *vm);

#define CMD(op, size, arg)	((u64)(op) << 56 | (u64)(size) << 48 | (u64)(arg))
#define CMD_LOAD	CMD(1, 8, 0)
#define CMD_STORE	CMD(2, 8, 0)
#define CMD_WFI		CMD(3, 0, 0)
#define CMD_ACK		CMD(4, 0, 0)
#define CMD_EXEC	CMD(7, 0, 0xa)
#define CMD_TIMER(ms)	CMD(0x20, 0, ms)
#define CMD_POLL	CMD(0x21, 0, 0)
#define CMD_ENTRY_X	CMD(0x22, 0, 0)
#define CMD_ENTRY_REGS	CMD(0x23, 0, 0)
#define CMD_REGS_FILL(seed)	CMD(0x24, 0, seed)
#define CMD_REGS_CHECK	CMD(0x25, 0, 0)
#define CMD_WATCH	CMD(0x26, 0, 0)
#define CMD_BREAK	CMD(0x27, 0, 0)
#define CMD_COUNT(limit)	CMD(0x28, 0, limit)

/*
 * Gives the guest a command with its words and runs it until it asks for the
 * next: results are in vm->regs.  False when it did something else; then
 * vm->last says what.
 */
bool vm_command(struct test_vm *vm, u64 cmd, u64 a, u64 b);
/* Runs it on after a command that did not end, with an answer to the exit. */
bool vm_continue(struct test_vm *vm);
bool vm_resume(struct test_vm *vm, u64 answer, u64 action);
/* 8 bytes at a guest address; vm->esr is not 0 when that was an exception. */
bool vm_load(struct test_vm *vm, u64 gpa, u64 *v);
bool vm_store(struct test_vm *vm, u64 gpa, u64 v);

/* calls.S: one vcpu_run; x0 to x30 as they came back (not x2). */
void run_all_registers(u64 cap, u64 answer, u64 x[31]);
#define GENERAL_MARK	0x4d41524b00000000UL	/* plus the number, in x18 to x30 */

/* The control page of the hypervisor. */
u64 control_read(u64 offset);
void control_write(u64 offset, u64 v);
#define CONTROL_PAGES_NOT_HOST	0x10
#define CONTROL_PRIMARY_TABLES	0x68
#define CONTROL_VMIDS		0x18
#define CONTROL_PARCELS		0x20
#define CONTROL_POOL_PAGES	0x30

/* Tests, in the order of main.c's table. */
bool hyp_memory_read(void);
bool hyp_memory_write(void);
bool hyp_memory_exec(void);
bool hyp_memory_lend(void);
bool hyp_memory_buffer(void);
bool lent_read(void);
bool lent_write(void);
bool lent_exec(void);
bool lent_neighbours(void);
bool lent_block(void);
bool lent_send_buffer(void);
bool lent_receive_buffer(void);
bool lent_other_cpu(void);
bool lent_twice(void);
bool reclaimed_content(void);
bool reclaimed_sanitized(void);
bool lent_sanitized(void);
bool shared_read_only(void);
bool shared_no_exec(void);
bool shared_unknown_vmid(void);

bool guest_ram_hidden(void);
bool guest_keeps_content(void);
bool guest_not_host_ram(void);
bool guest_not_hyp_memory(void);
bool guest_not_behind_ram(void);
bool guest_not_above_36_bits(void);
bool guest_exec_outside(void);
bool guest_shared_coherent(void);
bool guest_read_only(void);
bool guest_no_exec(void);
bool guests_apart(void);
bool guest_reset_unmaps(void);
bool nothing_left(void);

bool regs_host_to_guest(enum reg_group group);
bool regs_guest_to_host(enum reg_group group);
bool regs_guest_keeps(enum reg_group group);
bool general_host_to_guest(void);
bool general_guest_to_host(void);

bool limit_entries_start(void);
bool limit_entries_refused(void);
bool limit_entries_dropped(void);

bool timer_wakes_wfi(void);
bool timer_not_early(void);
bool timer_fires_running(void);
bool timer_wakes_idle_host(void);
bool timer_host_keeps_its_own(void);
bool timer_two_guests(void);
bool timer_host_handler(void);

bool call_unknown_number(void);
bool call_outside_of_hypercalls(void);
bool call_of_paging(void);

bool debug_watchpoint(void);
bool debug_breakpoint(void);

#endif
