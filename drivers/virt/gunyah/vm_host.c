// SPDX-License-Identifier: GPL-2.0-only
/*
 * What all VMs of a connection have in common: their list, the flow, counters.
 *
 * The flow, that is how memory is given to VMs, is asked for once: the resource
 * manager answers SET_DEMAND_PAGING with "unimplemented" where memory has to be
 * given before the start.  What else it may answer to a request without ranges
 * is not known: only that answer decides.
 */
#include <linux/cleanup.h>
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
	mutex_init(&host->flow_lock);
	return host;
}

/* Take a reference; returns @host. */
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

/* Give a reference up. */
void gunyah_vm_host_put(struct gunyah_vm_host *host)
{
	kref_put(&host->ref, host_free);
}

/* Ask for the flow, with a vmid in LOAD. */
static int probe_flow_locked(struct gunyah_vm_host *host, u16 vmid)
{
	int ret;

	lockdep_assert_held(&host->flow_lock);
	ret = gunyah_rm_vm_set_demand_paging(host->rm, vmid, 0, NULL);
	switch (ret) {
	case -EOPNOTSUPP:
		host->flow = GUNYAH_VM_FLOW_EAGER;
		return 0;
	case -EINTR:
	case -EIO:
	case -ENOMEM:
	case -ETIMEDOUT:
		return ret;
	default:
		host->flow = GUNYAH_VM_FLOW_PAGED;
		return 0;
	}
}

/**
 * gunyah_vm_host_flow() - how memory is given on this connection
 * @host: the connection's VMs
 * @flow: filled in, not with GUNYAH_VM_FLOW_UNKNOWN
 *
 * Where no VM was started yet the resource manager is asked, with a vmid for
 * that alone.
 *
 * Return: 0 or an errno.
 */
int gunyah_vm_host_flow(struct gunyah_vm_host *host, enum gunyah_vm_flow *flow)
{
	u16 vmid = 0;
	int ret = 0;

	guard(mutex)(&host->flow_lock);
	if (host->flow == GUNYAH_VM_FLOW_UNKNOWN) {
		ret = gunyah_rm_alloc_vmid(host->rm, &vmid);
		if (ret)
			return ret;
		ret = probe_flow_locked(host, vmid);
		if (gunyah_rm_dealloc_vmid(host->rm, vmid))
			atomic_inc(&host->stats.vmids);
	}
	*flow = host->flow;
	return ret;
}

/**
 * gunyah_vm_host_flow_in_load() - how memory is given on this connection
 * @host: the connection's VMs
 * @vmid: a vmid in LOAD, to ask with
 * @flow: filled in, not with GUNYAH_VM_FLOW_UNKNOWN
 *
 * Return: 0 or an errno.
 */
int gunyah_vm_host_flow_in_load(struct gunyah_vm_host *host, u16 vmid, enum gunyah_vm_flow *flow)
{
	int ret = 0;

	guard(mutex)(&host->flow_lock);
	if (host->flow == GUNYAH_VM_FLOW_UNKNOWN)
		ret = probe_flow_locked(host, vmid);
	*flow = host->flow;
	return ret;
}
