// SPDX-License-Identifier: GPL-2.0-only
/*
 * What all VMs of a connection have in common: their list, the flow, counters.
 *
 * The flow is how memory is given to VMs: before the start, or page by page where
 * the resource manager knows demand paging.
 */
#include <linux/slab.h>

#include "rm_calls.h"
#include "vm_host.h"

/**
 * gunyah_vm_host_create() - make the place for a connection's VMs
 * @rm: the connection
 *
 * Return: it, with a reference, or NULL.
 */
struct gunyah_vm_host *gunyah_vm_host_create(struct gunyah_rm *rm)
{
	struct gunyah_vm_host *host;

	host = kzalloc(sizeof(*host), GFP_KERNEL);
	if (!host)
		return NULL;

	kref_init(&host->ref);
	host->rm = gunyah_rm_get(rm);
	mutex_init(&host->lock);
	INIT_LIST_HEAD(&host->vms);
	return host;
}

/**
 * gunyah_vm_host_get() - take a reference
 * @host: the connection's VMs
 *
 * Return: @host.
 */
struct gunyah_vm_host *gunyah_vm_host_get(struct gunyah_vm_host *host)
{
	kref_get(&host->ref);
	return host;
}

static void host_free(struct kref *ref)
{
	struct gunyah_vm_host *host = container_of(ref, struct gunyah_vm_host, ref);

	gunyah_rm_put(host->rm);
	kfree(host);
}

/**
 * gunyah_vm_host_put() - give a reference up
 * @host: the connection's VMs
 *
 * Context: may sleep.
 */
void gunyah_vm_host_put(struct gunyah_vm_host *host)
{
	kref_put(&host->ref, host_free);
}

/**
 * gunyah_vm_host_flow() - how memory is given on this connection
 * @host: the connection's VMs
 * @vmid: a vmid in LOAD, to ask with where that was not asked yet; 0 for one
 *	that is for that alone
 * @flow: filled in
 *
 * Context: may sleep.
 * Return: 0 or an errno.
 */
int gunyah_vm_host_flow(struct gunyah_vm_host *host, u16 vmid, enum gunyah_vm_flow *flow)
{
	bool paging;
	int ret;

	ret = gunyah_rm_demand_paging(host->rm, vmid, &paging);
	if (ret)
		return ret;

	*flow = paging ? GUNYAH_VM_FLOW_PAGED : GUNYAH_VM_FLOW_EAGER;
	return 0;
}

/**
 * gunyah_vm_host_ask_flow() - the same for a call that starts no VM
 * @host: the connection's VMs
 * @flow: filled in
 *
 * Context: may sleep.
 * Return: 0; -ENODEV when the resource manager, or the hypervisor, refused the
 * question; -EIO, -ETIMEDOUT, -ENOMEM or -EINTR.
 */
int gunyah_vm_host_ask_flow(struct gunyah_vm_host *host, enum gunyah_vm_flow *flow)
{
	return gunyah_rm_user_errno(gunyah_vm_host_flow(host, 0, flow));
}
