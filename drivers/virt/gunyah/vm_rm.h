/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One VM as the resource manager sees it: in which state the driver believes it
 * to be, which calls may be sent there, and the way out of each state.
 */
#ifndef _GUNYAH_VM_RM_H
#define _GUNYAH_VM_RM_H

#include <linux/atomic.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "rm_calls.h"

struct gunyah_vm_image;
struct gunyah_vm_rm;

/**
 * enum gunyah_vm_rm_state - what the resource manager's state of a VM is
 *	believed to be
 * @GUNYAH_VM_RM_NONE: there is no vmid
 * @GUNYAH_VM_RM_LOAD: a vmid, not configured
 * @GUNYAH_VM_RM_AUTH: configured, the image is to be authenticated
 * @GUNYAH_VM_RM_CONFIG_FAILED: a vmid that can neither be reset nor given back
 * @GUNYAH_VM_RM_INIT: configured
 * @GUNYAH_VM_RM_READY: can be started
 * @GUNYAH_VM_RM_INIT_FAILED: initialising or starting failed
 * @GUNYAH_VM_RM_RUNNING: runs
 * @GUNYAH_VM_RM_EXITED: ended, and VM_EXITED came
 * @GUNYAH_VM_RM_RESETTING: reset was asked for
 * @GUNYAH_VM_RM_RESET: its memory can be reclaimed
 * @GUNYAH_VM_RM_LOST: unknown, for good: nothing is sent for it any more
 */
enum gunyah_vm_rm_state {
	GUNYAH_VM_RM_NONE,
	GUNYAH_VM_RM_LOAD,
	GUNYAH_VM_RM_AUTH,
	GUNYAH_VM_RM_CONFIG_FAILED,
	GUNYAH_VM_RM_INIT,
	GUNYAH_VM_RM_READY,
	GUNYAH_VM_RM_INIT_FAILED,
	GUNYAH_VM_RM_RUNNING,
	GUNYAH_VM_RM_EXITED,
	GUNYAH_VM_RM_RESETTING,
	GUNYAH_VM_RM_RESET,
	GUNYAH_VM_RM_LOST,
	/* private: how many there are */
	GUNYAH_VM_RM_STATES
};

/**
 * struct gunyah_vm_rm_ops - what the VM has to do
 * @changed: the state became EXITED or LOST.  Called with @lock held: must not
 *	sleep.
 * @drain: give up all resources of the run; may sleep
 * @reclaim: take all memory back or, when the VM is @lost, leak it knowingly;
 *	false when not all that the VM was given came back.  May sleep
 */
struct gunyah_vm_rm_ops {
	void (*changed)(struct gunyah_vm_rm *v, enum gunyah_vm_rm_state state);
	void (*drain)(struct gunyah_vm_rm *v);
	bool (*reclaim)(struct gunyah_vm_rm *v, bool lost);
};

/**
 * struct gunyah_vm_rm_stats - what was given up on this connection
 * @vmids: vmids that could not be given back
 * @lost: VMs whose end the resource manager did not confirm in time
 */
struct gunyah_vm_rm_stats {
	atomic_t vmids;
	atomic_t lost;
};

/**
 * struct gunyah_vm_rm - a VM at the resource manager
 * @rm: the connection; the owner of this struct keeps a reference
 * @ops: callbacks
 * @stats: counters of the connection
 * @limit_ms: limit for notifications that follow a call
 * @refusal_ms: limit for the notification that came before a call's refusal
 * @auth: how the image is authenticated; changed in NONE only
 * @fixed_vmid: the vmid that is asked for, 0 for any; changed in NONE only
 * @pas_id: the platform's id of the image; changed in NONE only
 * @vmid: the vmid, valid in all states but NONE; changed in NONE only; debugfs
 *	reads it at any time
 * @end_error: why not all was taken back at the end of the last run, 0 when it
 *	was; of the thread that sends
 * @drained: the resources of this run were given up; of the thread that sends
 * @listener: for the notifications
 * @lock: guards all below
 * @state: enum gunyah_vm_rm_state
 * @exited: what VM_EXITED said, valid from EXITED on
 * @wait: woken when @state changes
 */
struct gunyah_vm_rm {
	struct gunyah_rm *rm;
	const struct gunyah_vm_rm_ops *ops;
	struct gunyah_vm_rm_stats *stats;
	unsigned int limit_ms;
	unsigned int refusal_ms;
	enum gunyah_rm_vm_auth auth;
	u16 fixed_vmid;
	u32 pas_id;
	u16 vmid;
	int end_error;
	bool drained;
	struct gunyah_rm_listener listener;
	spinlock_t lock;	/* see above */
	enum gunyah_vm_rm_state state;
	struct gunyah_rm_vm_exited exited;
	wait_queue_head_t wait;
};

void gunyah_vm_rm_setup(struct gunyah_vm_rm *v, struct gunyah_rm *rm,
			const struct gunyah_vm_rm_ops *ops, struct gunyah_vm_rm_stats *stats);
void gunyah_vm_rm_set_auth(struct gunyah_vm_rm *v, enum gunyah_rm_vm_auth auth, u16 vmid,
			   u32 pas_id);
enum gunyah_vm_rm_state gunyah_vm_rm_state(struct gunyah_vm_rm *v);
int gunyah_vm_rm_alloc(struct gunyah_vm_rm *v);
int gunyah_vm_rm_configure(struct gunyah_vm_rm *v, const struct gunyah_vm_image *image,
			   u64 image_offset, u64 image_size);
int gunyah_vm_rm_authenticate(struct gunyah_vm_rm *v);
int gunyah_vm_rm_set_firmware(struct gunyah_vm_rm *v, u32 handle, u64 offset, u64 size);
int gunyah_vm_rm_init(struct gunyah_vm_rm *v);
int gunyah_vm_rm_start(struct gunyah_vm_rm *v);
bool gunyah_vm_rm_has_started(struct gunyah_vm_rm *v);
int gunyah_vm_rm_end(struct gunyah_vm_rm *v);

#endif
