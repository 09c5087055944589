// SPDX-License-Identifier: GPL-2.0-only
/*
 * What stands in for the rest of the hypervisor, and the program's frame: the
 * results are printed as KTAP, the end of the program is QEMU's end.
 */
#include "cpu.h"
#include "vgic_test.h"

#define UART		0x09000000UL
#define UART_DR		0x00
#define UART_IMSC	0x38
#define UART_ICR	0x44
#define UART_TXI	BIT(5)

#define HCR_TEST	(BIT(31) | BIT(5) | BIT(4) | BIT(3))	/* RW, AMO, IMO, FMO */
#define SPSR_EL1H_DAIF	0x3c5UL
#define MAX_EXITS	100

struct vm host, other;
struct vcpu host_vcpu[2], other_vcpu[2];
struct vcpu *loaded;
unsigned int notified[2];
unsigned int eois;
bool eoi_drops;
unsigned int forwarded;
unsigned int kicks;
u64 first_lr;

static bool failed;
static struct vcpu *inside;		/* in its guest, as if on another CPU */
extern char heap[];
static char *heap_next = heap;

u64 vcpu_enter(struct vcpu_regs *regs);
void panic_exception(struct vcpu_regs *regs, u64 vector, u64 sp);
void test_main(void);

static void print(const char *s)
{
	while (*s)
		WRITE_ONCE(*(u32 *)(UART + UART_DR), *s++);
}

static void print_number(unsigned int n)
{
	char digit[2] = { '0' + n % 10, 0 };

	if (n >= 10)
		print_number(n / 10);
	print(digit);
}

static void quit(unsigned int status)
{
	u64 block[2] = { 0x20026, status };		/* ADP_Stopped_ApplicationExit */

	asm volatile("mov x0, #0x20\n\t"			/* SYS_EXIT_EXTENDED */
		     "mov x1, %0\n\t"
		     "hlt #0xf000"
		     : : "r" (block) : "x0", "x1", "memory");
}

void expect(bool good, const char *what, int line)
{
	if (good)
		return;
	failed = true;
	print("# line ");
	print_number((unsigned int)line);
	print(": ");
	print(what);
	print("\n");
}

void *memset(void *dst, int c, size_t n)
{
	char *p = dst;

	while (n--)
		*p++ = (char)c;
	return dst;
}

void *hyp_alloc(size_t size)
{
	void *p = heap_next;

	heap_next += ALIGN_UP(size, 16UL);
	return memset(p, 0, size);
}

void hyp_free(void *p)
{
}

/* One CPU: a lock that is taken twice is a bug. */
bool spin_trylock(spinlock_t *lock)
{
	if (lock->owner) {
		expect(false, "lock taken twice", 0);
		quit(1);
	}
	lock->owner = 1;
	return true;
}

void spin_lock(spinlock_t *lock)
{
	spin_trylock(lock);
}

/* Where another CPU would come out of its guest for one who waits for that. */
void spin_unlock(spinlock_t *lock)
{
	lock->owner = 0;
	if (inside && inside->vgic.pullers)
		guest_comes_out();
}

struct vcpu *this_vcpu(void)
{
	return loaded;
}

unsigned int this_cpu(void)
{
	return 0;
}

void vcpu_irq_pending(struct vcpu *v)
{
	notified[v->index]++;
}

void vgic_eoi_level(struct vm *vm, struct vcpu *v, u32 intid)
{
	eois++;
	if (eoi_drops)
		vgic_set_level(vm, v, intid, false);
}

void panic_exception(struct vcpu_regs *regs, u64 vector, u64 sp)
{
	expect(false, "exception at EL2", 0);
	quit(1);
}

static void take_irqs(void)
{
	u32 intid;

	while ((intid = gic_ack()) != GIC_NO_IRQ) {
		kicks += intid == GIC_SGI_KICK;
		if (intid == GIC_PPI_MAINT || intid == GIC_SGI_KICK)
			continue;
		vgic_forward(&host_vcpu[0], intid);
		forwarded++;
	}
}

u64 guest(void (*code)(void), u64 x0)
{
	unsigned int exits;
	u64 why;

	loaded->on_cpu = -1;
	loaded->regs.pc = (u64)code;
	loaded->regs.pstate = SPSR_EL1H_DAIF;
	loaded->regs.x[0] = x0;
	forwarded = 0;
	for (exits = 0; exits < MAX_EXITS; exits++) {
		vgic_flush(loaded);
		first_lr = loaded->vgic.lr[0];
		why = vcpu_enter(&loaded->regs);
		vgic_sync(loaded);
		take_irqs();
		if (!why || code == guest_spin)
			return loaded->regs.x[0];
	}
	expect(false, "no end of exits", 0);
	return ~0UL;
}

u64 guest_stays(void (*code)(void))
{
	loaded->regs.pc = (u64)code;
	loaded->regs.pstate = SPSR_EL1H_DAIF;
	kicks = 0;
	vgic_flush(loaded);
	if (code)
		vcpu_enter(&loaded->regs);
	inside = loaded;
	inside->on_cpu = 0;
	loaded = &host_vcpu[1];
	return inside->regs.x[0];
}

void guest_comes_out(void)
{
	struct vcpu *v = inside;

	inside = NULL;
	if (!v)
		return;
	vgic_sync(v);
}

u64 reg_get(u64 ipa, unsigned int size)
{
	u64 val = ~0UL;

	EXPECT(vgic_mmio(loaded, ipa, size, false, &val));
	return val;
}

void reg_set(u64 ipa, unsigned int size, u64 val)
{
	EXPECT(vgic_mmio(loaded, ipa, size, true, &val));
}

/* The frame of the loaded vCPU's distributor or redistributor. */
static u64 frame(u32 intid)
{
	return intid < 32 ? GICR_SGI(0) : loaded->vm->vgic.dist_base;
}

void irq_enable(u32 intid, bool on)
{
	u32 bank = on ? GIC_ISENABLER : GIC_ICENABLER;

	reg_set(frame(intid) + bank + intid / 32 * 4, 4, 1u << intid % 32);
}

void irq_setup(u32 intid, u8 priority, bool edge)
{
	u64 cfg = frame(intid) + GIC_ICFGR + intid / 16 * 4;
	u32 bit = 2u << intid % 16 * 2;
	u32 val = reg_get(cfg, 4) & ~bit;

	reg_set(cfg, 4, edge ? val | bit : val);
	reg_set(frame(intid) + GIC_IPRIORITYR + intid, 1, priority);
	irq_enable(intid, true);
}

bool phys_active(u32 intid)
{
	return gic_is_active(0, intid);
}

void uart_line(bool up)
{
	if (up)
		print("\n");		/* the FIFO has drained: raises it */
	else
		WRITE_ONCE(*(u32 *)(UART + UART_ICR), 0x7ff);
	WRITE_ONCE(*(u32 *)(UART + UART_IMSC), up ? UART_TXI : 0);
}

static void make_vm(struct vm *vm, struct vcpu *vcpus, u64 gicd, u64 gicr)
{
	unsigned int i;

	vm->nr_vcpus = 2;
	EXPECT_EQ(vgic_init(vm, gicd, gicr, VGIC_NR_LINES), 0);
	for (i = 0; i < 2; i++) {
		vcpus[i].vm = vm;
		vcpus[i].index = i;
		vcpus[i].on_cpu = -1;
		vm->vcpu[i] = &vcpus[i];
		vgic_vcpu_init(&vcpus[i]);
	}
}

void test_main(void)
{
	unsigned int i, bad = 0;

	write_sysreg(HCR_TEST, hcr_el2);
	isb();
	gic_init_dist(GICD, GICR);
	gic_init_cpu();
	host.primary = true;
	make_vm(&host, host_vcpu, GICD, GICR);
	make_vm(&other, other_vcpu, OTHER_GICD, OTHER_GICR);
	loaded = &host_vcpu[0];
	vgic_load(loaded);
	guest(guest_init, 0);

	print("KTAP version 1\n1..");
	print_number(nr_cases);
	print("\n");
	for (i = 0; i < nr_cases; i++) {
		failed = false;
		cases[i].run();
		guest_comes_out();
		loaded = &host_vcpu[0];
		/* Each case leaves nothing behind. */
		EXPECT_EQ(guest(guest_ack, 0), GIC_NO_IRQ);
		EXPECT_EQ(host_vcpu[0].vgic.nr_queued, 0);
		EXPECT_EQ(host_vcpu[1].vgic.nr_queued, 0);
		bad += failed;
		print(failed ? "not ok " : "ok ");
		print_number(i + 1);
		print(" ");
		print(cases[i].name);
		print("\n");
	}
	quit(bad ? 1 : 0);
}
