/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The test hypervisor's control page, as tests see it.  It is not there on
 * hardware, nor under other hypervisors: tests that need it are skipped.
 *
 * Rules, counts and the resource manager are the whole machine's: a test that
 * sets a rule takes care that nobody else is hit.  One command is done at a
 * time, also of several processes.
 */
#ifndef GUNYAH_TEST_CONTROL_H
#define GUNYAH_TEST_CONTROL_H

#include "gunyah_test.h"

/* Registers. */
#define CTL_PAGES_NOT_HOST	0x10	/* lent and shared pages of 4K */
#define CTL_VMIDS		0x18
#define CTL_PARCELS		0x20
#define CTL_LOG_POSITION	0x28
#define CTL_POOL_PAGES		0x30	/* of the hypervisor's own */
#define CTL_VMS			0x38
#define CTL_ENTRIES		0x40	/* list entries in all parcels */
#define CTL_RM_DEAD		0x48
#define CTL_ARMED		0x50	/* rules that can still fire */
#define CTL_FIRED		0x58	/* times that a rule fired, since boot */
#define CTL_FLUSHES		0x60	/* times that all CPUs' TLBs were cleaned, since boot */
#define CTL_PRIMARY_TABLES	0x68	/* of CTL_POOL_PAGES those of the primary VM's stage 2 */

#define CTL_ANY			(~0ULL)
#define CTL_FOREVER		(~0ULL)

/* What a rule is about, and its key. */
#define CTL_CALL		0	/* hypercalls, by number */
#define CTL_MSG			1	/* messages to the resource manager, by id */

#define CALL_IDENTIFY		0x00
#define CALL_UID		0x8600ff01	/* not counted; CTL_ANY is not about it */
#define CALL_BELL_SEND		0x12
#define CALL_BELL_SET_MASK	0x15
#define CALL_MSGQ_SEND		0x1b
#define CALL_MSGQ_RECV		0x1c
#define CALL_VCPU_RUN		0x65

#define MSG_MEM_LEND		0x51000012
#define MSG_MEM_SHARE		0x51000013
#define MSG_MEM_RECLAIM		0x51000015
#define MSG_MEM_APPEND		0x51000018
#define MSG_ALLOC_VMID		0x56000001
#define MSG_DEALLOC_VMID	0x56000002
#define MSG_VM_START		0x56000004
#define MSG_VM_STOP		0x56000005
#define MSG_VM_RESET		0x56000006
#define MSG_CONFIG_IMAGE	0x56000009
#define MSG_AUTH_IMAGE		0x5600000a
#define MSG_VM_INIT		0x5600000b
#define MSG_GET_RESOURCES	0x56000020
#define MSG_GET_VMID		0x56000024
#define MSG_SET_FIRMWARE_MEM	0x56000032
#define MSG_SET_DEMAND_PAGING	0x56000033

#define NOTE_MEM_RELEASED	0x51100012
#define NOTE_VM_EXITED		0x56100001
#define NOTE_VM_STATUS		0x56100008

/* Errors of the resource manager. */
#define RM_OK			0
#define RM_NOMEM		1
#define RM_NORESOURCE		2
#define RM_DENIED		3
#define RM_BUSY			5
#define RM_HANDLE_INVALID	7
#define RM_VALIDATE_FAILED	8
#define RM_MEM_INVALID		10
#define RM_VM_STATE		20
#define RM_UNIMPLEMENTED	0xffffffffU

/* Of the errors of the hypervisor, and of the states that vcpu_run returns. */
#define HYP_DENIED		30
#define HYP_BUSY		31
#define HYP_RETRY		(-2ULL)
#define STATE_FAULT		6

/* Pages of a usual VM's memory. */
#define VM_PAGES		(GUEST_SIZE / SZ_4K)

/* What a rule does (p[]). */
#define CTL_CALL_RESULT		0x00	/* not done; x0 to x4 */
#define CTL_CALL_ERROR		0x01	/* done, then error p0 */
#define CTL_CALL_NOMEM		0x02	/* with p0 new stage-2 tables at most */
#define CTL_REFUSE		0x10	/* not done, error p0 */
#define CTL_REPLY_ERROR		0x11	/* done, error p0 */
#define CTL_DROP		0x12	/* not done, no answer */
#define CTL_DROP_REPLY		0x13	/* done, no answer */
#define CTL_DELAY		0x14	/* answered after p0 microseconds */
#define CTL_REPEAT		0x15	/* answered p0 times more */
#define CTL_NOTE		0x16	/* notification p0 with the data before piece p1 */
#define CTL_RAW			0x17	/* the data before piece p1 */
#define CTL_NOTES_LAST		0x18	/* the reply overtakes the notifications */
#define CTL_SPLIT		0x19	/* p0 bytes of payload in a piece */
#define CTL_BYTE		0x1a	/* piece p0, offset p1, value p2 */
#define CTL_CUT			0x1b	/* piece p0 has p1 bytes, 0: is left out */
#define CTL_PAD			0x1c	/* zeroes up to p0 bytes */
#define CTL_SWAP		0x1d	/* piece p0 and the one behind it change places */
#define CTL_NOMEM		0x1e	/* the p0th object that it needs can't be had */

/**
 * struct control_rule - what is to go wrong
 * @kind: CTL_CALL or CTL_MSG
 * @key: number, id or CTL_ANY
 * @nth: the Nth from now, 0 is as 1
 * @times: so many in a row, 0 is as 1
 * @target: vmid, for messages with a vmid and for vcpu_run; 0: any
 * @action: what happens
 * @p: of the action
 * @data: of the action
 * @len: bytes in @data
 */
struct control_rule {
	unsigned int kind;
	__u64 key;
	__u64 nth;
	__u64 times;
	__u64 target;
	unsigned int action;
	__u64 p[5];
	const void *data;
	unsigned int len;
};

/* False when there is no control page. */
bool control_there(void);

/* SKIP the test where there is none (at the start of a test). */
#define require_control()						\
	do {								\
		if (!control_there())					\
			SKIP(return, "no control page of the test hypervisor"); \
	} while (0)

__u64 control_read(unsigned int reg);
/* Any command by its number: its status. */
int __control(unsigned int number, const __u64 *args, unsigned int nr_args);
/* Ends the program when the rule is refused; returns its number. */
int control_rule(const struct control_rule *rule);
/* -1: all rules. */
void control_clear(int number);
/* Times that the rule fired. */
__u64 control_fired(int number);
/* Counts begin at 0. */
void control_mark(void);
__u64 control_count(unsigned int kind, __u64 key);
void control_notify(__u32 id, const void *payload, unsigned int len);
/* Any bytes as a queue message from the resource manager. */
void control_raw(const void *msg, unsigned int len);
void control_stall(unsigned int ms);
void control_die(void);
/* False: there are VMs or parcels, and not @force. */
bool control_revive(bool force);
/* Pages that came back. */
__u64 control_reclaim(void);

/* Most rules. */
#define RULE(...)	control_rule(&(struct control_rule) { __VA_ARGS__ })
#define MSG_RULE(id, what, ...)						\
	RULE(.kind = CTL_MSG, .key = (id), .action = (what), ## __VA_ARGS__)
#define CALL_RULE(nr, what, ...)					\
	RULE(.kind = CTL_CALL, .key = (nr), .action = (what), ## __VA_ARGS__)

/**
 * struct control_counters - what has to be as it was
 * @pages: lent and shared
 * @vmids: given
 * @parcels: not reclaimed
 * @entries: in parcels
 * @vms: in the hypervisor
 */
struct control_counters {
	__u64 pages;
	__u64 vmids;
	__u64 parcels;
	__u64 entries;
	__u64 vms;
};

struct control_counters control_counters(void);

/* A number of the driver in debugfs: "gunyah_rm/late"; "gunyah_vm/memory" with a word. */
__u64 driver_counter(const char *file, const char *word);
/* Some are counted by a worker: wait until it has @value, 5 s at most; false if it has not. */
bool counter_gets_to(const char *file, __u64 value);

/* The vmid of the VM that was created last, 0 when it was not started. */
unsigned int last_vmid(void);

/* Unbind and bind the driver; false when it does not work. */
bool driver_unbind(void);
bool driver_bind(void);
/* 0 or -errno of the bind alone; the device may come a moment later. */
int __driver_bind(void);
bool device_comes(void);
/* The modules of irqfd and ioeventfd, which come when they are needed, go if they can. */
void unload_functions(void);
/* Takes a module out; 0 or -errno. */
int module_unload(const char *module);

#endif
