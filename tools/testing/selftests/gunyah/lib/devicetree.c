// SPDX-License-Identifier: GPL-2.0-only
/* The device tree of the tests' guests: what the resource manager wants, no more. */
#include "gunyah_test.h"

#include "../../../../../scripts/dtc/libfdt/fdt.c"
#include "../../../../../scripts/dtc/libfdt/fdt_sw.c"

static int first_error;

static void check(int err)
{
	if (err < 0 && !first_error)
		first_error = err;
}

#define CELLS(fdt, name, ...) do {					\
	const __u32 _v[] = { __VA_ARGS__ };				\
	__u32 _be[ARRAY_SIZE(_v)];					\
	unsigned int _i;						\
									\
	for (_i = 0; _i < ARRAY_SIZE(_v); _i++)				\
		_be[_i] = cpu_to_fdt32(_v[_i]);				\
	check(fdt_property(fdt, name, _be, sizeof(_be)));		\
} while (0)

#define HI(x)	((__u32)((__u64)(x) >> 32))
#define LO(x)	((__u32)(x))

static void hardware(const struct test_vm *vm, void *fdt)
{
	unsigned int i;
	char name[16];

	check(fdt_begin_node(fdt, "chosen"));
	check(fdt_end_node(fdt));

	check(fdt_begin_node(fdt, "cpus"));
	CELLS(fdt, "#address-cells", 2);
	CELLS(fdt, "#size-cells", 0);
	for (i = 0; i < vm->nr_vcpus; i++) {
		snprintf(name, sizeof(name), "cpu@%x", i);
		check(fdt_begin_node(fdt, name));
		check(fdt_property_string(fdt, "device_type", "cpu"));
		check(fdt_property_string(fdt, "compatible", "arm,armv8"));
		check(fdt_property_string(fdt, "enable-method", "psci"));
		CELLS(fdt, "reg", 0, i);
		check(fdt_end_node(fdt));
	}
	check(fdt_end_node(fdt));

	check(fdt_begin_node(fdt, "intc"));
	check(fdt_property_string(fdt, "compatible", "arm,gic-v3"));
	CELLS(fdt, "#interrupt-cells", 3);
	CELLS(fdt, "#address-cells", 2);
	CELLS(fdt, "#size-cells", 2);
	check(fdt_property(fdt, "interrupt-controller", NULL, 0));
	CELLS(fdt, "reg", 0, GUEST_GICD, 0, 0x10000, 0, GUEST_GICR, 0, 0x20000 * MAX_VCPUS);
	CELLS(fdt, "phandle", 1);
	check(fdt_end_node(fdt));

	check(fdt_begin_node(fdt, "timer"));
	check(fdt_property_string(fdt, "compatible", "arm,armv8-timer"));
	CELLS(fdt, "interrupts", 1, 13, 8, 1, 14, 8, 1, 11, 8, 1, 10, 8);
	check(fdt_end_node(fdt));

	check(fdt_begin_node(fdt, "psci"));
	check(fdt_property_string(fdt, "compatible", "arm,psci-1.0"));
	check(fdt_property_string(fdt, "method", "hvc"));
	check(fdt_end_node(fdt));
}

/* What each node of vdevices begins with; it is NAME-LABEL, also in the guest. */
static void begin_vdevice(void *fdt, const char *name, __u32 label, const char *type)
{
	char path[40], node[24];

	snprintf(node, sizeof(node), "%s-%x", name, label);
	snprintf(path, sizeof(path), "/hypervisor/%s", node);
	check(fdt_begin_node(fdt, node));
	check(fdt_property_string(fdt, "vdevice-type", type));
	check(fdt_property_string(fdt, "generate", path));
}

/* The label of shared memory is its guest address in pages of 4K, unless the user gave one. */
static void shared_memory(const struct test_shm *shm, void *fdt)
{
	__u32 label = shm->label ?: shm->gpa >> 12;

	begin_vdevice(fdt, "shm", label, "shm");
	check(fdt_property_string(fdt, "push-compatible", "dma"));
	CELLS(fdt, "label", label);
	check(fdt_property(fdt, "peer-default", NULL, 0));
	CELLS(fdt, "dma_base", 0, 0);
	check(fdt_begin_node(fdt, "memory"));
	CELLS(fdt, "label", label);
	CELLS(fdt, "#address-cells", 2);
	CELLS(fdt, "base", HI(shm->gpa), LO(shm->gpa));
	check(fdt_end_node(fdt));
	check(fdt_end_node(fdt));
}

static void doorbell(const struct test_bell *bell, void *fdt)
{
	begin_vdevice(fdt, "bell", bell->label, "doorbell");
	CELLS(fdt, "label", bell->label);
	check(fdt_property(fdt, "peer-default", NULL, 0));
	if (bell->can_clear)
		check(fdt_property(fdt, "source-can-clear", NULL, 0));
	CELLS(fdt, "interrupts", 0, bell->spi, bell->level ? 4 : 1);
	check(fdt_end_node(fdt));
}

/* The guest's own queues to the resource manager. */
static void rm_queues(const struct test_vm *vm, __u32 label, void *fdt)
{
	begin_vdevice(fdt, "channel", label, "rm-rpc");
	CELLS(fdt, "message-size", vm->channel_size);
	CELLS(fdt, "queue-depth", 8);
	CELLS(fdt, "qcom,label", label);
	check(fdt_end_node(fdt));
}

static void vm_config(const struct test_vm *vm, void *fdt)
{
	unsigned int i;

	check(fdt_begin_node(fdt, "gunyah-vm-config"));
	if (!vm->no_image_name)
		check(fdt_property_string(fdt, "image-name", "selftest"));
	check(fdt_property_string(fdt, "os-type", "linux"));

	check(fdt_begin_node(fdt, "memory"));
	CELLS(fdt, "#address-cells", 2);
	CELLS(fdt, "#size-cells", 2);
	CELLS(fdt, "base-address", HI(GUEST_BASE), LO(GUEST_BASE));
	check(fdt_end_node(fdt));

	check(fdt_begin_node(fdt, "interrupts"));
	check(fdt_property_string(fdt, "config", "/intc"));
	check(fdt_end_node(fdt));

	check(fdt_begin_node(fdt, "vcpus"));
	check(fdt_property_string(fdt, "affinity", "proxy"));
	check(fdt_end_node(fdt));

	check(fdt_begin_node(fdt, "vdevices"));
	check(fdt_property_string(fdt, "generate", "/hypervisor"));
	if (vm->shm.size)
		shared_memory(&vm->shm, fdt);
	for (i = 0; i < vm->nr_bells; i++)
		doorbell(&vm->bell[i], fdt);
	for (i = 0; i < vm->nr_channels; i++)
		rm_queues(vm, 1 + i, fdt);
	check(fdt_end_node(fdt));

	check(fdt_end_node(fdt));
}

size_t guest_devicetree(const struct test_vm *vm, void *buf, size_t size)
{
	first_error = 0;
	check(fdt_create(buf, size));
	check(fdt_finish_reservemap(buf));
	check(fdt_begin_node(buf, ""));
	check(fdt_property_string(buf, "compatible", "linux,dummy-virt"));
	CELLS(buf, "#address-cells", 2);
	CELLS(buf, "#size-cells", 2);
	CELLS(buf, "interrupt-parent", 1);
	hardware(vm, buf);
	vm_config(vm, buf);
	check(fdt_end_node(buf));
	check(fdt_finish(buf));
	if (first_error)
		test_die("libfdt error %d", first_error);
	return fdt_totalsize(buf);
}
