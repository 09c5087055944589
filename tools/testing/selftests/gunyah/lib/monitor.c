// SPDX-License-Identifier: GPL-2.0-only
/* Existing monitors: their calls, and what these have to say: see monitor.h. */
#include <assert.h>

#include "monitor.h"

extern const char agent_start[], agent_end[];

static_assert(sizeof(struct mon_user_mem) == 32, "as in their headers");
static_assert(sizeof(struct mon_create_mem) == 64, "as in their headers");
static_assert(sizeof(struct mon_map_mem) == 32, "as in their headers");
static_assert(sizeof(struct mon_boot) == 16, "as in their headers");
static_assert(sizeof(struct mon_function) == 16, "as in their headers");
static_assert(sizeof(struct mon_irqfd) == 16, "as in their headers");
static_assert(sizeof(struct mon_ioeventfd) == 32, "as in their headers");
static_assert(sizeof(struct mon_run) == 40, "as in their headers");
static_assert(offsetof(struct mon_run, mmio.is_write) == 36, "as in their headers");
static_assert(offsetof(struct mon_run, end.type) == 20, "as in their headers");

static const struct row {
	const char *monitor;
	const char *step;
	const char *result[MON_COLUMNS];
} table[] = {
#include "monitors.inc"
};

/* ---- the table ---- */

static bool row_is(const struct monitor *m, int row, const char *step)
{
	return row >= 0 && row < (int)ARRAY_SIZE(table) && !strcmp(table[row].monitor, m->name) &&
	       (!step || !strcmp(table[row].step, step));
}

/* Is there what the monitor's memory needs?  Android's call is nothing by itself. */
static bool has_memory(struct monitor *m, unsigned long nr)
{
	unsigned int ext = nr == MON_SET_USER_MEM ? MON_USER_MEM : MON_USER_MEM_LENT;
	bool has;
	int vm;

	if (__ioctl(m->dev, MON_CHECK_EXTENSION, ext) <= 0)
		return false;
	vm = __ioctl(m->dev, MON_CREATE_VM, 0);
	if (vm < 0)
		test_die("CREATE_VM");
	has = monitor_has(vm, nr);
	close(vm);
	return has;
}

static const char *const columns[MON_COLUMNS] = {
	[MON_WITHOUT] = "without", [MON_PUBLISHED] = "published", [MON_PAGING] = "paging",
};

void monitor_begin(struct monitor *m, const char *name, unsigned long needs)
{
	int row = 0;

	*m = (struct monitor) { .name = name, .vm = -1, .dev = open_gunyah() };
	while (row < (int)ARRAY_SIZE(table) && !row_is(m, row, NULL))
		row++;
	m->row = row - 1;

	if (needs && !has_memory(m, needs))
		m->column = MON_WITHOUT;
	else if (__ioctl(m->dev, MON_CHECK_EXTENSION, MON_DEMAND_PAGING) > 0)
		m->column = MON_PAGING;
	else
		m->column = MON_PUBLISHED;
	ksft_print_msg("%s: column \"%s\"\n", name, columns[m->column]);
}

bool monitor_has(int vm, unsigned long nr)
{
	static const __u64 zeros[8];

	return __ioctl(vm, nr, zeros) != -ENOTTY;
}

/* The row of this step, or NULL: then it is not the next one. */
static const struct row *next_row(struct monitor *m, const char *step)
{
	if (!row_is(m, m->row, step))
		m->row++;
	if (row_is(m, m->row, step))
		return &table[m->row];
	ksft_print_msg("%s: \"%s\" is not the next call of the table\n", m->name, step);
	m->failed = true;
	return NULL;
}

static bool says(const char *want, long ret)
{
	if (!strcmp(want, "fd"))
		return ret > 2;
	if (!strcmp(want, "page"))
		return ret == getpagesize();
	if (ret < 0)
		return !strcmp(want, strerrorname_np(-ret));
	return *want >= '0' && *want <= '9' && strtol(want, NULL, 10) == ret;
}

bool monitor_step(struct monitor *m, const char *step, long ret)
{
	const struct row *row = next_row(m, step);

	if (row && !says(row->result[m->column], ret)) {
		ksft_print_msg("%s: %s: %ld (%s) instead of %s\n", m->name, step, ret,
			       ret < 0 ? strerrorname_np(-ret) : "success",
			       row->result[m->column]);
		m->failed = true;
	}
	return row && ret >= 0;
}

void monitor_absent(struct monitor *m, const char *step, long ret)
{
	if (!next_row(m, step) || ret == -ENOTTY)
		return;
	ksft_print_msg("%s: %s: %ld, but it is not there\n", m->name, step, ret);
	m->failed = true;
}

bool monitor_end(struct monitor *m)
{
	int row = m->row;

	while (row_is(m, ++row, NULL)) {
		if (!strcmp(table[row].result[m->column], "-"))
			continue;
		ksft_print_msg("%s: \"%s\" was not done\n", m->name, table[row].step);
		m->failed = true;
	}
	if (m->vm >= 0)
		close(m->vm);
	close(m->dev);
	return !m->failed;
}

/* ---- calls ---- */

int mon_create_vm(struct monitor *m)
{
	m->vm = __ioctl(m->dev, MON_CREATE_VM, 0);
	return m->vm;
}

int mon_user_mem(struct monitor *m, unsigned long nr, __u32 label, __u32 flags, __u64 gpa,
		 __u64 size, const void *addr)
{
	struct mon_user_mem region = {
		.label = label,
		.flags = flags,
		.gpa = gpa,
		.size = size,
		.addr = (uintptr_t)addr,
	};

	return __ioctl(m->vm, nr, &region);
}

int mon_create_mem(__u64 size, __u64 flags)
{
	struct mon_create_mem args = { .flags = flags, .size = size };
	int dev = open_gunyah();
	int fd = __ioctl(dev, MON_CREATE_GUEST_MEM, &args);

	close(dev);
	return fd;
}

/* The fd is a copy, as gunyah-test-vmm has it. */
int mon_map_mem_at(struct monitor *m, int fd, __u64 offset, __u64 gpa, __u64 size, __u32 flags)
{
	struct mon_map_mem args = {
		.gpa = gpa,
		.flags = flags,
		.offset = offset,
		.size = size,
	};
	int ret;

	args.fd = dup(fd);
	ret = __ioctl(m->vm, MON_MAP_MEM, &args);
	close(args.fd);
	return ret;
}

int mon_map_mem(struct monitor *m, int fd, __u64 gpa, __u64 size, __u32 flags)
{
	return mon_map_mem_at(m, fd, 0, gpa, size, flags);
}

int mon_set_dtb(struct monitor *m, __u64 gpa, __u64 size)
{
	struct mon_range range = { .gpa = gpa, .size = size };

	return __ioctl(m->vm, MON_SET_DTB_CONFIG, &range);
}

int mon_set_pc(struct monitor *m, __u64 pc)
{
	struct mon_boot boot = { .reg = MON_REG_PC, .value = pc };

	return __ioctl(m->vm, MON_SET_BOOT_CONTEXT, &boot);
}

int mon_start(struct monitor *m)
{
	return __ioctl(m->vm, MON_START, MON_GARBAGE);
}

int mon_function(struct monitor *m, unsigned long nr, __u32 type, const void *arg, __u32 size)
{
	struct mon_function fn = { .type = type, .arg_size = size, .arg = (uintptr_t)arg };

	return __ioctl(m->vm, nr, &fn);
}

int mon_add_vcpu(struct monitor *m, struct mon_vcpu *vcpu, __u32 id)
{
	vcpu->id = id;
	vcpu->run = NULL;
	vcpu->fd = mon_function(m, MON_ADD_FUNCTION, MON_FN_VCPU, &id, sizeof(id));
	return vcpu->fd;
}

int mon_remove_vcpu(struct monitor *m, const struct mon_vcpu *vcpu)
{
	return mon_function(m, MON_REMOVE_FUNCTION, MON_FN_VCPU, &vcpu->id, sizeof(vcpu->id));
}

int mon_map_vcpu(struct mon_vcpu *vcpu, size_t size)
{
	vcpu->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run != MAP_FAILED)
		return 0;
	vcpu->run = NULL;
	return -errno;
}

void mon_close_vcpu(struct mon_vcpu *vcpu)
{
	if (vcpu->run)
		munmap(vcpu->run, SZ_4K);
	if (vcpu->fd >= 0)
		close(vcpu->fd);
}

/* The padding is what QEMU leaves there: anything. */
int mon_add_irqfd(struct monitor *m, int fd, __u32 label, __u32 flags)
{
	struct mon_irqfd arg = {
		.fd = fd,
		.label = label,
		.flags = flags,
		.padding = 0xa5a5a5a5,
	};

	return mon_function(m, MON_ADD_FUNCTION, MON_FN_IRQFD, &arg, sizeof(arg));
}

/* ---- the guest ---- */

void *mon_user_pages(size_t size)
{
	int fd = memfd_create("guest", MFD_CLOEXEC);
	void *p;

	if (fd < 0 || ftruncate(fd, size))
		test_die("memfd");
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		test_die("mmap of a memfd");
	close(fd);
	return p;
}

void mon_load(const struct monitor *m, void *image, void *dtb, size_t dtb_size)
{
	memcpy(image, agent_start, agent_end - agent_start);
	guest_devicetree(&m->tree, dtb, dtb_size);
}

struct command {
	__u64 op;
	__u64 args[3];
	__u64 result;
};

/* Answers one access to the mailbox; true when it was the result. */
static bool answer(struct mon_run *run, unsigned int reg, struct command *cmd)
{
	__u64 value = 0;

	if (run->mmio.is_write) {
		memcpy(&cmd->result, run->mmio.data, sizeof(cmd->result));
		return reg == AGENT_RESULT;
	}
	if (reg == AGENT_OP)
		value = cmd->op;
	else if (reg <= AGENT_ARG2)
		value = cmd->args[(reg - AGENT_ARG0) / 8];
	memcpy(run->mmio.data, &value, sizeof(value));
	return false;
}

int mon_command(struct mon_vcpu *vcpu, __u64 op, __u64 a, __u64 b, __u64 c, __u64 *result)
{
	__u64 mailbox = AGENT_MAILBOX + ((__u64)vcpu->id << AGENT_MAILBOX_SHIFT);
	struct command cmd = { .op = op, .args = { a, b, c } };
	struct mon_run *run = vcpu->run;
	int ret;

	for (;;) {
		ret = __ioctl(vcpu->fd, MON_RUN, MON_GARBAGE);
		if (ret == -EINTR || ret == -EAGAIN)
			continue;
		if (ret)
			return ret;
		if (run->exit_reason == MON_EXIT_STATUS)
			return MON_ENDED;
		if (run->exit_reason != MON_EXIT_MMIO || run->mmio.phys_addr < mailbox ||
		    run->mmio.phys_addr >= mailbox + SZ_4K)
			return -EPROTO;
		if (!answer(run, run->mmio.phys_addr - mailbox, &cmd))
			continue;
		if (result)
			*result = cmd.result;
		return 0;
	}
}

int mon_power_off(struct mon_vcpu *vcpu)
{
	int ret = mon_command(vcpu, AGENT_HVC, PSCI_SYSTEM_OFF, 0, 0, NULL);

	if (ret < 0)
		return ret;
	if (ret != MON_ENDED || vcpu->run->end.status != MON_STATUS_EXITED ||
	    vcpu->run->end.type != MON_TYPE_OFF)
		return -EPROTO;
	return 0;
}
