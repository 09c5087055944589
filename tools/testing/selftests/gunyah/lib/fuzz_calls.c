// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calls that the fuzzer does, some as they should be and some not: how they are
 * made and counted, those of /dev/gunyah and of VMs, and which one is which.
 *
 * Files are in slots that all threads use.  Only who takes a file out of its slot
 * closes it, so a number that was read from a slot may be closed at any time, and
 * then be another file's.
 */
#include "fuzz.h"
#include "user_mem.h"

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

int fuzz_note(enum fuzz_call call, int ret)
{
	if (ret >= 0)
		__atomic_fetch_add(&fuzz.succeeded[call], 1, __ATOMIC_RELAXED);
	else if (-ret < FUZZ_ERRNOS)
		__atomic_fetch_add(&fuzz.failed[call][-ret], 1, __ATOMIC_RELAXED);
	else
		__atomic_store_n(&fuzz.odd[call], -ret, __ATOMIC_RELAXED);
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
bool fuzz_arm(void)
{
	if (nth_fd < 0 || pick(16))
		return false;
	set_nth(1 + pick(4) * pick(8));
	return true;
}

void fuzz_disarm(bool armed)
{
	char text[16] = "1";

	if (!armed)
		return;
	if (pread(nth_fd, text, sizeof(text) - 1, 0) > 0 && !atoi(text))
		__atomic_fetch_add(&fuzz.allocations, 1, __ATOMIC_RELAXED);
	set_nth(0);
}

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

void fuzz_replace(int *slot, int fd)
{
	int old = __atomic_exchange_n(slot, fd, __ATOMIC_RELAXED);

	if (old >= 0)
		fuzz_note(FUZZ_CLOSE, close(old) ? -errno : 0);
}

void fuzz_put(int *slots, unsigned int n, int fd)
{
	fuzz_replace(&slots[pick(n)], fd);
}

int fuzz_get_dev(void)
{
	return get(fuzz.devs, FUZZ_DEVS);
}

int fuzz_get_vm(void)
{
	return get(fuzz.vms, FUZZ_VMS);
}

int fuzz_get_mem(void)
{
	return get(fuzz.mems, FUZZ_MEMS);
}

int fuzz_get_vcpu(void)
{
	return get(fuzz.vcpus, FUZZ_VCPUS);
}

int fuzz_get_event(void)
{
	return get(fuzz.events, FUZZ_EVENTS);
}

/* ---- arguments ---- */

__u64 fuzz_value(void)
{
	static const __u64 values[] = {
		0, 1, 0xfff, SZ_4K, SZ_2M, GUEST_BASE, GUEST_DTB, GUEST_BASE + 1, 1UL << 40,
		1UL << 63, ~0xfffUL, ~0UL,
	};

	return values[pick(ARRAY_SIZE(values))];
}

/* As the argument of a call: sometimes one that can't be read. */
void *fuzz_arg(void *arg)
{
	return pick(32) ? arg : (void *)fuzz_value();
}

__u64 fuzz_guest_page(void)
{
	static const __u64 starts[] = {
		GUEST_BASE + SZ_2M / 2, GUEST_BASE + GUEST_SIZE, FUZZ_SHARED, FUZZ_USER,
	};

	return starts[pick(ARRAY_SIZE(starts))] + pick(4) * (pick(2) ? PAGE : SZ_2M);
}

/* ---- /dev/gunyah ---- */

static int do_open(void)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static void fuzz_open(void)
{
	int fd = FUZZ_DO(FUZZ_OPEN, do_open());

	if (fd >= 0)
		fuzz_put(fuzz.devs, FUZZ_DEVS, fd);
}

static void fuzz_create_vm(void)
{
	int fd = FUZZ_DO(FUZZ_CREATE_VM, __ioctl(fuzz_get_dev(), GUNYAH_CREATE_VM, !pick(8)));

	if (fd >= 0)
		fuzz_put(fuzz.vms, FUZZ_VMS, fd);
}

static void fuzz_create_mem(void)
{
	struct gunyah_create_mem_args args = {
		.flags = pick(16) ? pick(4) : fuzz_value(),
		.size = pick(16) ? GUEST_SIZE : fuzz_value(),
		.reserved[5] = !pick(32),
	};
	int fd;

	/* Not so much that the machine is out of memory. */
	if (args.size > (1UL << 30) && args.size < (1UL << 62))
		args.size = SZ_2M;
	fd = FUZZ_DO(FUZZ_CREATE_MEM,
		     __ioctl(fuzz_get_dev(), GUNYAH_CREATE_GUEST_MEM, fuzz_arg(&args)));
	if (fd >= 0)
		fuzz_put(fuzz.mems, FUZZ_MEMS, fd);
}

/* ---- a VM ---- */

static int do_map(int vm, __u64 gpa, __u64 size, __u64 offset, __u32 flags)
{
	struct gunyah_map_mem_args args = {
		.guest_addr = gpa,
		.flags = flags,
		.guest_mem_fd = fuzz_get_mem(),
		.offset = offset,
		.size = size,
	};

	return __ioctl(vm, GUNYAH_VM_MAP_MEM, fuzz_arg(&args));
}

static void fuzz_map(enum fuzz_call call)
{
	__u32 kind = call == FUZZ_SHARE ? GUNYAH_MEM_FORCE_SHARE : GUNYAH_MEM_FORCE_LEND;
	__u32 flags = pick(8) ? kind | GUNYAH_MEM_ALLOW_RWX : (__u32)rand_r(&fuzz_seed);
	__u64 size = pick(8) ? SZ_2M : fuzz_value();
	__u64 offset = pick(2) * SZ_2M;
	__u64 gpa = GUEST_BASE + offset;
	int vm = fuzz_get_vm();

	/* Behind the guest's RAM, where it is a parcel of its own. */
	if (call == FUZZ_SHARE)
		gpa = FUZZ_SHARED + offset;
	if (!pick(4)) {
		gpa = pick(4) ? gpa + pick(4) * SZ_2M : fuzz_value();
		offset = fuzz_value();
	}
	if (call == FUZZ_UNMAP)
		flags |= GUNYAH_MEM_UNMAP;
	if (!FUZZ_DO(call, do_map(vm, gpa, size, offset, flags)) && !pick(8))
		FUZZ_DO(FUZZ_UNMAP, do_map(vm, gpa, size, offset, flags | GUNYAH_MEM_UNMAP));
}

static void fuzz_dtb(void)
{
	struct gunyah_vm_dtb_config config = {
		.guest_phys_addr = pick(2) ? GUEST_DTB : fuzz_value(),
		.size = pick(2) ? GUEST_DTB_SIZE : fuzz_value(),
	};

	FUZZ_DO(FUZZ_DTB, __ioctl(fuzz_get_vm(), GUNYAH_VM_SET_DTB_CONFIG, fuzz_arg(&config)));
}

static void fuzz_boot(void)
{
	struct gunyah_vm_boot_context context = {
		.reg = pick(8) ? pick(0x210) : (unsigned int)fuzz_value(),
		.reserved = !pick(16),
		.value = fuzz_value(),
	};

	FUZZ_DO(FUZZ_BOOT, __ioctl(fuzz_get_vm(), GUNYAH_VM_SET_BOOT_CONTEXT, fuzz_arg(&context)));
}

static void fuzz_auth(enum fuzz_call call)
{
	struct gunyah_vm_qtvm_auth_arg trusted = {
		.vm_id = pick(4) ? 0 : fuzz_value(),
		.padding = !pick(16),
		.peripheral_id = fuzz_value(),
		.guest_phys_addr = pick(4) ? GUEST_BASE : fuzz_value(),
		.size = pick(4) ? SZ_4K : fuzz_value(),
	};
	struct gunyah_vm_firmware_config firmware = {
		.guest_phys_addr = trusted.guest_phys_addr,
		.size = trusted.size,
	};
	struct gunyah_vm_auth_desc desc = { .arg_size = !pick(4) };

	/* With firmware no guest starts here. */
	if (call == FUZZ_AUTH_OTHER && pick(4))
		desc = (struct gunyah_vm_auth_desc) {
			.type = GUNYAH_VM_AUTH_QCOM_TRUSTED_VM,
			.arg_size = pick(16) ? sizeof(trusted) : pick(32),
			.arg = (uintptr_t)&trusted,
		};
	else if (call == FUZZ_AUTH_OTHER)
		desc = (struct gunyah_vm_auth_desc) {
			.type = GUNYAH_VM_AUTH_QCOM_ANDROID_PVM,
			.arg_size = pick(16) ? sizeof(firmware) : pick(32),
			.arg = (uintptr_t)&firmware,
		};
	FUZZ_DO(call, __ioctl(fuzz_get_vm(), GUNYAH_VM_SET_AUTH, fuzz_arg(&desc)));
}

void fuzz_user_mem(int vm, __u64 gpa, bool lent)
{
	unsigned int page = pick(FUZZ_USER_SIZE / PAGE);
	struct gunyah_userspace_memory_region region = {
		.label = pick(4),
		.flags = lent ? USER_LENT : USER_RW,
		.guest_phys_addr = gpa,
		.memory_size = pick(4) ? PAGE << pick(8) : 0,
		.userspace_addr = (uintptr_t)fuzz.user + page * PAGE,
	};

	if (!pick(16))
		region.flags = pick(32);
	if (!pick(16))
		region.guest_phys_addr = fuzz_value();
	if (!pick(16))
		region.memory_size = fuzz_value();
	/* Never what is behind it: the program needs that itself. */
	if (region.memory_size > FUZZ_USER_SIZE - page * PAGE && region.memory_size < 1UL << 40)
		region.memory_size = FUZZ_USER_SIZE - page * PAGE;
	if (!pick(16))
		region.userspace_addr = pick(2) ? 0 : ~0xfffUL;
	FUZZ_DO(FUZZ_USER_MEM, __ioctl(vm, GUNYAH_VM_SET_USER_MEM_REGION, fuzz_arg(&region)));
}

int fuzz_do_reclaim(int vm, __u64 gpa, __u64 size)
{
	struct gunyah_address_range range = { .guest_phys_addr = gpa, .size = size };

	return __ioctl(vm, GUNYAH_VM_RECLAIM_MEM, fuzz_arg(&range));
}

static void fuzz_reclaim(enum fuzz_call call)
{
	__u64 gpa = pick(8) ? fuzz_guest_page() : fuzz_value();
	__u64 size = pick(8) ? PAGE << pick(11) : fuzz_value();

	FUZZ_DO(call, fuzz_do_reclaim(fuzz_get_vm(), gpa, size));
}

int fuzz_do_function(int vm, unsigned long cmd, struct gunyah_fn_desc *desc)
{
	if (!pick(32))
		desc->arg = fuzz_value();
	if (!pick(32))
		desc->arg_size = pick(2) ? pick(64) : (__u32)fuzz_value();
	return __ioctl(vm, cmd, fuzz_arg(desc));
}

static int do_vcpu_function(int vm, unsigned long cmd, __u32 id)
{
	struct gunyah_fn_vcpu_arg arg = { .id = pick(8) ? id : (__u32)fuzz_value() };
	struct gunyah_fn_desc desc = {
		.type = GUNYAH_FN_VCPU,
		.arg_size = sizeof(arg),
		.arg = (uintptr_t)&arg,
	};

	return fuzz_do_function(vm, cmd, &desc);
}

/* Types that no module has. */
static int do_other_function(unsigned long cmd)
{
	__u64 arg = fuzz_value();
	struct gunyah_fn_desc desc = {
		.type = pick(2) ? 0 : 4 + pick(1000),
		.arg_size = sizeof(arg),
		.arg = (uintptr_t)&arg,
	};

	return fuzz_do_function(fuzz_get_vm(), cmd, &desc);
}

void fuzz_add(int vm, __u32 id, unsigned int slot)
{
	int fd = FUZZ_DO(FUZZ_ADD, do_vcpu_function(vm, GUNYAH_VM_ADD_FUNCTION, id));
	void *p;

	if (fd < 0)
		return;
	p = mmap(NULL, SZ_4K, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	fuzz_note(FUZZ_MMAP_RUN, p == MAP_FAILED ? -errno : 0);
	/* Pages are never unmapped: another thread may be writing to one. */
	if (p != MAP_FAILED)
		__atomic_store_n(&fuzz.pages[slot], p, __ATOMIC_RELAXED);
	fuzz_replace(&fuzz.vcpus[slot], fd);
}

/* What is done to files of all kinds; none of it is an ioctl of a VM. */
static void fuzz_file(enum fuzz_call call)
{
	switch (call) {
	case FUZZ_MMAP_RUN_WRONG:
		FUZZ_DO(call, fuzz_do_mmap_run_wrong());
		break;
	case FUZZ_MMAP_MEM:
	case FUZZ_TOUCH:
		return fuzz_touch();
	case FUZZ_FALLOCATE:
		FUZZ_DO(call, fuzz_do_fallocate(false));
		break;
	case FUZZ_PUNCH:
		FUZZ_DO(call, fuzz_do_fallocate(true));
		break;
	case FUZZ_TRUNCATE:
		FUZZ_DO(call, ftruncate(fuzz_get_mem(), pick(4) * SZ_2M) ? -errno : 0);
		break;
	case FUZZ_READ:
		FUZZ_DO(call, fuzz_do_read());
		break;
	case FUZZ_STAT:
		FUZZ_DO(call, fuzz_do_stat());
		break;
	case FUZZ_DUP:
		return fuzz_dup();
	default:
		return fuzz_close();
	}
}

static void fuzz_function(enum fuzz_call call)
{
	switch (call) {
	case FUZZ_ADD:
		return fuzz_add(fuzz_get_vm(), pick(4), pick(FUZZ_VCPUS));
	case FUZZ_REMOVE:
		FUZZ_DO(call, do_vcpu_function(fuzz_get_vm(), GUNYAH_VM_REMOVE_FUNCTION, pick(4)));
		break;
	case FUZZ_ADD_OTHER:
		/* To look for a module is slow. */
		if (!pick(32))
			FUZZ_DO(call, do_other_function(GUNYAH_VM_ADD_FUNCTION));
		break;
	default:
		if (!pick(32))
			FUZZ_DO(call, do_other_function(GUNYAH_VM_REMOVE_FUNCTION));
		break;
	}
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
		FUZZ_DO(call, __ioctl(fuzz_get_dev(), GUNYAH_CHECK_EXTENSION, pick(16)));
		break;
	case FUZZ_VM_EXTENSION:
		FUZZ_DO(call, __ioctl(fuzz_get_vm(), GUNYAH_CHECK_EXTENSION, pick(16)));
		break;
	case FUZZ_MAP:
	case FUZZ_SHARE:
	case FUZZ_UNMAP:
		return fuzz_map(call);
	case FUZZ_USER_MEM:
		return fuzz_user_mem(fuzz_get_vm(), FUZZ_USER + pick(4) * SZ_2M, !pick(4));
	case FUZZ_RECLAIM:
		return fuzz_reclaim(call);
	case FUZZ_RESET:
		FUZZ_DO(call, __ioctl(fuzz_get_vm(), GUNYAH_VM_RESET, fuzz_value()));
		break;
	case FUZZ_DTB:
		return fuzz_dtb();
	case FUZZ_BOOT:
		return fuzz_boot();
	case FUZZ_AUTH:
	case FUZZ_AUTH_OTHER:
		return fuzz_auth(call);
	case FUZZ_ADD ... FUZZ_REMOVE_OTHER:
		return fuzz_function(call);
	case FUZZ_EVENT ... FUZZ_REMOVE_IOEVENTFD:
		return fuzz_event(call);
	case FUZZ_START:
		FUZZ_DO(call, __ioctl(fuzz_get_vm(), GUNYAH_VM_START, rand_r(&fuzz_seed)));
		break;
	case FUZZ_RUN:
	case FUZZ_MMAP_RUN:
		return fuzz_run(pick(FUZZ_VCPUS));
	case FUZZ_MMAP_SIZE:
		FUZZ_DO(call, __ioctl(fuzz_get_vcpu(), GUNYAH_VCPU_MMAP_SIZE, rand_r(&fuzz_seed)));
		break;
	case FUZZ_MMAP_RUN_WRONG ... FUZZ_DUP:
	case FUZZ_CLOSE:
		return fuzz_file(call);
	case FUZZ_FORK:
		/* It takes as long as a hundred others. */
		if (!pick(16))
			fuzz_note(call, fuzz_do_fork());
		break;
	case FUZZ_WHOLE_VM:
		if (!pick(4))
			fuzz_whole_vm();
		break;
	case FUZZ_GARBAGE:
		FUZZ_DO(call, fuzz_do_garbage());
		break;
	case NR_FUZZ_CALLS:
		break;
	}
}
