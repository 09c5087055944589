// SPDX-License-Identifier: GPL-2.0-only
/*
 * A virtio block device: a file, or a block device, of the host.
 *
 * One request at a time, from the buffers in shared memory straight to the file
 * and back.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/virtio_blk.h>
#include <linux/virtio_ids.h>

#include "virtio.h"

#define SECTOR		512
/* With QUEUE_SIZE buffers in all, at most 4 MiB are under way: see SHARED_EACH. */
#define MAX_SEGMENT	0x10000
#define MAX_SEGMENTS	16

/**
 * struct disk - a block device
 * @dev: the virtio device
 * @config: its configuration
 * @fd: the file
 * @size: its size in bytes, a multiple of SECTOR
 * @read_only: it is not written
 */
struct disk {
	struct virtio_device dev;
	struct virtio_blk_config config;
	int fd;
	__u64 size;
	bool read_only;
};

/* Pass over len bytes of the buffers. */
static void advance(struct iovec *iov, unsigned int n, size_t len)
{
	size_t part;

	for (; n && len; n--, iov++) {
		part = iov->iov_len < len ? iov->iov_len : len;
		iov->iov_base = (char *)iov->iov_base + part;
		iov->iov_len -= part;
		len -= part;
	}
}

static __u64 total(const struct iovec *iov, unsigned int n)
{
	__u64 sum = 0;

	while (n--)
		sum += iov[n].iov_len;
	return sum;
}

/* Copy len bytes between buf and the buffers, which hold as many. */
static void copy(const struct iovec *iov, void *buf, size_t len, bool to_guest)
{
	char *p = buf;
	size_t part;

	for (; len; iov++) {
		part = iov->iov_len < len ? iov->iov_len : len;
		if (to_guest)
			memcpy(iov->iov_base, p, part);
		else
			memcpy(p, iov->iov_base, part);
		p += part;
		len -= part;
	}
}

/* The last byte of the buffers, which is taken off them; NULL when they are empty. */
static __u8 *take_last(struct iovec *iov, unsigned int n)
{
	while (n--) {
		if (iov[n].iov_len)
			return (__u8 *)iov[n].iov_base + --iov[n].iov_len;
	}
	return NULL;
}

static __u8 read_or_write(struct disk *disk, __u64 sector, struct iovec *iov, unsigned int n,
			  bool write)
{
	__u64 len = total(iov, n);
	__u64 pos = sector * SECTOR;
	ssize_t done;

	if (sector > disk->size / SECTOR || len > disk->size - pos || len % SECTOR)
		return VIRTIO_BLK_S_IOERR;
	while (len) {
		done = write ? pwritev(disk->fd, iov, n, pos) : preadv(disk->fd, iov, n, pos);
		if (done < 0 && errno == EINTR)
			continue;
		/* Nothing: the file was made shorter. */
		if (done <= 0)
			return VIRTIO_BLK_S_IOERR;
		advance(iov, n, done);
		pos += done;
		len -= done;
	}
	return VIRTIO_BLK_S_OK;
}

static __u8 get_id(struct disk *disk, const struct iovec *iov, unsigned int n)
{
	char id[VIRTIO_BLK_ID_BYTES] = "";

	if (total(iov, n) < sizeof(id))
		return VIRTIO_BLK_S_IOERR;
	memcpy(id, disk->dev.name, strlen(disk->dev.name));
	copy(iov, id, sizeof(id), true);
	return VIRTIO_BLK_S_OK;
}

static __u8 execute(struct disk *disk, const struct virtio_blk_outhdr *head,
		    struct chain *chain)
{
	struct iovec *in = chain->iov + chain->nr_out;

	switch (le32toh(head->type)) {
	case VIRTIO_BLK_T_IN:
		return read_or_write(disk, le64toh(head->sector), in, chain->nr_in, false);
	case VIRTIO_BLK_T_OUT:
		if (disk->read_only)
			return VIRTIO_BLK_S_IOERR;
		return read_or_write(disk, le64toh(head->sector), chain->iov, chain->nr_out, true);
	case VIRTIO_BLK_T_FLUSH:
		disk->dev.flushes++;
		return fdatasync(disk->fd) ? VIRTIO_BLK_S_IOERR : VIRTIO_BLK_S_OK;
	case VIRTIO_BLK_T_GET_ID:
		return get_id(disk, in, chain->nr_in);
	default:
		return VIRTIO_BLK_S_UNSUPP;
	}
}

/* False when the request has no head, or no room for a status. */
static bool serve(struct disk *disk, struct virtqueue *vq, struct chain *chain)
{
	struct iovec *in = chain->iov + chain->nr_out;
	struct virtio_blk_outhdr head;
	__u8 *status, result;
	__u64 room;

	status = take_last(in, chain->nr_in);
	if (!status || total(chain->iov, chain->nr_out) < sizeof(head))
		return false;
	copy(chain->iov, &head, sizeof(head), false);
	advance(chain->iov, chain->nr_out, sizeof(head));
	room = total(in, chain->nr_in);
	result = execute(disk, &head, chain);
	*status = result;
	disk->dev.requests++;
	virtqueue_put(vq, chain, result == VIRTIO_BLK_S_OK ? room + 1 : 1);
	return true;
}

/* Serve one request; false when there is none. */
static bool serve_next(struct disk *disk)
{
	struct virtqueue *vq = &disk->dev.queues[0];
	struct chain chain;
	int got = 0;

	pthread_mutex_lock(&disk->dev.lock);
	if (virtio_is_live(&disk->dev)) {
		got = virtqueue_next(vq, &chain);
		if (got < 0 || (got && !serve(disk, vq, &chain)))
			virtio_break(&disk->dev);
		else if (got)
			virtio_signal(&disk->dev, vq);
	}
	pthread_mutex_unlock(&disk->dev.lock);
	return got > 0;
}

static void *disk_thread(void *arg)
{
	struct virtio_device *dev = arg;
	/* The device is the first member. */
	struct disk *disk = arg;

	for (;;) {
		virtio_wait_kick(dev, &dev->queues[0]);
		while (serve_next(disk))
			;
	}
	return NULL;
}

/* Opens the file; its size is that of a block device, too. */
static void open_disk(struct disk *disk, const char *file)
{
	struct stat st;
	off_t size;

	disk->fd = open(file, (disk->read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (disk->fd < 0 && !disk->read_only && (errno == EACCES || errno == EROFS)) {
		disk->read_only = true;
		disk->fd = open(file, O_RDONLY | O_CLOEXEC);
	}
	if (disk->fd < 0 || fstat(disk->fd, &st))
		die_errno(file);
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		die("%s: neither a file nor a block device", file);
	size = lseek(disk->fd, 0, SEEK_END);
	if (size < 0)
		die_errno(file);
	disk->size = size - size % SECTOR;
	if (!disk->size)
		die("%s: too small for a disk", file);
	if (disk->size != (__u64)size)
		fprintf(stderr, "gunyah-vmm: %s: the last %d bytes are left out of the disk\n",
			file, (int)(size % SECTOR));
}

void virtio_blk_create(struct guest *guest, const char *file, bool read_only)
{
	struct disk *disk = calloc(1, sizeof(*disk));

	if (!disk)
		die_errno(file);
	disk->read_only = read_only;
	open_disk(disk, file);
	disk->config = (struct virtio_blk_config) {
		.capacity = htole64(disk->size / SECTOR),
		.size_max = htole32(MAX_SEGMENT),
		.seg_max = htole32(MAX_SEGMENTS),
	};
	disk->dev = (struct virtio_device) {
		.id = VIRTIO_ID_BLOCK,
		.features = FEATURE(VIRTIO_BLK_F_SIZE_MAX) | FEATURE(VIRTIO_BLK_F_SEG_MAX) |
			    FEATURE(VIRTIO_BLK_F_FLUSH),
		.config = &disk->config,
		.config_size = sizeof(disk->config),
		.nr_queues = 1,
		.thread_fn = disk_thread,
	};
	if (disk->read_only)
		disk->dev.features |= FEATURE(VIRTIO_BLK_F_RO);
	snprintf(disk->dev.name, sizeof(disk->dev.name), "disk%u", guest->nr_devices - 1);
	virtio_add(guest, &disk->dev);
}
