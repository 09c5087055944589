// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calls that the fuzzer does, some as they should be and some not.
 *
 * Files are in slots that all threads use.  Only who takes a file out of its slot
 * closes it, so a number that was read from a slot may be closed at any time, and
 * then be another file's.
 */
#include <linux/falloc.h>

#include "fuzz.h"

struct fuzz_state fuzz;

__thread unsigned int fuzz_seed;

/* This thread's /proc/thread-self/fail-nth. */
static __thread int nth_fd = -1;

void fuzz_thread(unsigned int seed)
{
	fuzz_seed = seed;
	if (fuzz.inject)
		nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
}

unsigned int fuzz_pick(unsigned int n)
{
	return rand_r(&fuzz_seed) % n;
}

#define pick fuzz_pick

/* ---- how it went ---- */

static int note(enum fuzz_call call, int ret)
{
	if (ret >= 0)
		__atomic_fetch_add(&fuzz.succeeded[call], 1, __ATOMIC_RELAXED);
	else if (-ret < FUZZ_ERRNOS)
		__atomic_fetch_add(&fuzz.failed[call][-ret], 1, __ATOMIC_RELAXED);
	return ret;
}

static void set_nth(unsigned int nth)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u", nth);

	if (pwrite(nth_fd, text, n, 0) != n)
		test_die("fail-nth");
}

/* One of the driver's next allocations in this thread fails, now and then. */
static bool arm(void)
{
	if (nth_fd < 0 || pick(16))
		return false;
	set_nth(1 + pick(4) * pick(8));
	return true;
}

static void disarm(bool armed)
{
	char text[16] = "1";

	if (!armed)
		return;
	if (pread(nth_fd, text, sizeof(text) - 1, 0) > 0 && !atoi(text))
		__atomic_fetch_add(&fuzz.allocations, 1, __ATOMIC_RELAXED);
	set_nth(0);
}

#define DO(call, expr) ({						\
	bool _armed = arm();						\
	int _did = (expr);						\
									\
	disarm(_armed);							\
	note(call, _did);						\
})

/* ---- slots ---- */

/* Mostly one that is there. */
static int get(int *slots, unsigned int n)
{
	unsigned int tries;
	int fd = -1;

	for (tries = 0; tries < 4 && fd < 0; tries++)
		fd = __atomic_load_n(&slots[pick(n)], __ATOMIC_RELAXED);
	return fd;
}

static void replace(int *slot, int fd)
{
	int old = __atomic_exchange_n(slot, fd, __ATOMIC_RELAXED);

	if (old >= 0)
		note(FUZZ_CLOSE, close(old) ? -errno : 0);
}

static void put(int *slots, unsigned int n, int fd)
{
	replace(&slots[pick(n)], fd);
}

static int get_dev(void)
{
	return get(fuzz.devs, FUZZ_DEVS);
}

static int get_vm(void)
{
	return get(fuzz.vms, FUZZ_VMS);
}

static int get_mem(void)
{
	return get(fuzz.mems, FUZZ_MEMS);
}

static int get_vcpu(void)
{
	return get(fuzz.vcpus, FUZZ_VCPUS);
}

/* ---- arguments ---- */

static __u64 some_value(void)
{
	static const __u64 values[] = {
		0, 1, 0xfff, SZ_4K, SZ_2M, GUEST_BASE, GUEST_DTB, GUEST_BASE + 1, 1UL << 40,
		1UL << 63, ~0xfffUL, ~0UL,
	};

	return values[pick(ARRAY_SIZE(values))];
}

/* As the argument of a call: sometimes one that can't be read. */
static void *some_arg(void *arg)
{
	return pick(32) ? arg : (void *)some_value();
}

/* ---- /dev/gunyah ---- */

static int do_open(void)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static void fuzz_open(void)
{
	int fd = DO(FUZZ_OPEN, do_open());

	if (fd >= 0)
		put(fuzz.devs, FUZZ_DEVS, fd);
}

static void fuzz_create_vm(void)
{
	int fd = DO(FUZZ_CREATE_VM, __ioctl(get_dev(), GUNYAH_CREATE_VM, !pick(8)));

	if (fd >= 0)
		put(fuzz.vms, FUZZ_VMS, fd);
}

static void fuzz_create_mem(void)
{
	struct gunyah_create_mem_args args = {
		.flags = pick(16) ? pick(4) : some_value(),
		.size = pick(16) ? GUEST_SIZE : some_value(),
		.reserved[5] = !pick(32),
	};
	int fd;

	/* Not so much that the machine is out of memory. */
	if (args.size > (1UL << 30) && args.size < (1UL << 62))
		args.size = SZ_2M;
	fd = DO(FUZZ_CREATE_MEM, __ioctl(get_dev(), GUNYAH_CREATE_GUEST_MEM, some_arg(&args)));
	if (fd >= 0)
		put(fuzz.mems, FUZZ_MEMS, fd);
}

/* ---- a VM ---- */

static int do_map(int vm, __u64 gpa, __u64 size, __u64 offset, __u32 flags)
{
	struct gunyah_map_mem_args args = {
		.guest_addr = gpa,
		.flags = flags,
		.guest_mem_fd = get_mem(),
		.offset = offset,
		.size = size,
	};

	return __ioctl(vm, GUNYAH_VM_MAP_MEM, some_arg(&args));
}

static void fuzz_map(enum fuzz_call call)
{
	__u32 kind = call == FUZZ_SHARE ? GUNYAH_MEM_FORCE_SHARE : GUNYAH_MEM_FORCE_LEND;
	__u32 flags = pick(8) ? kind | GUNYAH_MEM_ALLOW_RWX : (__u32)rand_r(&fuzz_seed);
	__u64 size = pick(8) ? SZ_2M : some_value();
	__u64 offset = pick(2) * SZ_2M;
	__u64 gpa = GUEST_BASE + offset;
	int vm = get_vm();

	/* Behind the guest's RAM, where it is a parcel of its own. */
	if (call == FUZZ_SHARE)
		gpa += 0x10000000;
	if (!pick(4)) {
		gpa = pick(4) ? gpa + pick(4) * SZ_2M : some_value();
		offset = some_value();
	}
	if (call == FUZZ_UNMAP)
		flags |= GUNYAH_MEM_UNMAP;
	if (!DO(call, do_map(vm, gpa, size, offset, flags)) && !pick(8))
		DO(FUZZ_UNMAP, do_map(vm, gpa, size, offset, flags | GUNYAH_MEM_UNMAP));
}

static void fuzz_dtb(void)
{
	struct gunyah_vm_dtb_config config = {
		.guest_phys_addr = pick(2) ? GUEST_DTB : some_value(),
		.size = pick(2) ? GUEST_DTB_SIZE : some_value(),
	};

	DO(FUZZ_DTB, __ioctl(get_vm(), GUNYAH_VM_SET_DTB_CONFIG, some_arg(&config)));
}

static void fuzz_boot(void)
{
	struct gunyah_vm_boot_context context = {
		.reg = pick(8) ? pick(0x210) : (unsigned int)some_value(),
		.reserved = !pick(16),
		.value = some_value(),
	};

	DO(FUZZ_BOOT, __ioctl(get_vm(), GUNYAH_VM_SET_BOOT_CONTEXT, some_arg(&context)));
}

static void fuzz_auth(enum fuzz_call call)
{
	struct gunyah_vm_qtvm_auth_arg arg = {};
	struct gunyah_vm_auth_desc desc = { .arg_size = !pick(4) };

	if (call == FUZZ_AUTH_OTHER)
		desc = (struct gunyah_vm_auth_desc) {
			.type = 1 + pick(2),
			.arg_size = sizeof(arg),
			.arg = (uintptr_t)&arg,
		};
	DO(call, __ioctl(get_vm(), GUNYAH_VM_SET_AUTH, some_arg(&desc)));
}

/* Calls that answer the same to whatever is asked. */
static void fuzz_not_here(enum fuzz_call call)
{
	struct gunyah_userspace_memory_region region = {
		.flags = pick(16),
		.guest_phys_addr = some_value(),
		.memory_size = some_value(),
		.userspace_addr = some_value(),
	};
	struct gunyah_address_range range = {
		.guest_phys_addr = some_value(),
		.size = some_value(),
	};

	if (call == FUZZ_USER_MEM)
		DO(call, __ioctl(get_vm(), GUNYAH_VM_SET_USER_MEM_REGION, some_arg(&region)));
	else if (call == FUZZ_RECLAIM)
		DO(call, __ioctl(get_vm(), GUNYAH_VM_RECLAIM_MEM, some_arg(&range)));
	else
		DO(call, __ioctl(get_vm(), GUNYAH_VM_RESET, some_value()));
}

static int do_function(int vm, unsigned long cmd, struct gunyah_fn_desc *desc)
{
	if (!pick(32))
		desc->arg = some_value();
	if (!pick(32))
		desc->arg_size = pick(2) ? pick(64) : (__u32)some_value();
	return __ioctl(vm, cmd, some_arg(desc));
}

static int do_vcpu_function(int vm, unsigned long cmd, __u32 id)
{
	struct gunyah_fn_vcpu_arg arg = { .id = pick(8) ? id : (__u32)some_value() };
	struct gunyah_fn_desc desc = {
		.type = GUNYAH_FN_VCPU,
		.arg_size = sizeof(arg),
		.arg = (uintptr_t)&arg,
	};

	return do_function(vm, cmd, &desc);
}

/* Types that no module has, among them those that the UAPI names. */
static int do_other_function(unsigned long cmd)
{
	struct gunyah_fn_irqfd_arg irqfd = { .fd = get_dev(), .label = pick(4) };
	struct gunyah_fn_ioeventfd_arg ioeventfd = { .fd = get_dev(), .addr = GUEST_MMIO };
	struct gunyah_fn_desc desc = {
		.type = GUNYAH_FN_IRQFD,
		.arg_size = sizeof(irqfd),
		.arg = (uintptr_t)&irqfd,
	};

	if (pick(2))
		desc = (struct gunyah_fn_desc) {
			.type = GUNYAH_FN_IOEVENTFD,
			.arg_size = sizeof(ioeventfd),
			.arg = (uintptr_t)&ioeventfd,
		};
	/* To look for a module is slow. */
	if (!pick(8))
		desc.type = pick(2) ? 0 : 4 + pick(1000);
	return do_function(get_vm(), cmd, &desc);
}

static void fuzz_add(int vm, __u32 id, unsigned int slot)
{
	int fd = DO(FUZZ_ADD, do_vcpu_function(vm, GUNYAH_VM_ADD_FUNCTION, id));
	void *p;

	if (fd < 0)
		return;
	p = mmap(NULL, SZ_4K, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	note(FUZZ_MMAP_RUN, p == MAP_FAILED ? -errno : 0);
	/* Pages are never unmapped: another thread may be writing to one. */
	if (p != MAP_FAILED)
		__atomic_store_n(&fuzz.pages[slot], p, __ATOMIC_RELAXED);
	replace(&fuzz.vcpus[slot], fd);
}

/* ---- a vCPU ---- */

static const __u32 psci[] = {
	PSCI_SYSTEM_OFF, PSCI_SYSTEM_RESET, PSCI_CPU_ON, PSCI_CPU_ON, PSCI_CPU_ON,
	PSCI_AFFINITY_INFO, PSCI_CPU_OFF,
};

/* What the agent reads next: a command, and arguments that lead it somewhere. */
static __u64 some_answer(__u64 reg)
{
	if (!pick(16))
		return some_value();
	switch (reg) {
	case AGENT_OP:
		return pick(4) ? pick(20) : AGENT_HVC;
	case AGENT_ARG0:
		return pick(2) ? psci[pick(ARRAY_SIZE(psci))] :
				 (pick(2) ? GUEST_MMIO : GUEST_BASE + SZ_2M - SZ_4K);
	case AGENT_ARG1:
		return pick(9);
	case AGENT_ARG2:
		return GUEST_BASE + AGENT_SECONDARY;
	default:
		return pick(20);
	}
}

static void answer(struct gunyah_vcpu_run *run)
{
	__u64 value = some_answer(run->mmio.phys_addr & (SZ_4K - 1));

	memcpy(run->mmio.data, &value, sizeof(value));
	if (!pick(16))
		run->mmio.resume_action = pick(5);
	if (!pick(16))
		((char *)run)[pick(64)] = pick(256);
	if (!pick(4))
		run->immediate_exit = 0;
}

static void fuzz_run(unsigned int slot)
{
	struct gunyah_vcpu_run *run = __atomic_load_n(&fuzz.pages[slot], __ATOMIC_RELAXED);
	int fd = __atomic_load_n(&fuzz.vcpus[slot], __ATOMIC_RELAXED);
	unsigned int n = pick(100);

	do {
		if (DO(FUZZ_RUN, __ioctl(fd, GUNYAH_VCPU_RUN, rand_r(&fuzz_seed))))
			break;
		if (!run)
			continue;
		if (run->exit_reason == GUNYAH_VCPU_EXIT_MMIO)
			__atomic_fetch_add(&fuzz.guest_exits, 1, __ATOMIC_RELAXED);
		if (run->exit_reason == GUNYAH_VCPU_EXIT_STATUS) {
			__atomic_fetch_add(&fuzz.guest_ends, 1, __ATOMIC_RELAXED);
			break;
		}
		answer(run);
	} while (n--);
}

/* Each of them is wrong in one way. */
static int do_mmap_run_wrong(void)
{
	int prot = PROT_READ, flags = MAP_SHARED, way = pick(4);
	size_t size = SZ_4K;
	off_t offset = 0;
	void *p;

	if (way == 0)
		prot |= PROT_EXEC;
	else if (way == 1)
		flags = MAP_PRIVATE;
	else if (way == 2)
		size = SZ_4K * (2 + pick(8));
	else
		offset = SZ_4K * (1 + pick(8));
	p = mmap(NULL, size, prot, flags, get_vcpu(), offset);
	if (p == MAP_FAILED)
		return -errno;
	munmap(p, size);
	return 0;
}

/* ---- memory ---- */

static void fuzz_touch(void)
{
	__u64 offset = pick(8) * SZ_2M / 2;
	bool armed;
	char *p;
	int ret;

	p = mmap(NULL, SZ_2M, PROT_READ | PROT_WRITE, pick(16) ? MAP_SHARED : MAP_PRIVATE,
		 get_mem(), offset);
	note(FUZZ_MMAP_MEM, p == MAP_FAILED ? -errno : 0);
	if (p == MAP_FAILED)
		return;
	armed = arm();
	ret = touch(p + pick(SZ_2M), pick(2)) ? -EFAULT : 0;
	disarm(armed);
	note(FUZZ_TOUCH, ret);
	munmap(p, SZ_2M);
}

static int do_fallocate(int mode)
{
	__u64 len = pick(8) ? (1 + pick(4)) * SZ_4K * (1 + pick(256)) : some_value();
	__u64 offset = pick(16) ? pick(4) * SZ_4K : some_value();

	if (!pick(8))
		mode = pick(64);
	/* A file of 4 EiB takes all that there is. */
	if (len > (1UL << 30) && len < (1UL << 62) && !(mode & FALLOC_FL_PUNCH_HOLE))
		len = SZ_2M;
	return fallocate(get_mem(), mode, offset, len) ? -errno : 0;
}

static int do_read(void)
{
	char buf[16] = "";
	ssize_t n;

	n = pick(2) ? read(get_mem(), buf, sizeof(buf)) : write(get_mem(), buf, sizeof(buf));
	return n < 0 ? -errno : n;
}

static int do_stat(void)
{
	struct stat st;

	return fstat(get_mem(), &st) ? -errno : 0;
}

/* ---- files ---- */

static int do_dup(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return copy < 0 ? -errno : copy;
}

/* The copy takes the place of the original, or another one. */
static void fuzz_dup(void)
{
	unsigned int kind = pick(4);
	int fd;

	fd = kind == 0 ? get_dev() : kind == 1 ? get_vm() : kind == 2 ? get_mem() : get_vcpu();
	fd = note(FUZZ_DUP, do_dup(fd));
	if (fd < 0)
		return;
	if (kind == 1)
		put(fuzz.vms, FUZZ_VMS, fd);
	else if (kind == 2)
		put(fuzz.mems, FUZZ_MEMS, fd);
	else
		close(fd);
}

static int do_fork(void)
{
	pid_t pid = fork();

	if (!pid) {
		usleep(pick(20000));
		_exit(0);
	}
	if (pid < 0)
		return -errno;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return 0;
}

static void fuzz_close(void)
{
	unsigned int kind = pick(8);

	if (!kind)
		put(fuzz.devs, FUZZ_DEVS, -1);
	else if (kind == 1)
		put(fuzz.vcpus, FUZZ_VCPUS, -1);
	else if (kind < 5)
		put(fuzz.vms, FUZZ_VMS, -1);
	else
		put(fuzz.mems, FUZZ_MEMS, -1);
}

/* ---- all together ---- */

/* Agent and device tree, when there is memory for them. */
static int load(struct test_vm *vm)
{
	char *mem;

	if (fallocate(vm->mem_fd, FALLOC_FL_KEEP_SIZE, 0, GUEST_SIZE))
		return -errno;
	mem = mmap(NULL, GUEST_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, vm->mem_fd, 0);
	if (mem == MAP_FAILED)
		return -errno;
	vm_write(vm, mem);
	munmap(mem, GUEST_SIZE);
	return 0;
}

/* A VM made as it should be: its parts land in the slots and are fuzzed on. */
static void fuzz_whole_vm(void)
{
	struct test_vm vm = { .nr_vcpus = 1 + pick(4), .fd = -1, .mem_fd = -1 };
	unsigned int i, slot = pick(FUZZ_VCPUS);
	int dev = get_dev(), ret;

	vm.fd = __create_vm(dev);
	vm.mem_fd = __create_guest_mem(dev, GUEST_SIZE, GHMF_CLOEXEC);
	ret = vm.fd < 0 ? vm.fd : vm.mem_fd < 0 ? vm.mem_fd : 0;
	/* Another thread can't have these files yet. */
	ret = ret ?: load(&vm);
	ret = ret ?: __map_mem(vm.fd, vm.mem_fd, GUEST_BASE, GUEST_SIZE, 0, LEND_RWX);
	ret = ret ?: __set_dtb(vm.fd, GUEST_DTB, GUEST_DTB_SIZE);
	note(FUZZ_WHOLE_VM, ret ?: DO(FUZZ_START, __vm_start(&vm)));
	for (i = 0; !ret && i < vm.nr_vcpus; i++)
		fuzz_add(vm.fd, i, (slot + i) % FUZZ_VCPUS);
	if (vm.mem_fd >= 0)
		put(fuzz.mems, FUZZ_MEMS, vm.mem_fd);
	if (vm.fd >= 0)
		put(fuzz.vms, FUZZ_VMS, vm.fd);
	for (i = 0; i < 4; i++)
		fuzz_run((slot + pick(vm.nr_vcpus)) % FUZZ_VCPUS);
}

/* Our calls and some more, with arguments of any kind, on any file. */
static int do_garbage(void)
{
	static const unsigned int cmds[] = {
		GUNYAH_CREATE_VM, GUNYAH_CREATE_GUEST_MEM, GUNYAH_CHECK_EXTENSION,
		GUNYAH_VM_SET_USER_MEM_REGION, GUNYAH_VM_SET_DTB_CONFIG, GUNYAH_VM_START,
		GUNYAH_VM_ADD_FUNCTION, GUNYAH_VM_REMOVE_FUNCTION, GUNYAH_VM_MAP_MEM,
		GUNYAH_VM_SET_BOOT_CONTEXT, GUNYAH_VM_SET_AUTH, GUNYAH_VM_RECLAIM_MEM,
		GUNYAH_VM_RESET, GUNYAH_VCPU_RUN, GUNYAH_VCPU_MMAP_SIZE,
	};
	int fds[4] = { get_dev(), get_vm(), get_mem(), get_vcpu() };
	unsigned int cmd = cmds[pick(ARRAY_SIZE(cmds))];
	unsigned int i;
	__u64 arg[32];
	int ret;

	for (i = 0; i < ARRAY_SIZE(arg); i++)
		arg[i] = some_value();
	if (pick(2))
		cmd = _IOC(pick(4), 'G' - 6 * pick(2), pick(20), 8 * pick(9));
	ret = __ioctl(fds[pick(4)], cmd, pick(2) ? (unsigned long)arg : some_value());
	if (ret >= 0 && (cmd == GUNYAH_CREATE_VM || cmd == GUNYAH_CREATE_GUEST_MEM ||
			 cmd == GUNYAH_VM_ADD_FUNCTION))
		close(ret);
	return ret;
}

void fuzz_one(enum fuzz_call call)
{
	switch (call) {
	case FUZZ_OPEN:
		return fuzz_open();
	case FUZZ_CREATE_VM:
		return fuzz_create_vm();
	case FUZZ_CREATE_MEM:
		return fuzz_create_mem();
	case FUZZ_EXTENSION:
		DO(call, __ioctl(get_dev(), GUNYAH_CHECK_EXTENSION, pick(16)));
		break;
	case FUZZ_VM_EXTENSION:
		DO(call, __ioctl(get_vm(), GUNYAH_CHECK_EXTENSION, pick(16)));
		break;
	case FUZZ_MAP:
	case FUZZ_SHARE:
	case FUZZ_UNMAP:
		return fuzz_map(call);
	case FUZZ_USER_MEM:
	case FUZZ_RECLAIM:
	case FUZZ_RESET:
		return fuzz_not_here(call);
	case FUZZ_DTB:
		return fuzz_dtb();
	case FUZZ_BOOT:
		return fuzz_boot();
	case FUZZ_AUTH:
	case FUZZ_AUTH_OTHER:
		return fuzz_auth(call);
	case FUZZ_ADD:
		return fuzz_add(get_vm(), pick(4), pick(FUZZ_VCPUS));
	case FUZZ_REMOVE:
		DO(call, do_vcpu_function(get_vm(), GUNYAH_VM_REMOVE_FUNCTION, pick(4)));
		break;
	case FUZZ_ADD_OTHER:
		if (!pick(4))
			DO(call, do_other_function(GUNYAH_VM_ADD_FUNCTION));
		break;
	case FUZZ_REMOVE_OTHER:
		if (!pick(4))
			DO(call, do_other_function(GUNYAH_VM_REMOVE_FUNCTION));
		break;
	case FUZZ_START:
		DO(call, __ioctl(get_vm(), GUNYAH_VM_START, rand_r(&fuzz_seed)));
		break;
	case FUZZ_RUN:
	case FUZZ_MMAP_RUN:
		return fuzz_run(pick(FUZZ_VCPUS));
	case FUZZ_MMAP_SIZE:
		DO(call, __ioctl(get_vcpu(), GUNYAH_VCPU_MMAP_SIZE, rand_r(&fuzz_seed)));
		break;
	case FUZZ_MMAP_RUN_WRONG:
		DO(call, do_mmap_run_wrong());
		break;
	case FUZZ_MMAP_MEM:
	case FUZZ_TOUCH:
		return fuzz_touch();
	case FUZZ_FALLOCATE:
		DO(call, do_fallocate(FALLOC_FL_KEEP_SIZE));
		break;
	case FUZZ_PUNCH:
		DO(call, do_fallocate(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE));
		break;
	case FUZZ_TRUNCATE:
		DO(call, ftruncate(get_mem(), pick(4) * SZ_2M) ? -errno : 0);
		break;
	case FUZZ_READ:
		DO(call, do_read());
		break;
	case FUZZ_STAT:
		DO(call, do_stat());
		break;
	case FUZZ_DUP:
		return fuzz_dup();
	case FUZZ_FORK:
		/* It takes as long as a hundred others. */
		if (!pick(16))
			note(call, do_fork());
		break;
	case FUZZ_WHOLE_VM:
		if (!pick(4))
			fuzz_whole_vm();
		break;
	case FUZZ_GARBAGE:
		DO(call, do_garbage());
		break;
	case FUZZ_CLOSE:
		return fuzz_close();
	case NR_FUZZ_CALLS:
		break;
	}
}
