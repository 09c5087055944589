// SPDX-License-Identifier: GPL-2.0-only
/*
 * Resources: typed capabilities with their Linux interrupt.
 *
 * The resource manager names an interrupt by its number at this VM's GIC
 * (INTID).  It becomes a Linux interrupt by a mapping at the interrupt
 * controller's node, made with the resource and disposed of with it; whoever
 * uses the resource requests the interrupt and frees it before.  The interrupt's
 * descriptor is not charged to the user (R28), as no driver's is: how many there
 * can be is limited by the resource manager, a few for each of some 14 VMs.
 */
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/of.h>
#include <linux/slab.h>

/* Behind linux/irq.h, whose names it defines once more. */
#include <dt-bindings/interrupt-controller/arm-gic.h>

#include "resource.h"

/* INTIDs that may belong to a resource: shared ones, by the GIC architecture. */
#define INTID_SPI_FIRST		32
#define INTID_SPI_LAST		1019
#define INTID_ESPI_FIRST	4096
#define INTID_ESPI_LAST		5119

/* Between the look for a mapping that exists and the making of one. */
static DEFINE_MUTEX(map_lock);

/*
 * A mapping that exists belongs to another resource or to a device of this VM:
 * it must not be disposed of with this resource, so it is not taken.
 */
static bool is_mapped(struct irq_fwspec *fwspec)
{
	struct irq_domain *domain = irq_find_matching_fwspec(fwspec, DOMAIN_BUS_WIRED);
	irq_hw_number_t hwirq;
	unsigned int type;

	if (!domain)
		domain = irq_find_matching_fwspec(fwspec, DOMAIN_BUS_ANY);
	if (!domain || !domain->ops->translate ||
	    domain->ops->translate(domain, fwspec, &hwirq, &type))
		return false;

	return irq_find_mapping(domain, hwirq);
}

/* Linux interrupt of @virq, or a negative errno.  0 from the irq core is a failure (R56). */
static int map_irq(struct device_node *irq_parent, u32 virq)
{
	struct irq_fwspec fwspec = {
		.fwnode = of_fwnode_handle(irq_parent),
		.param_count = 3,
		.param[2] = IRQ_TYPE_EDGE_RISING,
	};
	unsigned int irq;

	if (virq >= INTID_SPI_FIRST && virq <= INTID_SPI_LAST) {
		fwspec.param[0] = GIC_SPI;
		fwspec.param[1] = virq - INTID_SPI_FIRST;
	} else if (virq >= INTID_ESPI_FIRST && virq <= INTID_ESPI_LAST) {
		fwspec.param[0] = GIC_ESPI;
		fwspec.param[1] = virq - INTID_ESPI_FIRST;
	} else {
		return -EINVAL;
	}

	guard(mutex)(&map_lock);

	if (is_mapped(&fwspec))
		return -EBUSY;

	irq = irq_create_fwspec_mapping(&fwspec);

	return irq ?: -ENXIO;
}

struct gunyah_resource *gunyah_resource_create(struct device_node *irq_parent, u32 type,
					       u32 label, u64 capid, u32 virq)
{
	struct gunyah_resource *res __free(kfree) = kzalloc(sizeof(*res), GFP_KERNEL_ACCOUNT);
	int irq = 0;

	if (!res)
		return ERR_PTR(-ENOMEM);

	if (virq) {
		irq = map_irq(irq_parent, virq);
		if (irq < 0)
			return ERR_PTR(irq);
	}

	res->type = type;
	res->label = label;
	res->capid = capid;
	res->irq = irq;
	INIT_LIST_HEAD(&res->list);

	return no_free_ptr(res);
}
EXPORT_SYMBOL_GPL(gunyah_resource_create);

void gunyah_resource_destroy(struct gunyah_resource *res)
{
	if (res->irq)
		irq_dispose_mapping(res->irq);
	kfree(res);
}
EXPORT_SYMBOL_GPL(gunyah_resource_destroy);
