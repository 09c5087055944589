// SPDX-License-Identifier: GPL-2.0-only
/*
 * A message of the resource manager, put together from its fragments.
 *
 * Invariants: what is in the buffer never passes GUNYAH_RM_MESSAGE_MAX bytes,
 * whatever the fragments say; a message is active from its first fragment, if
 * that is not its last, until the last one came.
 *
 * Who decides what to do with a fragment that does not belong or does not fit
 * is the caller.
 */
#include <linux/bitfield.h>
#include <linux/string.h>

#include "rm_assembly.h"
#include "rm_wire.h"

unsigned int gunyah_rm_continuations(const struct gunyah_rm_header *header)
{
	return FIELD_GET(GUNYAH_RM_FRAGMENTS_MASK, header->type);
}

bool gunyah_rm_assembly_begin(struct gunyah_rm_assembly *msg,
			      const struct gunyah_rm_header *header, size_t size)
{
	msg->seq = le16_to_cpu(header->seq);
	msg->msg_id = le32_to_cpu(header->msg_id);
	msg->continuations = gunyah_rm_continuations(header);
	msg->left = msg->continuations;
	msg->size = size;
	memcpy(msg->buf, header + 1, size);
	msg->active = msg->left;

	return !msg->left;
}

bool gunyah_rm_assembly_continues(const struct gunyah_rm_assembly *msg,
				  const struct gunyah_rm_header *header)
{
	return msg->active && msg->seq == le16_to_cpu(header->seq) &&
	       msg->msg_id == le32_to_cpu(header->msg_id);
}

bool gunyah_rm_assembly_add(struct gunyah_rm_assembly *msg,
			    const struct gunyah_rm_header *header, size_t size)
{
	if (gunyah_rm_continuations(header) != msg->continuations ||
	    size > GUNYAH_RM_MESSAGE_MAX - msg->size)
		return false;

	memcpy(msg->buf + msg->size, header + 1, size);
	msg->size += size;
	msg->left--;
	msg->active = msg->left;

	return true;
}
