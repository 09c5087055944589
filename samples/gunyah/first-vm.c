// SPDX-License-Identifier: GPL-2.0-only
/*
 * The smallest VM: one vCPU, 4 MiB of memory, and a guest that says a sentence to
 * a device of this program and powers off.  Documentation/virt/gunyah/first-vm.rst
 * goes through it part by part; the marks with >> are for that page.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <linux/gunyah.h>

#include <libfdt.h>

#define RAM		0x80000000UL	/* the guest's memory, in the guest */
#define RAM_SIZE	0x400000UL
#define DTB_OFFSET	0x200000UL	/* its second half is for the device tree */
#define DTB_SIZE	0x200000UL
#define UART		0x09000000UL	/* no memory: an access is an exit */

/* >> guest */
static const __u32 guest[] = {
	0x10000121,	/*	adr	x1, text		*/
	0xd2a12002,	/*	mov	x2, #UART		*/
	0x38401420,	/* 1:	ldrb	w0, [x1], #1		*/
	0x34000060,	/*	cbz	w0, 2f			*/
	0x39000040,	/*	strb	w0, [x2]		*/
	0x17fffffd,	/*	b	1b			*/
	0x52b08000,	/* 2:	mov	w0, #0x84000000		*/
	0x11002000,	/*	add	w0, w0, #8	// PSCI: SYSTEM_OFF */
	0xd4000002,	/*	hvc	#0			*/
};

static const char text[] = "Hello from a guest.\n";

/* >> device tree */
static void cells(void *fdt, const char *name, unsigned int n, ...)
{
	fdt32_t value[8];
	unsigned int i;
	va_list ap;

	va_start(ap, n);
	for (i = 0; i < n; i++)
		value[i] = cpu_to_fdt32(va_arg(ap, __u32));
	va_end(ap);
	fdt_property(fdt, name, value, n * sizeof(value[0]));
}

/* What the resource manager reads.  There is room enough: nothing here can fail. */
static void make_devicetree(void *fdt)
{
	fdt_create(fdt, DTB_SIZE);
	fdt_finish_reservemap(fdt);
	fdt_begin_node(fdt, "");
	cells(fdt, "#address-cells", 1, 2);
	cells(fdt, "#size-cells", 1, 2);

	fdt_begin_node(fdt, "cpus");
	cells(fdt, "#address-cells", 1, 2);
	cells(fdt, "#size-cells", 1, 0);
	fdt_begin_node(fdt, "cpu@0");
	fdt_property_string(fdt, "device_type", "cpu");
	fdt_property_string(fdt, "compatible", "arm,armv8");
	cells(fdt, "reg", 2, 0, 0);
	fdt_end_node(fdt);
	fdt_end_node(fdt);

	fdt_begin_node(fdt, "intc");
	fdt_property_string(fdt, "compatible", "arm,gic-v3");
	cells(fdt, "#interrupt-cells", 1, 3);
	fdt_property(fdt, "interrupt-controller", NULL, 0);
	/* distributor, and a redistributor for each vCPU: address and size */
	cells(fdt, "reg", 8, 0, 0x3fff0000, 0, 0x10000, 0, 0x3fe00000, 0, 0x20000);
	fdt_end_node(fdt);

	fdt_begin_node(fdt, "gunyah-vm-config");
	fdt_property_string(fdt, "image-name", "first-vm");
	fdt_property_string(fdt, "os-type", "linux");
	fdt_begin_node(fdt, "memory");
	cells(fdt, "#address-cells", 1, 2);
	cells(fdt, "#size-cells", 1, 2);
	cells(fdt, "base-address", 2, 0, (__u32)RAM);
	fdt_end_node(fdt);
	fdt_begin_node(fdt, "interrupts");
	fdt_property_string(fdt, "config", "/intc");
	fdt_end_node(fdt);
	fdt_begin_node(fdt, "vcpus");
	fdt_property_string(fdt, "affinity", "proxy");
	fdt_end_node(fdt);
	fdt_end_node(fdt);

	fdt_end_node(fdt);
	fdt_finish(fdt);
}

/* >> calls */
#define CALL(fd, name, arg)	call(fd, name, (unsigned long)(arg), #name)

static int call(int fd, unsigned long number, unsigned long arg, const char *name)
{
	int ret = ioctl(fd, number, arg);

	if (ret < 0)
		err(1, "%s", name);
	return ret;
}

/* >> memory */
static void add_memory(int dev, int vm)
{
	struct gunyah_create_mem_args create = { .size = RAM_SIZE };
	struct gunyah_map_mem_args bind = {
		.guest_addr = RAM,
		.flags = GUNYAH_MEM_FORCE_LEND | GUNYAH_MEM_ALLOW_RWX,
		.size = RAM_SIZE,
	};
	char *mem;

	bind.guest_mem_fd = CALL(dev, GUNYAH_CREATE_GUEST_MEM, &create);
	mem = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, bind.guest_mem_fd, 0);
	if (mem == MAP_FAILED)
		err(1, "mapping the guest's memory");
	memcpy(mem, guest, sizeof(guest));
	memcpy(mem + sizeof(guest), text, sizeof(text));
	make_devicetree(mem + DTB_OFFSET);
	/* Lent memory is the guest's alone: START refuses it while it is mapped. */
	munmap(mem, RAM_SIZE);
	CALL(vm, GUNYAH_VM_MAP_MEM, &bind);
}

/* >> vcpu */
static struct gunyah_vcpu_run *add_vcpu(int vm, int *vcpu)
{
	struct gunyah_fn_vcpu_arg arg = { .id = 0 };
	struct gunyah_fn_desc desc = {
		.type = GUNYAH_FN_VCPU,
		.arg_size = sizeof(arg),
		.arg = (uintptr_t)&arg,
	};
	void *run;

	*vcpu = CALL(vm, GUNYAH_VM_ADD_FUNCTION, &desc);
	run = mmap(NULL, CALL(*vcpu, GUNYAH_VCPU_MMAP_SIZE, 0), PROT_READ | PROT_WRITE,
		   MAP_SHARED, *vcpu, 0);
	if (run == MAP_FAILED)
		err(1, "mapping the run page");
	return run;
}

/* >> mmio */
static void mmio(struct gunyah_vcpu_run *run)
{
	if (!run->mmio.is_write)
		memset(run->mmio.data, 0xff, sizeof(run->mmio.data));
	else if (run->mmio.phys_addr == UART)
		putchar(run->mmio.data[0]);
}

/* >> main */
int main(void)
{
	struct gunyah_vm_dtb_config dtb = {
		.guest_phys_addr = RAM + DTB_OFFSET,
		.size = DTB_SIZE,
	};
	struct gunyah_vm_boot_context pc = {
		.reg = GUNYAH_VM_BOOT_CONTEXT_REG(GUNYAH_VM_BOOT_CONTEXT_SET_PC, 0),
		.value = RAM,
	};
	struct gunyah_vcpu_run *run;
	int dev, vm, vcpu;

	dev = open("/dev/gunyah", O_RDWR | O_CLOEXEC);
	if (dev < 0)
		err(1, "/dev/gunyah");
	vm = CALL(dev, GUNYAH_CREATE_VM, 0);
	add_memory(dev, vm);
	run = add_vcpu(vm, &vcpu);
	CALL(vm, GUNYAH_VM_SET_DTB_CONFIG, &dtb);
	CALL(vm, GUNYAH_VM_SET_BOOT_CONTEXT, &pc);
	CALL(vm, GUNYAH_VM_START, 0);

	do {
		if (ioctl(vcpu, GUNYAH_VCPU_RUN, 0)) {
			if (errno != EINTR)
				err(1, "GUNYAH_VCPU_RUN");
			continue;
		}
		if (run->exit_reason == GUNYAH_VCPU_EXIT_MMIO)
			mmio(run);
		else if (run->exit_reason == GUNYAH_VCPU_EXIT_PAGE_FAULT)
			errx(1, "the guest touched memory that it can't have");
	} while (run->exit_reason != GUNYAH_VCPU_EXIT_STATUS);

	printf("first-vm: status %u, exit type %u\n", run->status.status,
	       run->status.exit_info.type);
	return 0;
}
