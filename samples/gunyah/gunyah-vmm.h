/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small virtual machine monitor for /dev/gunyah: it boots Linux in a guest
 * with a virtio console and virtio disks, or with a serial console only.  Read
 * main.c first, then guest.c, vcpu.c; then shared.c and virtio.h.
 */
#ifndef GUNYAH_VMM_H
#define GUNYAH_VMM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdnoreturn.h>

#include <linux/gunyah.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define MAX_VCPUS	8
#define MAX_DISKS	4

/*
 * What the guest finds where.  Guest physical addresses below 1 GiB are not
 * memory: an access there ends up in this program, but for those to the
 * interrupt controller, which the hypervisor emulates at the place that the
 * device tree names.
 */
#define UART_BASE	0x09000000UL
#define UART_SIZE	0x1000UL
/* The device n: its registers, and the SPI of its doorbell, also the label. */
#define VIRTIO_BASE	0x0a000000UL
#define VIRTIO_STRIDE	0x1000UL
#define VIRTIO_SPI	16
#define GICR_BASE	0x3fe00000UL
#define GICR_SIZE	(0x20000UL * MAX_VCPUS)
#define GICD_BASE	0x3fff0000UL
#define GICD_SIZE	0x10000UL
#define RAM_BASE	0x80000000UL
/* The resource manager adds to the device tree: leave room behind it. */
#define DTB_ROOM	0x200000UL
/* The last page of that room is for the code of shared.c. */
#define DTB_SIZE	(DTB_ROOM - PAGE)
/* Pages of a host or guest have at most this size. */
#define PAGE		0x10000UL
/*
 * Shared memory (shared.c) follows RAM: one page, then the pool for DMA.  It has
 * so much for each device, which is what a disk can have under way at a time.
 */
#define SHARED_EACH	0x400000UL
#define POOL_OFFSET	PAGE

/* How the program ends; the exit status of the process. */
enum vmm_exit {
	VMM_EXIT_OFF = 0,	/* the guest powered off */
	VMM_EXIT_ERROR = 1,	/* bad arguments, or a call failed */
	VMM_EXIT_RESET = 3,	/* the guest asked for a reset */
	VMM_EXIT_CRASHED = 4,	/* the guest or its VM crashed */
	VMM_EXIT_STOPPED = 130,	/* Ctrl-C */
};

/**
 * struct options - the command line
 * @kernel: arm64 Image
 * @initrd: initial RAM disk, or NULL
 * @append: end of the guest kernel's command line
 * @device: the driver's device
 * @memory: bytes of guest memory
 * @vcpus: number of vCPUs
 * @disks: files that are the guest's disks
 * @nr_disks: number of them
 * @virtio: the guest has a virtio console, and disks; else a serial console only
 * @reboot: a guest that asks for a reset is started again
 * @stats: in the end, tell what the virtio devices did
 */
struct options {
	const char *kernel;
	const char *initrd;
	const char *append;
	const char *device;
	__u64 memory;
	unsigned int vcpus;
	struct {
		const char *file;
		bool read_only;
	} disks[MAX_DISKS];
	unsigned int nr_disks;
	bool virtio;
	bool reboot;
	bool stats;
};

struct guest;
struct virtio_device;

/**
 * struct vcpu - one vCPU and the thread that runs it
 * @guest: its guest
 * @id: index, 0 is the boot CPU
 * @fd: the vCPU's file
 * @run: the run page, shared with the driver
 * @thread: runs the vCPU
 * @started: @thread exists
 */
struct vcpu {
	struct guest *guest;
	unsigned int id;
	int fd;
	struct gunyah_vcpu_run *run;
	pthread_t thread;
	bool started;
};

/**
 * struct guest - a VM with what belongs to it
 * @opt: the command line
 * @dev_fd: /dev/gunyah
 * @vm_fd: the VM
 * @mem_fd: the guest-memory file that is all of its RAM
 * @paged: the guest gets its memory when it touches it
 * @kernel_size: bytes of the Image
 * @initrd_addr: guest address of the initial RAM disk
 * @initrd_size: its size, 0 without one
 * @dtb_addr: guest address of the device tree
 * @shared_fd: the guest-memory file that is shared with the guest
 * @shared_addr: its guest address
 * @shared_size: its size
 * @shared: where it is mapped here
 * @devices: its virtio devices
 * @nr_devices: number of them
 * @vcpus: the vCPUs
 * @lock: guards the members below
 * @ended: signalled when @over becomes true
 * @over: the run has ended
 * @exit: why
 */
struct guest {
	const struct options *opt;
	int dev_fd;
	int vm_fd;
	int mem_fd;
	bool paged;
	__u64 kernel_size;
	__u64 initrd_addr;
	__u64 initrd_size;
	__u64 dtb_addr;
	int shared_fd;
	__u64 shared_addr;
	__u64 shared_size;
	void *shared;
	struct virtio_device *devices[1 + MAX_DISKS];
	unsigned int nr_devices;
	struct vcpu vcpus[MAX_VCPUS];
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool over;
	enum vmm_exit exit;
};

/* main.c: one line on stderr, with the errno's meaning where there is one; ends the process. */
noreturn void die(const char *fmt, ...);
noreturn void die_errno(const char *what);

/* guest.c, in the order of their calls */
void guest_create(struct guest *guest, const struct options *opt);
void guest_load(struct guest *guest);
void guest_start(struct guest *guest);
/* Note why the run is over and wake up guest_wait(); false when it was over before. */
bool guest_end(struct guest *guest, enum vmm_exit exit);
enum vmm_exit guest_wait(struct guest *guest);
/* Back to the state before guest_load(); false when Ctrl-C came. */
bool guest_reset(struct guest *guest);
void guest_destroy(struct guest *guest);

/* function.c: both return an eventfd. */
int irqfd_add(const struct guest *guest, __u32 label);
int ioeventfd_add(const struct guest *guest, __u64 addr, __u32 len, __u64 datamatch);

/* shared.c: memory that the guest and this program have both. */
void shared_create(struct guest *guest);
/* Code that a guest whose memory comes on demand begins with; its size. */
size_t shared_entry_code(const void **code);
void shared_clear(struct guest *guest);
void *shared_range(const struct guest *guest, __u64 addr, __u64 len);

/* devicetree.c: writes the guest's device tree to buf; returns its size. */
size_t devicetree_make(const struct guest *guest, void *buf, size_t size);

/* terminal.c: keys go to the guest one by one while this is in force. */
void terminal_init(void);
void terminal_restore(void);
void terminal_write(const void *buf, size_t len);

/* uart.c: an 8250-compatible UART on the process's stdin and stdout. */
void uart_init(bool input);
__u8 uart_read(unsigned int reg);
void uart_write(unsigned int reg, __u8 value);

/* virtio-blk.c, virtio-console.c: make a device; dies when that can't be. */
void virtio_blk_create(struct guest *guest, const char *file, bool read_only);
void virtio_console_create(struct guest *guest);

/* virtio-mmio.c */
void virtio_start_threads(struct guest *guest);
bool virtio_mmio(struct guest *guest, struct gunyah_vcpu_run *run);
void virtio_reset_all(struct guest *guest);
void virtio_print_stats(const struct guest *guest);

/* vcpu.c */
void vcpu_create(struct guest *guest, struct vcpu *vcpu, unsigned int id);
void vcpu_start_thread(struct vcpu *vcpu);
/* Make a running vCPU return from the driver, and its thread end. */
void vcpu_kick(struct vcpu *vcpu);
void vcpu_join(struct vcpu *vcpu);
void vcpu_destroy(struct vcpu *vcpu);

#endif
