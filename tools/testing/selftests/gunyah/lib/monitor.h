/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Existing monitors: the calls of /dev/gunyah by the numbers and layouts that these
 * programs have compiled in, written down here once more.  include/uapi is not used
 * for them, for it is what they are held against.
 *
 * What each call is to say stands in Documentation/virt/gunyah/monitors.rst, of which
 * monitors.inc is made: monitor_step() compares, in the order of the table.
 */
#ifndef GUNYAH_TEST_MONITOR_H
#define GUNYAH_TEST_MONITOR_H

#include "gunyah_test.h"

#define MON_CREATE_VM		0x4700
#define MON_SET_USER_MEM	0x40204701
#define MON_SET_DTB_CONFIG	0x40104702
#define MON_START		0x4703
#define MON_ADD_FUNCTION	0x40104704
#define MON_RUN			0x4705
#define MON_MMAP_SIZE		0x4706
#define MON_REMOVE_FUNCTION	0x40104707
#define MON_CREATE_GUEST_MEM	0x40404708
#define MON_MAP_MEM		0x40204709
#define MON_SET_BOOT_CONTEXT	0x4010470a
#define MON_CHECK_EXTENSION	0x470b
/* Android's */
#define MON_LEND_USER_MEM	0x40204111
#define MON_SET_FW_CONFIG	0x40104112
#define MON_RECLAIM_REGION	0x40104113
#define MON_CREATE_CMA_MEM	0x4114
#define MON_MAP_CMA_MEM		0x40284115
#define MON_SET_AUTH_TYPE	0x40104116
#define MON_CHECK_TIMER		0x4117

/* Extensions */
#define MON_DEMAND_PAGING	1
#define MON_USER_MEM		4
#define MON_USER_MEM_LENT	5

struct mon_user_mem {
	__u32 label;
	__u32 flags;		/* read 1, write 2, execute 4, lent 8 */
	__u64 gpa;
	__u64 size;
	__u64 addr;
};

struct mon_range {
	__u64 gpa;
	__u64 size;
};

struct mon_create_mem {
	__u64 flags;
	__u64 size;
	__u64 reserved[6];
};

struct mon_map_mem {
	__u64 gpa;
	__u32 flags;
	__s32 fd;
	__u64 offset;
	__u64 size;
};

#define MON_LEND_RWX		0x71
#define MON_SHARE_RWX		0x72
#define MON_UNMAP		0x100

struct mon_boot {
	__u32 reg;
	__u32 reserved;
	__u64 value;
};

#define MON_REG_PC		0x100

struct mon_function {
	__u32 type;
	__u32 arg_size;
	__u64 arg;
};

#define MON_FN_VCPU		1
#define MON_FN_IRQFD		2
#define MON_FN_IOEVENTFD	3

struct mon_irqfd {
	__s32 fd;
	__u32 label;
	__u32 flags;		/* level 1 */
	__u32 padding;
};

struct mon_ioeventfd {
	__u64 datamatch;
	__u64 addr;
	__u32 len;
	__s32 fd;
	__u32 flags;		/* datamatch 1 */
	__u32 padding;
};

struct mon_run {
	__u8 immediate_exit;
	__u8 padding[7];
	__u32 exit_reason;
	__u32 padding2;
	union {
		struct {
			__u64 phys_addr;
			__u8 data[8];
			__u32 len;
			__u8 is_write;
			__u8 resume_action;
		} mmio;
		struct {
			__u32 status;
			__u16 type;
			__u16 padding;
			__u32 reason_size;
			__u8 reason[8];
		} end;
	};
};

#define MON_EXIT_MMIO		1
#define MON_EXIT_STATUS		2
#define MON_STATUS_EXITED	2
#define MON_TYPE_OFF		1

/* What stands where no argument is looked at. */
#define MON_GARBAGE		0xdeadbeefcafef00dUL

/* The columns of the tables: which is told by the driver, see monitor_begin(). */
enum mon_column { MON_WITHOUT, MON_PUBLISHED, MON_PAGING, MON_COLUMNS };

struct mon_vcpu {
	int fd;
	__u32 id;
	struct mon_run *run;
};

/**
 * struct monitor - a monitor and its VM
 * @name: heading of its table
 * @column: of the table
 * @row: the last one that was done, or -1
 * @failed: a call said something else than the table
 * @dev: /dev/gunyah
 * @vm: the VM, or -1
 * @tree: what is in the guest's device tree
 */
struct monitor {
	const char *name;
	enum mon_column column;
	int row;
	bool failed;
	int dev;
	int vm;
	struct test_vm tree;
};

/* Opens /dev/gunyah; @needs is the call for memory that a driver may be without, or 0. */
void monitor_begin(struct monitor *m, const char *name, unsigned long needs);
/* Is there a call on this VM?  For those that change nothing with an argument of zeros. */
bool monitor_has(int vm, unsigned long nr);
/*
 * The call of the next row, or once more that of the last one, said @ret.  True if
 * the monitor can go on: it did not fail.
 */
bool monitor_step(struct monitor *m, const char *step, long ret);
/* The same where this call alone is not there: ENOTTY, whatever the table says. */
void monitor_absent(struct monitor *m, const char *step, long ret);
/* Closes the files; true when all rows are done, up to where the monitor gives up. */
bool monitor_end(struct monitor *m);

/* Each gives -errno or the result. */
int mon_create_vm(struct monitor *m);
int mon_user_mem(struct monitor *m, unsigned long nr, __u32 label, __u32 flags, __u64 gpa,
		 __u64 size, const void *addr);
/* By a second open of the device, which is closed again. */
int mon_create_mem(__u64 size, __u64 flags);
int mon_map_mem(struct monitor *m, int fd, __u64 gpa, __u64 size, __u32 flags);
int mon_map_mem_at(struct monitor *m, int fd, __u64 offset, __u64 gpa, __u64 size, __u32 flags);
int mon_set_dtb(struct monitor *m, __u64 gpa, __u64 size);
int mon_set_pc(struct monitor *m, __u64 pc);
int mon_start(struct monitor *m);
int mon_function(struct monitor *m, unsigned long nr, __u32 type, const void *arg, __u32 size);
int mon_add_vcpu(struct monitor *m, struct mon_vcpu *vcpu, __u32 id);
int mon_remove_vcpu(struct monitor *m, const struct mon_vcpu *vcpu);
int mon_map_vcpu(struct mon_vcpu *vcpu, size_t size);
void mon_close_vcpu(struct mon_vcpu *vcpu);
int mon_add_irqfd(struct monitor *m, int fd, __u32 label, __u32 flags);

/* Memory of the monitor's own, as a file that it has mapped; it can be shared. */
void *mon_user_pages(size_t size);
/* Writes the agent to @image and the device tree to @dtb. */
void mon_load(const struct monitor *m, void *image, void *dtb, size_t dtb_size);

/* What mon_command() gives beside 0 and -errno: the VM has ended. */
#define MON_ENDED		1

/*
 * The agent does a command.  As a monitor does it: EINTR and EAGAIN go on, exits are
 * for MMIO or for the end, no resume action is written.
 */
int mon_command(struct mon_vcpu *vcpu, __u64 op, __u64 a, __u64 b, __u64 c, __u64 *result);
/* The guest powers off: 0 when the exit says so. */
int mon_power_off(struct mon_vcpu *vcpu);

#endif
