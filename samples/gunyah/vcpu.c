// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vCPU runs for as long as a thread stands in the ioctl VCPU_RUN.  It comes
 * back when the guest accessed a device that lives here, when the VM is over,
 * or when a signal came.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gunyah-vmm.h"

static void on_kick(int sig)
{
	/* The signal makes VCPU_RUN return; there is nothing else to do. */
	(void)sig;
}

void vcpu_create(struct guest *guest, struct vcpu *vcpu, unsigned int id)
{
	struct gunyah_fn_vcpu_arg arg = { .id = id };
	struct gunyah_fn_desc desc = {
		.type = GUNYAH_FN_VCPU,
		.arg_size = sizeof(arg),
		.arg = (uintptr_t)&arg,
	};
	/* A kick ends GUNYAH_VCPU_RUN in any case; what a thread is just printing is not lost. */
	struct sigaction sa = { .sa_handler = on_kick, .sa_flags = SA_RESTART };
	long size;

	vcpu->guest = guest;
	vcpu->id = id;
	vcpu->fd = ioctl(guest->vm_fd, GUNYAH_VM_ADD_FUNCTION, &desc);
	if (vcpu->fd < 0)
		die_errno("VM_ADD_FUNCTION (vCPU)");
	size = ioctl(vcpu->fd, GUNYAH_VCPU_MMAP_SIZE);
	if (size < (long)sizeof(*vcpu->run))
		die_errno("VCPU_MMAP_SIZE");
	vcpu->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED)
		die_errno("mapping the run page");
	sigaction(SIGUSR1, &sa, NULL);
}

/* The guest loads or stores len bytes at a device; nothing there reads as ones. */
static void do_mmio(struct guest *guest, struct gunyah_vcpu_run *run)
{
	__u64 addr = run->mmio.phys_addr;
	__u32 len = run->mmio.len;
	bool uart = addr >= UART_BASE && addr < UART_BASE + UART_SIZE && len == 1;

	if (run->mmio.is_write) {
		if (uart)
			uart_write(addr - UART_BASE, run->mmio.data[0]);
		else
			virtio_mmio(guest, run);
		return;
	}
	memset(run->mmio.data, 0xff, sizeof(run->mmio.data));
	if (uart)
		run->mmio.data[0] = uart_read(addr - UART_BASE);
	else
		virtio_mmio(guest, run);
}

static const char *exit_type_name(unsigned int type)
{
	static const char * const names[] = {
		[GUNYAH_VM_EXIT_TYPE_VM_EXIT] = "the guest ended itself",
		[GUNYAH_VM_EXIT_TYPE_PSCI_OFF] = "the guest powered off",
		[GUNYAH_VM_EXIT_TYPE_SYSTEM_RESET] = "the guest asked for a reset",
		[GUNYAH_VM_EXIT_TYPE_SYSTEM_RESET2] = "the guest asked for a special reset",
		[GUNYAH_VM_EXIT_TYPE_WATCHDOG_BITE] = "watchdog bite",
		[GUNYAH_VM_EXIT_TYPE_HYP_ERROR] = "software or hypervisor error",
		[GUNYAH_VM_EXIT_TYPE_ASYNC_EXT_ABORT] = "asynchronous external abort",
		[GUNYAH_VM_EXIT_TYPE_FORCED_STOP] = "stopped by force",
	};

	return type < ARRAY_SIZE(names) ? names[type] : "unknown exit type";
}

/* The VM is over: all of its vCPUs learn it, the first one says it. */
static void end_with_status(struct guest *guest, const struct gunyah_vcpu_run *run)
{
	unsigned int type = run->status.exit_info.type;
	enum vmm_exit exit = VMM_EXIT_CRASHED;

	if (run->status.status == GUNYAH_VM_STATUS_EXITED) {
		if (type <= GUNYAH_VM_EXIT_TYPE_PSCI_OFF)
			exit = VMM_EXIT_OFF;
		else if (type <= GUNYAH_VM_EXIT_TYPE_SYSTEM_RESET2)
			exit = VMM_EXIT_RESET;
	}
	if (!guest_end(guest, exit))
		return;

	if (run->status.status == GUNYAH_VM_STATUS_EXITED)
		fprintf(stderr, "\ngunyah-vmm: VM exited: %s (type %u)\n", exit_type_name(type),
			type);
	else if (run->status.status == GUNYAH_VM_STATUS_LOAD_FAILED)
		fprintf(stderr, "\ngunyah-vmm: the VM could not be loaded\n");
	else
		fprintf(stderr, "\ngunyah-vmm: the VM crashed\n");
}

static void run_vcpu(struct vcpu *vcpu)
{
	struct guest *guest = vcpu->guest;
	bool over;

	for (;;) {
		pthread_mutex_lock(&guest->lock);
		over = guest->over;
		pthread_mutex_unlock(&guest->lock);
		if (over)
			return;
		if (ioctl(vcpu->fd, GUNYAH_VCPU_RUN)) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			fprintf(stderr, "\ngunyah-vmm: vCPU %u: VCPU_RUN: %s\n", vcpu->id,
				strerror(errno));
			guest_end(guest, VMM_EXIT_ERROR);
			return;
		}
		switch (vcpu->run->exit_reason) {
		case GUNYAH_VCPU_EXIT_MMIO:
			do_mmio(guest, vcpu->run);
			break;
		case GUNYAH_VCPU_EXIT_STATUS:
			end_with_status(guest, vcpu->run);
			return;
		default:
			fprintf(stderr, "\ngunyah-vmm: vCPU %u: exit %u is none that we know\n",
				vcpu->id, vcpu->run->exit_reason);
			guest_end(guest, VMM_EXIT_ERROR);
			return;
		}
	}
}

static void *vcpu_thread(void *arg)
{
	run_vcpu(arg);
	return NULL;
}

void vcpu_start_thread(struct vcpu *vcpu)
{
	vcpu->run->immediate_exit = 0;
	if (pthread_create(&vcpu->thread, NULL, vcpu_thread, vcpu))
		die("can't create the thread of vCPU %u", vcpu->id);
	vcpu->started = true;
}

void vcpu_kick(struct vcpu *vcpu)
{
	/* A signal between the thread's look at "over" and the ioctl is kept by this. */
	__atomic_store_n(&vcpu->run->immediate_exit, 1, __ATOMIC_RELEASE);
	if (vcpu->started)
		pthread_kill(vcpu->thread, SIGUSR1);
}

void vcpu_join(struct vcpu *vcpu)
{
	if (vcpu->started)
		pthread_join(vcpu->thread, NULL);
	vcpu->started = false;
}

void vcpu_destroy(struct vcpu *vcpu)
{
	munmap(vcpu->run, sysconf(_SC_PAGESIZE));
	close(vcpu->fd);
}
