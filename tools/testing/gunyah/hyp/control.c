// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control page, answered register by register; see control.h.
 *
 * Counters are read from their owners at the moment of the access, without
 * locks: a test that needs two numbers to belong together reads them while
 * nothing goes on.
 */

#include "abi.h"
#include "control.h"
#include "fault.h"
#include "mem.h"
#include "stage2.h"
#include "vm.h"
#include "rm/rm.h"

#define CONTROL_VERSION	2

static struct {
	spinlock_t lock;	/* guards all of it, and is held over a command */
	u64 command, status;
	u64 result[2];
	u64 arg[CONTROL_ARGS];
	u64 data[CONTROL_DATA / 8];
} control;

static u64 read_counter(u64 reg)
{
	switch (reg) {
	case CONTROL_REG_MAGIC:
		return CONTROL_MAGIC;
	case CONTROL_REG_VERSION:
		return CONTROL_VERSION;
	case CONTROL_REG_PAGES_NOT_HOST:
		return mem_pages_not_host_owned();
	case CONTROL_REG_VMIDS:
		return rm_vm_count();
	case CONTROL_REG_PARCELS:
		return rm_parcel_count();
	case CONTROL_REG_LOG_POSITION:
		return rm_log_position();
	case CONTROL_REG_POOL_PAGES:
		return page_pool_used();
	case CONTROL_REG_VMS:
		return vm_count();
	case CONTROL_REG_ENTRIES:
		return rm_parcel_entries();
	case CONTROL_REG_RM_DEAD:
		return rm_dead();
	case CONTROL_REG_ARMED:
		return fault_armed();
	case CONTROL_REG_FIRED:
		return fault_fired();
	case CONTROL_REG_FLUSHES:
		return stage2_flushes();
	case CONTROL_REG_PRIMARY_TABLES:
		return vm_primary()->s2.tables;
	default:
		return 0;
	}
}

/* The register of a command that @reg is, NULL when it is none. */
static u64 *command_reg(u64 reg)
{
	if (reg >= CONTROL_REG_ARG && reg < CONTROL_REG_ARG + sizeof(control.arg))
		return &control.arg[(reg - CONTROL_REG_ARG) / 8];
	if (reg >= CONTROL_REG_DATA && reg < CONTROL_REG_DATA + sizeof(control.data))
		return &control.data[(reg - CONTROL_REG_DATA) / 8];
	switch (reg) {
	case CONTROL_REG_COMMAND:
		return &control.command;
	case CONTROL_REG_STATUS:
		return &control.status;
	case CONTROL_REG_RESULT0:
		return &control.result[0];
	case CONTROL_REG_RESULT1:
		return &control.result[1];
	default:
		return NULL;
	}
}

/*
 * A message that was not sent is missing in the log of messages: it says why.
 * One that was sent, but the sender was told otherwise, has a reply that nobody
 * waits for.
 */
void fault_note_call(u64 nr, bool done)
{
	if (nr == HYP_CALL_MSGQ_SEND)
		rm_log_event("fault call=0x%x%s", (u32)nr, done ? " done" : "");
}

/* ---- commands; the control lock is held ---- */

static enum control_status add_rule(void)
{
	struct fault_rule rule = {
		.kind = (enum fault_kind)control.arg[0],
		.key = control.arg[1],
		.nth = control.arg[2],
		.times = control.arg[3],
		.target = control.arg[4],
		.action = (enum fault_action)control.arg[5],
		.len = (u32)control.arg[11],
	};
	int number;

	if (control.arg[11] > sizeof(rule.data))
		return CONTROL_INVALID;
	memcpy(rule.p, &control.arg[6], sizeof(rule.p));
	memcpy(rule.data, control.data, rule.len);
	number = fault_add(&rule);
	if (number < 0)
		return CONTROL_INVALID;
	control.result[0] = (u64)number;
	return CONTROL_OK;
}

static enum control_status count(void)
{
	if (control.arg[0] >= FAULT_KINDS)
		return CONTROL_INVALID;
	control.result[0] = fault_count((enum fault_kind)control.arg[0], control.arg[1]);
	return CONTROL_OK;
}

static enum control_status notify(void)
{
	u16 vmid = rm_get16((const u8 *)control.data);

	if (control.arg[1] > CONTROL_DATA - 8)
		return CONTROL_INVALID;
	/* What is told in a VM's name need not be true: the log says so. */
	if (control.arg[1] >= sizeof(vmid) && rm_vm_get(vmid))
		rm_log_event("fault note=0x%x target=0x%x", (u32)control.arg[0], vmid);
	rm_notify((u32)control.arg[0], control.data, (u32)control.arg[1]);
	return CONTROL_OK;
}

static enum control_status raw(void)
{
	if (!control.arg[0] || control.arg[0] > CONTROL_DATA)
		return CONTROL_INVALID;
	rm_channel_raw(rm_primary_channel, control.data, (u32)control.arg[0]);
	return CONTROL_OK;
}

/* Those that are the resource manager's: its lock is held too. */
static enum control_status do_rm_command(u64 command)
{
	switch (command) {
	case CONTROL_NOTIFY:
		return notify();
	case CONTROL_RAW:
		return raw();
	case CONTROL_STALL:
		rm_rpc_stall(control.arg[0]);
		return CONTROL_OK;
	case CONTROL_DIE:
		rm_die("control");
		return CONTROL_OK;
	case CONTROL_REVIVE:
		return rm_revive(control.arg[0]) ? CONTROL_OK : CONTROL_BUSY;
	case CONTROL_RECLAIM:
		control.result[0] = rm_mem_reclaim_lost();
		rm_log_event("reclaim pages=%lu", (unsigned long)control.result[0]);
		return CONTROL_OK;
	default:
		return CONTROL_UNKNOWN;
	}
}

static enum control_status do_command(u64 command)
{
	enum control_status status;

	switch (command) {
	case CONTROL_RULE:
		return add_rule();
	case CONTROL_CLEAR:
		fault_clear(control.arg[0]);
		return CONTROL_OK;
	case CONTROL_RULE_SEEN:
		return fault_seen(control.arg[0], &control.result[0], &control.result[1]) ?
		       CONTROL_OK : CONTROL_INVALID;
	case CONTROL_MARK:
		fault_mark();
		return CONTROL_OK;
	case CONTROL_COUNT:
		return count();
	default:
		rm_lock();
		status = do_rm_command(command);
		rm_unlock();
		return status;
	}
}

static void write_reg(u64 reg, u64 val)
{
	u64 *p = command_reg(reg);

	if (!p)
		return;
	spin_lock(&control.lock);
	if (reg == CONTROL_REG_COMMAND) {
		control.command = val;
		control.result[0] = 0;
		control.result[1] = 0;
		control.status = do_command(val);
	} else if (reg >= CONTROL_REG_ARG) {
		*p = val;
	}
	spin_unlock(&control.lock);
}

static u64 read_reg(u64 reg)
{
	u64 *p = command_reg(reg);
	u64 val;

	if (!p)
		return read_counter(reg);
	spin_lock(&control.lock);
	val = *p;
	spin_unlock(&control.lock);
	return val;
}

/**
 * control_mmio() - access of the primary VM to the control page
 * @v: the vCPU
 * @offset: in the page
 * @size: 1, 2, 4 or 8 bytes
 * @write: direction
 * @val: filled for a read
 *
 * Context: the way out of the primary VM, no guest's vCPU is loaded; takes the
 * control lock, and for commands the rm lock in it.
 * Return: false for anything but a naturally aligned access of 4 or 8 bytes:
 * the caller makes an abort of it.
 */
bool control_mmio(struct vcpu *v, u64 offset, unsigned int size, bool write, u64 *val)
{
	(void)v;
	if ((size != 4 && size != 8) || offset % size || offset + size > CONTROL_SIZE)
		return false;
	if (write) {
		if (size == 8)
			write_reg(offset, *val);
		return true;
	}
	*val = read_reg(ALIGN_DOWN(offset, 8UL));
	if (size == 4)
		*val = (u32)(*val >> (offset % 8 * 8));
	return true;
}
