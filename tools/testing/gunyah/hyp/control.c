// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control page, answered register by register; see control.h.
 *
 * Everything is read from the counters of its owner at the moment of the
 * access, without locks: a test that needs two numbers to belong together
 * reads them while nothing goes on.
 */

#include "control.h"
#include "mem.h"
#include "vm.h"
#include "rm/rm.h"

#define CONTROL_VERSION	1

static u64 read_reg(u64 reg)
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
	default:
		return 0;
	}
}

/**
 * control_mmio() - access of the primary VM to the control page
 * @v: the vCPU
 * @offset: in the page
 * @size: 1, 2, 4 or 8 bytes
 * @write: direction
 * @val: filled for a read
 *
 * Context: the way out of the primary VM; takes no lock.
 * Return: false for anything but a naturally aligned access of 4 or 8 bytes:
 * the caller makes an abort of it.
 */
bool control_mmio(struct vcpu *v, u64 offset, unsigned int size, bool write, u64 *val)
{
	(void)v;
	if ((size != 4 && size != 8) || offset % size || offset + size > CONTROL_SIZE)
		return false;
	if (write)
		return true;
	*val = read_reg(ALIGN_DOWN(offset, 8UL));
	if (size == 4)
		*val = (u32)(*val >> (offset % 8 * 8));
	return true;
}
