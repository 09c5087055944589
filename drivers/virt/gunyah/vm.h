/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtual machine: tickets, memory, handlers and functions put together, with
 * the states that user space sees.
 *
 * Who keeps what alive: the VM fd ends the VM when it is closed for the last
 * time, also while vCPU fds are open.  What is left of the VM then, this struct,
 * stays until the last vCPU fd is closed.
 *
 * Lock order: see Documentation/virt/gunyah/locking.rst.
 */
#ifndef _GUNYAH_VM_H
#define _GUNYAH_VM_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>

#include "vm_auth.h"
#include "vm_boot.h"
#include "vm_function.h"
#include "vm_host.h"
#include "vm_io.h"
#include "vm_mem.h"
#include "vm_resource.h"
#include "vm_rm.h"
#include "vm_user_mem.h"

struct gunyah_vm_exit_info;

/**
 * enum gunyah_vm_state - what user space can do with a VM
 * @GUNYAH_VM_NOT_STARTED: configure and start it
 * @GUNYAH_VM_STARTING: a thread is in GUNYAH_VM_START
 * @GUNYAH_VM_RUNNING: run its vCPUs
 * @GUNYAH_VM_EXITED: it ended; vCPUs say how
 * @GUNYAH_VM_ENDING: a failed start is cleaned up
 * @GUNYAH_VM_RESETTING: a thread is in GUNYAH_VM_RESET
 * @GUNYAH_VM_CLOSING: the fd was closed, or the driver is unbound
 * @GUNYAH_VM_GONE: nothing is left but the struct
 */
enum gunyah_vm_state {
	GUNYAH_VM_NOT_STARTED,
	GUNYAH_VM_STARTING,
	GUNYAH_VM_RUNNING,
	GUNYAH_VM_EXITED,
	GUNYAH_VM_ENDING,
	GUNYAH_VM_RESETTING,
	GUNYAH_VM_CLOSING,
	GUNYAH_VM_GONE,
};

struct gunyah_vm_watcher;

/**
 * struct gunyah_vm_watcher - who has to look when the VM's state changes
 * @kick: the state changed; called with a spinlock held
 * @list: private to the VM
 */
struct gunyah_vm_watcher {
	void (*kick)(struct gunyah_vm_watcher *watcher);
	struct list_head list;
};

/**
 * struct gunyah_vm - a virtual machine
 * @ref: references: the VM fd's, each vCPU's
 * @host: all VMs, referenced
 * @list: in @host->vms
 * @resources: tickets and resources
 * @mem: memory
 * @user_mem: that of it which is a process's
 * @io: handlers of guest writes
 * @functions: functions
 * @rm: the VM at the resource manager
 * @lock: held over start and end; guards @dtb_gpa, @dtb_size, @boot and @auth
 * @dtb_gpa: address of the device tree
 * @dtb_size: its size, 0 when it was not set
 * @boot: boot context
 * @auth: how the image is authenticated
 * @state: enum gunyah_vm_state; changed under @lock and @rm.lock, by
 *	notifications under @rm.lock only; read without
 * @crashed: the VM ended without VM_EXITED, or its reset failed; guarded by
 *	@rm.lock
 * @load_failed: the last start failed in the resource manager; guarded by
 *	@rm.lock
 * @run: tells what is meant for one run from what is meant for the next: counts up
 *	when a guest was started and when its run has ended (odd in between);
 *	changed under @lock, read without
 * @watchers: guarded by @rm.lock
 */
struct gunyah_vm {
	struct kref ref;
	struct gunyah_vm_host *host;
	struct list_head list;
	struct gunyah_vm_resources resources;
	struct gunyah_vm_mem mem;
	struct gunyah_vm_user_mem user_mem;
	struct gunyah_vm_io io;
	struct gunyah_vm_functions functions;
	struct gunyah_vm_rm rm;
	struct mutex lock;	/* see above */
	u64 dtb_gpa;
	u64 dtb_size;
	struct gunyah_vm_boot boot;
	struct gunyah_vm_auth auth;
	enum gunyah_vm_state state;
	bool crashed;
	bool load_failed;
	u64 run;
	struct list_head watchers;
};

void gunyah_vm_unbind_all(struct gunyah_vm_host *host);

struct gunyah_vm *gunyah_vm_create(struct gunyah_vm_host *host);
struct gunyah_vm *gunyah_vm_get(struct gunyah_vm *vm);
void gunyah_vm_put(struct gunyah_vm *vm);
void gunyah_vm_close(struct gunyah_vm *vm);

int gunyah_vm_set_dtb(struct gunyah_vm *vm, u64 gpa, u64 size);
int gunyah_vm_set_boot_reg(struct gunyah_vm *vm, u32 set, u32 index, u64 value);
int gunyah_vm_set_auth(struct gunyah_vm *vm, const struct gunyah_vm_auth *auth);
int gunyah_vm_start(struct gunyah_vm *vm);
int gunyah_vm_reset(struct gunyah_vm *vm);

/*
 * The present state.  For the hot path: takes no lock, and nothing is promised
 * about how long the answer holds.
 */
static inline enum gunyah_vm_state gunyah_vm_state(const struct gunyah_vm *vm)
{
	return READ_ONCE(vm->state);
}

/**
 * gunyah_vm_runs_ended() - which run it is: how many were before
 * @vm: the VM
 *
 * Takes no lock.  Who finds a resource of a run sees that those before it have
 * ended, too; and who sees a state of that run, and not this, is kicked.
 *
 * Return: a number that is another one after each run in which vCPUs could run.
 */
static inline u64 gunyah_vm_runs_ended(const struct gunyah_vm *vm)
{
	return READ_ONCE(vm->run) / 2;
}

void gunyah_vm_watch(struct gunyah_vm *vm, struct gunyah_vm_watcher *watcher);
void gunyah_vm_unwatch(struct gunyah_vm *vm, struct gunyah_vm_watcher *watcher);
void gunyah_vm_crashed(struct gunyah_vm *vm, u64 runs_ended);
bool gunyah_vm_end_status(struct gunyah_vm *vm, u32 *status, struct gunyah_vm_exit_info *info);

#endif
