// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's device tree, second part: what VM_START adds to it.
 *
 *   /chosen            kaslr-seed
 *   /reserved-memory   a buffer for each parcel but the image
 *   /memory            the image parcel and the buffers, and the ranges that are
 *                      mapped on demand (profile "paging": if there is none yet)
 *   /vsoc              an empty bus
 *   /hypervisor        the VM's own ids, and a node for each virtual device
 *
 * libfdt puts a new node or property before those that are there; things are
 * added here in the order that gives the tree of the published resource
 * manager (Dec 2023), down to its table of strings.
 *
 * The finished tree has to fit into the region that CONFIG_IMAGE named.
 */

#include <libfdt.h>

#include "rm.h"
#include "guest_fdt.h"

/* Room for what is added: the fixed nodes, and each device or buffer. */
#define ROOM_FIXED	4096
#define ROOM_EACH	1024

/* A tree under construction: after an error every step is passed over. */
struct tree {
	void *fdt;
	int err;
};

static int add_node(struct tree *t, int parent, const char *name)
{
	int node;

	if (t->err)
		return 0;
	node = fdt_add_subnode(t->fdt, parent, name);
	if (node < 0)
		t->err = node;
	return node;
}

static void put(struct tree *t, int node, const char *name, const void *data, u32 len)
{
	if (!t->err)
		t->err = fdt_setprop(t->fdt, node, name, data, (int)len);
}

static void put_flag(struct tree *t, int node, const char *name)
{
	put(t, node, name, NULL, 0);
}

static void put_u32(struct tree *t, int node, const char *name, u32 v)
{
	fdt32_t cell = cpu_to_fdt32(v);

	put(t, node, name, &cell, sizeof(cell));
}

static void put_u64(struct tree *t, int node, const char *name, u64 v)
{
	fdt64_t cells = cpu_to_fdt64(v);

	put(t, node, name, &cells, sizeof(cells));
}

static void put_string(struct tree *t, int node, const char *name, const char *s)
{
	put(t, node, name, s, (u32)strlen(s) + 1);
}

/* Strings of a compatible property, the NULs between them included. */
#define put_compatible(t, node, list)	put(t, node, "compatible", list, sizeof(list))

/* The node of this very name; libfdt's own search takes "memory@0" for "memory". */
static int exact_subnode(const void *fdt, int parent, const char *name)
{
	int node;

	fdt_for_each_subnode(node, fdt, parent) {
		if (!strcmp(fdt_get_name(fdt, node, NULL), name))
			return node;
	}
	return -FDT_ERR_NOTFOUND;
}

static int find_or_add(struct tree *t, int parent, const char *name)
{
	int node = t->err ? 0 : exact_subnode(t->fdt, parent, name);

	return node < 0 ? add_node(t, parent, name) : node;
}

static void put_cells(struct tree *t, int node)
{
	put_u32(t, node, "#address-cells", 2);
	put_u32(t, node, "#size-cells", 2);
}

static void write_chosen(struct tree *t)
{
	int node = find_or_add(t, 0, "chosen");

	put_u64(t, node, "kaslr-seed", hyp_random());
}

/* ---- memory ---- */

/*
 * The next accepted parcel of the VM after @p, or the first; but not that of its
 * firmware, which is neither RAM nor a buffer.
 */
static struct rm_parcel *next_accepted(const struct rm_vm *vm, struct rm_parcel *p)
{
	const struct rm_parcel *fw = rm_firmware_parcel(vm);
	struct rm_acl *acl;

	for (p = p ? p->next : rm_parcel_first(); p; p = p->next) {
		acl = rm_parcel_acl(p, vm->vmid);
		if (acl && acl->accepted && (p != fw || p->handle == vm->image))
			break;
	}
	return p;
}

/* The compatible string that the shm device of this parcel pushes, or NULL. */
static const char *pushed(const struct guest_config *cfg, const struct rm_parcel *p)
{
	u32 i;

	for (i = 0; i < cfg->nr_devices; i++) {
		const struct guest_device *d = &cfg->dev[i];

		if (d->type == GUEST_DEV_SHM && d->mem_label == p->label)
			return d->push_compatible[0] ? d->push_compatible : NULL;
	}
	return NULL;
}

/* The owner, then each VM of the access list. */
static void put_peers(struct tree *t, int node, const struct rm_parcel *p)
{
	fdt32_t peers[17];
	u32 n = 0, i;

	peers[n++] = cpu_to_fdt32(p->owner);
	for (i = 0; i < p->nr_acl && n < ARRAY_SIZE(peers); i++)
		peers[n++] = cpu_to_fdt32(p->acl[i].vmid);
	put(t, node, "peers", peers, n * sizeof(*peers));
}

static void write_buffer(struct tree *t, int parent, const struct rm_vm *vm, struct rm_parcel *p)
{
	u64 gpa = rm_parcel_acl(p, vm->vmid)->gpa;
	const char *compatible = pushed(vm->cfg, p);
	fdt64_t reg[2] = { cpu_to_fdt64(gpa), cpu_to_fdt64(p->size) };
	u32 phandle = 0;
	char name[32];
	int node;

	hyp_snprintf(name, sizeof(name), "buffer@%lx", (unsigned long)gpa);
	node = add_node(t, parent, name);
	put(t, node, "reg", reg, sizeof(reg));
	put_flag(t, node, "qcom,shared-memory");
	put_flag(t, node, "no-map");
	put_peers(t, node, p);
	put_u32(t, node, "qcom,rm-mem-handle", p->handle);
	if (!t->err)
		t->err = fdt_generate_phandle(t->fdt, &phandle);
	put_u32(t, node, "phandle", phandle);
	put_u32(t, node, "qcom,label", p->label);
	if (compatible)
		put_string(t, node, "compatible", compatible);
}

/* /reserved-memory, made when the host's tree has none. */
static int reserved_node(struct tree *t)
{
	int node = t->err ? 0 : exact_subnode(t->fdt, 0, "reserved-memory");

	if (node >= 0)
		return node;
	node = add_node(t, 0, "reserved-memory");
	put_cells(t, node);
	put_flag(t, node, "ranges");
	return node;
}

static void write_reserved(struct tree *t, const struct rm_vm *vm)
{
	struct rm_parcel *p;

	for (p = next_accepted(vm, NULL); p; p = next_accepted(vm, p)) {
		if (p->handle != vm->image)
			write_buffer(t, reserved_node(t), vm, p);
	}
}

/* The lowest accepted parcel at or above @from, or NULL. */
static struct rm_parcel *lowest_from(const struct rm_vm *vm, u64 from)
{
	struct rm_parcel *p, *best = NULL;
	u64 best_gpa = ~0UL;

	for (p = next_accepted(vm, NULL); p; p = next_accepted(vm, p)) {
		u64 gpa = rm_parcel_acl(p, vm->vmid)->gpa;

		if (gpa >= from && gpa < best_gpa) {
			best = p;
			best_gpa = gpa;
		}
	}
	return best;
}

static void append_cells(struct tree *t, int node, u64 v, int cells)
{
	if (!t->err && cells == 1)
		t->err = fdt_appendprop_u32(t->fdt, node, "reg", (u32)v);
	else if (!t->err)
		t->err = fdt_appendprop_u64(t->fdt, node, "reg", v);
}

static void write_memory(struct tree *t, const struct rm_vm *vm)
{
	int node = find_or_add(t, 0, "memory");
	struct rm_parcel *p;
	int ac, sc;
	u64 gpa;
	u32 i;

	if (t->err)
		return;
	/* What is to be shared page by page is known to the owner only. */
	if (rm_profile->paging && fdt_getprop(t->fdt, node, "reg", NULL))
		return;
	ac = fdt_address_cells(t->fdt, 0);
	sc = fdt_size_cells(t->fdt, 0);
	put_string(t, node, "device_type", "memory");
	put_flag(t, node, "reg");
	for (i = 0; i < vm->nr_ranges; i++) {
		append_cells(t, node, vm->range[i].ipa, ac);
		append_cells(t, node, vm->range[i].size, sc);
	}
	for (p = lowest_from(vm, 0); p; p = lowest_from(vm, gpa + 1)) {
		gpa = rm_parcel_acl(p, vm->vmid)->gpa;
		if (rm_paging_named(vm, gpa))
			continue;
		append_cells(t, node, gpa, ac);
		append_cells(t, node, p->size, sc);
	}
}

static void write_vsoc(struct tree *t)
{
	int node = add_node(t, 0, "vsoc");

	put_cells(t, node);
	put_flag(t, node, "ranges");
	put_compatible(t, node, "simple-bus");
}

/* ---- /hypervisor ---- */

static void write_ids(struct tree *t, int parent, const struct rm_vm *vm)
{
	int node = add_node(t, parent, "qcom,gunyah-vm");

	put_compatible(t, node, "qcom,gunyah-vm-id-1.0\0qcom,gunyah-vm-id");
	put_u32(t, node, "qcom,vmid", vm->vmid);
	put_u32(t, node, "qcom,owner-vmid", vm->owner);
	put_string(t, node, "qcom,vendor", "Qualcomm");
	put_string(t, node, "qcom,image-name", vm->cfg->image_name);
}

/* A node with its first capability as unit address and the interrupts of both. */
static int write_cap_node(struct tree *t, int parent, const struct guest_device *d,
			  const char *compatible, u32 len)
{
	fdt64_t reg[2] = { cpu_to_fdt64(d->cap[0]), cpu_to_fdt64(d->cap[1]) };
	char name[GUEST_NAME_MAX + 20];
	fdt32_t irqs[6];
	u32 n = 0;
	int node, i;

	hyp_snprintf(name, sizeof(name), "%s@%016lx", d->name,
		     (unsigned long)(d->cap[0] ? d->cap[0] : d->cap[1]));
	node = add_node(t, parent, name);
	put(t, node, "compatible", compatible, len);
	if (d->cap[0] && d->cap[1])
		put(t, node, "reg", reg, 16);
	else
		put(t, node, "reg", d->cap[0] ? &reg[0] : &reg[1], 8);
	for (i = 0; i < 2; i++) {
		bool spi = d->irq[i] >= 32;

		if (!d->irq[i])
			continue;
		irqs[n++] = cpu_to_fdt32(spi ? 0 : 1);
		irqs[n++] = cpu_to_fdt32(d->irq[i] - (spi ? 32 : 16));
		irqs[n++] = cpu_to_fdt32(d->irq_edge ? 1 : 4);
	}
	if (n)
		put(t, node, "interrupts", irqs, n * sizeof(*irqs));
	put_u32(t, node, "qcom,label", d->label);
	put_u32(t, node, "label", d->label);
	return node;
}

#define CAP_NODE(t, parent, d, list)	write_cap_node(t, parent, d, list, sizeof(list))

static void write_queue(struct tree *t, int parent, const struct guest_device *d)
{
	bool pair = d->type != GUEST_DEV_MSGQ;
	int node;

	if (d->type == GUEST_DEV_RM_RPC)
		node = CAP_NODE(t, parent, d,
				"gunyah-resource-manager\0qcom,resource-manager-1-0\0"
				"qcom,resource-manager\0qcom,gunyah-message-queue\0"
				"qcom,gunyah-capability");
	else
		node = CAP_NODE(t, parent, d, "qcom,gunyah-message-queue\0qcom,gunyah-capability");
	if (pair)
		put_flag(t, node, "qcom,is-full-duplex");
	if (pair || d->is_sender) {
		put_u32(t, node, "qcom,tx-message-size", d->msg_size);
		put_u32(t, node, "qcom,tx-queue-depth", d->depth);
	}
	if (pair || !d->is_sender) {
		put_u32(t, node, "qcom,rx-message-size", d->msg_size);
		put_u32(t, node, "qcom,rx-queue-depth", d->depth);
	}
}

/* The buffer node that write_reserved() made for this device; 0 when there is none. */
static u32 buffer_phandle(struct tree *t, const struct guest_device *d)
{
	int parent = exact_subnode(t->fdt, 0, "reserved-memory");
	fdt32_t label = cpu_to_fdt32(d->mem_label);
	const void *p;
	int node, len;

	if (parent < 0)
		return 0;
	fdt_for_each_subnode(node, t->fdt, parent) {
		p = fdt_getprop(t->fdt, node, "qcom,label", &len);
		if (p && len == 4 && !memcmp(p, &label, 4))
			return fdt_get_phandle(t->fdt, node);
	}
	return 0;
}

/* A shm device whose parcel was not given is left out. */
static void write_shm(struct tree *t, int parent, const struct guest_device *d)
{
	u32 phandle = t->err ? 0 : buffer_phandle(t, d);
	char compatible[GUEST_NAME_MAX + 32];
	u32 len = 0;
	int node;

	if (!phandle)
		return;
	if (d->push_compatible[0]) {
		len = (u32)strlen(d->push_compatible) + 1;
		memcpy(compatible, d->push_compatible, len);
	}
	memcpy(compatible + len, "qcom,shared-memory", sizeof("qcom,shared-memory"));
	len += sizeof("qcom,shared-memory");

	node = add_node(t, parent, d->name);
	put(t, node, "compatible", compatible, len);
	put_u32(t, node, "buffer", phandle);
	put_u32(t, node, "memory-region", phandle);
	put_u32(t, node, "peer", d->peer);
	put_u32(t, node, "qcom,label", d->label);
	put_u32(t, node, "label", d->label);
	put_u64(t, node, "dma_base", 0);
}

static void write_hypervisor(struct tree *t, const struct rm_vm *vm)
{
	const struct guest_config *cfg = vm->cfg;
	int parent = add_node(t, 0, "hypervisor");
	u32 i;

	put_u32(t, parent, "#address-cells", 2);
	put_u32(t, parent, "#size-cells", 0);
	put_compatible(t, parent,
		       "gunyah-hypervisor\0qcom,gunyah-hypervisor-1.0\0"
		       "qcom,gunyah-hypervisor\0simple-bus");
	write_ids(t, parent, vm);
	for (i = 0; i < cfg->nr_devices; i++) {
		const struct guest_device *d = &cfg->dev[i];

		switch (d->type) {
		case GUEST_DEV_DOORBELL:
			CAP_NODE(t, parent, d, "qcom,gunyah-doorbell\0qcom,gunyah-capability");
			break;
		case GUEST_DEV_DOORBELL_SOURCE:
			CAP_NODE(t, parent, d,
				 "qcom,gunyah-doorbell-source\0qcom,gunyah-capability");
			break;
		case GUEST_DEV_SHM:
			write_shm(t, parent, d);
			break;
		default:
			write_queue(t, parent, d);
			break;
		}
	}
}

static u32 count_devices_and_buffers(const struct rm_vm *vm)
{
	u32 n = vm->cfg->nr_devices;
	struct rm_parcel *p;

	for (p = next_accepted(vm, NULL); p; p = next_accepted(vm, p))
		n++;
	return n;
}

u32 guest_fdt_finish(struct rm_vm *vm)
{
	u32 room = ROOM_FIXED + ROOM_EACH * count_devices_and_buffers(vm);
	struct tree t = { .fdt = guest_fdt_load(vm, room) };
	u32 err = RM_OK;

	if (!t.fdt)
		return RM_NORESOURCE;
	t.err = fdt_open_into(t.fdt, t.fdt, (int)(fdt_totalsize(t.fdt) + room));
	write_chosen(&t);
	write_reserved(&t, vm);
	write_memory(&t, vm);
	write_vsoc(&t);
	write_hypervisor(&t, vm);
	if (!t.err)
		t.err = fdt_pack(t.fdt);
	if (t.err || fdt_totalsize(t.fdt) > vm->dtb_size ||
	    !rm_parcel_write(rm_parcel_get(vm->image), vm->dtb_off, t.fdt, fdt_totalsize(t.fdt)))
		err = RM_NORESOURCE;
	hyp_free(t.fdt);
	return err;
}
