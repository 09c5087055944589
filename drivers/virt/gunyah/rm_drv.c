// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver of the resource manager's node in the device tree.
 *
 * The node is a child of /hypervisor, which says simple-bus, and names by two
 * 64-bit capabilities the queue to the resource manager and the queue from it,
 * with an interrupt each.  (With #size-cells of 0 and no ranges they are no
 * addresses, and the platform device has no memory resources.)
 *
 * What is made here is a connection, and on it an auxiliary device that the VM
 * manager binds to; this driver does not know the VM manager.  After unbind the
 * connection lives on, deaf, as long as somebody refers to it (R54).
 */
#include <linux/auxiliary_bus.h>
#include <linux/bitfield.h>
#include <linux/debugfs.h>
#include <linux/gunyah.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/of_irq.h>
#include <linux/platform_device.h>
#include <linux/pm.h>
#include <linux/slab.h>

#include "rm_calls.h"
#include "rm_rpc.h"

/**
 * struct gunyah_rm_vm_adev - the auxiliary device for the VM manager
 * @adev: the device
 * @rm: the connection, a reference
 */
struct gunyah_rm_vm_adev {
	struct auxiliary_device adev;
	struct gunyah_rm *rm;
};

/**
 * struct gunyah_rm_drv - of a bound device
 * @rm: the connection
 * @tx_irq: interrupt of the queue to the resource manager
 * @rx_irq: interrupt of the queue from it
 * @vm: the auxiliary device
 * @debugfs: folder with the counters
 */
struct gunyah_rm_drv {
	struct gunyah_rm *rm;
	int tx_irq;
	int rx_irq;
	struct gunyah_rm_vm_adev *vm;
	struct dentry *debugfs;
};

struct gunyah_rm *gunyah_rm_from_auxdev(struct auxiliary_device *adev)
{
	return container_of(adev, struct gunyah_rm_vm_adev, adev)->rm;
}
EXPORT_SYMBOL_GPL(gunyah_rm_from_auxdev);

static void vm_adev_release(struct device *dev)
{
	struct gunyah_rm_vm_adev *vm =
		container_of(to_auxiliary_dev(dev), struct gunyah_rm_vm_adev, adev);

	gunyah_rm_put(vm->rm);
	kfree(vm);
}

static struct gunyah_rm_vm_adev *vm_adev_add(struct gunyah_rm *rm)
{
	struct gunyah_rm_vm_adev *vm = kzalloc(sizeof(*vm), GFP_KERNEL);
	int ret;

	if (!vm)
		return ERR_PTR(-ENOMEM);

	vm->rm = gunyah_rm_get(rm);
	vm->adev.name = "vm";
	vm->adev.dev.parent = rm->dev;
	vm->adev.dev.release = vm_adev_release;

	ret = auxiliary_device_init(&vm->adev);
	if (ret) {
		gunyah_rm_put(rm);
		kfree(vm);
		return ERR_PTR(ret);
	}

	ret = auxiliary_device_add(&vm->adev);
	if (ret) {
		auxiliary_device_uninit(&vm->adev);
		return ERR_PTR(ret);
	}

	return vm;
}

static void vm_adev_remove(struct gunyah_rm_vm_adev *vm)
{
	auxiliary_device_delete(&vm->adev);
	auxiliary_device_uninit(&vm->adev);
}

static irqreturn_t tx_irq_handler(int irq, void *data)
{
	struct gunyah_rm *rm = data;

	gunyah_msgq_tx_ready(&rm->msgq);

	return IRQ_HANDLED;
}

static irqreturn_t rx_irq_thread(int irq, void *data)
{
	gunyah_rm_receive(data);

	return IRQ_HANDLED;
}

static int request_irqs(struct gunyah_rm_drv *drv)
{
	int ret;

	ret = request_irq(drv->tx_irq, tx_irq_handler, 0, "gunyah_rm_tx", drv->rm);
	if (ret)
		return ret;

	ret = request_threaded_irq(drv->rx_irq, NULL, rx_irq_thread, IRQF_ONESHOT, "gunyah_rm_rx",
				   drv->rm);
	if (ret)
		free_irq(drv->tx_irq, drv->rm);

	return ret;
}

static void free_irqs(struct gunyah_rm_drv *drv)
{
	free_irq(drv->rx_irq, drv->rm);
	free_irq(drv->tx_irq, drv->rm);
}

#define COUNTER(name) \
	debugfs_create_atomic_t(#name, 0400, dir, &rm->stats.name)
#define NOTIFIER_COUNTER(name) \
	debugfs_create_atomic_t("notifications_" #name, 0400, dir, &rm->notifier.name)

static struct dentry *add_debugfs(struct gunyah_rm *rm)
{
	struct dentry *dir = debugfs_create_dir("gunyah_rm", NULL);

	COUNTER(requests);
	COUNTER(send_errors);
	COUNTER(replies);
	COUNTER(failed);
	COUNTER(timeouts);
	COUNTER(late);
	COUNTER(duplicate);
	COUNTER(alien);
	COUNTER(stray);
	COUNTER(bad_header);
	COUNTER(notifications);
	COUNTER(broken_notifications);
	COUNTER(lost_vmids);
	NOTIFIER_COUNTER(delivered);
	NOTIFIER_COUNTER(unheard);
	NOTIFIER_COUNTER(malformed);
	NOTIFIER_COUNTER(released);
	NOTIFIER_COUNTER(ignored);

	return dir;
}

/* 0 on a hypervisor that this driver can work with (R80). */
static int check_hypervisor(struct device *dev)
{
	struct gunyah_identify_result id;
	unsigned int version;

	/* Not an error: the same kernel runs elsewhere. */
	if (!gunyah_hypervisor_present())
		return -ENODEV;

	gunyah_hypercall_hyp_identify(&id);

	version = FIELD_GET(GUNYAH_API_INFO_VERSION, id.api_info);
	if (version != GUNYAH_API_V1)
		return dev_err_probe(dev, -ENODEV, "the hypervisor's API has version %u, not %u\n",
				     version, GUNYAH_API_V1);
	if (id.api_info & GUNYAH_API_INFO_BIG_ENDIAN)
		return dev_err_probe(dev, -ENODEV, "the hypervisor is big-endian\n");
	if (!(id.flags[0] & GUNYAH_FEATURE_MSGQUEUE))
		return dev_err_probe(dev, -ENODEV, "the hypervisor has no message queues\n");

	dev_info(dev, "Gunyah, variant %#x, features %#llx\n",
		 (unsigned int)FIELD_GET(GUNYAH_API_INFO_VARIANT, id.api_info), id.flags[0]);

	return 0;
}

static struct gunyah_rm *create_rm(struct device *dev)
{
	u64 capid[2];
	int ret;

	ret = of_property_read_u64_array(dev->of_node, "reg", capid, ARRAY_SIZE(capid));
	if (ret)
		return dev_err_ptr_probe(dev, ret, "no two capabilities in reg\n");

	struct device_node *irq_parent __free(device_node) = of_irq_find_parent(dev->of_node);
	if (!irq_parent)
		return dev_err_ptr_probe(dev, -EINVAL, "no interrupt controller\n");

	return gunyah_rm_create(dev, irq_parent, capid[0], capid[1]);
}

/* Take what an earlier driver left behind, then say hello. */
static int connect(struct gunyah_rm *rm)
{
	int ret;

	gunyah_rm_receive(rm);

	ret = gunyah_rm_get_vmid(rm, &rm->vmid);
	if (ret)
		return dev_err_probe(rm->dev, ret, "the resource manager does not tell the vmid\n");

	return 0;
}

static int gunyah_rm_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct gunyah_rm_drv *drv;
	int ret;

	ret = check_hypervisor(dev);
	if (ret)
		return ret;

	drv = devm_kzalloc(dev, sizeof(*drv), GFP_KERNEL);
	if (!drv)
		return -ENOMEM;

	drv->tx_irq = platform_get_irq(pdev, 0);
	if (drv->tx_irq < 0)
		return drv->tx_irq;

	drv->rx_irq = platform_get_irq(pdev, 1);
	if (drv->rx_irq < 0)
		return drv->rx_irq;

	drv->rm = create_rm(dev);
	if (IS_ERR(drv->rm))
		return PTR_ERR(drv->rm);

	ret = request_irqs(drv);
	if (ret)
		goto err_shutdown;

	ret = connect(drv->rm);
	if (ret)
		goto err_free_irqs;

	drv->debugfs = add_debugfs(drv->rm);
	platform_set_drvdata(pdev, drv);

	/* Last: the VM manager may bind and call at once. */
	drv->vm = vm_adev_add(drv->rm);
	if (IS_ERR(drv->vm)) {
		ret = PTR_ERR(drv->vm);
		goto err_debugfs;
	}

	return 0;

err_debugfs:
	debugfs_remove_recursive(drv->debugfs);
err_free_irqs:
	free_irqs(drv);
err_shutdown:
	gunyah_rm_shutdown(drv->rm);
	gunyah_rm_put(drv->rm);
	return ret;
}

static void gunyah_rm_remove(struct platform_device *pdev)
{
	struct gunyah_rm_drv *drv = platform_get_drvdata(pdev);

	vm_adev_remove(drv->vm);
	debugfs_remove_recursive(drv->debugfs);

	/* With interrupts: the call on the wire still gets its reply. */
	gunyah_rm_shutdown(drv->rm);
	free_irqs(drv);
	gunyah_rm_put(drv->rm);
}

/*
 * Hibernation would come back to a resource manager that knows nothing of this
 * connection, nor of guests and what they share: capabilities are new at each boot.
 * (Lent memory is in its way also without this driver: see direct_map.c.)  Suspend is
 * all right.
 */
static int gunyah_rm_freeze(struct device *dev)
{
	dev_err(dev, "no hibernation while the driver is bound\n");
	return -EOPNOTSUPP;
}

static const struct dev_pm_ops gunyah_rm_pm_ops = {
	.freeze = pm_sleep_ptr(gunyah_rm_freeze),
};

static const struct of_device_id gunyah_rm_of_match[] = {
	{ .compatible = "gunyah-resource-manager" },
	{}
};
MODULE_DEVICE_TABLE(of, gunyah_rm_of_match);

static struct platform_driver gunyah_rm_driver = {
	.probe = gunyah_rm_probe,
	.remove = gunyah_rm_remove,
	.driver = {
		.name = "gunyah_rm",
		.of_match_table = gunyah_rm_of_match,
		.pm = pm_sleep_ptr(&gunyah_rm_pm_ops),
	},
};
module_platform_driver(gunyah_rm_driver);
