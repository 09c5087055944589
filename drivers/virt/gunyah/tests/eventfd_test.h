/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An eventfd and a VM for the tests of irqfd and ioeventfd.
 *
 * The kernel can't make an eventfd for itself.  So this one is the test's, with a
 * file of its own: what the driver gets as the context is laid out as the kernel's,
 * and the functions that work on it are the kernel's.  Whether that fits is looked
 * at first.
 */
#ifndef _GUNYAH_TESTS_EVENTFD_TEST_H
#define _GUNYAH_TESTS_EVENTFD_TEST_H

#include <kunit/test.h>
#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/poll.h>
#include <linux/wait.h>
#include <uapi/linux/gunyah.h>

#include "../vm.h"

/* As in fs/eventfd.c. */
struct eventfd_ctx {
	struct kref kref;
	wait_queue_head_t wqh;
	__u64 count;
	unsigned int flags;
	int id;
};

/**
 * struct test_eventfd - an eventfd
 * @ctx: what the driver sees; the test has a reference
 * @spare: for a kernel whose context is larger
 * @fd: its number, -1 after it was closed
 */
struct test_eventfd {
	struct eventfd_ctx ctx;
	u8 spare[256];
	int fd;
};

static __poll_t test_eventfd_poll(struct file *file, poll_table *wait)
{
	struct eventfd_ctx *ctx = file->private_data;

	poll_wait(file, &ctx->wqh, wait);
	return READ_ONCE(ctx->count) ? EPOLLIN : 0;
}

static int test_eventfd_release(struct inode *inode, struct file *file)
{
	struct eventfd_ctx *ctx = file->private_data;

	wake_up_poll(&ctx->wqh, EPOLLHUP);
	return 0;
}

static const struct file_operations test_eventfd_fops = {
	.owner = THIS_MODULE,
	.poll = test_eventfd_poll,
	.release = test_eventfd_release,
};

/* In eventfd_ctx_fileget()'s place. */
static inline struct eventfd_ctx *test_eventfd_ctx(struct file *file)
{
	struct eventfd_ctx *ctx = file->private_data;

	if (file->f_op != &test_eventfd_fops)
		return ERR_PTR(-EINVAL);
	kref_get(&ctx->kref);
	return ctx;
}

static inline void test_eventfd_open(struct kunit *test, struct test_eventfd *e)
{
	struct file *file;
	u64 count;

	kref_init(&e->ctx.kref);
	init_waitqueue_head(&e->ctx.wqh);
	e->ctx.id = -1;

	e->ctx.count = 0x123456789;
	scoped_guard(spinlock_irq, &e->ctx.wqh.lock)
		eventfd_ctx_do_read(&e->ctx, &count);
	KUNIT_ASSERT_EQ(test, count, 0x123456789);
	KUNIT_ASSERT_EQ(test, e->ctx.count, 0);

	e->fd = get_unused_fd_flags(O_CLOEXEC);
	KUNIT_ASSERT_GE(test, e->fd, 0);
	file = anon_inode_getfile("gunyah-test-eventfd", &test_eventfd_fops, &e->ctx, O_RDWR);
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	fd_install(e->fd, file);
}

/* On return its file has gone, with all that comes of it at once. */
static inline void test_eventfd_close(struct test_eventfd *e)
{
	if (e->fd < 0)
		return;
	close_fd(e->fd);
	flush_delayed_fput();
	e->fd = -1;
}

/* Nobody has it any more but the test. */
static inline void test_eventfd_expect_free(struct kunit *test, struct test_eventfd *e)
{
	KUNIT_EXPECT_EQ(test, kref_read(&e->ctx.kref), 1);
	KUNIT_EXPECT_TRUE(test, list_empty(&e->ctx.wqh.head));
}

static inline void test_vm_rm_changed(struct gunyah_vm_rm *v, enum gunyah_vm_rm_state state)
{
}

static const struct gunyah_vm_rm_ops test_vm_rm_ops = {
	.changed = test_vm_rm_changed,
};

/* A VM, zeroed before, that has no more than functions need. */
static inline void test_vm_init(struct kunit *test, struct gunyah_vm *vm,
				struct gunyah_vm_host *host)
{
	kref_init(&vm->ref);
	vm->host = host;
	gunyah_vm_rm_setup(&vm->rm, NULL, &test_vm_rm_ops, &host->stats);
	gunyah_vm_resources_init(&vm->resources);
	gunyah_vm_functions_init(&vm->functions);
	gunyah_vm_io_init(&vm->io);
	INIT_LIST_HEAD(&vm->watchers);
}

/* As the closing of a VM does it. */
static inline void test_vm_exit(struct gunyah_vm *vm)
{
	gunyah_vm_resources_drain(&vm->resources);
	gunyah_vm_io_close(&vm->io);
	gunyah_vm_functions_close(&vm->functions);
	gunyah_vm_io_destroy(&vm->io);
}

#endif
