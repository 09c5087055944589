// SPDX-License-Identifier: GPL-2.0-only
/*
 * Split virtqueues, the device's side.
 *
 * The rings are in memory that the guest can write at any time, from any CPU.
 * So each word of it is read once, into a copy, and the copy is what is checked
 * and used; and every range that the guest names is looked up in the shared
 * memory, so that it can't make this program touch anything else.  What its
 * content becomes while a request is served is the guest's own affair.
 */
#include <endian.h>

#include "virtio.h"

/* A ring of 16-bit words: flags and index, then entries. */
#define RING_FLAGS	0
#define RING_IDX	1
#define RING_ENTRIES	2

/* One read, however the compiler sees it. */
#define LOAD(x)	__atomic_load_n(&(x), __ATOMIC_RELAXED)

/* False when the guest has set sizes or addresses that can't be. */
bool virtqueue_enable(struct virtqueue *vq)
{
	__u32 num = vq->num;

	if (!num || num > QUEUE_SIZE || num & (num - 1) || vq->desc_addr % VRING_DESC_ALIGN_SIZE ||
	    vq->avail_addr % VRING_AVAIL_ALIGN_SIZE || vq->used_addr % VRING_USED_ALIGN_SIZE)
		return false;
	/* Both rings have one more word, for an event index that is not offered. */
	vq->desc = shared_range(vq->guest, vq->desc_addr, num * sizeof(struct vring_desc));
	vq->avail = shared_range(vq->guest, vq->avail_addr, (RING_ENTRIES + num + 1) * 2);
	vq->used = shared_range(vq->guest, vq->used_addr,
				4 + num * sizeof(struct vring_used_elem) + 2);
	if (!vq->desc || !vq->avail || !vq->used)
		return false;
	vq->next = 0;
	vq->done = 0;
	vq->ready = true;
	return true;
}

void virtqueue_reset(struct virtqueue *vq)
{
	vq->ready = false;
	vq->num = QUEUE_SIZE;
	vq->desc_addr = 0;
	vq->avail_addr = 0;
	vq->used_addr = 0;
}

bool virtqueue_has_next(const struct virtqueue *vq)
{
	return vq->ready && le16toh(LOAD(vq->avail[RING_IDX])) != vq->next;
}

/* One descriptor more of the chain; false when it breaks the rules. */
static bool add_desc(const struct virtqueue *vq, struct chain *chain,
		     const struct vring_desc *desc)
{
	struct iovec *iov = &chain->iov[chain->nr_out + chain->nr_in];
	__u32 len = le32toh(desc->len);
	__u16 flags = le16toh(desc->flags);

	/* A chain is no longer than the ring: else it has a loop. */
	if (chain->nr_out + chain->nr_in == vq->num || flags & VRING_DESC_F_INDIRECT)
		return false;
	iov->iov_base = shared_range(vq->guest, le64toh(desc->addr), len);
	iov->iov_len = len;
	if (!iov->iov_base)
		return false;
	/* What the device reads comes first. */
	if (!(flags & VRING_DESC_F_WRITE) && chain->nr_in)
		return false;
	if (flags & VRING_DESC_F_WRITE)
		chain->nr_in++;
	else
		chain->nr_out++;
	return true;
}

static struct vring_desc read_desc(const struct virtqueue *vq, __u16 i)
{
	return (struct vring_desc) {
		.addr = LOAD(vq->desc[i].addr),
		.len = LOAD(vq->desc[i].len),
		.flags = LOAD(vq->desc[i].flags),
		.next = LOAD(vq->desc[i].next),
	};
}

int virtqueue_next(struct virtqueue *vq, struct chain *chain)
{
	struct vring_desc desc;
	__u16 idx, i;

	if (!vq->ready)
		return 0;
	/* Before the entry, and what it names, are read. */
	idx = le16toh(__atomic_load_n(&vq->avail[RING_IDX], __ATOMIC_ACQUIRE));
	if (idx == vq->next)
		return 0;
	if ((__u16)(idx - vq->next) > vq->num)
		return -1;

	chain->head = le16toh(LOAD(vq->avail[RING_ENTRIES + vq->next % vq->num]));
	chain->nr_out = 0;
	chain->nr_in = 0;
	for (i = chain->head;; i = le16toh(desc.next)) {
		if (i >= vq->num)
			return -1;
		desc = read_desc(vq, i);
		if (!add_desc(vq, chain, &desc))
			return -1;
		if (!(le16toh(desc.flags) & VRING_DESC_F_NEXT))
			break;
	}
	vq->next++;
	return 1;
}

void virtqueue_put(struct virtqueue *vq, const struct chain *chain, __u32 written)
{
	struct vring_used_elem *elem = &vq->used->ring[vq->done % vq->num];

	elem->id = htole32(chain->head);
	elem->len = htole32(written);
	vq->done++;
	/* The guest looks at the entry when it sees the index. */
	__atomic_store_n(&vq->used->idx, htole16(vq->done), __ATOMIC_RELEASE);
}

bool virtqueue_wants_interrupt(const struct virtqueue *vq)
{
	/*
	 * The guest allows interrupts, then looks at the index once more; here
	 * the index was written, and now comes the look at the flag.  Both
	 * sides have a full barrier between the two, so one of them sees the
	 * other's write.
	 */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return !(le16toh(LOAD(vq->avail[RING_FLAGS])) & VRING_AVAIL_F_NO_INTERRUPT);
}
