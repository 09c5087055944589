/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bare program in the place of the primary VM: what the test payloads share.
 *
 * It runs at EL1 with MMU and caches off and interrupts masked; addresses are
 * IPAs.  Interrupts are polled from the interrupt controller.  Output goes to
 * the UART, which the hypervisor leaves to the primary VM.
 */
#ifndef EL1_H
#define EL1_H

#include <stdarg.h>

#include "../../types.h"

/* Physical addresses of QEMU's virt machine. */
#define UART		0x09000000UL
#define GICD		0x08000000UL
#define GICR		0x080a0000UL
#define GICR_STRIDE	0x20000UL

#define TIMER_INTID	27		/* the payload's own virtual timer */
#define RM_FIRST_INTID	960		/* first interrupt of the resource manager */
#define NR_INTID	1020

static inline u32 mmio_read32(u64 addr)
{
	u32 v;

	asm volatile("ldr %w0, [%1]" : "=r"(v) : "r"(addr) : "memory");
	return v;
}

static inline void mmio_write32(u64 addr, u32 v)
{
	asm volatile("str %w0, [%1]" : : "r"(v), "r"(addr) : "memory");
}

/* string.c: what the compiler and libfdt ask for. */
void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t n);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
unsigned long strtoul(const char *s, char **end, int base);

/* console.c: %s %c %d %u %x, with l; %x and %u with 0 and a width too. */
void print(const char *fmt, ...) __printf(1, 2);
void __noreturn power_off(void);

/* entry.S: call with x0..x7, the results in the same array. */
void hvc_call(u64 regs[8]);
void smc_call(u64 regs[8]);

/* Time by the virtual counter. */
u64 now_ms(void);
void delay_ms(u64 ms);
/* The payload's own timer interrupt comes in about ms milliseconds. */
void timer_arm(u64 ms);
void timer_stop(void);

/* Interrupts of the primary VM, polled. */
void gic_init(void);
/* Takes all interrupts that are pending on this CPU and counts them. */
void gic_poll(void);
/* The interrupt that is signalled, taken or ended without more. */
u32 gic_ack(void);
void gic_eoi(u32 intid);
/* Interrupts with this number so far, since gic_forget(). */
u32 gic_count(u32 intid);
void gic_forget(u32 intid);
/*
 * Sleep in WFI until an interrupt comes, for some milliseconds at most.  All
 * waiting is done so: a CPU that spins takes the machine from the emulator's
 * own timers.
 */
void idle(void);
/* Waits until one was counted; false after ms milliseconds. */
bool gic_wait(u32 intid, u64 ms);
/* Gives an interrupt of the distributor back as not enabled. */
void gic_disable(u32 intid);

/*
 * entry.S: try an access that may be an exception; 0 or the ESR.  The one
 * word that such an access moves is *v.
 */
u64 try_read64(u64 addr, u64 *v);
u64 try_write64(u64 addr, u64 v);
u64 try_read32(u64 addr, u32 *v);
u64 try_exec(u64 addr);
u64 try_civac(u64 addr);
/* The last exception, announced or not. */
struct fault {
	u64 esr, far, elr;
};

extern struct fault last_fault;

/* Hypercalls, written down for the tests (the published hypervisor's API). */
struct run_result {
	u64 err, state, data[3];
};

u64 hyp_msgq_send(u64 cap, u64 size, const void *buf, u64 flags, u64 reserved, u64 *ready);
u64 hyp_msgq_recv(u64 cap, void *buf, u64 max, u64 *size, u64 *ready);
u64 hyp_bell_send(u64 cap, u64 flags, u64 *old);
u64 hyp_bell_receive(u64 cap, u64 clear, u64 *flags);
u64 hyp_bell_set_mask(u64 cap, u64 enable, u64 ack);
void hyp_vcpu_run(u64 cap, const u64 resume[4], struct run_result *res);

/* The resource manager's queues, from the device tree. */
extern u64 rm_tx_cap, rm_rx_cap;
bool find_rm_queues(const void *fdt);

/* A second CPU that calls a function. */
bool cpu_call(unsigned int cpu, void (*fn)(void *arg), void *arg);
bool cpu_is_idle(unsigned int cpu);

/* entry.S calls, or is called from there. */
void secondary_entry(void);
void secondary_loop(void);
void unexpected_exception(u64 esr, u64 far, u64 elr);

/* What a payload puts into guest memory: blobs.S, made by the Makefile. */
struct blob {
	const char *name;
	const u8 *start, *end;
};

extern const struct blob blobs[];

/* The payload itself. */
void payload_main(void *fdt);

#endif
