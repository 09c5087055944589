/* SPDX-License-Identifier: GPL-2.0-only */
/* What all VMs of a connection have in common. */
#ifndef _GUNYAH_VM_HOST_H
#define _GUNYAH_VM_HOST_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>

#include "vm_rm.h"

struct gunyah_rm;

/**
 * enum gunyah_vm_flow - how memory is given on this connection
 * @GUNYAH_VM_FLOW_EAGER: before the start, as parcels
 * @GUNYAH_VM_FLOW_PAGED: the resource manager knows demand paging
 */
enum gunyah_vm_flow {
	GUNYAH_VM_FLOW_EAGER,
	GUNYAH_VM_FLOW_PAGED,
};

/**
 * struct gunyah_vm_host - all VMs of a connection
 * @ref: references
 * @rm: the connection, referenced
 * @stats: what was given up
 * @lock: guards @vms and @gone
 * @vms: all VMs whose fd is open
 * @gone: the driver was unbound; read without @lock, too
 */
struct gunyah_vm_host {
	struct kref ref;
	struct gunyah_rm *rm;
	struct gunyah_vm_rm_stats stats;
	struct mutex lock;	/* see above */
	struct list_head vms;
	bool gone;
};

struct gunyah_vm_host *gunyah_vm_host_create(struct gunyah_rm *rm);
struct gunyah_vm_host *gunyah_vm_host_get(struct gunyah_vm_host *host);
void gunyah_vm_host_put(struct gunyah_vm_host *host);
int gunyah_vm_host_flow(struct gunyah_vm_host *host, u16 vmid, enum gunyah_vm_flow *flow);
int gunyah_vm_host_ask_flow(struct gunyah_vm_host *host, enum gunyah_vm_flow *flow);

#endif
