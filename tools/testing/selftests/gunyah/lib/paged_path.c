// SPDX-License-Identifier: GPL-2.0-only
/*
 * See paged_path.h.
 *
 * RAM is two huge pages.  The guest begins in the first; the second begins with the
 * device tree, which is given by the start, as the firmware in its last page is.
 */
#include <linux/falloc.h>

#include "auth.h"
#include "paged.h"
#include "paged_path.h"

#define FIRMWARE	(GUEST_BASE + GUEST_SIZE - PAGE)
/* What the test hypervisor's firmware leaves behind, and where. */
#define FIRMWARE_MARK	0x40
#define FIRMWARE_WORD	0x657261776d726966UL
/* A page in the middle of RAM that goes and comes. */
#define AMIDST		(GUEST_BASE + SZ_2M + SZ_2M / 2)
/* A page that is shared while the guest runs. */
#define LATE_GPA	(SHARED_GPA + 2 * SHARED_SIZE)

/* ---- steps ---- */

/* 0 or the errno of a page fault, after which the guest tries again. */
static int run(struct test_vcpu *vcpu)
{
	int ret = agent_run(vcpu);

	if (ret == AGENT_OTHER_EXIT && vcpu->run->exit_reason == GUNYAH_VCPU_EXIT_PAGE_FAULT) {
		vcpu->run->page_fault.resume_action = GUNYAH_VCPU_RESUME_RETRY;
		return vcpu->run->page_fault.attempt;
	}
	if (ret < 0)
		return ret;
	return ret == AGENT_DONE && !vcpu->esr ? 0 : -EPROTO;
}

static bool does(struct life *l, __u64 op, __u64 a, __u64 b, __u64 c)
{
	agent_post(&l->vm.vcpu[0], op, a, b, c);
	return STEP(l, "VCPU_RUN", run(&l->vm.vcpu[0]));
}

static bool stores(struct life *l, __u64 gpa, __u64 value)
{
	return does(l, AGENT_STORE, gpa, 8, value);
}

static bool finds(struct life *l, __u64 gpa, __u64 value)
{
	return does(l, AGENT_LOAD, gpa, 8, 0) &&
	       STEP(l, "content", l->vm.vcpu[0].result == value ? 0 : -EPROTO);
}

static bool reclaim(struct life *l, __u64 gpa, __u64 size)
{
	return STEP(l, "VM_RECLAIM_MEM", __reclaim(&l->vm, gpa, size));
}

static int punch(int fd)
{
	int mode = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE;

	return fallocate(fd, mode, 0, SHARED_SIZE) ? -errno : 0;
}

/* Lent memory, in the middle of a huge page, is taken back and had again. */
static bool use_lent(struct life *l)
{
	return stores(l, AMIDST, 5) && reclaim(l, AMIDST, PAGE) && finds(l, AMIDST, 5);
}

static int create_late(struct life *l)
{
	l->late_fd = __create_guest_mem(l->vm.dev_fd, 2 * PAGE, 0);
	return l->late_fd;
}

/* Its binding goes, which the page is in the middle of, and another file's page comes. */
static bool bind_lent(struct life *l)
{
	return STEP(l, "unmap", __map_mem(l->vm.fd, l->vm.mem_fd, AMIDST, PAGE,
					  AMIDST - GUEST_BASE, LEND_RWX | GUNYAH_MEM_UNMAP)) &&
	       STEP(l, "CREATE_GUEST_MEM", create_late(l)) &&
	       STEP(l, "MAP_MEM", __map_mem(l->vm.fd, l->late_fd, AMIDST, PAGE, 0, LEND_RWX)) &&
	       finds(l, AMIDST, 0);
}

static bool use_shared(struct life *l)
{
	return stores(l, SHARED_GPA + PAGE, 6) && reclaim(l, SHARED_GPA + PAGE, PAGE) &&
	       finds(l, SHARED_GPA + PAGE, 6) &&
	       STEP(l, "PUNCH_HOLE", punch(l->shared_fd)) && finds(l, SHARED_GPA + PAGE, 0);
}

/* The other page of that file. */
static bool share_late(struct life *l)
{
	return STEP(l, "MAP_MEM", __map_mem(l->vm.fd, l->late_fd, LATE_GPA, PAGE, PAGE,
					    SHARE_RW)) &&
	       stores(l, LATE_GPA, 7) &&
	       STEP(l, "unmap", __map_mem(l->vm.fd, l->late_fd, LATE_GPA, PAGE, PAGE,
					  SHARE_RW | GUNYAH_MEM_UNMAP));
}

static int power_off(struct life *l)
{
	int ret = agent_run(&l->vm.vcpu[0]);

	if (ret < 0)
		return ret;
	return ret == AGENT_STATUS ? 0 : -EPROTO;
}

static bool begin(struct life *l, const struct path *path)
{
	if (!life_open(l) || !life_memory(l))
		return false;
	/* It has no device in the guest: those come by parcels. */
	l->vm.shm.size = 0;
	if (!life_map(l) || !life_vcpus(l, path->nr_vcpus))
		return false;
	if (path->firmware && !STEP(l, "VM_SET_AUTH", __set_protected(&l->vm, FIRMWARE, PAGE)))
		return false;
	if (!life_start(l) || !does(l, AGENT_NOP, 0, 0, 0))
		return false;
	l->vm_ran = true;
	return true;
}

static bool live_paged(struct life *l, const struct path *path)
{
	return begin(l, path) && use_lent(l) && bind_lent(l) && use_shared(l) && share_late(l);
}

/* What comes back of the memory of a protected VM is zeroes. */
static bool live_firmware(struct life *l, const struct path *path)
{
	if (!begin(l, path) || !finds(l, FIRMWARE + FIRMWARE_MARK, FIRMWARE_WORD) ||
	    !stores(l, AMIDST, 5) || !reclaim(l, AMIDST, PAGE) || !finds(l, AMIDST, 0))
		return false;
	agent_post(&l->vm.vcpu[0], AGENT_HVC, PSCI_SYSTEM_OFF, 0, 0);
	return STEP(l, "VCPU_RUN", power_off(l));
}

/* ---- hypercalls ---- */

/* RAM in its pieces, then what is shared: by guest address, as they come back at the end. */
static const struct paged_point paged_donates[] = {
	/* what is shared; the first instruction */
	{ AT_START }, { AT_FAULT },
	/* use_lent() */
	{ AT_FAULT }, { AT_CALL }, { AT_FAULT },
	/* bind_lent() */
	{ AT_CALL }, { AT_FAULT },
	/* use_shared(): the hole is in three pieces */
	{ AT_CALL }, { AT_FAULT }, { AT_CALL }, { AT_CALL }, { AT_CALL }, { AT_FAULT },
	/* share_late() */
	{ AT_CALL }, { AT_CALL },
	{ AT_END, PIECE_HUGE }, { AT_END, PIECE_DTB },
	{ AT_END, PIECE_BEFORE }, { AT_END, PIECE_PAGE },
	{ AT_END, PIECE_BEHIND }, { AT_END, PIECE_HUGE }, { AT_NOTHING }
};

static const struct paged_point paged_maps[] = {
	{ AT_START }, { AT_FAULT }, { AT_FAULT }, { AT_FAULT }, { AT_FAULT }, { AT_FAULT },
	{ AT_FAULT }, { AT_CALL }, { AT_NOTHING }
};

static const struct paged_point paged_unmaps[] = {
	{ AT_CALL }, { AT_CALL }, { AT_CALL }, { AT_CALL }, { AT_CALL }, { AT_CALL },
	{ AT_CALL },
	{ AT_END, PIECE_HUGE }, { AT_END, PIECE_DTB },
	{ AT_END, PIECE_BEFORE }, { AT_END, PIECE_PAGE },
	{ AT_END, PIECE_BEHIND }, { AT_END, PIECE_HUGE }, { AT_NOTHING }
};

static const struct paged_point firmware_donates[] = {
	{ AT_START }, { AT_FAULT }, { AT_FAULT }, { AT_CALL }, { AT_FAULT },
	{ AT_END, PIECE_HUGE }, { AT_END, PIECE_DTB },
	{ AT_END, PIECE_BEFORE }, { AT_END, PIECE_PAGE },
	{ AT_END, PIECE_TO_FIRMWARE }, { AT_END, PIECE_PAGE },
	{ AT_END, PIECE_HUGE }, { AT_NOTHING }
};

static const struct paged_point firmware_maps[] = {
	{ AT_START }, { AT_FAULT }, { AT_FAULT }, { AT_FAULT }, { AT_NOTHING }
};

static const struct paged_point firmware_unmaps[] = {
	{ AT_CALL },
	{ AT_END, PIECE_HUGE }, { AT_END, PIECE_DTB },
	{ AT_END, PIECE_BEFORE }, { AT_END, PIECE_PAGE },
	{ AT_END, PIECE_TO_FIRMWARE }, { AT_END, PIECE_PAGE },
	{ AT_END, PIECE_HUGE }, { AT_NOTHING }
};

static const struct paged_calls paged_hypercalls = {
	{ paged_donates, paged_maps, paged_unmaps }
};

static const struct paged_calls firmware_hypercalls = {
	{ firmware_donates, firmware_maps, firmware_unmaps }
};

unsigned int paged_call_number(enum paged_call call)
{
	static const unsigned int numbers[] = {
		CALL_DONATE, CALL_ADDRSPACE_MAP, CALL_ADDRSPACE_UNMAP,
	};

	return numbers[call];
}

const char *paged_call_name(enum paged_call call)
{
	static const char *const names[] = {
		"memextent_donate", "addrspace_map", "addrspace_unmap",
	};

	return names[call];
}

unsigned int paged_calls(const struct path *path, enum paged_call call)
{
	const struct paged_point *p = path->calls->points[call];
	unsigned int n = 0;

	while (p[n].at != AT_NOTHING)
		n++;
	return n;
}

/* ---- messages ---- */

static const __u32 paged_order[] = {
	MSG_ALLOC_VMID, MSG_MEM_LEND, MSG_CONFIG_IMAGE, MSG_SET_DEMAND_PAGING,
	MSG_SET_ADDRESS_LAYOUT, MSG_VM_INIT, MSG_SET_BOOT_CONTEXT, MSG_GET_RESOURCES,
	MSG_VM_START, MSG_VM_STOP, MSG_VM_RESET, MSG_DEALLOC_VMID, 0,
};

static const __u32 firmware_order[] = {
	MSG_ALLOC_VMID, MSG_MEM_LEND, MSG_MEM_LEND, MSG_CONFIG_IMAGE, MSG_SET_FIRMWARE_MEM,
	MSG_SET_DEMAND_PAGING, MSG_SET_ADDRESS_LAYOUT, MSG_SET_ADDRESS_LAYOUT, MSG_VM_INIT,
	MSG_GET_RESOURCES, MSG_VM_START, MSG_VM_RESET, MSG_DEALLOC_VMID, 0,
};

const struct path paged_path = { "demand paged", live_paged, 1, 1, .share = true,
	.order = paged_order, .calls = &paged_hypercalls };
const struct path firmware_path = { "firmware", live_firmware, 1, 1, .share = true, .off = true,
	.firmware = true, .order = firmware_order, .calls = &firmware_hypercalls };

/* ---- costs ---- */

static unsigned int piece_pages(enum paged_piece piece)
{
	const unsigned int pages[] = {
		[PIECE_HUGE] = SZ_2M / SZ_4K,
		[PIECE_DTB] = GUEST_DTB_SIZE / SZ_4K,
		[PIECE_PAGE] = PAGE_4KS,
		[PIECE_BEFORE] = (SZ_2M / 2 - GUEST_DTB_SIZE) / SZ_4K,
		[PIECE_BEHIND] = (SZ_2M / 2 - PAGE) / SZ_4K,
		[PIECE_TO_FIRMWARE] = (SZ_2M / 2 - 2 * PAGE) / SZ_4K,
	};

	return pages[piece];
}

/* At the end a piece that does not come back is lost, and the vmid with it. */
struct cost paged_cost(const struct paged_point *p)
{
	bool lost = p->at == AT_END;

	return (struct cost) {
		.pages = piece_pages(p->piece),
		.leaked_pages = piece_pages(p->piece),
		.vmids = lost,
		.lost_vmids = lost,
	};
}

/* The device tree is given first, and comes back last. */
unsigned int paged_parcel_pages(const struct path *path, __u32 id, unsigned int nth)
{
	bool first = path->firmware && id == MSG_MEM_RECLAIM ? nth == 2 : nth == 1;

	return piece_pages(first ? PIECE_DTB : PIECE_PAGE);
}

/*
 * Parcels stay with the resource manager, and their handles with it.  Once they are the
 * guest's own they come back by hypercalls, as all else does: those work as before.
 */
struct cost paged_cost_of_death(const struct path *path)
{
	unsigned int vmids = control_count(CTL_MSG, MSG_ALLOC_VMID);
	unsigned int given_back = control_count(CTL_MSG, MSG_DEALLOC_VMID);
	unsigned int parcels = control_count(CTL_MSG, MSG_MEM_LEND), i;
	bool lent = parcels;
	struct cost cost = {
		.vmids = vmids - given_back,
		.vms = control_count(CTL_MSG, MSG_VM_INIT) - control_count(CTL_MSG, MSG_VM_RESET),
		.lost_vms = lent && !given_back,
		.lost_vmids = lent,
	};

	if (control_count(CTL_MSG, MSG_VM_START))
		parcels = 0;
	for (i = 1; i <= parcels; i++)
		cost.pages += paged_parcel_pages(path, MSG_MEM_LEND, i);
	cost.parcels = parcels;
	cost.leaked_pages = cost.pages;
	return cost;
}
