/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of /dev/gunyah share.  A function with two underscores gives
 * -errno and lets the test look; one without ends the program when the call
 * fails, with a line that says where.
 *
 * Test names say what a user would notice; the number of the requirement stands
 * in a comment.
 */
#ifndef GUNYAH_TEST_H
#define GUNYAH_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/gunyah.h>

#include "../../kselftest.h"
#include "agent.h"

/*
 * When the harness calls a test hung: far beyond what one takes on a debug
 * kernel in an emulator that has to share its CPUs.
 */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	180

#define DEVICE		"/dev/gunyah"
#define SZ_4K		0x1000UL
#define SZ_2M		0x200000UL

/*
 * A page of this host, the unit of all calls (R66).  Hypervisor and resource manager
 * count in pages of 4K.
 */
#define PAGE		((unsigned long)getpagesize())
#define PAGE_4KS	(PAGE / SZ_4K)

/* Most guests of the tests: 4 MiB, the agent at the start, the device tree in the middle. */
#define GUEST_BASE	0x80000000UL
#define GUEST_SIZE	(2 * SZ_2M)
#define GUEST_DTB	(GUEST_BASE + SZ_2M)
#define GUEST_DTB_SIZE	0x10000UL
/* Addresses that belong to nobody: in the range where accesses exit, and outside of all. */
#define GUEST_MMIO	0x09000000UL
#define GUEST_HOLE	0x1000000000UL

#define MAX_VCPUS	8

#define test_die(fmt, ...)						\
	do {								\
		ksft_print_msg("%s:%d: " fmt ": %s\n", __FILE__,	\
			       __LINE__, ##__VA_ARGS__, strerror(errno)); \
		exit(KSFT_FAIL);					\
	} while (0)

/* ioctl() that gives -errno. */
#define __ioctl(fd, nr, arg) ({						\
	int _r = ioctl(fd, nr, arg);					\
	_r < 0 ? -errno : _r;						\
})

/* SKIP the test where there is no driver (the harness's macro: at the start of a test). */
#define require_gunyah()						\
	do {								\
		if (access(DEVICE, F_OK))				\
			SKIP(return, "no " DEVICE);			\
	} while (0)

/**
 * struct test_vcpu - a vCPU
 * @vm: its VM
 * @id: index
 * @fd: its file
 * @run: its run page
 * @op: command that the agent gets next
 * @args: its arguments
 * @arg3: fourth argument of AGENT_HVC; 0 unless set after agent_post()
 * @result: what the agent told
 * @esr: of the last exception since the command was posted, 0 without one
 * @far: its address
 * @irq: INTID of the last interrupt that the agent took, or -1
 * @busy: the agent has the whole command; read by other threads
 */
struct test_vcpu {
	struct test_vm *vm;
	unsigned int id;
	int fd;
	struct gunyah_vcpu_run *run;
	__u64 op;
	__u64 args[3];
	__u64 arg3;
	__u64 result;
	__u64 esr;
	__u64 far;
	int irq;
	bool busy;
};

/*
 * Something to be added to the device tree: a shared memory device of the resource
 * manager.  Its label is that of user memory; 0: that which the guest address says.
 */
struct test_shm {
	__u64 gpa;
	__u64 size;
	__u32 label;
};

/**
 * struct test_bell - a doorbell of the device tree that the host rings
 * @label: its label
 * @spi: its interrupt in the guest
 * @level: that is level triggered, not edge
 * @can_clear: the host may set its masks
 */
struct test_bell {
	__u32 label;
	__u32 spi;
	bool level;
	bool can_clear;
};

/* As many devices as the test hypervisor's resource manager makes for a VM. */
#define MAX_BELLS	64

/**
 * struct test_vm - a VM with memory of its own
 * @dev_fd: /dev/gunyah
 * @fd: the VM
 * @mem_fd: its guest-memory file
 * @nr_vcpus: vCPUs in the device tree, and added
 * @vcpu: the vCPUs
 * @shm: a shared range that the device tree names, size 0 without one
 * @bell: doorbells that it names
 * @nr_bells: so many
 * @nr_channels: of the guest to the resource manager
 * @channel_size: of their messages, in bytes
 * @no_image_name: leave image-name out of the device tree: VM_INIT is refused
 */
struct test_vm {
	int dev_fd;
	int fd;
	int mem_fd;
	unsigned int nr_vcpus;
	struct test_vcpu vcpu[MAX_VCPUS];
	struct test_shm shm;
	struct test_bell bell[MAX_BELLS];
	unsigned int nr_bells;
	unsigned int nr_channels;
	unsigned int channel_size;
	bool no_image_name;
};

/* devicetree.c: writes the guest's tree to buf; returns its size. */
size_t guest_devicetree(const struct test_vm *vm, void *buf, size_t size);

/* vm.c */
int open_gunyah(void);
int __create_vm(int dev_fd);
int create_vm(int dev_fd);
int __create_guest_mem(int dev_fd, __u64 size, __u64 flags);
int create_guest_mem(int dev_fd, __u64 size);
int __map_mem(int vm_fd, int mem_fd, __u64 gpa, __u64 size, __u64 offset, __u32 flags);
void map_mem(int vm_fd, int mem_fd, __u64 gpa, __u64 size, __u64 offset, __u32 flags);
int __set_dtb(int vm_fd, __u64 gpa, __u64 size);
int __set_boot_reg(int vm_fd, __u32 reg, __u64 value);
int __add_vcpu(int vm_fd, __u32 id);
int __remove_vcpu(int vm_fd, __u32 id);

#define LEND_RWX	(GUNYAH_MEM_FORCE_LEND | GUNYAH_MEM_ALLOW_RWX)

/* 0 or -errno */
int write_file(const char *path, const char *text);

/* A VM with its memory bound, agent and device tree loaded, vCPUs added; not started. */
void vm_create(struct test_vm *vm, unsigned int nr_vcpus);
/* The two halves of it: the VM, and what is in it. */
void vm_open(struct test_vm *vm);
void vm_fill(struct test_vm *vm, unsigned int nr_vcpus);
/* One doorbell more in the device tree, before vm_create() or vm_fill(). */
void vm_add_bell(struct test_vm *vm, const struct test_bell *bell);
/* More than the agent has. */
#define AGENT_ROOM	0x4000
/* Writes agent and device tree to a mapping of the guest's memory. */
void vm_write(const struct test_vm *vm, char *mem);
/* The same, with a mapping for that alone. */
void vm_load(struct test_vm *vm);
/* Does the resource manager know demand paging? */
bool paging_there(void);
int __vm_start(struct test_vm *vm);
void vm_start(struct test_vm *vm);
int __vm_reset(struct test_vm *vm);
/* The guest's memory written anew, and started. */
void vm_start_anew(struct test_vm *vm);
/* Closes all fds of the VM. */
void vm_destroy(struct test_vm *vm);
void vcpu_add(struct test_vm *vm, unsigned int id);
int __vcpu_run(struct test_vcpu *vcpu);

/* wait.c: by a clock that nobody sets. */
double seconds(void);
/* Is a thread of this program asleep in an ioctl()? */
bool sleeps_in_ioctl(pid_t tid);
/* Wait until it is; false when it became true that it never will be: @done. */
bool wait_for_sleep(const pid_t *tid, const bool *done);
/*
 * A signal that only ends a system call, again and again, for one that comes before
 * the call would be lost; less than 1,000 ms; 0: no more.
 */
void alarm_every_ms(unsigned int ms);
/* Wait until another thread's agent_run() has brought a command that does not end. */
void agent_wait_busy(struct test_vcpu *vcpu);
/* Wait until a process has spent time in a guest. */
/* How long the threads of @pid have been in guests, in ticks. */
unsigned long guest_time(pid_t pid);
void wait_for_guest_time(pid_t pid);

/* fault.c: reads a byte, and writes it back; returns the signal that it cost, 0 for none. */
int touch(char *p, bool write);
/* Writes to each page back what is there; false, and no further, when one costs a signal. */
bool touch_range(char *p, size_t size);

/* agent.c */
enum agent_event {
	AGENT_DONE,		/* the command's result is there */
	AGENT_MMIO,		/* an access outside of the mailbox: the run page has it */
	AGENT_STATUS,		/* EXIT_STATUS */
	AGENT_OTHER_EXIT,	/* another exit reason */
};

/* Give the agent a command; it gets it with the next agent_run(). */
void agent_post(struct test_vcpu *vcpu, __u64 op, __u64 a, __u64 b, __u64 c);
/* Run the vCPU until something happened: an agent_event, or -errno of VCPU_RUN. */
int agent_run(struct test_vcpu *vcpu);
/* Post, run, and expect AGENT_DONE; returns the result. */
__u64 agent_do(struct test_vcpu *vcpu, __u64 op, __u64 a, __u64 b, __u64 c);

/**
 * struct agent_job - a thread that lets an agent do one thing
 * @vcpu: whose
 * @thread: the thread
 * @tid: its id, for wait_for_sleep()
 * @over: the thread has come to its end
 * @event: what agent_run() gave
 */
struct agent_job {
	struct test_vcpu *vcpu;
	pthread_t thread;
	pid_t tid;
	bool over;
	int event;
};

void job_start(struct agent_job *job, struct test_vcpu *vcpu, __u64 op, __u64 a, __u64 b,
	       __u64 c);
/* Waits for the thread; returns the event. */
int job_end(struct agent_job *job);
/* PSCI call of the guest. */
int agent_psci(struct test_vcpu *vcpu, __u32 fn, __u64 a, __u64 b);
/* CPU_ON of another vCPU, with its agent; the PSCI result. */
int agent_cpu_on(struct test_vcpu *vcpu, unsigned int target, __u64 context);

#define PSCI_CPU_OFF		0x84000002u
#define PSCI_CPU_ON		0xc4000003u
#define PSCI_AFFINITY_INFO	0xc4000004u
#define PSCI_SYSTEM_OFF		0x84000008u
#define PSCI_SYSTEM_RESET	0x84000009u
#define PSCI_SYSTEM_RESET2_32	0x84000012u
#define PSCI_SYSTEM_RESET2_64	0xc4000012u

/* ESR_EL1 of the aborts that a guest gets. */
#define ESR_DATA_ABORT		0x96000010u
#define ESR_FETCH_ABORT		0x86000010u

#endif
