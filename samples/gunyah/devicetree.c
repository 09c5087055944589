// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's device tree.  It is read twice: by the resource manager, for the
 * node gunyah-vm-config, the CPUs and the interrupt controller, and by the
 * guest's kernel.  The resource manager adds the nodes memory and hypervisor.
 */
#include <stdio.h>
#include <string.h>

#include <libfdt.h>

#include "gunyah-vmm.h"

#define GIC_PHANDLE	1
#define POOL_PHANDLE	2
#define GIC_SPI		0
#define GIC_PPI		1
#define IRQ_EDGE_RISING	1
#define IRQ_LEVEL_LOW	8

/* libfdt's sequential-write functions return an error each; the first one counts. */
static int first_error;

static void check(int err)
{
	if (err < 0 && !first_error)
		first_error = err;
}

static void cells(void *fdt, const char *name, unsigned int n, const __u32 *values)
{
	__u32 be[16];
	unsigned int i;

	for (i = 0; i < n; i++)
		be[i] = cpu_to_fdt32(values[i]);
	check(fdt_property(fdt, name, be, n * sizeof(be[0])));
}

#define CELLS(fdt, name, ...) do {					\
	const __u32 _v[] = { __VA_ARGS__ };				\
	cells(fdt, name, ARRAY_SIZE(_v), _v);		\
} while (0)

#define HI(x)	((__u32)((__u64)(x) >> 32))
#define LO(x)	((__u32)(x))

static void make_chosen(const struct guest *guest, void *fdt)
{
	__u64 end = guest->initrd_addr + guest->initrd_size;
	char bootargs[2048];

	/*
	 * Until hvc0 is there the kernel prints by the UART, which is slow: so
	 * behind a "quiet".  What retain_initrd is for stands in shared.c.
	 */
	if (snprintf(bootargs, sizeof(bootargs), "%s %s%s", guest->opt->virtio ?
		     "console=hvc0 retain_initrd" : "console=ttyS0", guest->opt->append,
		     guest->opt->virtio ? " earlycon" : "") >= (int)sizeof(bootargs))
		die("the kernel's command line is too long");
	check(fdt_begin_node(fdt, "chosen"));
	check(fdt_property_string(fdt, "bootargs", bootargs));
	check(fdt_property_string(fdt, "stdout-path", "/serial@9000000"));
	if (guest->initrd_size) {
		CELLS(fdt, "linux,initrd-start", HI(guest->initrd_addr), LO(guest->initrd_addr));
		CELLS(fdt, "linux,initrd-end", HI(end), LO(end));
	}
	check(fdt_end_node(fdt));
}

static void make_cpus(const struct guest *guest, void *fdt)
{
	unsigned int i;
	char name[16];

	check(fdt_begin_node(fdt, "cpus"));
	CELLS(fdt, "#address-cells", 2);
	CELLS(fdt, "#size-cells", 0);
	for (i = 0; i < guest->opt->vcpus; i++) {
		snprintf(name, sizeof(name), "cpu@%x", i);
		check(fdt_begin_node(fdt, name));
		check(fdt_property_string(fdt, "device_type", "cpu"));
		check(fdt_property_string(fdt, "compatible", "arm,armv8"));
		check(fdt_property_string(fdt, "enable-method", "psci"));
		CELLS(fdt, "reg", 0, i);
		check(fdt_end_node(fdt));
	}
	check(fdt_end_node(fdt));
}

static void make_gic(void *fdt)
{
	char name[40];

	snprintf(name, sizeof(name), "interrupt-controller@%lx", GICD_BASE);
	check(fdt_begin_node(fdt, name));
	check(fdt_property_string(fdt, "compatible", "arm,gic-v3"));
	CELLS(fdt, "#interrupt-cells", 3);
	CELLS(fdt, "#address-cells", 2);
	CELLS(fdt, "#size-cells", 2);
	check(fdt_property(fdt, "interrupt-controller", NULL, 0));
	CELLS(fdt, "reg", HI(GICD_BASE), LO(GICD_BASE), HI(GICD_SIZE), LO(GICD_SIZE),
	      HI(GICR_BASE), LO(GICR_BASE), HI(GICR_SIZE), LO(GICR_SIZE));
	CELLS(fdt, "phandle", GIC_PHANDLE);
	check(fdt_end_node(fdt));
}

static void make_timer(void *fdt)
{
	check(fdt_begin_node(fdt, "timer"));
	check(fdt_property_string(fdt, "compatible", "arm,armv8-timer"));
	check(fdt_property(fdt, "always-on", NULL, 0));
	/* secure, non-secure, virtual, hypervisor's; a guest has the virtual one */
	CELLS(fdt, "interrupts", GIC_PPI, 13, IRQ_LEVEL_LOW, GIC_PPI, 14, IRQ_LEVEL_LOW,
	      GIC_PPI, 11, IRQ_LEVEL_LOW, GIC_PPI, 10, IRQ_LEVEL_LOW);
	check(fdt_end_node(fdt));
}

static void make_psci(void *fdt)
{
	static const char compatible[] = "arm,psci-1.0\0arm,psci-0.2";

	check(fdt_begin_node(fdt, "psci"));
	check(fdt_property(fdt, "compatible", compatible, sizeof(compatible)));
	check(fdt_property_string(fdt, "method", "hvc"));
	check(fdt_end_node(fdt));
}

static void make_uart(void *fdt)
{
	check(fdt_begin_node(fdt, "serial@9000000"));
	check(fdt_property_string(fdt, "compatible", "ns16550a"));
	CELLS(fdt, "reg", HI(UART_BASE), LO(UART_BASE), HI(UART_SIZE), LO(UART_SIZE));
	CELLS(fdt, "clock-frequency", 1843200);
	/* No interrupts property: the driver polls. */
	check(fdt_end_node(fdt));
}

/* Elsewhere the resource manager adds it. */
static void make_memory(const struct guest *guest, void *fdt)
{
	__u64 size = guest->opt->memory + guest->shared_size;

	check(fdt_begin_node(fdt, "memory"));
	check(fdt_property_string(fdt, "device_type", "memory"));
	CELLS(fdt, "reg", HI(RAM_BASE), LO(RAM_BASE), HI(size), LO(size));
	check(fdt_end_node(fdt));
}

/* The memory that all DMA of the virtio devices is made in: see shared.c. */
static void make_pool(const struct guest *guest, void *fdt)
{
	__u64 start = guest->shared_addr + POOL_OFFSET;
	__u64 size = guest->shared_size - POOL_OFFSET;
	char name[40];

	check(fdt_begin_node(fdt, "reserved-memory"));
	CELLS(fdt, "#address-cells", 2);
	CELLS(fdt, "#size-cells", 2);
	check(fdt_property(fdt, "ranges", NULL, 0));
	snprintf(name, sizeof(name), "pool@%llx", (unsigned long long)start);
	check(fdt_begin_node(fdt, name));
	check(fdt_property_string(fdt, "compatible", "restricted-dma-pool"));
	CELLS(fdt, "reg", HI(start), LO(start), HI(size), LO(size));
	CELLS(fdt, "phandle", POOL_PHANDLE);
	check(fdt_end_node(fdt));
	check(fdt_end_node(fdt));
}

static void make_virtio(unsigned int n, void *fdt)
{
	__u64 addr = VIRTIO_BASE + n * VIRTIO_STRIDE;
	char name[40];

	snprintf(name, sizeof(name), "virtio@%llx", (unsigned long long)addr);
	check(fdt_begin_node(fdt, name));
	check(fdt_property_string(fdt, "compatible", "virtio,mmio"));
	CELLS(fdt, "reg", HI(addr), LO(addr), HI(VIRTIO_STRIDE), LO(VIRTIO_STRIDE));
	CELLS(fdt, "interrupts", GIC_SPI, VIRTIO_SPI + n, IRQ_EDGE_RISING);
	CELLS(fdt, "memory-region", POOL_PHANDLE);
	check(fdt_property(fdt, "dma-coherent", NULL, 0));
	check(fdt_end_node(fdt));
}

/* The doorbell of a device: ringing it is the device's interrupt, see irqfd_add(). */
static void make_doorbell(unsigned int n, void *fdt)
{
	char name[40], path[60];

	snprintf(name, sizeof(name), "bell-%x", VIRTIO_SPI + n);
	snprintf(path, sizeof(path), "/hypervisor/%s", name);
	check(fdt_begin_node(fdt, name));
	check(fdt_property_string(fdt, "vdevice-type", "doorbell"));
	check(fdt_property_string(fdt, "generate", path));
	CELLS(fdt, "label", VIRTIO_SPI + n);
	check(fdt_property(fdt, "peer-default", NULL, 0));
	check(fdt_property(fdt, "source-can-clear", NULL, 0));
	CELLS(fdt, "interrupts", GIC_SPI, VIRTIO_SPI + n, IRQ_EDGE_RISING);
	check(fdt_end_node(fdt));
}

/* Where the resource manager maps the shared memory: its label is the guest address. */
static void make_shared(const struct guest *guest, void *fdt)
{
	__u32 label = guest->shared_addr >> 12;
	char name[40], path[60];

	snprintf(name, sizeof(name), "shm-%x", label);
	snprintf(path, sizeof(path), "/hypervisor/%s", name);
	check(fdt_begin_node(fdt, name));
	check(fdt_property_string(fdt, "vdevice-type", "shm"));
	check(fdt_property_string(fdt, "generate", path));
	CELLS(fdt, "label", label);
	check(fdt_property(fdt, "peer-default", NULL, 0));
	CELLS(fdt, "dma_base", 0, 0);
	check(fdt_begin_node(fdt, "memory"));
	CELLS(fdt, "label", label);
	CELLS(fdt, "#address-cells", 2);
	CELLS(fdt, "base", HI(guest->shared_addr), LO(guest->shared_addr));
	check(fdt_end_node(fdt));
	check(fdt_end_node(fdt));
}

/* The part that is for the resource manager; the guest's kernel ignores it. */
static void make_vm_config(const struct guest *guest, void *fdt)
{
	unsigned int i;
	char gic[40];

	check(fdt_begin_node(fdt, "gunyah-vm-config"));
	check(fdt_property_string(fdt, "image-name", "gunyah-vmm"));
	check(fdt_property_string(fdt, "os-type", "linux"));

	check(fdt_begin_node(fdt, "memory"));
	CELLS(fdt, "#address-cells", 2);
	CELLS(fdt, "#size-cells", 2);
	CELLS(fdt, "base-address", HI(RAM_BASE), LO(RAM_BASE));
	check(fdt_end_node(fdt));

	check(fdt_begin_node(fdt, "interrupts"));
	snprintf(gic, sizeof(gic), "/interrupt-controller@%lx", GICD_BASE);
	check(fdt_property_string(fdt, "config", gic));
	check(fdt_end_node(fdt));

	check(fdt_begin_node(fdt, "vcpus"));
	/* The vCPUs run when this process says so. */
	check(fdt_property_string(fdt, "affinity", "proxy"));
	check(fdt_end_node(fdt));

	check(fdt_begin_node(fdt, "vdevices"));
	check(fdt_property_string(fdt, "generate", "/hypervisor"));
	if (guest->shared)
		make_shared(guest, fdt);
	for (i = 0; i < guest->nr_devices; i++)
		make_doorbell(i, fdt);
	check(fdt_end_node(fdt));

	check(fdt_end_node(fdt));
}

size_t devicetree_make(const struct guest *guest, void *buf, size_t size)
{
	unsigned int i;
	void *fdt = buf;

	check(fdt_create(fdt, size));
	check(fdt_finish_reservemap(fdt));
	check(fdt_begin_node(fdt, ""));
	check(fdt_property_string(fdt, "compatible", "linux,dummy-virt"));
	check(fdt_property_string(fdt, "model", "gunyah-vmm"));
	CELLS(fdt, "#address-cells", 2);
	CELLS(fdt, "#size-cells", 2);
	CELLS(fdt, "interrupt-parent", GIC_PHANDLE);
	make_chosen(guest, fdt);
	make_cpus(guest, fdt);
	if (guest->paged)
		make_memory(guest, fdt);
	make_gic(fdt);
	make_timer(fdt);
	make_psci(fdt);
	make_uart(fdt);
	if (guest->shared)
		make_pool(guest, fdt);
	for (i = 0; i < guest->nr_devices; i++)
		make_virtio(i, fdt);
	make_vm_config(guest, fdt);
	check(fdt_end_node(fdt));
	check(fdt_finish(fdt));
	if (first_error)
		die("device tree: %s", fdt_strerror(first_error));
	return fdt_totalsize(fdt);
}
