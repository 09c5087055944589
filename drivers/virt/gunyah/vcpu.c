// SPDX-License-Identifier: GPL-2.0-only
/*
 * The vCPU function: what ties a vCPU to its VM, to its resource, and to the
 * file by which the monitor runs it.
 *
 * Two things refer to a vCPU, and either may go first: the function, which
 * holds the claim on the resource (so that the index is free as soon as it is
 * removed), and the file, which holds the run page (so that it can be used as
 * long as it is mapped).
 */
#include <kunit/visibility.h>
#include <linux/anon_inodes.h>
#include <linux/export.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/gunyah.h>
#include <linux/interrupt.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <uapi/linux/gunyah.h>

#include "resource.h"
#include "vcpu.h"
#include "vcpu_run.h"
#include "vm.h"

/* ---- resource ---- */

static irqreturn_t vcpu_irq(int irq, void *data)
{
	gunyah_vcpu_wake(data);
	return IRQ_HANDLED;
}

static int vcpu_populate(struct gunyah_vm_ticket *ticket, struct gunyah_resource *res)
{
	struct gunyah_vcpu *vcpu = container_of(ticket, struct gunyah_vcpu, ticket);
	int ret;

	/* Without its interrupt a vCPU that sleeps would sleep for ever. */
	if (!res->irq)
		return -EOPNOTSUPP;

	ret = request_irq(res->irq, vcpu_irq, IRQF_TRIGGER_RISING | IRQF_NO_THREAD,
			  "gunyah-vcpu", vcpu);
	if (ret)
		return ret;

	ret = enable_irq_wake(res->irq);
	if (ret) {
		free_irq(res->irq, vcpu);
		return ret;
	}

	/* Last: now the vCPU can be run. */
	gunyah_vcpu_set_resource(vcpu, res);
	return 0;
}

static void vcpu_unpopulate(struct gunyah_vm_ticket *ticket, struct gunyah_resource *res)
{
	struct gunyah_vcpu *vcpu = container_of(ticket, struct gunyah_vcpu, ticket);

	gunyah_vcpu_clear_resource(vcpu);
	disable_irq_wake(res->irq);
	free_irq(res->irq, vcpu);
}

static const struct gunyah_vm_ticket_ops vcpu_ticket_ops = {
	.populate = vcpu_populate,
	.unpopulate = vcpu_unpopulate,
};

/* ---- file ---- */

static void vcpu_free(struct kref *ref)
{
	struct gunyah_vcpu *vcpu = container_of(ref, struct gunyah_vcpu, ref);

	gunyah_vm_put(vcpu->vm);
	__free_page(vcpu->page);
	kfree(vcpu);
}

static void vcpu_put(struct gunyah_vcpu *vcpu)
{
	kref_put(&vcpu->ref, vcpu_free);
}

static int vcpu_release(struct inode *inode, struct file *file)
{
	vcpu_put(file->private_data);
	return 0;
}

static vm_fault_t vcpu_fault(struct vm_fault *vmf)
{
	struct gunyah_vcpu *vcpu = vmf->vma->vm_file->private_data;

	if (vmf->pgoff)
		return VM_FAULT_SIGBUS;

	get_page(vcpu->page);
	vmf->page = vcpu->page;
	return 0;
}

static const struct vm_operations_struct vcpu_vm_ops = {
	.fault = vcpu_fault,
};

static int vcpu_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_SHARED) || vma->vm_flags & VM_EXEC ||
	    vma->vm_pgoff || vma_pages(vma) != 1)
		return -EINVAL;

	vm_flags_mod(vma, VM_DONTEXPAND, VM_MAYEXEC);
	vma->vm_ops = &vcpu_vm_ops;
	return 0;
}

static const struct file_operations vcpu_fops = {
	.owner = THIS_MODULE,
	.release = vcpu_release,
	.unlocked_ioctl = gunyah_vcpu_ioctl,
	.compat_ioctl = gunyah_vcpu_ioctl,
	.mmap = vcpu_mmap,
	.llseek = noop_llseek,
};

/* ---- function ---- */

static void vcpu_watcher_kick(struct gunyah_vm_watcher *watcher)
{
	gunyah_vcpu_kick(container_of(watcher, struct gunyah_vcpu, watcher));
}

static struct gunyah_vcpu *vcpu_alloc(struct gunyah_vm *vm, u32 id)
{
	struct gunyah_vcpu *vcpu;

	vcpu = kzalloc(sizeof(*vcpu), GFP_KERNEL_ACCOUNT);
	if (!vcpu)
		return NULL;

	vcpu->page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!vcpu->page) {
		kfree(vcpu);
		return NULL;
	}

	kref_init(&vcpu->ref);
	vcpu->vm = gunyah_vm_get(vm);
	vcpu->id = id;
	vcpu->run = page_address(vcpu->page);
	vcpu->ticket.type = GUNYAH_RESOURCE_VCPU;
	vcpu->ticket.label = id;
	vcpu->ticket.ops = &vcpu_ticket_ops;
	vcpu->watcher.kick = vcpu_watcher_kick;
	gunyah_vcpu_setup_run(vcpu);
	return vcpu;
}

/* There are hypervisors that schedule all vCPUs themselves. */
static bool can_run_vcpus(void)
{
	struct gunyah_identify_result id;

	gunyah_hypercall_hyp_identify(&id);
	return id.flags[0] & GUNYAH_FEATURE_VCPU_RUN;
}

static int vcpu_bind(struct gunyah_vm_function *fn)
{
	const struct gunyah_fn_vcpu_arg *arg = fn->arg;
	struct gunyah_vcpu *vcpu;
	int ret;

	if (!can_run_vcpus())
		return -EOPNOTSUPP;

	vcpu = vcpu_alloc(fn->vm, arg->id);
	if (!vcpu)
		return -ENOMEM;

	ret = gunyah_vm_ticket_add(&fn->vm->resources, &vcpu->ticket);
	if (ret)
		goto err_put;

	vcpu->fd = get_unused_fd_flags(O_CLOEXEC);
	if (vcpu->fd < 0) {
		ret = vcpu->fd;
		goto err_ticket;
	}

	vcpu->file = anon_inode_getfile("gunyah-vcpu", &vcpu_fops, vcpu, O_RDWR);
	if (IS_ERR(vcpu->file)) {
		ret = PTR_ERR(vcpu->file);
		goto err_fd;
	}

	kref_get(&vcpu->ref);
	gunyah_vm_watch(fn->vm, &vcpu->watcher);
	fn->priv = vcpu;
	return 0;

err_fd:
	put_unused_fd(vcpu->fd);
err_ticket:
	gunyah_vm_ticket_remove(&fn->vm->resources, &vcpu->ticket);
err_put:
	vcpu_put(vcpu);
	return ret;
}

static int vcpu_publish(struct gunyah_vm_function *fn)
{
	struct gunyah_vcpu *vcpu = fn->priv;
	int fd = vcpu->fd;

	fd_install(fd, vcpu->file);
	return fd;
}

static void vcpu_unbind(struct gunyah_vm_function *fn)
{
	struct gunyah_vcpu *vcpu = fn->priv;

	WRITE_ONCE(vcpu->removed, true);
	gunyah_vcpu_kick(vcpu);
	gunyah_vm_ticket_remove(&fn->vm->resources, &vcpu->ticket);
	gunyah_vm_unwatch(fn->vm, &vcpu->watcher);
	vcpu_put(vcpu);
}

static bool vcpu_compare(const struct gunyah_vm_function *fn, const void *arg)
{
	const struct gunyah_fn_vcpu_arg *a = fn->arg;
	const struct gunyah_fn_vcpu_arg *b = arg;

	return a->id == b->id;
}

const struct gunyah_vm_function_type gunyah_vcpu_function = {
	.type = GUNYAH_FN_VCPU,
	.name = "vcpu",
	.owner = THIS_MODULE,
	.arg_size = sizeof(struct gunyah_fn_vcpu_arg),
	.bind = vcpu_bind,
	.publish = vcpu_publish,
	.unbind = vcpu_unbind,
	.compare = vcpu_compare,
};
EXPORT_SYMBOL_IF_KUNIT(gunyah_vcpu_function);
