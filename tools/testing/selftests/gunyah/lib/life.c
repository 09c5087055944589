// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VM's life for failure sweeps.  Nothing here ends the program: a step that
 * fails is noted and tried once more, which has to work where the failure cost
 * nothing that the step needs.
 */
#include "events.h"
#include "sweep.h"
#include "user_mem.h"

#define SPLIT_GPA	(GUEST_BASE + 0x20000000UL)
#define SMALL_SIZE	(16 * SZ_4K)
/* RAM, what is shared, and a page that is taken out again. */
#define USER_SHARED	GUEST_SIZE
#define USER_SPARE	(USER_SHARED + SHARED_SIZE)
#define USER_SIZE	(USER_SPARE + SZ_2M)
#define USER_LABEL	0x1234

bool life_try_again(struct life *l, const char *name, int error)
{
	if (l->error) {
		l->again = error;
		return false;
	}
	l->error = error;
	l->failed = name;
	return true;
}

static void unmap(struct life *l, void *p, size_t size)
{
	STEP(l, "munmap", munmap(p, size) ? -errno : 0);
}

void life_init(struct life *l)
{
	unsigned int i;

	memset(l, 0, sizeof(*l));
	l->shared_fd = -1;
	l->many_fd = -1;
	l->late_fd = -1;
	l->to_guest[0] = -1;
	l->to_guest[1] = -1;
	l->from_guest = -1;
	l->vm.dev_fd = -1;
	l->vm.fd = -1;
	l->vm.mem_fd = -1;
	for (i = 0; i < MAX_VCPUS; i++)
		l->vm.vcpu[i].fd = -1;
}

static int open_device(struct life *l)
{
	l->vm.dev_fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	return l->vm.dev_fd < 0 ? -errno : 0;
}

static int create(struct life *l)
{
	l->vm.fd = __create_vm(l->vm.dev_fd);
	return l->vm.fd;
}

bool life_open(struct life *l)
{
	return STEP(l, "open", open_device(l)) && STEP(l, "CREATE_VM", create(l));
}

static int fill(int fd, __u64 size)
{
	return fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, size) ? -errno : 0;
}

static int map_file(int fd, size_t size, char **p)
{
	*p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return *p == MAP_FAILED ? -errno : 0;
}

static int create_mem(struct life *l, __u64 size, int *fd)
{
	/* Huge pages: the list has few entries, so a request is one message. */
	*fd = __create_guest_mem(l->vm.dev_fd, size, GHMF_ALLOW_HUGEPAGE);
	return *fd;
}

/* The same where the memory is mapped for good. */
static int load_user(struct life *l)
{
	if (touch(l->user, true))
		return -EIO;
	vm_write(&l->vm, l->user);
	return 0;
}

/* vm_load() that fails.  Memory that is lost can't be touched. */
static int load(struct life *l)
{
	char *mem;
	int sig;
	int ret;

	if (l->user)
		return load_user(l);
	ret = map_file(l->vm.mem_fd, GUEST_SIZE, &mem);
	if (ret)
		return ret;
	sig = touch(mem, true) ?: touch(mem + (GUEST_DTB - GUEST_BASE), true);
	if (!sig)
		vm_write(&l->vm, mem);
	unmap(l, mem, GUEST_SIZE);
	return sig ? -EIO : 0;
}

bool life_memory(struct life *l)
{
	if (!STEP(l, "CREATE_GUEST_MEM", create_mem(l, GUEST_SIZE, &l->vm.mem_fd)) ||
	    !STEP(l, "fallocate", fill(l->vm.mem_fd, GUEST_SIZE)))
		return false;
	if (!l->share)
		return true;
	l->vm.shm = (struct test_shm) { .gpa = SHARED_GPA, .size = SHARED_SIZE };
	return STEP(l, "CREATE_GUEST_MEM", create_mem(l, SHARED_SIZE, &l->shared_fd)) &&
	       STEP(l, "fallocate", fill(l->shared_fd, SHARED_SIZE));
}

bool life_map(struct life *l)
{
	if (!STEP(l, "MAP_MEM", __map_mem(l->vm.fd, l->vm.mem_fd, GUEST_BASE, GUEST_SIZE, 0,
					  LEND_RWX)))
		return false;
	if (!l->share)
		return true;
	return STEP(l, "MAP_MEM", __map_mem(l->vm.fd, l->shared_fd, SHARED_GPA, SHARED_SIZE, 0,
					    GUNYAH_MEM_FORCE_SHARE | GUNYAH_MEM_ALLOW_RWX));
}

static int create_small(struct life *l, __u64 size, int *fd)
{
	*fd = __create_guest_mem(l->vm.dev_fd, size, 0);
	return *fd;
}

/* Small pages, some filled by the call and some by the first touch. */
bool life_small_memory(struct life *l)
{
	char *p = MAP_FAILED;
	unsigned int i;
	bool ok;
	int fd;

	if (!STEP(l, "CREATE_GUEST_MEM", create_small(l, SMALL_SIZE, &fd)))
		return false;
	ok = STEP(l, "fallocate", fill(fd, SMALL_SIZE / 2)) &&
	     STEP(l, "mmap", map_file(fd, SMALL_SIZE, &p));
	for (i = 0; ok && i < SMALL_SIZE / SZ_4K; i++)
		ok = STEP(l, "touch", touch(p + i * SZ_4K, true) ? -ENOMEM : 0);
	if (p != MAP_FAILED)
		unmap(l, p, SMALL_SIZE);
	close(fd);
	return ok;
}

/* From the middle, so that a binding is made for what is behind. */
bool life_unmap(struct life *l)
{
	static const __u64 order[] = { 1, 0, 2 };
	__u64 at;
	bool ok;
	int fd;
	int i;

	if (!STEP(l, "CREATE_GUEST_MEM", create_small(l, 3 * SZ_4K, &fd)))
		return false;
	ok = STEP(l, "MAP_MEM", __map_mem(l->vm.fd, fd, SPLIT_GPA, 3 * SZ_4K, 0, LEND_RWX));
	for (i = 0; ok && i < 3; i++) {
		at = order[i] * SZ_4K;
		ok = STEP(l, "unmap", __map_mem(l->vm.fd, fd, SPLIT_GPA + at, SZ_4K, at,
						LEND_RWX | GUNYAH_MEM_UNMAP));
	}
	close(fd);
	return ok;
}

bool life_many_pieces(struct life *l)
{
	unsigned int i;
	bool ok;

	ok = STEP(l, "CREATE_GUEST_MEM", create_small(l, LIFE_PIECES * SZ_4K, &l->many_fd)) &&
	     STEP(l, "fallocate", fill(l->many_fd, LIFE_PIECES * SZ_4K));

	/* No two pages that follow one another do so in the file. */
	for (i = 0; ok && i < LIFE_PIECES; i++)
		ok = STEP(l, "MAP_MEM", __map_mem(l->vm.fd, l->many_fd,
						  GUEST_BASE + GUEST_SIZE + i * SZ_4K, SZ_4K,
						  i * 37 % LIFE_PIECES * SZ_4K, LEND_RWX));
	return ok;
}

/* In huge pages, so that the list has few entries; never lent when the kernel writes to it. */
static int map_user_memory(struct life *l)
{
	l->user = map_lendable(USER_SIZE);
	madvise(l->user, USER_SIZE, MADV_HUGEPAGE);
	return madvise(l->user, USER_SIZE, MADV_POPULATE_WRITE) ? -errno : 0;
}

bool life_user_memory(struct life *l)
{
	l->vm.shm = (struct test_shm) {
		.gpa = SHARED_GPA,
		.size = SHARED_SIZE,
		.label = USER_LABEL,
	};
	return STEP(l, "mmap", map_user_memory(l));
}

bool life_user_regions(struct life *l)
{
	int vm = l->vm.fd;

	return STEP(l, "SET_USER_MEM_REGION", __set_user_mem(vm, RAM_LABEL, USER_LENT, GUEST_BASE,
							     GUEST_SIZE, l->user)) &&
	       STEP(l, "SET_USER_MEM_REGION", __set_user_mem(vm, USER_LABEL, USER_RWX, SHARED_GPA,
							     SHARED_SIZE, l->user + USER_SHARED)) &&
	       STEP(l, "SET_USER_MEM_REGION", __set_user_mem(vm, 1, USER_RW, SPLIT_GPA, SZ_4K,
							     l->user + USER_SPARE)) &&
	       STEP(l, "removing it", __remove_user_mem(vm, 1));
}

static int add_vcpu(struct life *l, unsigned int id)
{
	l->vm.vcpu[id].fd = __add_vcpu(l->vm.fd, id);
	return l->vm.vcpu[id].fd;
}

static int map_run(struct test_vcpu *vcpu)
{
	vcpu->run = mmap(NULL, SZ_4K, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run != MAP_FAILED)
		return 0;
	vcpu->run = NULL;
	return -errno;
}

bool life_vcpus(struct life *l, unsigned int nr_vcpus)
{
	struct test_vcpu *vcpu;
	unsigned int i;

	if (l->vm.nr_vcpus < nr_vcpus)
		l->vm.nr_vcpus = nr_vcpus;
	for (i = 0; i < nr_vcpus; i++) {
		vcpu = &l->vm.vcpu[i];
		if (vcpu->fd >= 0)
			continue;
		vcpu->vm = &l->vm;
		vcpu->id = i;
		vcpu->irq = -1;
		if (!STEP(l, "ADD_FUNCTION", add_vcpu(l, i)) ||
		    !STEP(l, "mmap of the run page", map_run(vcpu)))
			return false;
	}
	return true;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void drop_vcpu(struct life *l, unsigned int id)
{
	struct test_vcpu *vcpu = &l->vm.vcpu[id];

	if (vcpu->run)
		unmap(l, vcpu->run, SZ_4K);
	vcpu->run = NULL;
	close_fd(&vcpu->fd);
}

bool life_remove_vcpu(struct life *l, unsigned int id)
{
	bool ok = STEP(l, "REMOVE_FUNCTION", __remove_vcpu(l->vm.fd, id));

	drop_vcpu(l, id);
	return ok;
}

/* The resource manager writes into the device tree: each try has a new one. */
static int start(struct life *l)
{
	return load(l) ?: __vm_start(&l->vm);
}

bool life_start(struct life *l)
{
	return STEP(l, "SET_DTB_CONFIG", __set_dtb(l->vm.fd, GUEST_DTB, GUEST_DTB_SIZE)) &&
	       STEP(l, "VM_START", start(l));
}

/* An error leaves the agent's command where it is: the next try goes on with it. */
static int finish(struct test_vcpu *vcpu, int wanted)
{
	int ret = agent_run(vcpu);

	if (ret < 0)
		return ret;
	return ret == wanted ? 0 : -EPROTO;
}

bool life_run(struct life *l)
{
	struct test_vcpu *boot = &l->vm.vcpu[0];
	unsigned int i;

	agent_post(boot, AGENT_NOP, 0, 0, 0);
	if (!STEP(l, "VCPU_RUN", finish(boot, AGENT_DONE)))
		return false;
	for (i = 1; i < l->vm.nr_vcpus; i++) {
		agent_post(boot, AGENT_HVC, PSCI_CPU_ON, i, GUEST_BASE + AGENT_SECONDARY);
		if (!STEP(l, "VCPU_RUN", finish(boot, AGENT_DONE)) || boot->result)
			return false;
		agent_post(&l->vm.vcpu[i], AGENT_NOP, 0, 0, 0);
		if (!STEP(l, "VCPU_RUN", finish(&l->vm.vcpu[i], AGENT_DONE)))
			return false;
	}
	l->vm_ran = true;
	if (!l->off)
		return true;
	agent_post(boot, AGENT_HVC, PSCI_SYSTEM_OFF, 0, 0);
	return STEP(l, "VCPU_RUN", finish(boot, AGENT_STATUS));
}

bool life_reset(struct life *l)
{
	l->vm_ran = false;
	return STEP(l, "VM_RESET", __vm_reset(&l->vm));
}

/* ---- irqfds and ioeventfds ---- */

static const struct test_bell life_bells[2] = {
	{ .label = 1, .spi = 1 },
	{ .label = 2, .spi = 2, .level = true, .can_clear = true },
};

static const struct gunyah_fn_ioeventfd_arg life_writes[2] = {
	{ .addr = GUEST_MMIO, .fd = -1 },
	{ .addr = GUEST_MMIO + 8, .len = 4, .datamatch = 7, .fd = -1,
	  .flags = GUNYAH_IOEVENTFD_FLAGS_DATAMATCH },
};

static int add_write(struct life *l, unsigned int i)
{
	struct gunyah_fn_ioeventfd_arg arg = life_writes[i];

	arg.fd = l->from_guest;
	return __add_ioeventfd(l->vm.fd, &arg);
}

bool life_add_events(struct life *l)
{
	unsigned int i;

	if (l->from_guest < 0) {
		l->from_guest = event_new();
		for (i = 0; i < 2; i++) {
			l->to_guest[i] = event_new();
			vm_add_bell(&l->vm, &life_bells[i]);
		}
	}
	for (i = 0; i < 2; i++)
		if (!STEP(l, "ADD_FUNCTION", __add_irqfd(l->vm.fd, l->to_guest[i],
							 life_bells[i].label,
							 life_bells[i].level)) ||
		    !STEP(l, "ADD_FUNCTION", add_write(l, i)))
			return false;
	return true;
}

bool life_remove_events(struct life *l)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		if (!STEP(l, "REMOVE_FUNCTION", __remove_irqfd(l->vm.fd, life_bells[i].label)) ||
		    !STEP(l, "REMOVE_FUNCTION", __remove_ioeventfd(l->vm.fd, &life_writes[i])))
			return false;
	return true;
}

/* The guest does a command, and it is done. */
static bool command(struct life *l, __u64 op, __u64 a, __u64 b, __u64 c)
{
	struct test_vcpu *boot = &l->vm.vcpu[0];

	agent_post(boot, op, a, b, c);
	return STEP(l, "VCPU_RUN", finish(boot, AGENT_DONE));
}

/* Signal and look: a signal that the hypervisor did not take is nobody's error. */
static bool interrupt(struct life *l, unsigned int i)
{
	unsigned int tries, polls;

	for (tries = 0; tries < 2; tries++) {
		event_signal(l->to_guest[i]);
		/* One that the masks did not end may come in between. */
		for (polls = 0; polls < 3; polls++) {
			if (!command(l, AGENT_POLL_IRQ, 0, 0, 0))
				return false;
			if (l->vm.vcpu[0].result == GUEST_SPI + life_bells[i].spi)
				return true;
		}
		l->lost_signals++;
	}
	return STEP(l, "interrupt", -EPROTO);
}

bool life_use_events(struct life *l)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		if (!command(l, AGENT_IRQ_ON, GUEST_SPI + life_bells[i].spi,
			     !life_bells[i].level, 0) ||
		    !interrupt(l, i) ||
		    !command(l, AGENT_STORE, life_writes[i].addr, 4, 7))
			return false;
		if (event_take(l->from_guest) != 1)
			return STEP(l, "ioeventfd", -EPROTO);
	}
	return true;
}

void life_close(struct life *l)
{
	unsigned int i;

	for (i = 0; i < MAX_VCPUS; i++)
		drop_vcpu(l, i);
	close_fd(&l->vm.fd);
	close_fd(&l->vm.mem_fd);
	close_fd(&l->shared_fd);
	close_fd(&l->many_fd);
	close_fd(&l->late_fd);
	close_fd(&l->to_guest[0]);
	close_fd(&l->to_guest[1]);
	close_fd(&l->from_guest);
	close_fd(&l->vm.dev_fd);
	if (l->user)
		unmap(l, l->user, USER_SIZE);
	l->user = NULL;
}
