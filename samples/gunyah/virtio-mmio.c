// SPDX-License-Identifier: GPL-2.0-only
/*
 * The registers of virtio devices (virtio 1.2, "Virtio Over MMIO"), their
 * threads, and their interrupts.
 *
 * Only memory of the pool may be used for queues and buffers (shared.c).  That
 * is what VIRTIO_F_ACCESS_PLATFORM says: the driver asks the platform, which is
 * the device tree's memory-region, where DMA can go to.
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>

#include "virtio.h"

#define VIRTIO_MAGIC	0x74726976	/* "virt" */
#define VIRTIO_VERSION	2
#define VIRTIO_VENDOR	0x594e5547	/* "GUNY" */
#define MUST_HAVE	(FEATURE(VIRTIO_F_VERSION_1) | FEATURE(VIRTIO_F_ACCESS_PLATFORM))

void virtio_add(struct guest *guest, struct virtio_device *dev)
{
	unsigned int n = guest->nr_devices++;
	unsigned int i;

	guest->devices[n] = dev;
	dev->guest = guest;
	dev->features |= MUST_HAVE;
	dev->addr = VIRTIO_BASE + n * VIRTIO_STRIDE;
	dev->irq_fd = irqfd_add(guest, VIRTIO_SPI + n);
	pthread_mutex_init(&dev->lock, NULL);
	for (i = 0; i < dev->nr_queues; i++) {
		dev->queues[i].guest = guest;
		dev->queues[i].kick_fd = ioeventfd_add(guest, dev->addr + VIRTIO_MMIO_QUEUE_NOTIFY,
						       4, i);
		virtqueue_reset(&dev->queues[i]);
	}
}

void virtio_start_threads(struct guest *guest)
{
	pthread_t thread;
	unsigned int i;

	for (i = 0; i < guest->nr_devices; i++) {
		if (pthread_create(&thread, NULL, guest->devices[i]->thread_fn,
				   guest->devices[i]))
			die("can't create the thread of %s", guest->devices[i]->name);
		/* They end with the process. */
		pthread_detach(thread);
	}
}

bool virtio_is_live(const struct virtio_device *dev)
{
	__u32 ready = VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK;

	return (dev->status & (ready | VIRTIO_CONFIG_S_NEEDS_RESET)) == ready;
}

static void add_to_eventfd(int fd)
{
	__u64 one = 1;

	/* It can fail only where 2^64 - 2 signals wait. */
	while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/*
 * The bit first, then the doorbell, for every interrupt: also when the bit is
 * set already, as the guest may have read the register just before.  The worst
 * is an interrupt for which the guest finds nothing to do.
 *
 * The bits are not under the lock: a vCPU that acknowledges an interrupt need
 * not wait for the request that is being served.
 */
static void interrupt(struct virtio_device *dev, __u32 bit)
{
	__atomic_fetch_or(&dev->interrupts, bit, __ATOMIC_SEQ_CST);
	add_to_eventfd(dev->irq_fd);
}

void virtio_signal(struct virtio_device *dev, const struct virtqueue *vq)
{
	if (virtqueue_wants_interrupt(vq))
		interrupt(dev, VIRTIO_MMIO_INT_VRING);
}

void virtio_break(struct virtio_device *dev)
{
	fprintf(stderr, "\ngunyah-vmm: %s: the guest's driver broke the rules\n", dev->name);
	dev->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	interrupt(dev, VIRTIO_MMIO_INT_CONFIG);
}

void virtio_wait_kick(struct virtio_device *dev, struct virtqueue *vq)
{
	__u64 count;

	while (read(vq->kick_fd, &count, sizeof(count)) != sizeof(count))
		;
	pthread_mutex_lock(&dev->lock);
	dev->kicks++;
	pthread_mutex_unlock(&dev->lock);
}

static void reset(struct virtio_device *dev)
{
	unsigned int i;

	dev->status = 0;
	dev->probed = false;
	dev->features_sel = 0;
	dev->driver_features_sel = 0;
	dev->driver_features = 0;
	dev->queue_sel = 0;
	for (i = 0; i < dev->nr_queues; i++)
		virtqueue_reset(&dev->queues[i]);
	__atomic_store_n(&dev->interrupts, 0, __ATOMIC_SEQ_CST);
}

void virtio_reset_all(struct guest *guest)
{
	unsigned int i;

	for (i = 0; i < guest->nr_devices; i++) {
		pthread_mutex_lock(&guest->devices[i]->lock);
		reset(guest->devices[i]);
		pthread_mutex_unlock(&guest->devices[i]->lock);
	}
}

/* What the guest has offered without a notification is looked at. */
static void kick_all(struct virtio_device *dev)
{
	unsigned int i;

	for (i = 0; i < dev->nr_queues; i++)
		add_to_eventfd(dev->queues[i].kick_fd);
}

static void write_status(struct virtio_device *dev, __u32 status)
{
	bool was_live = virtio_is_live(dev);

	if (!status) {
		reset(dev);
		return;
	}
	/* Set only when the features are all right: the driver looks. */
	if (dev->driver_features & ~dev->features || ~dev->driver_features & MUST_HAVE)
		status &= ~VIRTIO_CONFIG_S_FEATURES_OK;
	/* Only a reset takes this one back. */
	dev->status = status | (dev->status & VIRTIO_CONFIG_S_NEEDS_RESET);
	if (!was_live && virtio_is_live(dev))
		kick_all(dev);
}

/*
 * Linux sets DRIVER_OK in the middle of a driver's probe(), and reads the status
 * after it.
 */
static __u32 read_status(struct virtio_device *dev)
{
	if (virtio_is_live(dev) && !dev->probed) {
		dev->probed = true;
		kick_all(dev);
	}
	return dev->status;
}

static void set_half(__u64 *value, bool high, __u32 half)
{
	if (high)
		*value = (*value & 0xffffffff) | (__u64)half << 32;
	else
		*value = (*value & ~0xffffffffULL) | half;
}

/* The registers of the queue that queue_sel names; fixed while it is in use. */
static void write_queue(struct virtio_device *dev, __u64 reg, __u32 value)
{
	struct virtqueue *vq;

	if (dev->queue_sel >= dev->nr_queues)
		return;
	vq = &dev->queues[dev->queue_sel];
	if (reg == VIRTIO_MMIO_QUEUE_READY) {
		if (!value)
			vq->ready = false;
		else if (!vq->ready && !virtqueue_enable(vq))
			virtio_break(dev);
		return;
	}
	if (vq->ready)
		return;
	switch (reg) {
	case VIRTIO_MMIO_QUEUE_NUM:
		vq->num = value;
		break;
	case VIRTIO_MMIO_QUEUE_DESC_LOW:
	case VIRTIO_MMIO_QUEUE_DESC_HIGH:
		set_half(&vq->desc_addr, reg == VIRTIO_MMIO_QUEUE_DESC_HIGH, value);
		break;
	case VIRTIO_MMIO_QUEUE_AVAIL_LOW:
	case VIRTIO_MMIO_QUEUE_AVAIL_HIGH:
		set_half(&vq->avail_addr, reg == VIRTIO_MMIO_QUEUE_AVAIL_HIGH, value);
		break;
	case VIRTIO_MMIO_QUEUE_USED_LOW:
	case VIRTIO_MMIO_QUEUE_USED_HIGH:
		set_half(&vq->used_addr, reg == VIRTIO_MMIO_QUEUE_USED_HIGH, value);
		break;
	}
}

static void write_register(struct virtio_device *dev, __u64 reg, __u32 value)
{
	switch (reg) {
	case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
		dev->features_sel = value;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES_SEL:
		dev->driver_features_sel = value;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES:
		if (dev->driver_features_sel < 2 && !(dev->status & VIRTIO_CONFIG_S_FEATURES_OK))
			set_half(&dev->driver_features, dev->driver_features_sel, value);
		break;
	case VIRTIO_MMIO_QUEUE_SEL:
		dev->queue_sel = value;
		break;
	case VIRTIO_MMIO_QUEUE_NOTIFY:
		/* No exit comes from here while the ioeventfd is there. */
		dev->kick_exits++;
		if (value < dev->nr_queues)
			add_to_eventfd(dev->queues[value].kick_fd);
		break;
	case VIRTIO_MMIO_STATUS:
		write_status(dev, value);
		break;
	default:
		write_queue(dev, reg, value);
	}
}

static __u32 read_register(struct virtio_device *dev, __u64 reg)
{
	bool queue = dev->queue_sel < dev->nr_queues;

	switch (reg) {
	case VIRTIO_MMIO_MAGIC_VALUE:
		return VIRTIO_MAGIC;
	case VIRTIO_MMIO_VERSION:
		return VIRTIO_VERSION;
	case VIRTIO_MMIO_DEVICE_ID:
		return dev->id;
	case VIRTIO_MMIO_VENDOR_ID:
		return VIRTIO_VENDOR;
	case VIRTIO_MMIO_DEVICE_FEATURES:
		return dev->features_sel < 2 ? dev->features >> (32 * dev->features_sel) : 0;
	case VIRTIO_MMIO_QUEUE_NUM_MAX:
		return queue ? QUEUE_SIZE : 0;
	case VIRTIO_MMIO_QUEUE_READY:
		return queue && dev->queues[dev->queue_sel].ready;
	case VIRTIO_MMIO_STATUS:
		return read_status(dev);
	case VIRTIO_MMIO_SHM_LEN_LOW:
	case VIRTIO_MMIO_SHM_LEN_HIGH:
		return ~0U;	/* there is no such region */
	default:
		return 0;	/* the configuration's generation, too: it never changes */
	}
}

/* The configuration is read in any width; what is behind it is zero. */
static void read_config(const struct virtio_device *dev, __u64 offset, __u8 *data, __u32 len)
{
	__u32 i;

	for (i = 0; i < len; i++, offset++)
		data[i] = offset < dev->config_size ? ((const __u8 *)dev->config)[offset] : 0;
}

static void do_register(struct virtio_device *dev, __u64 reg, struct gunyah_vcpu_run *run)
{
	__u32 value;

	memcpy(&value, run->mmio.data, sizeof(value));
	value = le32toh(value);
	if (run->mmio.is_write) {
		write_register(dev, reg, value);
		return;
	}
	value = htole32(read_register(dev, reg));
	memcpy(run->mmio.data, &value, sizeof(value));
}

/* A vCPU's access; false when there is no device. */
bool virtio_mmio(struct guest *guest, struct gunyah_vcpu_run *run)
{
	__u64 offset = run->mmio.phys_addr - VIRTIO_BASE;
	__u64 n = offset / VIRTIO_STRIDE, reg = offset % VIRTIO_STRIDE;
	struct virtio_device *dev;
	__u32 bits;

	if (run->mmio.phys_addr < VIRTIO_BASE || n >= guest->nr_devices)
		return false;
	dev = guest->devices[n];
	if (reg >= VIRTIO_MMIO_CONFIG) {
		if (!run->mmio.is_write)
			read_config(dev, reg - VIRTIO_MMIO_CONFIG, run->mmio.data, run->mmio.len);
		return true;
	}
	if (run->mmio.len != 4)
		return false;
	/* These two without the lock, see interrupt(). */
	if (reg == VIRTIO_MMIO_INTERRUPT_STATUS && !run->mmio.is_write) {
		bits = htole32(__atomic_load_n(&dev->interrupts, __ATOMIC_SEQ_CST));
		memcpy(run->mmio.data, &bits, sizeof(bits));
		return true;
	}
	if (reg == VIRTIO_MMIO_INTERRUPT_ACK && run->mmio.is_write) {
		memcpy(&bits, run->mmio.data, sizeof(bits));
		__atomic_fetch_and(&dev->interrupts, ~le32toh(bits), __ATOMIC_SEQ_CST);
		return true;
	}
	pthread_mutex_lock(&dev->lock);
	do_register(dev, reg, run);
	pthread_mutex_unlock(&dev->lock);
	return true;
}

void virtio_print_stats(const struct guest *guest)
{
	unsigned int i;

	for (i = 0; i < guest->nr_devices; i++) {
		struct virtio_device *dev = guest->devices[i];

		pthread_mutex_lock(&dev->lock);
		fprintf(stderr,
			"gunyah-vmm: %s: %lu requests, %lu flushes; %lu notifications by eventfd, %lu by an exit\n",
			dev->name, dev->requests, dev->flushes, dev->kicks, dev->kick_exits);
		pthread_mutex_unlock(&dev->lock);
	}
}
