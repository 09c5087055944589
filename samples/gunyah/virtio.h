/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtio devices, and the queues by which a guest talks to them.
 *
 * virtio-mmio.c has the registers and the threads, virtqueue.c the rings in
 * shared memory, virtio-blk.c and virtio-console.c what the devices do.
 *
 * Each device has a thread.  It waits for the eventfds of its queues, which the
 * driver signals when the guest writes the number of a queue to the register
 * QueueNotify: no vCPU comes back for that.  All other registers are exits of a
 * vCPU.  The lock of a device guards its registers and queues, and is held
 * while a request is served, so that a reset waits for the request's end.
 */
#ifndef GUNYAH_VMM_VIRTIO_H
#define GUNYAH_VMM_VIRTIO_H

#include <sys/uio.h>

#include <linux/virtio_ring.h>

#include "gunyah-vmm.h"

/* A bit of the features that device and driver agree on. */
#define FEATURE(bit)	(1ULL << (bit))

#define QUEUE_SIZE	64
#define MAX_QUEUES	2

/**
 * struct virtqueue - a split virtqueue, seen from the device
 * @guest: in whose shared memory it is
 * @kick_fd: eventfd of its notifications
 * @num: its size as the guest has set it
 * @ready: it is in use: the pointers are valid
 * @desc_addr: guest address of the descriptors, as the guest has set it
 * @avail_addr: guest address of the ring of what the guest offers
 * @used_addr: guest address of the ring of what the device has done
 * @desc: @desc_addr here
 * @avail: @avail_addr here
 * @used: @used_addr here
 * @next: index of the entry of @avail that is looked at next
 * @done: index of the entry of @used that is written next
 */
struct virtqueue {
	const struct guest *guest;
	int kick_fd;
	__u32 num;
	bool ready;
	__u64 desc_addr;
	__u64 avail_addr;
	__u64 used_addr;
	struct vring_desc *desc;
	__u16 *avail;
	struct vring_used *used;
	__u16 next;
	__u16 done;
};

/**
 * struct chain - the buffers of one request
 * @head: its name in the used ring
 * @nr_out: buffers that the device reads, the first ones of @iov
 * @nr_in: buffers that the device writes, behind those
 * @iov: the buffers, all inside of shared memory
 */
struct chain {
	__u16 head;
	unsigned int nr_out;
	unsigned int nr_in;
	struct iovec iov[QUEUE_SIZE];
};

/* All of these with the device's lock. */
bool virtqueue_enable(struct virtqueue *vq);
void virtqueue_reset(struct virtqueue *vq);
bool virtqueue_has_next(const struct virtqueue *vq);
/* 1 with a request in @chain, 0 when there is none, -1 when the ring is broken. */
int virtqueue_next(struct virtqueue *vq, struct chain *chain);
/* The request is done, @written bytes were written to it. */
void virtqueue_put(struct virtqueue *vq, const struct chain *chain, __u32 written);
bool virtqueue_wants_interrupt(const struct virtqueue *vq);

/**
 * struct virtio_device - what the kinds of device have in common
 * @guest: whose device it is
 * @name: for messages
 * @id: VIRTIO_ID_
 * @features: that it offers
 * @config: the device's configuration, little endian; never changes
 * @config_size: its size
 * @nr_queues: number of @queues
 * @thread_fn: what its thread does
 * @addr: guest address of the registers
 * @irq_fd: eventfd that rings the device's doorbell
 * @lock: guards the members below
 * @status: VIRTIO_CONFIG_S_
 * @probed: the driver has looked at @status since it made the device live
 * @features_sel: which half of the features is read
 * @driver_features_sel: which half is written
 * @driver_features: those that the guest's driver has taken
 * @queue_sel: the queue that the registers of queues are about
 * @queues: its queues
 * @interrupts: VIRTIO_MMIO_INT_; atomic, without the lock, see virtio_signal()
 * @kicks: how often the thread was woken by a notification
 * @kick_exits: notifications that came as an exit of a vCPU
 * @requests: requests served
 * @flushes: of these, those that flush
 */
struct virtio_device {
	struct guest *guest;
	char name[16];
	__u32 id;
	__u64 features;
	const void *config;
	size_t config_size;
	unsigned int nr_queues;
	void *(*thread_fn)(void *dev);
	__u64 addr;
	int irq_fd;
	pthread_mutex_t lock;
	__u32 status;
	bool probed;
	__u32 features_sel;
	__u32 driver_features_sel;
	__u64 driver_features;
	__u32 queue_sel;
	struct virtqueue queues[MAX_QUEUES];
	__u32 interrupts;
	unsigned long kicks;
	unsigned long kick_exits;
	unsigned long requests;
	unsigned long flushes;
};

/* virtio-mmio.c: make the guest's next device of @dev, whose kind has set its part. */
void virtio_add(struct guest *guest, struct virtio_device *dev);
/* With the lock: the driver is ready, so that its queues may be looked at. */
bool virtio_is_live(const struct virtio_device *dev);
/* With the lock: the queue was served; an interrupt if the guest wants one. */
void virtio_signal(struct virtio_device *dev, const struct virtqueue *vq);
/* With the lock: the guest did what no driver does; nothing more until it resets. */
void virtio_break(struct virtio_device *dev);
/* Wait for a notification of the queue. */
void virtio_wait_kick(struct virtio_device *dev, struct virtqueue *vq);

#endif
