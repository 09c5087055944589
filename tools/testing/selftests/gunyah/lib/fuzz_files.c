// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the fuzzer does to vCPUs, to memory, and to files of all kinds.
 */
#include <linux/falloc.h>

#include "fuzz.h"

#define pick fuzz_pick

/* ---- a vCPU ---- */

static const __u32 psci[] = {
	PSCI_SYSTEM_OFF, PSCI_SYSTEM_RESET, PSCI_CPU_ON, PSCI_CPU_ON, PSCI_CPU_ON,
	PSCI_AFFINITY_INFO, PSCI_CPU_OFF,
};

/* What the agent reads next: a command, and arguments that lead it somewhere. */
static __u64 some_answer(__u64 reg)
{
	if (!pick(16))
		return fuzz_value();
	switch (reg) {
	case AGENT_OP:
		return pick(4) ? pick(22) : AGENT_HVC;
	case AGENT_ARG0:
		return pick(2) ? psci[pick(ARRAY_SIZE(psci))] :
				 (pick(2) ? GUEST_MMIO : fuzz_guest_page());
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

/* Mostly the guest tries again: the memory may be there by then, or may be bound. */
static void answer_fault(struct gunyah_vcpu_run *run)
{
	run->page_fault.resume_action = pick(4) ? GUNYAH_VCPU_RESUME_RETRY : pick(5);
}

/* What would end each further run, too. */
static void set_right(struct gunyah_vcpu_run *run)
{
	run->immediate_exit = 0;
	run->mmio.resume_action = GUNYAH_VCPU_RESUME_HANDLED;
	run->page_fault.resume_action = GUNYAH_VCPU_RESUME_RETRY;
}

static void count(unsigned long *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* @n times more, unless something ends it. */
static void run_on(unsigned int slot, unsigned int n)
{
	struct gunyah_vcpu_run *run = __atomic_load_n(&fuzz.pages[slot], __ATOMIC_RELAXED);
	int fd = __atomic_load_n(&fuzz.vcpus[slot], __ATOMIC_RELAXED);
	bool faulted = run && run->exit_reason == GUNYAH_VCPU_EXIT_PAGE_FAULT;
	int ret;

	do {
		ret = FUZZ_DO(FUZZ_RUN, __ioctl(fd, GUNYAH_VCPU_RUN, rand_r(&fuzz_seed)));
		if (ret && run && pick(2))
			set_right(run);
		if (ret)
			break;
		if (!run)
			continue;
		if (run->exit_reason == GUNYAH_VCPU_EXIT_STATUS) {
			count(&fuzz.guest_ends);
			break;
		}
		if (run->exit_reason == GUNYAH_VCPU_EXIT_PAGE_FAULT) {
			count(&fuzz.guest_faults);
			faulted = true;
			answer_fault(run);
			continue;
		}
		if (run->exit_reason == GUNYAH_VCPU_EXIT_MMIO) {
			count(&fuzz.guest_exits);
			if (faulted)
				count(&fuzz.guest_retries);
			faulted = false;
		}
		answer(run);
	} while (n--);
}

void fuzz_run(unsigned int slot)
{
	run_on(slot, pick(100));
}

/*
 * The number may be another file's by now, and what is wrong for one is right for
 * the other.  So a copy, which nobody else closes; -1 when it is of another kind.
 */
static int copy_of(int fd, const char *kind)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	char path[40], link[64] = "";

	if (copy < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", copy);
	if (readlink(path, link, sizeof(link) - 1) > 0 && strstr(link, kind))
		return copy;
	close(copy);
	return -1;
}

/* Each of them is wrong in one way. */
int fuzz_do_mmap_run_wrong(void)
{
	int prot = PROT_READ, flags = MAP_SHARED, way = pick(4);
	int fd = copy_of(fuzz_get_vcpu(), "gunyah-vcpu"), ret;
	size_t size = PAGE;
	off_t offset = 0;
	void *p;

	if (fd < 0)
		return -EBADF;

	if (way == 0)
		prot |= PROT_EXEC;
	else if (way == 1)
		flags = MAP_PRIVATE;
	else if (way == 2)
		size = PAGE * (2 + pick(8));
	else
		offset = PAGE * (1 + pick(8));
	p = mmap(NULL, size, prot, flags, fd, offset);
	ret = p == MAP_FAILED ? -errno : 0;
	if (p != MAP_FAILED)
		munmap(p, size);
	close(fd);
	return ret;
}

/* ---- memory ---- */

void fuzz_touch(void)
{
	__u64 offset = pick(8) * SZ_2M / 2;
	bool armed;
	char *p;
	int ret;

	p = mmap(NULL, SZ_2M, PROT_READ | PROT_WRITE, pick(16) ? MAP_SHARED : MAP_PRIVATE,
		 fuzz_get_mem(), offset);
	fuzz_note(FUZZ_MMAP_MEM, p == MAP_FAILED ? -errno : 0);
	if (p == MAP_FAILED)
		return;
	armed = fuzz_arm();
	ret = touch(p + pick(SZ_2M), pick(2)) ? -EFAULT : 0;
	fuzz_disarm(armed);
	fuzz_note(FUZZ_TOUCH, ret);
	munmap(p, SZ_2M);
}

int fuzz_do_fallocate(bool punch)
{
	int mode = FALLOC_FL_KEEP_SIZE | (punch ? FALLOC_FL_PUNCH_HOLE : 0);
	__u64 len = pick(8) ? (1 + pick(4)) * PAGE * (1 + pick(256)) : fuzz_value();
	__u64 offset = pick(16) ? pick(4) * PAGE : fuzz_value();

	if (!pick(8))
		mode = pick(64);
	/* A file of 4 EiB takes all that there is. */
	if (len > (1UL << 30) && len < (1UL << 62) && !(mode & FALLOC_FL_PUNCH_HOLE))
		len = SZ_2M;
	return fallocate(fuzz_get_mem(), mode, offset, len) ? -errno : 0;
}

int fuzz_do_read(void)
{
	int fd = copy_of(fuzz_get_mem(), "gunyah-mem"), ret;
	char buf[16] = "";
	ssize_t n;

	if (fd < 0)
		return -EBADF;
	n = pick(2) ? read(fd, buf, sizeof(buf)) : write(fd, buf, sizeof(buf));
	ret = n < 0 ? -errno : n;
	close(fd);
	return ret;
}

int fuzz_do_stat(void)
{
	struct stat st;

	return fstat(fuzz_get_mem(), &st) ? -errno : 0;
}

/* ---- files ---- */

static int do_dup(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return copy < 0 ? -errno : copy;
}

/* The copy takes the place of the original, or another one. */
void fuzz_dup(void)
{
	int (* const get[4])(void) = { fuzz_get_dev, fuzz_get_vm, fuzz_get_mem, fuzz_get_vcpu };
	unsigned int kind = pick(4);
	int fd;

	fd = fuzz_note(FUZZ_DUP, do_dup(get[kind]()));
	if (fd < 0)
		return;
	if (kind == 1)
		fuzz_put(fuzz.vms, FUZZ_VMS, fd);
	else if (kind == 2)
		fuzz_put(fuzz.mems, FUZZ_MEMS, fd);
	else
		close(fd);
}

int fuzz_do_fork(void)
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

void fuzz_close(void)
{
	unsigned int kind = pick(9);

	if (!kind)
		fuzz_put(fuzz.devs, FUZZ_DEVS, -1);
	else if (kind == 8)
		fuzz_put(fuzz.events, FUZZ_EVENTS, -1);
	else if (kind == 1)
		fuzz_put(fuzz.vcpus, FUZZ_VCPUS, -1);
	else if (kind < 5)
		fuzz_put(fuzz.vms, FUZZ_VMS, -1);
	else
		fuzz_put(fuzz.mems, FUZZ_MEMS, -1);
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

/*
 * The guest runs until it asks for its end by chance, is reset and started again.
 * Other threads have its vCPUs, but not its file, nor its memory's.
 */
static void restart(struct test_vm *vm, unsigned int slot)
{
	struct gunyah_vcpu_run *run;
	unsigned int n;

	for (n = 0; n < 20; n++) {
		fuzz_run(slot);
		run = __atomic_load_n(&fuzz.pages[slot], __ATOMIC_RELAXED);
		if (run && run->exit_reason == GUNYAH_VCPU_EXIT_STATUS)
			break;
	}
	if (FUZZ_DO(FUZZ_RESET, __vm_reset(vm)) || load(vm))
		return;
	if (!FUZZ_DO(FUZZ_START, __vm_start(vm)))
		count(&fuzz.restarts);
}

static int bind_code(struct test_vm *vm, __u32 flags)
{
	return __map_mem(vm->fd, vm->mem_fd, GUEST_BASE, SZ_2M, 0, LEND_RWX | flags);
}

/*
 * All of its RAM is taken back, whatever its vCPUs are doing, or what they run in is
 * unbound: they get again what they touch, but not while it is mapped or not bound.
 */
static void take_back(struct test_vm *vm, unsigned int slot)
{
	void *p = MAP_FAILED;

	/* Not for long: sooner or later a guest spins, or sleeps, for ever. */
	run_on(slot, pick(4));
	if (!pick(3)) {
		FUZZ_DO(FUZZ_UNMAP, bind_code(vm, GUNYAH_MEM_UNMAP));
		run_on(slot, pick(4));
		FUZZ_DO(FUZZ_MAP, bind_code(vm, 0));
	} else if (!FUZZ_DO(FUZZ_RECLAIM, fuzz_do_reclaim(vm->fd, GUEST_BASE, GUEST_SIZE))) {
		count(&fuzz.reclaims);
		if (pick(2))
			p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, vm->mem_fd, 0);
		run_on(slot, pick(4));
		if (p != MAP_FAILED)
			munmap(p, PAGE);
	}
	run_on(slot, pick(4));
}

/* What some guests have besides their RAM: behind it or elsewhere. */
static void add_memory(struct test_vm *vm)
{
	if (!pick(4))
		fuzz_user_mem(vm->fd, pick(2) ? FUZZ_USER :
			      GUEST_BASE + GUEST_SIZE + pick(2) * SZ_2M, pick(2));
	if (!pick(4))
		FUZZ_DO(FUZZ_SHARE, __map_mem(vm->fd, fuzz_get_mem(), FUZZ_SHARED, SZ_2M,
					      pick(2) * SZ_2M,
					      GUNYAH_MEM_FORCE_SHARE | GUNYAH_MEM_ALLOW_RWX));
}

/* A VM made as it should be: its parts land in the slots and are fuzzed on. */
void fuzz_whole_vm(void)
{
	struct test_vm vm = { .nr_vcpus = 1 + pick(4), .fd = -1, .mem_fd = -1 };
	unsigned int i, slot = pick(FUZZ_VCPUS);
	int dev = fuzz_get_dev(), ret;
	bool started;

	for (i = 1; i <= 4; i++)
		vm_add_bell(&vm, &(struct test_bell) {
			.label = i, .spi = i, .level = i & 1, .can_clear = i & 2,
		});
	vm.fd = __create_vm(dev);
	vm.mem_fd = __create_guest_mem(dev, GUEST_SIZE, GHMF_CLOEXEC);
	ret = vm.fd < 0 ? vm.fd : vm.mem_fd < 0 ? vm.mem_fd : 0;
	/* Another thread can't have these files yet. */
	ret = ret ?: load(&vm);
	ret = ret ?: __map_mem(vm.fd, vm.mem_fd, GUEST_BASE, GUEST_SIZE, 0, LEND_RWX);
	ret = ret ?: __set_dtb(vm.fd, GUEST_DTB, GUEST_DTB_SIZE);
	if (!ret)
		add_memory(&vm);
	started = !fuzz_note(FUZZ_WHOLE_VM, ret ?: FUZZ_DO(FUZZ_START, __vm_start(&vm)));
	for (i = 0; !ret && i < vm.nr_vcpus; i++)
		fuzz_add(vm.fd, i, (slot + i) % FUZZ_VCPUS);
	if (started && pick(2))
		take_back(&vm, slot);
	if (!ret && pick(2))
		restart(&vm, slot);
	if (vm.mem_fd >= 0)
		fuzz_put(fuzz.mems, FUZZ_MEMS, vm.mem_fd);
	if (vm.fd >= 0)
		fuzz_put(fuzz.vms, FUZZ_VMS, vm.fd);
	for (i = 0; i < 4; i++)
		fuzz_run((slot + pick(vm.nr_vcpus)) % FUZZ_VCPUS);
}

/* Our calls and some more, with arguments of any kind, on any file. */
int fuzz_do_garbage(void)
{
	static const unsigned int cmds[] = {
		GUNYAH_CREATE_VM, GUNYAH_CREATE_GUEST_MEM, GUNYAH_CHECK_EXTENSION,
		GUNYAH_VM_SET_USER_MEM_REGION, GUNYAH_VM_SET_DTB_CONFIG, GUNYAH_VM_START,
		GUNYAH_VM_ADD_FUNCTION, GUNYAH_VM_REMOVE_FUNCTION, GUNYAH_VM_MAP_MEM,
		GUNYAH_VM_SET_BOOT_CONTEXT, GUNYAH_VM_SET_AUTH, GUNYAH_VM_RECLAIM_MEM,
		GUNYAH_VM_RESET, GUNYAH_VCPU_RUN, GUNYAH_VCPU_MMAP_SIZE,
	};
	int fds[4] = { fuzz_get_dev(), fuzz_get_vm(), fuzz_get_mem(), fuzz_get_vcpu() };
	unsigned int cmd = cmds[pick(ARRAY_SIZE(cmds))];
	unsigned int i;
	__u64 arg[32];
	int ret;

	for (i = 0; i < ARRAY_SIZE(arg); i++)
		arg[i] = fuzz_value();
	if (pick(2))
		cmd = _IOC(pick(4), 'G' - 6 * pick(2), pick(20), 8 * pick(9));
	ret = __ioctl(fds[pick(4)], cmd, pick(2) ? (unsigned long)arg : fuzz_value());
	if (ret >= 0 && (cmd == GUNYAH_CREATE_VM || cmd == GUNYAH_CREATE_GUEST_MEM ||
			 cmd == GUNYAH_VM_ADD_FUNCTION))
		close(ret);
	return ret;
}
