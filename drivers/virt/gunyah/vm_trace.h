/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints of VMs and vCPUs. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM gunyah

#if !defined(_GUNYAH_VM_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _GUNYAH_VM_TRACE_H

#include <linux/tracepoint.h>

#include "vm_rm.h"

#define show_vm_rm_state(state)					\
	__print_symbolic(state,					\
			 { GUNYAH_VM_RM_NONE, "none" },		\
			 { GUNYAH_VM_RM_LOAD, "load" },		\
			 { GUNYAH_VM_RM_AUTH, "auth" },				\
			 { GUNYAH_VM_RM_CONFIG_FAILED, "config-failed" },	\
			 { GUNYAH_VM_RM_INIT, "init" },		\
			 { GUNYAH_VM_RM_READY, "ready" },	\
			 { GUNYAH_VM_RM_INIT_FAILED, "init-failed" },	\
			 { GUNYAH_VM_RM_RUNNING, "running" },	\
			 { GUNYAH_VM_RM_EXITED, "exited" },	\
			 { GUNYAH_VM_RM_RESETTING, "resetting" },	\
			 { GUNYAH_VM_RM_RESET, "reset" },	\
			 { GUNYAH_VM_RM_LOST, "lost" })

TRACE_EVENT(gunyah_vm_state,
	TP_PROTO(u16 vmid, u32 from, u32 to),
	TP_ARGS(vmid, from, to),
	TP_STRUCT__entry(
		__field(u16, vmid)
		__field(u32, from)
		__field(u32, to)
	),
	TP_fast_assign(
		__entry->vmid = vmid;
		__entry->from = from;
		__entry->to = to;
	),
	TP_printk("vmid=%u %s -> %s", __entry->vmid, show_vm_rm_state(__entry->from),
		  show_vm_rm_state(__entry->to))
);

TRACE_EVENT(gunyah_vm_refused,
	TP_PROTO(u16 vmid, const char *call, int error),
	TP_ARGS(vmid, call, error),
	TP_STRUCT__entry(
		__field(u16, vmid)
		__string(call, call)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->vmid = vmid;
		__assign_str(call);
		__entry->error = error;
	),
	TP_printk("vmid=%u call=%s error=%d", __entry->vmid, __get_str(call),
		  __entry->error)
);

TRACE_EVENT(gunyah_vcpu_enter,
	TP_PROTO(u16 vmid, u32 vcpu, u64 resume0, u64 resume1),
	TP_ARGS(vmid, vcpu, resume0, resume1),
	TP_STRUCT__entry(
		__field(u16, vmid)
		__field(u32, vcpu)
		__field(u64, resume0)
		__field(u64, resume1)
	),
	TP_fast_assign(
		__entry->vmid = vmid;
		__entry->vcpu = vcpu;
		__entry->resume0 = resume0;
		__entry->resume1 = resume1;
	),
	TP_printk("vmid=%u vcpu=%u resume=%#llx,%#llx", __entry->vmid, __entry->vcpu,
		  __entry->resume0, __entry->resume1)
);

TRACE_EVENT(gunyah_vcpu_exit,
	TP_PROTO(u16 vmid, u32 vcpu, int error, u64 state, const u64 *data),
	TP_ARGS(vmid, vcpu, error, state, data),
	TP_STRUCT__entry(
		__field(u16, vmid)
		__field(u32, vcpu)
		__field(int, error)
		__field(u64, state)
		__array(u64, data, 3)
	),
	TP_fast_assign(
		__entry->vmid = vmid;
		__entry->vcpu = vcpu;
		__entry->error = error;
		__entry->state = state;
		memcpy(__entry->data, data, sizeof(__entry->data));
	),
	TP_printk("vmid=%u vcpu=%u error=%d state=%#llx data=%#llx,%#llx,%#llx",
		  __entry->vmid, __entry->vcpu, __entry->error, __entry->state,
		  __entry->data[0], __entry->data[1], __entry->data[2])
);

TRACE_EVENT(gunyah_vcpu_mmio,
	TP_PROTO(u16 vmid, u32 vcpu, bool write, u64 addr, u32 len, u64 data, bool handled),
	TP_ARGS(vmid, vcpu, write, addr, len, data, handled),
	TP_STRUCT__entry(
		__field(u16, vmid)
		__field(u32, vcpu)
		__field(bool, write)
		__field(bool, handled)
		__field(u32, len)
		__field(u64, addr)
		__field(u64, data)
	),
	TP_fast_assign(
		__entry->vmid = vmid;
		__entry->vcpu = vcpu;
		__entry->write = write;
		__entry->handled = handled;
		__entry->len = len;
		__entry->addr = addr;
		__entry->data = data;
	),
	TP_printk("vmid=%u vcpu=%u %s addr=%#llx len=%u data=%#llx %s", __entry->vmid,
		  __entry->vcpu, __entry->write ? "write" : "read", __entry->addr,
		  __entry->len, __entry->data, __entry->handled ? "kernel" : "monitor")
);

TRACE_EVENT(gunyah_vcpu_page_fault,
	TP_PROTO(u16 vmid, u32 vcpu, bool write, u64 addr, int error),
	TP_ARGS(vmid, vcpu, write, addr, error),
	TP_STRUCT__entry(
		__field(u16, vmid)
		__field(bool, write)
		__field(u32, vcpu)
		__field(u64, addr)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->vmid = vmid;
		__entry->write = write;
		__entry->vcpu = vcpu;
		__entry->addr = addr;
		__entry->error = error;
	),
	TP_printk("vmid=%u vcpu=%u %s addr=%#llx error=%d", __entry->vmid, __entry->vcpu,
		  __entry->write ? "write" : "read", __entry->addr, __entry->error)
);

TRACE_EVENT(gunyah_irqfd_signal,
	TP_PROTO(u16 vmid, u32 label, bool rung, int error),
	TP_ARGS(vmid, label, rung, error),
	TP_STRUCT__entry(
		__field(u16, vmid)
		__field(bool, rung)
		__field(u32, label)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->vmid = vmid;
		__entry->rung = rung;
		__entry->label = label;
		__entry->error = error;
	),
	TP_printk("vmid=%u label=%u %s error=%d", __entry->vmid, __entry->label,
		  __entry->rung ? "rung" : "no-doorbell", __entry->error)
);

#endif

/* This part must be outside of the protection against double inclusion. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH ../../drivers/virt/gunyah
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE vm_trace
#include <trace/define_trace.h>
