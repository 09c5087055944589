/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A resource: a typed capability that the resource manager gave to this VM,
 * with its Linux interrupt where it has one.
 */
#ifndef _GUNYAH_RESOURCE_H
#define _GUNYAH_RESOURCE_H

#include <linux/list.h>
#include <linux/types.h>

struct device_node;

/* Resource types (published resource manager, Dec 2023). */
enum gunyah_resource_type {
	GUNYAH_RESOURCE_BELL_TX		= 0,
	GUNYAH_RESOURCE_BELL_RX		= 1,
	GUNYAH_RESOURCE_MSGQ_TX		= 2,
	GUNYAH_RESOURCE_MSGQ_RX		= 3,
	GUNYAH_RESOURCE_VCPU		= 4,
	GUNYAH_RESOURCE_MEM_EXTENT	= 9,
	GUNYAH_RESOURCE_ADDR_SPACE	= 10,
};

/**
 * struct gunyah_resource - a capability with its interrupt
 * @type: enum gunyah_resource_type; others are kept as they came
 * @label: resource_label of the resource manager, the key together with @type
 * @capid: capability id, any 64-bit value
 * @irq: Linux interrupt number, 0 where the resource has none
 * @list: for its holder
 */
struct gunyah_resource {
	u32 type;
	u32 label;
	u64 capid;
	unsigned int irq;
	struct list_head list;
};

/**
 * gunyah_resource_create() - make a resource and map its interrupt
 * @irq_parent: the interrupt controller's node
 * @type: type of the resource
 * @label: its label
 * @capid: its capability
 * @virq: interrupt number as the resource manager says (0: none; 32..1019 SPI, 4096..5119 ESPI)
 *
 * Context: may sleep.
 * Return: the resource, or ERR_PTR: -ENOMEM, -EINVAL for a virq that is no
 * (E)SPI, -EBUSY for one that is in use, -ENXIO when it can't be mapped.
 */
struct gunyah_resource *gunyah_resource_create(struct device_node *irq_parent, u32 type,
					       u32 label, u64 capid, u32 virq);

/**
 * gunyah_resource_destroy() - dispose of the interrupt mapping and free
 * @res: the resource; nobody has the interrupt requested any more
 *
 * Context: may sleep.
 */
void gunyah_resource_destroy(struct gunyah_resource *res);

#endif
