/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints of memory that is given and comes back, or does not. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM gunyah

#if !defined(_GUNYAH_MEM_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _GUNYAH_MEM_TRACE_H

#include <linux/tracepoint.h>

#include "vm_parcel.h"

DECLARE_EVENT_CLASS(gunyah_mem_move,
	TP_PROTO(u64 gpa, u64 phys, u64 size, int state, int error),
	TP_ARGS(gpa, phys, size, state, error),
	TP_STRUCT__entry(
		__field(u64, gpa)
		__field(u64, phys)
		__field(u64, size)
		__field(int, state)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->gpa = gpa;
		__entry->phys = phys;
		__entry->size = size;
		__entry->state = state;
		__entry->error = error;
	),
	TP_printk("gpa=%#llx phys=%#llx size=%#llx %s error=%d", __entry->gpa, __entry->phys,
		  __entry->size, __entry->state == GUNYAH_MEM_LENT ? "lent" : "shared",
		  __entry->error)
);

DEFINE_EVENT(gunyah_mem_move, gunyah_mem_give,
	TP_PROTO(u64 gpa, u64 phys, u64 size, int state, int error),
	TP_ARGS(gpa, phys, size, state, error)
);

DEFINE_EVENT(gunyah_mem_move, gunyah_mem_reclaim,
	TP_PROTO(u64 gpa, u64 phys, u64 size, int state, int error),
	TP_ARGS(gpa, phys, size, state, error)
);

DECLARE_EVENT_CLASS(gunyah_parcel,
	TP_PROTO(const struct gunyah_vm_parcel *parcel, int error),
	TP_ARGS(parcel, error),
	TP_STRUCT__entry(
		__field(u16, vmid)
		__field(u32, handle)
		__field(u32, label)
		__field(unsigned int, entries)
		__field(u64, size)
		__field(int, state)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->vmid = parcel->acl[0].vmid;
		__entry->handle = parcel->handle;
		__entry->label = parcel->label;
		__entry->entries = parcel->mem.n;
		__entry->size = parcel->mem.size;
		__entry->state = parcel->state;
		__entry->error = error;
	),
	TP_printk("vmid=%u handle=%#x label=%#x entries=%u size=%#llx %s error=%d", __entry->vmid,
		  __entry->handle, __entry->label, __entry->entries, __entry->size,
		  __entry->state == GUNYAH_MEM_LENT ? "lent" : "shared", __entry->error)
);

DEFINE_EVENT(gunyah_parcel, gunyah_parcel_give,
	TP_PROTO(const struct gunyah_vm_parcel *parcel, int error),
	TP_ARGS(parcel, error)
);

DEFINE_EVENT(gunyah_parcel, gunyah_parcel_reclaim,
	TP_PROTO(const struct gunyah_vm_parcel *parcel, int error),
	TP_ARGS(parcel, error)
);

TRACE_EVENT(gunyah_mem_leak,
	TP_PROTO(u64 phys, u64 size, int state),
	TP_ARGS(phys, size, state),
	TP_STRUCT__entry(
		__field(u64, phys)
		__field(u64, size)
		__field(int, state)
	),
	TP_fast_assign(
		__entry->phys = phys;
		__entry->size = size;
		__entry->state = state;
	),
	TP_printk("phys=%#llx size=%#llx %s", __entry->phys, __entry->size,
		  __entry->state == GUNYAH_MEM_LENT ? "lent" : "shared")
);

#endif

/* This part must be outside of the protection against double inclusion. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH ../../drivers/virt/gunyah
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE mem_trace
#include <trace/define_trace.h>
