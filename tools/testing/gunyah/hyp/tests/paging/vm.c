// SPDX-License-Identifier: GPL-2.0-only
/* VMs with demand paging, and the calls about their memory. */

#include "paging.h"

#define SMCCC_CALL(n)		(0xc6008000UL | (n))

#define RESOURCE_SIZE		44
#define RESOURCE_EXTENT		9
#define RESOURCE_SPACE		10

#define CONTROL_COMMAND		0x80
#define CONTROL_STATUS		0x88
#define CONTROL_FIRED		0x58
#define CONTROL_ARG		0x100
#define COMMAND_RULE		1
#define COMMAND_CLEAR		2
#define RULE_HYPERCALL		0
#define RULE_NOMEM		2

/* ---- requests ---- */

u32 set_ranges(u16 vmid, u32 n, const u64 *ranges)
{
	static u8 p[8 + 16 * 600];

	memset(p, 0, 8);
	memcpy(p, &vmid, 2);
	memcpy(p + 4, &n, 4);
	memcpy(p + 8, ranges, 16 * n);
	return rm_call(ID_PAGING, p, 8 + 16 * n);
}

u32 set_layout(u16 vmid, u32 id, u64 base, u64 size)
{
	u8 p[24] = { 0 };

	memcpy(p, &vmid, 2);
	memcpy(p + 4, &id, 4);
	memcpy(p + 8, &base, 8);
	memcpy(p + 16, &size, 8);
	return rm_call(ID_LAYOUT, p, sizeof(p));
}

u32 set_boot(u16 vmid, u32 set, u32 index, u64 value)
{
	u8 p[16] = { 0 };

	memcpy(p, &vmid, 2);
	p[2] = (u8)set;
	p[3] = (u8)index;
	memcpy(p + 8, &value, 8);
	return rm_call(ID_BOOT_CONTEXT, p, sizeof(p));
}

/* ---- a VM's life ---- */

bool paged_begin(struct paged_vm *p, u64 ipa)
{
	memset(p, 0, sizeof(*p));
	return vm_lend(&p->vm, ipa, "base") && !vm_configure(&p->vm);
}

bool paged_find(struct paged_vm *p)
{
	const u8 *entry;
	u32 i, n, label;

	if (vm_call(ID_VM_RESOURCES, p->vm.vmid))
		return false;
	entry = rm_reply() + 4;
	memcpy(&n, rm_reply(), 4);
	for (i = 0; i < n; i++, entry += RESOURCE_SIZE) {
		memcpy(&label, entry + 8, 4);
		if (entry[0] == RESOURCE_SPACE)
			memcpy(&p->space, entry + 12, 8);
		else if (entry[0] == RESOURCE_EXTENT && label < EXTENTS)
			memcpy(&p->extent[label], entry + 12, 8);
	}
	return p->space && p->extent[GUEST_PRIVATE] && p->extent[GUEST_SHARED];
}

bool paged_ready(struct paged_vm *p)
{
	return !vm_call(ID_VM_INIT, p->vm.vmid) && vm_find_vcpu(&p->vm) && paged_find(p);
}

bool paged_prepare(struct paged_vm *p, u64 ipa)
{
	static const u64 range[2] = { NAMED_BASE, NAMED_SIZE };

	return paged_begin(p, ipa) && !set_ranges(p->vm.vmid, 1, range) &&
	       !set_layout(p->vm.vmid, 0, GUEST_BASE, VM_SIZE) && paged_ready(p);
}

bool paged_open(struct paged_vm *p, u64 ipa)
{
	return paged_prepare(p, ipa) && vm_go(&p->vm);
}

bool paged_reset(struct paged_vm *p)
{
	return !vm_call(ID_VM_RESET, p->vm.vmid) && rm_wait_status(p->vm.vmid, STATUS_RESET);
}

bool paged_end(struct paged_vm *p)
{
	return vm_end(&p->vm);
}

bool paged_close(struct paged_vm *p)
{
	return paged_end(p) && !lend_back(p, p->vm.ipa, VM_SIZE) && !rm_dealloc(p->vm.vmid);
}

bool paged_drop(struct paged_vm *p)
{
	return vm_drop(&p->vm);
}

/* ---- hypercalls ---- */

u64 map(const struct paged_vm *p, u64 extent, u64 gpa, u64 attrs, u64 flags, u64 pa, u64 size)
{
	u64 x[9] = { SMCCC_CALL(CALL_MAP), p->space, extent, gpa, attrs, flags, pa, size };

	hvc_long(x);
	return x[0];
}

u64 unmap(const struct paged_vm *p, u64 extent, u64 gpa, u64 flags, u64 pa, u64 size)
{
	u64 x[9] = { SMCCC_CALL(CALL_UNMAP), p->space, extent, gpa, flags, pa, size };

	hvc_long(x);
	return x[0];
}

u64 donate(u64 options, u64 from, u64 to, u64 pa, u64 size)
{
	u64 x[9] = { SMCCC_CALL(CALL_DONATE), options, from, to, pa, size };

	hvc_long(x);
	return x[0];
}

u64 lend(const struct paged_vm *p, u64 pa, u64 size)
{
	return donate(TO_PROTECTED, p->extent[HOST_PRIVATE], p->extent[GUEST_PRIVATE], pa, size);
}

u64 lend_back(const struct paged_vm *p, u64 pa, u64 size)
{
	return donate(FROM_PROTECTED, p->extent[GUEST_PRIVATE], p->extent[HOST_PRIVATE], pa, size);
}

u64 share(const struct paged_vm *p, u64 pa, u64 size)
{
	return donate(TO_SIBLING, p->extent[HOST_SHARED], p->extent[GUEST_SHARED], pa, size);
}

u64 share_back(const struct paged_vm *p, u64 pa, u64 size)
{
	return donate(TO_SIBLING, p->extent[GUEST_SHARED], p->extent[HOST_SHARED], pa, size);
}

u64 map_lent(const struct paged_vm *p, u64 gpa, u64 rights, u64 pa, u64 size)
{
	return map(p, p->extent[GUEST_PRIVATE], gpa, ATTRS(rights), PARTIAL | PRIVATE, pa, size);
}

u64 unmap_lent(const struct paged_vm *p, u64 gpa, u64 pa, u64 size)
{
	return unmap(p, p->extent[GUEST_PRIVATE], gpa, PARTIAL | PRIVATE, pa, size);
}

u64 map_shared(const struct paged_vm *p, u64 gpa, u64 rights, u64 pa, u64 size)
{
	return map(p, p->extent[GUEST_SHARED], gpa, ATTRS(rights), PARTIAL | VMMIO, pa, size);
}

u64 unmap_shared(const struct paged_vm *p, u64 gpa, u64 pa, u64 size)
{
	return unmap(p, p->extent[GUEST_SHARED], gpa, PARTIAL | VMMIO, pa, size);
}

/* ---- the guest ---- */

bool faults(struct paged_vm *p, u64 cmd, u64 gpa, bool write)
{
	if (vm_command(&p->vm, cmd, gpa, 0x5709e))
		return false;
	return !p->vm.last.err && p->vm.last.state == STATE_FAULT &&
	       p->vm.last.data[0] == gpa && !p->vm.last.data[1] == !write;
}

bool answered(struct paged_vm *p, u64 answer, u64 action)
{
	return vm_resume(&p->vm, answer, action);
}

/* ---- the control page ---- */

static u64 fired_before;

u64 control_command(u64 command, u64 arg)
{
	control_write(CONTROL_ARG, arg);
	control_write(CONTROL_COMMAND, command);
	return control_read(CONTROL_STATUS);
}

void starve(u64 nr, u64 tables)
{
	/* kind, key, nth, times, target, action, p0 ... bytes */
	u64 arg[12] = { RULE_HYPERCALL, nr, 1, 1, 0, RULE_NOMEM, tables };
	u32 i;

	fired_before = control_read(CONTROL_FIRED);
	for (i = 0; i < ARRAY_SIZE(arg); i++)
		control_write(CONTROL_ARG + 8 * i, arg[i]);
	control_write(CONTROL_COMMAND, COMMAND_RULE);
	expect("rule", 0, control_read(CONTROL_STATUS));
}

bool starved(void)
{
	control_command(COMMAND_CLEAR, ~0UL);
	return control_read(CONTROL_FIRED) == fired_before + 1;
}

u64 peek(u64 addr)
{
	u64 v = 0;

	try_read64(addr, &v);
	return v;
}

bool hidden(u64 addr)
{
	u64 v;

	return try_read64(addr, &v) == ESR_DATA && try_write64(addr, 1) == ESR_DATA;
}

u64 pages_given(void)
{
	return control_read(CONTROL_PAGES_NOT_HOST);
}
