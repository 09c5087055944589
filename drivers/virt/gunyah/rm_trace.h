/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints of the connection to the resource manager (R85). */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM gunyah_rm

#if !defined(_GUNYAH_RM_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _GUNYAH_RM_TRACE_H

#include <linux/tracepoint.h>

TRACE_EVENT(gunyah_rm_request,
	TP_PROTO(u32 msg_id, u16 seq, size_t size),
	TP_ARGS(msg_id, seq, size),
	TP_STRUCT__entry(
		__field(u32, msg_id)
		__field(u16, seq)
		__field(u32, size)
	),
	TP_fast_assign(
		__entry->msg_id = msg_id;
		__entry->seq = seq;
		__entry->size = size;
	),
	TP_printk("msg_id=%#x seq=%u size=%u", __entry->msg_id, __entry->seq, __entry->size)
);

TRACE_EVENT(gunyah_rm_reply,
	TP_PROTO(u32 msg_id, u16 seq, int ret, u32 error, size_t size),
	TP_ARGS(msg_id, seq, ret, error, size),
	TP_STRUCT__entry(
		__field(u32, msg_id)
		__field(u16, seq)
		__field(int, ret)
		__field(u32, error)
		__field(u32, size)
	),
	TP_fast_assign(
		__entry->msg_id = msg_id;
		__entry->seq = seq;
		__entry->ret = ret;
		__entry->error = error;
		__entry->size = size;
	),
	TP_printk("msg_id=%#x seq=%u ret=%d error=%#x size=%u", __entry->msg_id, __entry->seq,
		  __entry->ret, __entry->error, __entry->size)
);

TRACE_EVENT(gunyah_rm_notification,
	TP_PROTO(u32 msg_id, u16 seq, size_t size),
	TP_ARGS(msg_id, seq, size),
	TP_STRUCT__entry(
		__field(u32, msg_id)
		__field(u16, seq)
		__field(u32, size)
	),
	TP_fast_assign(
		__entry->msg_id = msg_id;
		__entry->seq = seq;
		__entry->size = size;
	),
	TP_printk("msg_id=%#x seq=%u size=%u", __entry->msg_id, __entry->seq, __entry->size)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH ../../drivers/virt/gunyah
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE rm_trace
#include <trace/define_trace.h>
