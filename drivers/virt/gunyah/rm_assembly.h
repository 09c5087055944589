/* SPDX-License-Identifier: GPL-2.0-only */
/* A message of the resource manager that comes in fragments.  See rm_assembly.c. */
#ifndef _GUNYAH_RM_ASSEMBLY_H
#define _GUNYAH_RM_ASSEMBLY_H

#include <linux/types.h>

struct gunyah_rm_header;

/**
 * struct gunyah_rm_assembly - a message that comes in fragments
 * @active: its first fragment came, its last one did not
 * @seq: of the message
 * @msg_id: of the message
 * @continuations: as announced in each fragment
 * @left: continuations that have not come yet
 * @size: bytes in @buf
 * @buf: payloads, for a reply with the error in front; GUNYAH_RM_MESSAGE_MAX bytes
 */
struct gunyah_rm_assembly {
	bool active;
	u16 seq;
	u32 msg_id;
	u8 continuations;
	u8 left;
	size_t size;
	u8 *buf;
};

/* How many continuations a fragment announces, also more than there may be. */
unsigned int gunyah_rm_continuations(const struct gunyah_rm_header *header);

/*
 * Begin a message with its first fragment, of @size bytes behind the header, at
 * most GUNYAH_RM_PAYLOAD_MAX.  True when the message is whole with it.
 */
bool gunyah_rm_assembly_begin(struct gunyah_rm_assembly *msg,
			      const struct gunyah_rm_header *header, size_t size);

/* Does a fragment belong to the message that comes in? */
bool gunyah_rm_assembly_continues(const struct gunyah_rm_assembly *msg,
				  const struct gunyah_rm_header *header);

/* Add such a fragment.  False when it does not fit. */
bool gunyah_rm_assembly_add(struct gunyah_rm_assembly *msg,
			    const struct gunyah_rm_header *header, size_t size);

#endif
