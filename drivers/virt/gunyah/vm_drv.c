// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/gunyah, for the auxiliary device of a resource manager's connection.
 *
 * An open file refers to the connection's VMs, not to the device: after unbind
 * it is still there, and everything on it is -ENODEV.  The module can be
 * unloaded when nothing is open.
 */
#include <linux/auxiliary_bus.h>
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "rm_calls.h"
#include "user_mem.h"
#include "vcpu.h"
#include "vm.h"
#include "vm_ioctl.h"
#include "vm_parcel.h"

/**
 * struct vm_drv - of a bound auxiliary device
 * @host: the connection's VMs
 * @misc: /dev/gunyah
 * @debugfs: folder with the counters
 */
struct vm_drv {
	struct gunyah_vm_host *host;
	struct miscdevice misc;
	struct dentry *debugfs;
};

/* Unbind waits for this: misc_open() holds the lock that misc_deregister() takes. */
static int dev_open(struct inode *inode, struct file *file)
{
	struct vm_drv *drv = container_of(file->private_data, struct vm_drv, misc);

	file->private_data = gunyah_vm_host_get(drv->host);
	return 0;
}

static int dev_release(struct inode *inode, struct file *file)
{
	gunyah_vm_host_put(file->private_data);
	return 0;
}

static long dev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return gunyah_dev_ioctl(file->private_data, cmd, arg);
}

static const struct file_operations dev_fops = {
	.owner = THIS_MODULE,
	.open = dev_open,
	.release = dev_release,
	.unlocked_ioctl = dev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static int vms_show(struct seq_file *m, void *unused)
{
	struct gunyah_vm_host *host = m->private;
	struct gunyah_vm *vm;

	guard(mutex)(&host->lock);
	list_for_each_entry(vm, &host->vms, list)
		seq_printf(m, "vmid %u state %u rm-state %u\n", READ_ONCE(vm->rm.vmid),
			   gunyah_vm_state(vm), gunyah_vm_rm_state(&vm->rm));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vms);

static struct dentry *add_debugfs(struct gunyah_vm_host *host)
{
	struct dentry *dir = debugfs_create_dir("gunyah_vm", NULL);

	debugfs_create_file("vms", 0400, dir, host, &vms_fops);
	gunyah_mem_stats_debugfs(dir);
	debugfs_create_atomic_t("lost_vms", 0400, dir, &host->stats.lost);
	debugfs_create_atomic_t("lost_vmids", 0400, dir, &host->stats.vmids);
	return dir;
}

static int vm_drv_probe(struct auxiliary_device *adev, const struct auxiliary_device_id *id)
{
	struct vm_drv *drv;
	int ret;

	drv = kzalloc(sizeof(*drv), GFP_KERNEL);
	if (!drv)
		return -ENOMEM;

	ret = -ENOMEM;
	drv->host = gunyah_vm_host_create(gunyah_rm_from_auxdev(adev));
	if (!drv->host)
		goto err_free;

	drv->debugfs = add_debugfs(drv->host);
	auxiliary_set_drvdata(adev, drv);

	drv->misc.minor = MISC_DYNAMIC_MINOR;
	drv->misc.name = "gunyah";
	drv->misc.fops = &dev_fops;
	drv->misc.parent = &adev->dev;

	/* Last: it can be opened at once. */
	ret = misc_register(&drv->misc);
	if (ret)
		goto err_debugfs;
	return 0;

err_debugfs:
	debugfs_remove_recursive(drv->debugfs);
	gunyah_vm_host_put(drv->host);
err_free:
	kfree(drv);
	return ret;
}

static void vm_drv_remove(struct auxiliary_device *adev)
{
	struct vm_drv *drv = auxiliary_get_drvdata(adev);

	misc_deregister(&drv->misc);
	gunyah_vm_unbind_all(drv->host);
	debugfs_remove_recursive(drv->debugfs);
	gunyah_vm_host_put(drv->host);
	kfree(drv);
}

/*
 * A kernel that follows without a reboot (kexec) takes all memory for its own and
 * would die at the first access of a lent page: end what is left.
 */
static void vm_drv_shutdown(struct auxiliary_device *adev)
{
	struct vm_drv *drv = auxiliary_get_drvdata(adev);

	gunyah_vm_unbind_all(drv->host);
}

static const struct auxiliary_device_id vm_drv_ids[] = {
	{ .name = "gunyah_rm.vm" },
	{}
};
MODULE_DEVICE_TABLE(auxiliary, vm_drv_ids);

static struct auxiliary_driver vm_drv = {
	.name = "gunyah_vm",
	.probe = vm_drv_probe,
	.remove = vm_drv_remove,
	.shutdown = vm_drv_shutdown,
	.id_table = vm_drv_ids,
};

static int __init vm_drv_init(void)
{
	int ret;

	ret = gunyah_vm_function_register(&gunyah_vcpu_function);
	if (ret)
		return ret;

	ret = auxiliary_driver_register(&vm_drv);
	if (ret)
		gunyah_vm_function_unregister(&gunyah_vcpu_function);
	return ret;
}
module_init(vm_drv_init);

static void __exit vm_drv_exit(void)
{
	auxiliary_driver_unregister(&vm_drv);
	gunyah_vm_function_unregister(&gunyah_vcpu_function);
	gunyah_user_mem_exit();
}
module_exit(vm_drv_exit);
