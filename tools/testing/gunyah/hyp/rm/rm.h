/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The emulated resource manager: what its files share.
 *
 *   rpc.c        message headers, reassembly, requests
 *   rpc_out.c    fragments, the queue of replies
 *   notify.c     notifications, and the work that is done late
 *   vm.c         VMs: vmids, states, the calls 0x560000xx
 *   resources.c  a VM's vCPUs, doorbells and message queues, and their entries
 *   mem.c        parcels: the calls 0x510000xx
 *   paging.c     profile "paging": address spaces, extents, what START takes in
 *   firmware.c   the firmware of protected VMs
 *   accept.c     parcels: what START maps into a guest, and RESET takes away
 *   guest_fdt.c  the guest's device tree, read at INIT and written at START
 *   log.c        the log of messages
 *
 * Locking: one lock, rm_lock(), is held around every handler and all late
 * work, so nothing below needs a lock of its own.  Order:
 *
 *   rm lock > mem_lock > vm->lock > stage2.lock
 *   rm lock > cap lock, message queue and doorbell locks > vgic.lock
 *   rm lock > event lock, log lock (leaves)
 *
 * vm_stop() is called with the rm lock held and waits for vCPUs to leave, so
 * no way out of a guest takes it: rm_vm_event() takes the event lock only, and
 * rm_background(), which is called with no guest's vCPU loaded, tries the rm
 * lock and leaves the work to the holder when it is taken.
 *
 * The words: owner = the VM that sends requests (the primary VM, vmid 3);
 * parcel = memparcel; image parcel = the one that CONFIG_IMAGE names.
 */
#ifndef HYP_RM_H
#define HYP_RM_H

#include "../cap.h"
#include "../lib.h"
#include "../mem.h"
#include "../vm.h"

/* Error word of a reply (the published resource manager, Dec 2023). */
enum rm_error {
	RM_OK = 0,
	RM_NOMEM = 1,
	RM_NORESOURCE = 2,
	RM_DENIED = 3,
	RM_MSG_INVALID = 4,
	RM_BUSY = 5,
	RM_ARGUMENT_INVALID = 6,
	RM_HANDLE_INVALID = 7,
	RM_VALIDATE_FAILED = 8,
	RM_MAP_FAILED = 9,
	RM_MEM_INVALID = 0xa,
	RM_MEM_INUSE = 0xb,
	RM_MEM_RELEASED = 0xc,
	RM_VMID_INVALID = 0xd,
	RM_LOOKUP_FAILED = 0xe,
	RM_IRQ_INVALID = 0xf,
	RM_IRQ_INUSE = 0x10,
	RM_IRQ_RELEASED = 0x11,
	RM_IN_USE = 0x12,
	RM_IRQ_NOT_MAPPED = 0x13,
	RM_VM_STATE = 0x14,
};

#define RM_UNIMPLEMENTED	0xffffffffU

/* Little-endian loads and stores at any address. */
static inline u16 rm_get16(const u8 *p)
{
	return (u16)(p[0] | p[1] << 8);
}

static inline u32 rm_get32(const u8 *p)
{
	return rm_get16(p) | (u32)rm_get16(p + 2) << 16;
}

static inline u64 rm_get64(const u8 *p)
{
	return rm_get32(p) | (u64)rm_get32(p + 4) << 32;
}

static inline void rm_set16(u8 *p, u16 v)
{
	p[0] = (u8)v;
	p[1] = (u8)(v >> 8);
}

static inline void rm_set32(u8 *p, u32 v)
{
	rm_set16(p, (u16)v);
	rm_set16(p + 2, (u16)(v >> 16));
}

static inline void rm_set64(u8 *p, u64 v)
{
	rm_set32(p, (u32)v);
	rm_set32(p + 4, (u32)(v >> 32));
}

/*
 * A request, whole, without its header, and the reply to it.  A handler
 * returns the error word and appends payload with rm_reply_put*(); payload is
 * sent with an error too.  It may send notifications itself: they go out
 * before the reply.
 */
#define RM_MAX_PAYLOAD		(232 * 63)	/* longest message either way */

struct rm_request {
	u16 from;		/* vmid of the sender */
	u32 id;
	const u8 *data;
	u32 len;
};

struct rm_reply {
	u8 *data;
	u32 len;		/* payload so far, behind the error word */
	bool drop;		/* set by a handler: never answer this request */
	const char *die_after;	/* set by a handler: answer, then rm_die() */
};

/* Append; what exceeds RM_MAX_PAYLOAD - 4 is left out. */
void rm_reply_put(struct rm_reply *rp, const void *data, u32 len);
void rm_reply_put32(struct rm_reply *rp, u32 v);

typedef u32 (*rm_handler_t)(const struct rm_request *rq, struct rm_reply *rp);

/* An id that is in no row of the table is answered RM_UNIMPLEMENTED. */
struct rm_call {
	u32 id;
	rm_handler_t handle;
	bool guests;		/* a guest with a channel of its own may call it */
};

/* What a build of the resource manager does in its own way. */
struct rm_profile {
	const char *name;
	const struct rm_call *calls, *more;	/* more: or NULL */
	u32 nr_calls, nr_more;
	u32 max_running;	/* one more VM fails at START (fact 17) */
	u32 max_parcels;	/* of one owner (fact 43) */
	u32 max_list;		/* entries in one message (fact 35) */
	u32 start_entries;	/* START fails above, in all parcels that exist */
	u32 dead_entries;	/* a request that would reach it is dropped */
	u64 vmmio_base, vmmio_size;	/* fact 60 */
	bool image_must_be_lent;	/* fact 40 */
	bool paging;		/* paging.c */
};

/* The profile chosen by ghyp.profile=; set by rm_init(). */
extern const struct rm_profile *rm_profile;

void rm_lock(void);
void rm_unlock(void);
/* Capabilities of the primary VM's queues: it sends to @tx, receives from @rx. */
void rm_primary_caps(u64 *tx, u64 *rx);

/* ---- messages (rpc.c) ---- */

struct rm_channel;
struct msgq;

/*
 * A channel of @vm (vmid @vmid): @in is the queue it sends to, @out the one it
 * receives from.  NULL when the pool is empty.
 */
struct rm_channel *rm_channel_new(u16 vmid, struct msgq *in, struct msgq *out);
void rm_channel_free(struct rm_channel *ch);
/* The primary VM's. */
extern struct rm_channel *rm_primary_channel;
void rm_channel_notify(struct rm_channel *ch, u32 id, const void *payload, u32 len);
/* For tests: bytes that need not be a message. */
void rm_channel_raw(struct rm_channel *ch, const void *msg, u32 len);
/* Take up what waits in the send queues; all channels. */
void rm_rpc_work(void);
/* The ends of the primary VM's queues (struct msgq_end). */
void rm_queue_sent(struct msgq *q, bool push);
void rm_queue_read(struct msgq *q, bool hard);
/* The ends of a guest's queues: work is done later. */
void rm_queue_guest(struct msgq *q, bool hard);
/* The resource manager stops answering for good; @why goes to the log. */
void rm_die(const char *why);
bool rm_dead(void);
/* For tests: late replies, requests not taken up, and the way back from rm_die(). */
void rm_rpc_due(u64 now);
void rm_rpc_stall(u64 us);
void rm_rpc_revive(void);

/* ---- late work (notify.c) ---- */

/* Messages wait that are not taken up at once; rm_background() will come. */
void rm_defer(void);
/* So does the log. */
void rm_defer_log(void);
/* rm_rpc_due() wants to be called at this time. */
void rm_defer_until(u64 us);
/* A request has arrived: exits that are old enough go first, resets wait. */
void rm_late_before_request(void);
/* VM_RESET was answered: releases, then STATUS RESET, follow. */
void rm_late_reset(u16 vmid);
/* VM_STOP overtook the guest's own exit. */
void rm_late_forget_exit(u16 vmid);
/* No VM is left. */
void rm_late_forget_all(void);

/* ---- VMs (vm.c) ---- */

enum rm_vm_state {
	RM_VM_NONE = 0,
	RM_VM_INIT = 1,
	RM_VM_READY = 2,
	RM_VM_RUNNING = 3,
	RM_VM_PAUSED = 4,
	RM_VM_LOAD = 5,
	RM_VM_AUTH = 6,
	RM_VM_INIT_FAILED = 8,
	RM_VM_EXITED = 9,
	RM_VM_RESETTING = 10,
	RM_VM_RESET = 11,
};

/* Authentication types of CONFIG_IMAGE. */
enum rm_auth {
	RM_AUTH_NONE = 0,
	RM_AUTH_PLATFORM = 1,
	RM_AUTH_ANDROID = 2,
};

#define RM_VMID_DYN_FIRST	0x80
#define RM_VMID_DYN_LAST	0xbe

/*
 * The guest's device tree as guest_fdt_parse() found it.  The fields under
 * "given by resources.c" are filled between parse and finish; finish writes
 * them into the guest's tree.
 */
#define GUEST_MAX_DEVICES	64
#define GUEST_NAME_MAX		64

enum guest_device_type {
	GUEST_DEV_DOORBELL,		/* the guest receives */
	GUEST_DEV_DOORBELL_SOURCE,	/* the guest rings */
	GUEST_DEV_MSGQ,
	GUEST_DEV_MSGQ_PAIR,
	GUEST_DEV_SHM,
	GUEST_DEV_RM_RPC,		/* a channel to the resource manager */
	GUEST_DEV_OTHER,		/* known, but can't be made: INIT says NORESOURCE */
};

struct guest_device {
	enum guest_device_type type;
	char name[GUEST_NAME_MAX];	/* last part of "generate" */
	u32 label;
	u16 peer;			/* peer-default: the owner */
	bool source_can_clear;		/* doorbell */
	bool is_sender;			/* msgq: the guest sends */
	u32 msg_size, depth;		/* msgq, pair, rm-rpc */
	bool has_irq;			/* an interrupts property was there */
	bool irq_edge;			/* its type cell (1 edge, 4 level); true without one */
	bool has_base;			/* shm: memory { base } was there */
	u64 base;			/* shm: guest address */
	u32 mem_label;			/* shm: memory { label } */
	char push_compatible[GUEST_NAME_MAX];
	/*
	 * Given by resources.c: the guest's own capabilities and INTIDs.
	 * [0] doorbell, or the queue the guest sends to; [1] the queue it
	 * receives from.  irq[0] comes from parse when has_irq is set.
	 */
	u64 cap[2];
	u32 irq[2];			/* INTID, 0 = none */
};

struct guest_config {
	char image_name[GUEST_NAME_MAX];
	u64 mem_base;			/* /gunyah-vm-config/memory/base-address */
	u64 gicd_base, gicr_base;	/* reg of the node that interrupts/config names */
	u64 gicr_size;
	u32 nr_vcpus;			/* nodes in /cpus, at most VM_MAX_VCPUS */
	bool proxy;			/* vcpus { affinity = "proxy" } */
	s32 sched_priority;		/* 0 when not there */
	u32 nr_devices;			/* in the order of the tree */
	struct guest_device dev[GUEST_MAX_DEVICES];
};

/* An entry of GET_HYP_RESOURCES (the published resource manager, 44 bytes). */
struct rm_resource {
	u8 type;
	u16 partner;
	u32 label;
	u64 cap;
	u32 virq;			/* INTID at the owner, 0 = none */
};

#define RM_MAX_RESOURCES	(VM_MAX_VCPUS + 2 * GUEST_MAX_DEVICES + 5)	/* 5: paging.c */
#define RM_MAX_OBJECTS		RM_MAX_RESOURCES

struct rm_vm {
	u16 vmid, owner;
	enum rm_vm_state state;
	bool config_failed;		/* CONFIG_IMAGE failed: RESET kills (fact 2) */
	bool auth_unknown;		/* fact 3 */
	bool second_life;		/* configured again from RESET (fact 13) */
	struct vm *vm;			/* from INIT to RESET, else NULL */
	struct guest_config *cfg;	/* as vm */

	/* CONFIG_IMAGE */
	u16 auth;
	u32 image;			/* handle of the image parcel */
	u64 image_off, image_size, dtb_off, dtb_size;

	/* paging.c: named ranges, place of the image; extents, as vm */
	u32 nr_ranges;
	struct mem_range *range;
	struct mem_range layout;	/* size 0: at cfg->mem_base */
	struct vcpu_boot boot;
	struct vm_memory *memory;

	/* firmware.c: its parcel, and the place of that (size 0: anywhere); runs from entry */
	struct {
		bool there;
		u32 handle;
		u64 off;
		struct mem_range layout;
		u64 entry;
	} fw;

	/* resources.c */
	struct rm_channel *channel;	/* the guest's own, or NULL */
	u32 nr_objects;
	struct object *object[RM_MAX_OBJECTS];	/* what rm_resources_free() frees */
	u32 nr_res;
	struct rm_resource res[RM_MAX_RESOURCES];
};

/* The VM with this vmid, NULL when the vmid is not allocated. */
struct rm_vm *rm_vm_get(u16 vmid);
/* All VMs in the order of their vmids: the one after @vm, or the first. */
struct rm_vm *rm_vm_next(struct rm_vm *vm);
/* True when @vmid may stand in a parcel's ACL: the owner's own or allocated. */
bool rm_vmid_valid(u16 vmid);
/* vmids that are allocated, without the primary VM's. */
u32 rm_vm_count(void);
/* The VM has ended by itself (late part of rm_vm_event). */
void rm_vm_exited(struct rm_vm *vm, enum vm_event ev, const u64 data[2]);
/* For tests: all VMs stop and are gone, nobody is told. */
void rm_vm_forget_all(void);
/* The late parts of VM_RESET. */
void rm_vm_release(struct rm_vm *vm);
void rm_vm_reset_done(struct rm_vm *vm);
/* How many vmids are allocated, the owner's own not counted. */
u32 rm_vm_count(void);

/* ---- notifications (notify.c); they go to the owner ---- */

/* Reads ghyp.tick=, the time unit of late work. */
void rm_notify_init(void);
void rm_notify_status(struct rm_vm *vm, enum rm_vm_state state);
void rm_notify_exited(struct rm_vm *vm, u16 type, const void *reason, u32 size);
void rm_notify_mem_released(u32 handle, u16 vmid, u32 tag);
/* Any other notification: id and payload. */
void rm_notify(u32 id, const void *payload, u32 len);

/* ---- memory (mem.c) ---- */

enum rm_parcel_kind { RM_PARCEL_LENT, RM_PARCEL_SHARED, RM_PARCEL_DONATED };

/* One VM of a parcel's access list, and where the parcel is mapped in it. */
struct rm_acl {
	u16 vmid;
	u8 rights;			/* X=1 W=2 R=4 */
	bool accepted;			/* mapped: MEM_RECLAIM says MEM_INUSE */
	u32 order;			/* when it was accepted; released last one first */
	u64 gpa;			/* guest address of the first entry */
};

/*
 * A parcel.  Pages are the owner's IPAs (= PAs); in a guest the entries follow
 * one another.  Handles count up from 0 and are not used again (fact 16).
 */
struct rm_parcel {
	struct rm_parcel *next;
	u32 handle;
	enum rm_parcel_kind kind;
	u16 owner;
	u8 mem_type, flags;
	u32 label;
	bool done;			/* no APPEND any more */
	u32 nr_acl;
	struct rm_acl *acl;
	u32 nr_entries, max_entries;
	struct mem_range *entry;
	u64 size;
};

/* The parcel with this handle, or NULL. */
struct rm_parcel *rm_parcel_get(u32 handle);
/* Copy out of or into a parcel's pages; false when the range is not inside. */
bool rm_parcel_read(const struct rm_parcel *p, u64 off, void *dst, u64 len);
bool rm_parcel_write(const struct rm_parcel *p, u64 off, const void *src, u64 len);
u32 rm_parcel_count(void);
/* List entries in all parcels. */
u64 rm_parcel_entries(void);
/*
 * For tests: no parcel is known any more; returns the pages that are still not
 * the owner's.  rm_mem_reclaim_lost() gives those back; returns how many.
 */
u64 rm_mem_forget_all(void);
u64 rm_mem_reclaim_lost(void);
/* The entry of the access list that names @vmid, or NULL. */
struct rm_acl *rm_parcel_acl(struct rm_parcel *p, u16 vmid);
/* All parcels in the order of their handles, linked by next. */
struct rm_parcel *rm_parcel_first(void);

/* No parcel any more: its pages have a new owner. */
void rm_parcel_forget(struct rm_parcel *p);

void rm_mem_init(void);
/*
 * START: looks at every parcel whose ACL names @vm (facts 34 to 40), maps the
 * image parcel at its base and the others where they belong, marks them
 * accepted.  On an error nothing is mapped or accepted, but for DENIED because
 * of a second RAM parcel: then all are accepted, and RESET releases them (05b).
 */
u32 rm_mem_accept_for_start(struct rm_vm *vm);
/* Late part of RESET: unmaps, sends MEM_RELEASED for each parcel that was accepted. */
void rm_mem_release_all(struct rm_vm *vm);

u32 rm_mem_handle_donate(const struct rm_request *rq, struct rm_reply *rp);	/* 0x51000010 */
u32 rm_mem_handle_accept(const struct rm_request *rq, struct rm_reply *rp);	/* 0x51000011 */
u32 rm_mem_handle_lend(const struct rm_request *rq, struct rm_reply *rp);	/* 0x51000012 */
u32 rm_mem_handle_share(const struct rm_request *rq, struct rm_reply *rp);	/* 0x51000013 */
u32 rm_mem_handle_release(const struct rm_request *rq, struct rm_reply *rp);	/* 0x51000014 */
u32 rm_mem_handle_reclaim(const struct rm_request *rq, struct rm_reply *rp);	/* 0x51000015 */
u32 rm_mem_handle_notify(const struct rm_request *rq, struct rm_reply *rp);	/* 0x51000017 */
u32 rm_mem_handle_append(const struct rm_request *rq, struct rm_reply *rp);	/* 0x51000018 */

/* ---- the guest's device tree (guest_fdt.c) ---- */

/*
 * INIT: reads dtb_size bytes at dtb_off of the image parcel.  RM_OK, RM_MEM_INVALID for a bad
 * tree, or when the parcel is gone (fact 14), RM_NORESOURCE for a device that can't be made.
 */
u32 guest_fdt_parse(struct rm_vm *vm, struct guest_config *cfg);
/*
 * START, after rm_mem_accept_for_start(): writes /memory, /hypervisor, /reserved-memory, chosen
 * and vsoc into the guest's tree, in place.  RM_OK or the error of VM_START.
 */
u32 guest_fdt_finish(struct rm_vm *vm);

/* ---- resources (resources.c) ---- */

void rm_resources_init(void);
/* INIT, after the parse: the struct vm, its vGIC, vCPUs and devices, vm->res[].  RM error. */
u32 rm_resources_make(struct rm_vm *vm);
/* RESET: capabilities die, objects and the struct vm go; interrupt numbers are free again. */
void rm_resources_free(struct rm_vm *vm);

/* ---- demand paging (paging.c); in other profiles these change nothing ---- */

/* INIT: address space and extents, behind the other resources; false: no memory. */
bool rm_paging_make(struct rm_vm *vm);
/* RESET, when the address space is gone: so are the extents, or when they are empty. */
void rm_paging_release(struct rm_vm *vm);
/* The ranges, the layout and the registers that were set are not any more. */
void rm_paging_forget(struct rm_vm *vm);
/* Where the image parcel goes, and whether one of @size may. */
u64 rm_paging_image_base(const struct rm_vm *vm);
bool rm_paging_image_fits(const struct rm_vm *vm, u64 size);
/* Has the owner mapped nothing there by itself? */
bool rm_paging_free(const struct rm_vm *vm, u64 gpa, u64 size);
/* Is the address in a named range? */
bool rm_paging_named(const struct rm_vm *vm, u64 gpa);
/* A START that succeeds: the parcels of image and firmware are the guest's; it runs. */
void rm_paging_adopt(struct rm_vm *vm);
void rm_paging_start(struct rm_vm *vm);

u32 rm_vm_handle_set_boot_context(const struct rm_request *rq, struct rm_reply *rp);
u32 rm_vm_handle_set_demand_paging(const struct rm_request *rq, struct rm_reply *rp);
u32 rm_vm_handle_set_layout(const struct rm_request *rq, struct rm_reply *rp);

/* ---- firmware (firmware.c); profile paging only ---- */

/* SET_FIRMWARE_MEM, of a VM in INIT that is to have firmware: RM error. */
u32 rm_firmware_set(struct rm_vm *vm, u32 handle, u64 off, u64 size);
/* Where it is, NULL without any, or when the parcel is gone. */
struct rm_parcel *rm_firmware_parcel(const struct rm_vm *vm);

/* ---- calls on VMs (vm.c) ---- */

u32 rm_vm_handle_alloc(const struct rm_request *rq, struct rm_reply *rp);
u32 rm_vm_handle_dealloc(const struct rm_request *rq, struct rm_reply *rp);
u32 rm_vm_handle_start(const struct rm_request *rq, struct rm_reply *rp);
u32 rm_vm_handle_stop(const struct rm_request *rq, struct rm_reply *rp);
u32 rm_vm_handle_reset(const struct rm_request *rq, struct rm_reply *rp);
u32 rm_vm_handle_config(const struct rm_request *rq, struct rm_reply *rp);
u32 rm_vm_handle_auth(const struct rm_request *rq, struct rm_reply *rp);
u32 rm_vm_handle_init(const struct rm_request *rq, struct rm_reply *rp);
u32 rm_vm_handle_get_state(const struct rm_request *rq, struct rm_reply *rp);
u32 rm_vm_handle_get_resources(const struct rm_request *rq, struct rm_reply *rp);
u32 rm_vm_handle_get_vmid(const struct rm_request *rq, struct rm_reply *rp);
u32 rm_vm_handle_set_firmware(const struct rm_request *rq, struct rm_reply *rp);
u32 rm_vm_handle_set_time_base(const struct rm_request *rq, struct rm_reply *rp);
u32 rm_vm_handle_get_owner(const struct rm_request *rq, struct rm_reply *rp);
u32 rm_vm_handle_get_peers(const struct rm_request *rq, struct rm_reply *rp);
u32 rm_vm_handle_host_get_type(const struct rm_request *rq, struct rm_reply *rp);
/* Kills the resource manager when the payload is empty (interrupt and console calls). */
u32 rm_vm_handle_fatal_when_empty(const struct rm_request *rq, struct rm_reply *rp);

/* ---- tests (rm.c) ---- */

/*
 * As after the boot.  False, and nothing is done, when VMs or parcels are left
 * and @force isn't set; then their memory stays away from its owner, see
 * rm_mem_reclaim_lost().
 */
bool rm_revive(bool force);

/* ---- the log (log.c) ---- */

void rm_log_message(bool tx, const void *data, u32 len);
void rm_log_event(const char *fmt, ...) __printf(1, 2);
/* Write what the ring holds to the host's file. */
void rm_log_drain(void);
/* Bytes of log so far. */
u64 rm_log_position(void);
/* Bytes of log since boot, written or still in the ring. */
u64 rm_log_position(void);

#endif
