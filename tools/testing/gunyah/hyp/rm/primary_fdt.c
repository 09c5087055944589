// SPDX-License-Identifier: GPL-2.0-only
/*
 * The /hypervisor node of the primary VM's device tree, in the form in which
 * the published hypervisor gives it (Dec 2023): no plain "gunyah-hypervisor",
 * the unit address of the resource manager's node is the send capability.
 */

#include <libfdt.h>

#include "../abi.h"
#include "rm.h"

#define SPI(intid)	((intid) - 32)
#define IRQ_EDGE	1

/* Strings with their terminating zeros, the last one by the compiler. */
static const char hyp_compatible[] =
	"qcom,gunyah-hypervisor-1.0\0qcom,gunyah-hypervisor\0simple-bus";
static const char rm_compatible[] =
	"gunyah-resource-manager\0qcom,resource-manager-1-0\0qcom,resource-manager";
static const char id_compatible[] =
	"qcom,gunyah-vm-id-1.0\0qcom,gunyah-vm-id";

static int fill_rm_node(void *fdt, int node)
{
	u64 tx, rx;
	int err;

	rm_primary_caps(&tx, &rx);
	err = fdt_setprop(fdt, node, "compatible", rm_compatible, sizeof(rm_compatible));
	if (!err)
		err = fdt_setprop_u64(fdt, node, "reg", tx);
	if (!err)
		err = fdt_appendprop_u64(fdt, node, "reg", rx);
	if (!err)
		err = fdt_setprop_u32(fdt, node, "interrupts", 0);
	if (!err)
		err = fdt_appendprop_u32(fdt, node, "interrupts", SPI(RM_TX_INTID));
	if (!err)
		err = fdt_appendprop_u32(fdt, node, "interrupts", IRQ_EDGE);
	if (!err)
		err = fdt_appendprop_u32(fdt, node, "interrupts", 0);
	if (!err)
		err = fdt_appendprop_u32(fdt, node, "interrupts", SPI(RM_RX_INTID));
	if (!err)
		err = fdt_appendprop_u32(fdt, node, "interrupts", IRQ_EDGE);
	if (!err)
		err = fdt_setprop(fdt, node, "qcom,is-full-duplex", NULL, 0);
	if (!err)
		err = fdt_setprop_u32(fdt, node, "qcom,free-irq-start", GUEST_INTID_FIRST);
	if (!err)
		err = fdt_setprop_u32(fdt, node, "qcom,tx-message-size", RM_QUEUE_SIZE);
	if (!err)
		err = fdt_setprop_u32(fdt, node, "qcom,rx-message-size", RM_QUEUE_SIZE);
	if (!err)
		err = fdt_setprop_u32(fdt, node, "qcom,tx-queue-depth", RM_QUEUE_DEPTH);
	if (!err)
		err = fdt_setprop_u32(fdt, node, "qcom,rx-queue-depth", RM_QUEUE_DEPTH);
	return err;
}

static int fill_id_node(void *fdt, int node)
{
	int err;

	err = fdt_setprop(fdt, node, "compatible", id_compatible, sizeof(id_compatible));
	if (!err)
		err = fdt_setprop_string(fdt, node, "qcom,vendor", "Qualcomm");
	if (!err)
		err = fdt_setprop_u32(fdt, node, "qcom,vmid", VMID_PRIMARY);
	return err;
}

/**
 * rm_fill_primary_fdt() - add the /hypervisor node
 * @fdt: the primary VM's tree, with room
 *
 * Return: 0, or a libfdt error.
 */
int rm_fill_primary_fdt(void *fdt)
{
	int hyp, node, err;
	char name[64];
	u64 tx, rx;

	rm_primary_caps(&tx, &rx);
	hyp_snprintf(name, sizeof(name), "qcom,resource-manager-rpc@%016lx", (unsigned long)tx);

	hyp = fdt_add_subnode(fdt, 0, "hypervisor");
	if (hyp < 0)
		return hyp;
	err = fdt_setprop(fdt, hyp, "compatible", hyp_compatible, sizeof(hyp_compatible));
	if (!err)
		err = fdt_setprop_u32(fdt, hyp, "#address-cells", 2);
	if (!err)
		err = fdt_setprop_u32(fdt, hyp, "#size-cells", 0);
	if (err)
		return err;

	/* A new subnode goes before those that are there. */
	node = fdt_add_subnode(fdt, hyp, "qcom,gunyah-vm");
	if (node < 0)
		return node;
	err = fill_id_node(fdt, node);
	if (err)
		return err;
	node = fdt_add_subnode(fdt, hyp, name);
	if (node < 0)
		return node;
	return fill_rm_node(fdt, node);
}
