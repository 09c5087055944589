// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's device tree, first part: what VM_INIT reads from it.
 *
 * The host puts the tree into the image parcel.  A node /gunyah-vm-config (or
 * /qcom,vm-config) says how the VM is to be made: memory base, interrupt
 * controller, kind of vCPUs, virtual devices.  The CPUs come from /cpus.  The
 * result is a struct guest_config; nothing points into the tree afterwards,
 * which the host or a reclaimed parcel could change.
 *
 * Words: "bad tree" is answered RM_MEM_INVALID, a device that can't be made
 * RM_NORESOURCE, as the published resource manager does (Dec 2023).
 */

#include <libfdt.h>

#include "rm.h"
#include "guest_fdt.h"

#define DEFAULT_BASE	0x28800000UL
#define BASE_ALIGN	0x200000UL

#define SPI_BASE	32
#define PPI_BASE	16

/*
 * Every tag, name and string inside the tree's own bounds, nodes nested as they
 * should be: libfdt's search functions rely on it.
 */
static bool tree_is_sound(const void *fdt)
{
	int offset = 0, next, depth = 0;
	const char *name;
	int len;
	u32 tag;

	if (fdt_num_mem_rsv(fdt) < 0)
		return false;
	for (;;) {
		tag = fdt_next_tag(fdt, offset, &next);
		if (next < 0)
			return false;
		switch (tag) {
		case FDT_END:
			return !depth;
		case FDT_BEGIN_NODE:
			if (!depth++ && offset)
				return false;
			break;
		case FDT_END_NODE:
			if (!depth--)
				return false;
			break;
		case FDT_PROP:
			if (!depth || !fdt_getprop_by_offset(fdt, offset, &name, &len))
				return false;
			break;
		}
		offset = next;
	}
}

/**
 * guest_fdt_load() - copy of the tree as it is in the image parcel now
 * @vm: a VM whose CONFIG_IMAGE succeeded
 * @room: bytes to allocate behind the tree
 *
 * Return: memory for hyp_free(), a sound tree; NULL
 * when the parcel is gone, the tree is bad, or there is no memory.
 */
void *guest_fdt_load(const struct rm_vm *vm, u32 room)
{
	struct rm_parcel *image = rm_parcel_get(vm->image);
	struct fdt_header head;
	void *fdt;
	u32 size;

	if (!image || vm->dtb_size < sizeof(head) ||
	    !rm_parcel_read(image, vm->dtb_off, &head, sizeof(head)) ||
	    fdt_check_header(&head))
		return NULL;
	size = fdt_totalsize(&head);
	if (size > vm->dtb_size)
		return NULL;
	fdt = hyp_alloc((u64)size + room);
	if (!fdt)
		return NULL;
	/* The host may have changed the header since: look at what was copied. */
	if (rm_parcel_read(image, vm->dtb_off, fdt, size) &&
	    fdt_totalsize(fdt) == size && !fdt_check_header(fdt) && tree_is_sound(fdt))
		return fdt;
	hyp_free(fdt);
	return NULL;
}

/* A number of 1 or 2 cells. */
static u64 get_cells(const fdt32_t *p, int cells)
{
	u64 v = 0;

	while (cells--)
		v = v << 32 | fdt32_to_cpu(*p++);
	return v;
}

static bool get_u32(const void *fdt, int node, const char *name, u32 *v)
{
	int len;
	const fdt32_t *p = fdt_getprop(fdt, node, name, &len);

	if (!p || len != 4)
		return false;
	*v = fdt32_to_cpu(*p);
	return true;
}

static bool has_prop(const void *fdt, int node, const char *name)
{
	return fdt_getprop(fdt, node, name, NULL);
}

/* A NUL-terminated string property, or NULL. */
static const char *get_string(const void *fdt, int node, const char *name)
{
	int len;
	const char *s = fdt_getprop(fdt, node, name, &len);

	return s && len > 0 && !s[len - 1] ? s : NULL;
}

static bool copy_name(char *dst, const char *src)
{
	size_t len = strlen(src);

	if (!len || len >= GUEST_NAME_MAX)
		return false;
	memcpy(dst, src, len + 1);
	return true;
}

/* ---- the parts of /gunyah-vm-config ---- */

static u32 parse_memory(const void *fdt, int config, struct guest_config *cfg)
{
	int node = fdt_subnode_offset(fdt, config, "memory");
	const fdt32_t *p;
	int cells, len;

	cfg->mem_base = DEFAULT_BASE;
	if (node < 0)
		return RM_OK;
	p = fdt_getprop(fdt, node, "base-address", &len);
	if (!p)
		return RM_OK;
	cells = fdt_address_cells(fdt, node);
	if (cells < 1 || cells > 2 || len != cells * 4)
		return RM_MEM_INVALID;
	cfg->mem_base = get_cells(p, cells);
	if (!IS_ALIGNED(cfg->mem_base, PAGE_SIZE) || cfg->mem_base >= BIT(36))
		return RM_MEM_INVALID;
	cfg->mem_base = ALIGN_UP(cfg->mem_base, BASE_ALIGN);
	return RM_OK;
}

/* The node that interrupts/config names by path or by phandle. */
static int gic_node(const void *fdt, int config)
{
	int node = fdt_subnode_offset(fdt, config, "interrupts");
	const char *path;
	u32 phandle;

	if (node < 0)
		return node;
	path = get_string(fdt, node, "config");
	if (path && path[0] == '/')
		return fdt_path_offset(fdt, path);
	if (get_u32(fdt, node, "config", &phandle))
		return fdt_node_offset_by_phandle(fdt, phandle);
	return -FDT_ERR_NOTFOUND;
}

static u32 parse_gic(const void *fdt, int config, struct guest_config *cfg)
{
	int node = gic_node(fdt, config);
	int parent, ac, sc, len;
	const fdt32_t *reg;
	u32 regions = 1;

	if (node < 0 || fdt_node_check_compatible(fdt, node, "arm,gic-v3"))
		return RM_MEM_INVALID;
	get_u32(fdt, node, "#redistributor-regions", &regions);
	parent = fdt_parent_offset(fdt, node);
	if (regions != 1 || parent < 0)
		return RM_MEM_INVALID;
	ac = fdt_address_cells(fdt, parent);
	sc = fdt_size_cells(fdt, parent);
	reg = fdt_getprop(fdt, node, "reg", &len);
	if (!reg || ac < 1 || ac > 2 || sc < 1 || sc > 2 || len < 2 * 4 * (ac + sc))
		return RM_MEM_INVALID;
	cfg->gicd_base = get_cells(reg, ac);
	cfg->gicr_base = get_cells(reg + ac + sc, ac);
	cfg->gicr_size = get_cells(reg + 2 * ac + sc, sc);
	if (!IS_ALIGNED(cfg->gicd_base | cfg->gicr_base, 0x10000))
		return RM_MEM_INVALID;
	return RM_OK;
}

static u32 parse_affinity(const void *fdt, int config, struct guest_config *cfg)
{
	static const char * const kinds[] = { "static", "sticky", "pinned", "proxy" };
	int node = fdt_subnode_offset(fdt, config, "vcpus");
	const char *affinity;
	unsigned int i;
	u32 prio;

	if (node < 0)
		return RM_MEM_INVALID;
	affinity = get_string(fdt, node, "affinity");
	for (i = 0; affinity && i < ARRAY_SIZE(kinds); i++) {
		if (!strcmp(affinity, kinds[i]))
			break;
	}
	if (!affinity || i == ARRAY_SIZE(kinds))
		return RM_MEM_INVALID;
	cfg->proxy = !strcmp(affinity, "proxy");
	if (!cfg->proxy && !has_prop(fdt, node, "affinity-map"))
		return RM_MEM_INVALID;
	if (get_u32(fdt, node, "sched-priority", &prio))
		cfg->sched_priority = (s32)prio;
	return RM_OK;
}

/* CPUs are the nodes of device_type "cpu"; the first one is the boot CPU. */
static u32 parse_cpus(const void *fdt, struct guest_config *cfg)
{
	int cpus = fdt_path_offset(fdt, "/cpus");
	int node;

	if (cpus < 0)
		return RM_MEM_INVALID;
	fdt_for_each_subnode(node, fdt, cpus) {
		const char *type = get_string(fdt, node, "device_type");
		const char *method = get_string(fdt, node, "enable-method");

		if (!type || strcmp(type, "cpu"))
			continue;
		if (cfg->nr_vcpus && (!method || strcmp(method, "psci")))
			return RM_MEM_INVALID;
		if (++cfg->nr_vcpus > VM_MAX_VCPUS)
			return RM_NORESOURCE;
	}
	return cfg->nr_vcpus ? RM_OK : RM_MEM_INVALID;
}

/* ---- virtual devices ---- */

/* interrupts = <kind number type>; kind 0 is an SPI. */
static bool parse_irq(const void *fdt, int node, struct guest_device *d)
{
	int len;
	const fdt32_t *p = fdt_getprop(fdt, node, "interrupts", &len);
	u32 number;

	d->irq_edge = true;
	if (!p)
		return true;
	if (len < 12 || fdt32_to_cpu(p[0]) > 1)
		return false;
	number = fdt32_to_cpu(p[1]);
	if (number >= (fdt32_to_cpu(p[0]) ? SPI_BASE - PPI_BASE : VGIC_NR_LINES - SPI_BASE))
		return false;
	d->has_irq = true;
	d->irq[0] = number + (fdt32_to_cpu(p[0]) ? PPI_BASE : SPI_BASE);
	d->irq_edge = fdt32_to_cpu(p[2]) & 3;
	return true;
}

static u32 parse_shm(const void *fdt, int node, struct guest_device *d)
{
	const char *push = get_string(fdt, node, "push-compatible");
	int memory = fdt_subnode_offset(fdt, node, "memory");
	const fdt32_t *p;
	int cells, len;

	if (push && !copy_name(d->push_compatible, push))
		return RM_MEM_INVALID;
	d->mem_label = d->label;
	if (memory < 0)
		return RM_OK;
	get_u32(fdt, memory, "label", &d->mem_label);
	p = fdt_getprop(fdt, memory, "base", &len);
	if (!p)
		return RM_OK;
	cells = fdt_address_cells(fdt, memory);
	if (cells < 1 || cells > 2 || len != cells * 4)
		return RM_MEM_INVALID;
	d->has_base = true;
	d->base = get_cells(p, cells);
	return IS_ALIGNED(d->base, PAGE_SIZE) ? RM_OK : RM_MEM_INVALID;
}

/* Those of type GUEST_DEV_OTHER can't be made on this platform: INIT fails later. */
static const struct {
	const char *name;
	enum guest_device_type type;
} device_types[] = {
	{ "doorbell", GUEST_DEV_DOORBELL },
	{ "doorbell-source", GUEST_DEV_DOORBELL_SOURCE },
	{ "message-queue", GUEST_DEV_MSGQ },
	{ "message-queue-pair", GUEST_DEV_MSGQ_PAIR },
	{ "shm", GUEST_DEV_SHM },
	{ "rm-rpc", GUEST_DEV_RM_RPC },
	{ "shm-doorbell", GUEST_DEV_OTHER },
	{ "virtio-mmio", GUEST_DEV_OTHER },
	{ "iomem", GUEST_DEV_OTHER },
};

static bool parse_type(const void *fdt, int node, struct guest_device *d)
{
	const char *type = get_string(fdt, node, "vdevice-type");
	unsigned int i;

	for (i = 0; type && i < ARRAY_SIZE(device_types); i++) {
		if (!strcmp(type, device_types[i].name)) {
			d->type = device_types[i].type;
			return true;
		}
	}
	return false;
}

/* The name of the node to make: last part of "generate", else this node's own. */
static bool parse_name(const void *fdt, int node, struct guest_device *d)
{
	const char *path = get_string(fdt, node, "generate");
	const char *slash = path ? strrchr(path, '/') : NULL;

	if (slash && slash[1])
		return copy_name(d->name, slash + 1);
	return copy_name(d->name, fdt_get_name(fdt, node, NULL));
}

static u32 parse_device(const void *fdt, int node, struct guest_device *d)
{
	if (!parse_type(fdt, node, d) || !parse_name(fdt, node, d) || !parse_irq(fdt, node, d))
		return RM_MEM_INVALID;
	if (!get_u32(fdt, node, "label", &d->label) &&
	    !get_u32(fdt, node, "qcom,label", &d->label))
		return RM_MEM_INVALID;
	/* The only peer that there is: the owner. */
	if (d->type != GUEST_DEV_RM_RPC && !has_prop(fdt, node, "peer-default"))
		d->type = GUEST_DEV_OTHER;
	d->peer = VMID_PRIMARY;
	d->source_can_clear = has_prop(fdt, node, "source-can-clear");
	d->is_sender = has_prop(fdt, node, "is-sender");
	get_u32(fdt, node, "message-size", &d->msg_size);
	get_u32(fdt, node, "queue-depth", &d->depth);
	return d->type == GUEST_DEV_SHM ? parse_shm(fdt, node, d) : RM_OK;
}

static u32 parse_devices(const void *fdt, int config, struct guest_config *cfg)
{
	int devices = fdt_subnode_offset(fdt, config, "vdevices");
	int node;
	u32 err;

	if (devices < 0)
		return RM_OK;
	fdt_for_each_subnode(node, fdt, devices) {
		if (cfg->nr_devices == GUEST_MAX_DEVICES)
			return RM_NORESOURCE;
		err = parse_device(fdt, node, &cfg->dev[cfg->nr_devices]);
		if (err)
			return err;
		cfg->nr_devices++;
	}
	return RM_OK;
}

/* Nodes that the resource manager makes itself, or that must have one name only. */
static u32 check_root(const void *fdt)
{
	int node;

	fdt_for_each_subnode(node, fdt, 0) {
		const char *name = fdt_get_name(fdt, node, NULL);
		const char *type = get_string(fdt, node, "device_type");

		if (!strcmp(name, "hypervisor"))
			return RM_MEM_INVALID;
		if (type && !strcmp(type, "memory") && strcmp(name, "memory"))
			return RM_MEM_INVALID;
	}
	return RM_OK;
}

static u32 parse_tree(const void *fdt, struct guest_config *cfg)
{
	int config = fdt_path_offset(fdt, "/gunyah-vm-config");
	const char *name;
	u32 err;

	if (config < 0)
		config = fdt_path_offset(fdt, "/qcom,vm-config");
	if (config < 0)
		return RM_MEM_INVALID;
	name = get_string(fdt, config, "image-name");
	if (!name || !copy_name(cfg->image_name, name))
		return RM_MEM_INVALID;

	err = check_root(fdt);
	if (!err)
		err = parse_memory(fdt, config, cfg);
	if (!err)
		err = parse_gic(fdt, config, cfg);
	if (!err)
		err = parse_affinity(fdt, config, cfg);
	if (!err)
		err = parse_cpus(fdt, cfg);
	if (!err)
		err = parse_devices(fdt, config, cfg);
	return err;
}

u32 guest_fdt_parse(struct rm_vm *vm, struct guest_config *cfg)
{
	void *fdt = guest_fdt_load(vm, 0);
	u32 err;

	if (!fdt)
		return RM_MEM_INVALID;
	memset(cfg, 0, sizeof(*cfg));
	err = parse_tree(fdt, cfg);
	hyp_free(fdt);
	return err;
}
