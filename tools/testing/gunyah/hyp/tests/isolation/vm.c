// SPDX-License-Identifier: GPL-2.0-only
/* A guest of 4 MiB with one vCPU and the command interpreter. */

#include "isolation.h"

#define ID_VM_START		0x56000004U
#define ID_VM_STOP		0x56000005U
#define ID_VM_RESET		0x56000006U
#define ID_VM_CONFIG		0x56000009U
#define ID_VM_INIT		0x5600000bU
#define ID_VM_RESOURCES		0x56000020U

#define RESOURCE_SIZE		44
#define RESOURCE_VCPU		4

#define STATUS_EXITED		9
#define STATUS_RESET		11

#define STATE_READY		0
#define STATE_BLOCKED		3
#define STATE_VMMIO_READ	4
#define STATE_VMMIO_WRITE	5

#define CMD_READ		0x09000f00UL
#define CMD_RESULT		0x09000f08UL
#define REPORT_ESR		0x09000e00UL
#define REPORT_FAR		0x09000e08UL

#define VMMIO_PUBLISHED		0x40000000UL

#define SLICE_MS		20

static void put(u64 addr, const struct blob *b)
{
	u64 len = (u64)(b->end - b->start);

	memset((void *)addr, 0, ALIGN_UP(len, PAGE_SIZE));
	memcpy((void *)addr, b->start, len);
}

static bool put_blob(u64 addr, const char *name)
{
	const struct blob *b;

	for (b = blobs; b->name; b++) {
		if (!strcmp(b->name, name)) {
			put(addr, b);
			return true;
		}
	}
	return false;
}

u32 vm_call(u32 id, u16 vmid)
{
	u8 p[4] = { (u8)vmid, (u8)(vmid >> 8) };

	return rm_call(id, p, sizeof(p));
}

u32 vm_configure(const struct test_vm *vm)
{
	u8 p[40] = { (u8)vm->vmid };

	memcpy(p + 4, &vm->handle, 4);
	p[26] = GUEST_DTB >> 16;
	p[33] = PAGE_SIZE >> 8;
	return rm_call(ID_VM_CONFIG, p, sizeof(p));
}

/* The first entry of a vCPU. */
bool vm_find_vcpu(struct test_vm *vm)
{
	const u8 *entry = rm_reply() + 4;
	u32 i, n;

	if (vm_call(ID_VM_RESOURCES, vm->vmid))
		return false;
	memcpy(&n, rm_reply(), 4);
	for (i = 0; i < n; i++, entry += RESOURCE_SIZE) {
		if (entry[0] != RESOURCE_VCPU)
			continue;
		memcpy(&vm->vcpu, entry + 12, 8);
		memcpy(&vm->virq, entry + 24, 4);
		return true;
	}
	return false;
}

/* Guest and device tree are in the parcel: to READY. */
static bool make_ready(struct test_vm *vm)
{
	return vm->vmid && vm->handle != ~0U && !vm_configure(vm) &&
	       !vm_call(ID_VM_INIT, vm->vmid) && vm_find_vcpu(vm);
}

bool vm_lend(struct test_vm *vm, u64 ipa, const char *tree)
{
	memset(vm, 0, sizeof(*vm));
	vm->ipa = ipa;
	if (!put_blob(ipa, "guest") || !put_blob(ipa + GUEST_DTB, tree))
		return false;
	vm->vmid = rm_alloc();
	vm->handle = rm_lend(ipa, VM_SIZE, vm->vmid, R | W | X, 0, 0, 0);
	return vm->vmid && vm->handle != ~0U;
}

bool vm_prepare(struct test_vm *vm, u64 ipa, const char *tree)
{
	return vm_lend(vm, ipa, tree) && make_ready(vm);
}

bool vm_prepare_pages(struct test_vm *vm, u64 ipa, u32 pages)
{
	u32 done, n;

	memset(vm, 0, sizeof(*vm));
	vm->ipa = ipa;
	if (!put_blob(ipa, "guest") || !put_blob(ipa + GUEST_DTB, "base"))
		return false;
	vm->vmid = rm_alloc();
	vm->handle = rm_lend_pages(ipa, pages, vm->vmid);
	for (done = MAX_LIST; done < pages; done += n) {
		n = MIN(pages - done, (u32)MAX_LIST);
		if (rm_append_pages(vm->handle, ipa + done * PAGE_SIZE, n, done + n == pages))
			return false;
	}
	return make_ready(vm);
}

u32 vm_start(struct test_vm *vm)
{
	return vm_call(ID_VM_START, vm->vmid);
}

bool vm_drop(struct test_vm *vm)
{
	return !vm_call(ID_VM_RESET, vm->vmid) && rm_wait_status(vm->vmid, STATUS_RESET) &&
	       !rm_reclaim(vm->handle, 0) && !rm_dealloc(vm->vmid);
}

bool vm_go(struct test_vm *vm)
{
	static const u64 none[4];

	if (vm_start(vm))
		return false;
	hyp_vcpu_run(vm->vcpu, none, &vm->last);
	while (!vm->last.err && vm->last.state == STATE_READY) {
		gic_poll();
		hyp_vcpu_run(vm->vcpu, none, &vm->last);
	}
	return vm->last.state == STATE_VMMIO_READ && vm->last.data[0] == CMD_READ;
}

bool vm_open(struct test_vm *vm, u64 ipa, const char *tree)
{
	return vm_prepare(vm, ipa, tree) && vm_go(vm);
}

bool vm_end(struct test_vm *vm)
{
	u8 stop[8] = { (u8)vm->vmid, (u8)(vm->vmid >> 8), 1, 0, 3 };

	return !rm_call(ID_VM_STOP, stop, sizeof(stop)) &&
	       rm_wait_status(vm->vmid, STATUS_EXITED) && !vm_call(ID_VM_RESET, vm->vmid) &&
	       rm_wait_status(vm->vmid, STATUS_RESET);
}

bool vm_close(struct test_vm *vm)
{
	return vm_end(vm) && !rm_reclaim(vm->handle, 0) && !rm_dealloc(vm->vmid);
}

/* ---- commands ---- */

static void take_write(struct test_vm *vm)
{
	u64 addr = vm->last.data[0];
	u64 value = vm->last.data[2];

	if (addr == REPORT_ESR)
		vm->esr = value;
	else if (addr == REPORT_FAR)
		vm->far = value;
	else if (addr == CMD_RESULT && vm->nr_results < REGSET_MAX)
		vm->regs[vm->nr_results++] = value;
}

/* Runs until the guest wants a command word, with the answer to the last exit. */
bool vm_resume(struct test_vm *vm, u64 answer, u64 action)
{
	u64 resume[4] = { answer, action };
	u64 end = now_ms() + WAIT_MS;

	while (now_ms() < end) {
		timer_arm(SLICE_MS);
		hyp_vcpu_run(vm->vcpu, resume, &vm->last);
		timer_stop();
		gic_poll();
		resume[0] = 0;
		resume[1] = 0;
		if (vm->last.err)
			return false;
		switch (vm->last.state) {
		case STATE_READY:
		case STATE_BLOCKED:
			break;
		case STATE_VMMIO_WRITE:
			/* Only the profile "paging" tells of those above. */
			if (vm->last.data[0] >= VMMIO_PUBLISHED)
				return false;
			take_write(vm);
			break;
		case STATE_VMMIO_READ:
			return vm->last.data[0] == CMD_READ;
		default:
			return false;
		}
	}
	return false;
}

static bool run_to_command(struct test_vm *vm, u64 answer)
{
	return vm_resume(vm, answer, 0);
}

bool vm_continue(struct test_vm *vm)
{
	return run_to_command(vm, 0);
}

static u32 words_of(u64 cmd)
{
	switch (cmd >> 56) {
	case CMD_STORE >> 56:
		return 2;
	case CMD_LOAD >> 56:
	case CMD_EXEC >> 56:
	case CMD_WATCH >> 56:
	case CMD_COUNT(0) >> 56:
		return 1;
	default:
		return 0;
	}
}

bool vm_command(struct test_vm *vm, u64 cmd, u64 a, u64 b)
{
	u32 words = words_of(cmd);

	vm->nr_results = 0;
	vm->esr = 0;
	vm->far = 0;
	if (!run_to_command(vm, cmd))
		return false;
	if (words > 0 && !run_to_command(vm, a))
		return false;
	return words < 2 || run_to_command(vm, b);
}

bool vm_load(struct test_vm *vm, u64 gpa, u64 *v)
{
	if (!vm_command(vm, CMD_LOAD, gpa, 0) || vm->nr_results != 1)
		return false;
	*v = vm->regs[0];
	return true;
}

bool vm_store(struct test_vm *vm, u64 gpa, u64 v)
{
	return vm_command(vm, CMD_STORE, gpa, v);
}

/* ---- the control page ---- */

#define CONTROL_PAGE	0x0b000000UL

u64 control_read(u64 offset)
{
	u64 v = ~0UL;

	try_read64(CONTROL_PAGE + offset, &v);
	return v;
}

void control_write(u64 offset, u64 v)
{
	try_write64(CONTROL_PAGE + offset, v);
}
