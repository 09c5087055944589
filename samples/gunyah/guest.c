// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a VM: create it, bind memory, load kernel, RAM disk and device
 * tree, start it, wait for its end, start it again or close it.
 *
 * All RAM is one guest-memory file, lent to the guest: while the guest has it
 * nobody else can read or write it, so it must not be mapped here when the VM
 * starts.  Everything is therefore loaded through short-lived mappings.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gunyah-vmm.h"

#define ARM64_MAGIC	0x644d5241U

static __u64 align_up(__u64 x, __u64 to)
{
	return (x + to - 1) / to * to;
}

/* The head of an arm64 Image (Documentation/arch/arm64/booting.rst). */
struct arm64_image {
	__u32 code[2];
	__u64 text_offset;
	__u64 image_size;
	__u64 flags;
	__u64 reserved[3];
	__u32 magic;
	__u32 pe_offset;
};

void guest_create(struct guest *guest, const struct options *opt)
{
	struct gunyah_create_mem_args mem = { .size = opt->memory };
	struct gunyah_map_mem_args map = {
		.guest_addr = RAM_BASE,
		.flags = GUNYAH_MEM_FORCE_LEND | GUNYAH_MEM_ALLOW_RWX,
		.size = opt->memory,
	};
	unsigned int i;

	*guest = (struct guest) {
		.opt = opt,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.ended = PTHREAD_COND_INITIALIZER,
	};
	guest->dev_fd = open(opt->device, O_RDWR | O_CLOEXEC);
	if (guest->dev_fd < 0)
		die_errno(opt->device);
	guest->paged = ioctl(guest->dev_fd, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_DEMAND_PAGING) > 0;
	guest->vm_fd = ioctl(guest->dev_fd, GUNYAH_CREATE_VM, 0);
	if (guest->vm_fd < 0)
		die_errno("CREATE_VM");
	guest->mem_fd = ioctl(guest->dev_fd, GUNYAH_CREATE_GUEST_MEM, &mem);
	if (guest->mem_fd < 0)
		die_errno("CREATE_GUEST_MEM");
	map.guest_mem_fd = guest->mem_fd;
	if (ioctl(guest->vm_fd, GUNYAH_VM_MAP_MEM, &map))
		die_errno("VM_MAP_MEM");
	for (i = 0; i < opt->vcpus; i++)
		vcpu_create(guest, &guest->vcpus[i], i);
	if (!opt->virtio)
		return;
	shared_create(guest);
	virtio_console_create(guest);
	for (i = 0; i < opt->nr_disks; i++)
		virtio_blk_create(guest, opt->disks[i].file, opt->disks[i].read_only);
}

/*
 * Copy len bytes to guest address gpa, and zeros to the end of the page; from is
 * a file, or a buffer if fd is -1.
 */
static void copy_in(struct guest *guest, __u64 gpa, const char *name, int fd,
		    const void *buf, __u64 len)
{
	__u64 done = 0;
	ssize_t n;
	char *p;

	p = mmap(NULL, align_up(len, PAGE), PROT_READ | PROT_WRITE, MAP_SHARED, guest->mem_fd,
		 gpa - RAM_BASE);
	if (p == MAP_FAILED)
		die_errno("mapping guest memory");
	if (fd < 0)
		memcpy(p, buf, len);
	while (fd >= 0 && done < len) {
		n = read(fd, p + done, len - done);
		if (n < 0 && errno != EINTR)
			die_errno(name);
		if (!n)
			die("%s: became shorter while it was read", name);
		if (n > 0)
			done += n;
	}
	memset(p + len, 0, align_up(len, PAGE) - len);
	munmap(p, align_up(len, PAGE));
}

static int open_file(const char *name, __u64 *size)
{
	struct stat st;
	int fd;

	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		die_errno(name);
	if (!S_ISREG(st.st_mode) || !st.st_size)
		die("%s: not a file with content", name);
	*size = st.st_size;
	return fd;
}

/* Returns the first free guest address behind the kernel, its .bss included. */
static __u64 load_kernel(struct guest *guest)
{
	const char *name = guest->opt->kernel;
	struct arm64_image head;
	__u64 size, end;
	int fd;

	fd = open_file(name, &size);
	if (pread(fd, &head, sizeof(head), 0) != sizeof(head) || head.magic != ARM64_MAGIC)
		die("%s: not an arm64 Image (is it compressed?)", name);
	if (head.text_offset)
		die("%s: wants to be loaded at offset %#llx; 5.8 and newer kernels don't", name,
		    (unsigned long long)head.text_offset);
	end = head.image_size > size ? head.image_size : size;
	if (end > guest->opt->memory - DTB_ROOM)
		die("%s: %llu MiB don't fit into the guest's memory", name,
		    (unsigned long long)(end >> 20));
	/* The start of the memory is where the guest starts. */
	copy_in(guest, RAM_BASE, name, fd, NULL, size);
	close(fd);
	guest->kernel_size = end;
	return RAM_BASE + end;
}

/* Puts the initial RAM disk at the end of RAM, away from the kernel's end at from. */
static void load_initrd(struct guest *guest, __u64 from)
{
	__u64 end = RAM_BASE + guest->opt->memory;
	const char *name = guest->opt->initrd;
	__u64 size;
	int fd;

	guest->initrd_addr = end;
	guest->initrd_size = 0;
	if (name) {
		fd = open_file(name, &size);
		/* The device tree comes between the two. */
		from = align_up(from, DTB_ROOM) + DTB_ROOM;
		if (from > end || size > end - from)
			die("%s: does not fit behind the kernel: more memory (-m)?", name);
		guest->initrd_addr = (end - size) & ~(PAGE - 1);
		guest->initrd_size = size;
		copy_in(guest, guest->initrd_addr, name, fd, NULL, size);
		close(fd);
	}
	if (guest->shared) {
		/* And on into shared memory: shared.c says why. */
		shared_clear(guest);
		guest->initrd_size = guest->shared_addr + POOL_OFFSET - guest->initrd_addr;
	}
}

void guest_load(struct guest *guest)
{
	struct gunyah_vm_dtb_config config;
	const void *code;
	size_t size;
	void *dtb;

	load_initrd(guest, load_kernel(guest));
	guest->dtb_addr = (guest->initrd_addr - DTB_ROOM) & ~(DTB_ROOM - 1);

	dtb = malloc(DTB_ROOM);
	if (!dtb)
		die_errno("device tree");
	size = devicetree_make(guest, dtb, DTB_SIZE);
	copy_in(guest, guest->dtb_addr, "device tree", -1, dtb, size);
	free(dtb);
	size = shared_entry_code(&code);
	copy_in(guest, guest->dtb_addr + DTB_SIZE, "entry", -1, code, size);

	config = (struct gunyah_vm_dtb_config) {
		.guest_phys_addr = guest->dtb_addr,
		.size = DTB_SIZE,
	};
	if (ioctl(guest->vm_fd, GUNYAH_VM_SET_DTB_CONFIG, &config))
		die_errno("VM_SET_DTB_CONFIG");
}

/* The boot registers are the default: PC the start of the memory, X0 the device tree. */
static void set_boot_register(struct guest *guest, __u32 reg, __u64 value)
{
	struct gunyah_vm_boot_context context = { .reg = reg, .value = value };

	if (ioctl(guest->vm_fd, GUNYAH_VM_SET_BOOT_CONTEXT, &context))
		die_errno("VM_SET_BOOT_CONTEXT");
}

void guest_start(struct guest *guest)
{
	unsigned int i;

	__u64 entry = RAM_BASE;

	if (guest->paged && guest->shared) {
		entry = guest->dtb_addr + DTB_SIZE;
		set_boot_register(guest, GUNYAH_VM_BOOT_CONTEXT_REG(REG_SET_X, 1),
				  guest->shared_addr);
		set_boot_register(guest, GUNYAH_VM_BOOT_CONTEXT_REG(REG_SET_X, 2),
				  guest->shared_addr + guest->shared_size);
		set_boot_register(guest, GUNYAH_VM_BOOT_CONTEXT_REG(REG_SET_X, 4), RAM_BASE);
	}
	set_boot_register(guest, GUNYAH_VM_BOOT_CONTEXT_REG(REG_SET_PC, 0), entry);
	set_boot_register(guest, GUNYAH_VM_BOOT_CONTEXT_REG(REG_SET_X, 0), guest->dtb_addr);
	if (ioctl(guest->vm_fd, GUNYAH_VM_START))
		die_errno("VM_START");
	for (i = 0; i < guest->opt->vcpus; i++)
		vcpu_start_thread(&guest->vcpus[i]);
}

bool guest_end(struct guest *guest, enum vmm_exit exit)
{
	bool first;

	pthread_mutex_lock(&guest->lock);
	/* Ctrl-C counts in any case: it may come while the guest is started again. */
	first = !guest->over || exit == VMM_EXIT_STOPPED;
	if (first) {
		guest->over = true;
		guest->exit = exit;
		pthread_cond_signal(&guest->ended);
	}
	pthread_mutex_unlock(&guest->lock);
	return first;
}

enum vmm_exit guest_wait(struct guest *guest)
{
	enum vmm_exit exit;

	pthread_mutex_lock(&guest->lock);
	while (!guest->over)
		pthread_cond_wait(&guest->ended, &guest->lock);
	exit = guest->exit;
	pthread_mutex_unlock(&guest->lock);
	return exit;
}

static void stop_vcpus(struct guest *guest)
{
	unsigned int i;

	for (i = 0; i < guest->opt->vcpus; i++)
		vcpu_kick(&guest->vcpus[i]);
	for (i = 0; i < guest->opt->vcpus; i++)
		vcpu_join(&guest->vcpus[i]);
}

/*
 * The VM keeps its memory, vCPUs and eventfds; what they hold is as the guest
 * has left it, so the devices are reset here and all is loaded again.
 */
bool guest_reset(struct guest *guest)
{
	bool stopped;

	stop_vcpus(guest);
	virtio_reset_all(guest);
	if (ioctl(guest->vm_fd, GUNYAH_VM_RESET))
		die_errno("VM_RESET (try --no-reboot)");
	uart_init(!guest->opt->virtio);
	pthread_mutex_lock(&guest->lock);
	stopped = guest->exit == VMM_EXIT_STOPPED;
	if (!stopped)
		guest->over = false;
	pthread_mutex_unlock(&guest->lock);
	return !stopped;
}

void guest_destroy(struct guest *guest)
{
	unsigned int i;

	stop_vcpus(guest);
	for (i = 0; i < guest->opt->vcpus; i++)
		vcpu_destroy(&guest->vcpus[i]);
	/* The last reference to the VM: it is stopped, its memory comes back. */
	close(guest->vm_fd);
	close(guest->mem_fd);
	if (guest->shared)
		close(guest->shared_fd);
	close(guest->dev_fd);
}
