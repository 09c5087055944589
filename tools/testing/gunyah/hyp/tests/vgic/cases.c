// SPDX-License-Identifier: GPL-2.0-only
/* The cases.  "Sees" is what the guest gets by ICC_IAR1_EL1. */
#include "cpu.h"
#include "vgic_test.h"

#define EDGE_WORD	(EDGE_IRQ / 32 * 4)
#define EDGE_ROUTER	(GICD + GICD_IROUTER + EDGE_IRQ * 8UL)
#define PL011_BIT	BIT(PL011_IRQ % 32)

static u64 sees(void)
{
	return guest(guest_ack, 0);
}

static void ends(u64 intid)
{
	guest(guest_eoi, intid);
}

static void sees_and_ends(u64 intid)
{
	EXPECT_EQ(sees(), intid);
	ends(intid);
}

/* ---- registers ---- */

static void dist_id(void)
{
	EXPECT_EQ(reg_get(GICD + GICD_TYPER, 4), 0x0348001f);
	EXPECT_EQ(reg_get(GICD + GIC_PIDR2, 4), 0x3b);
	EXPECT_EQ(reg_get(GICD + GICD_CTLR, 4), 0x50);
	reg_set(GICD + GICD_CTLR, 4, 0x12);
	EXPECT_EQ(reg_get(GICD + GICD_CTLR, 4), 0x52);
}

static void redist_id(void)
{
	EXPECT_EQ(reg_get(GICR + GICR_TYPER, 8), 0);
	EXPECT_EQ(reg_get(GICR + GICR_SIZE + GICR_TYPER, 8), 0x100000110);
	EXPECT_EQ(reg_get(GICR + GICR_SIZE + GICR_TYPER + 4, 4), 1);
	EXPECT_EQ(reg_get(GICR + GIC_PIDR2, 4), 0x3b);
	EXPECT_EQ(reg_get(GICR_SGI(0) + GIC_PIDR2, 4), 0x3b);
	EXPECT_EQ(reg_get(GICR + 0x70, 8), 0);
}

static void waker(void)
{
	EXPECT_EQ(reg_get(GICR + GICR_WAKER, 4), 6);
	reg_set(GICR + GICR_WAKER, 4, 0);
	EXPECT_EQ(reg_get(GICR + GICR_WAKER, 4), 0);
}

static void outside(void)
{
	u64 val = 1;

	EXPECT(!vgic_mmio(loaded, GICR + 2 * GICR_SIZE, 4, false, &val));
	EXPECT(!vgic_mmio(loaded, GICD - 4, 4, false, &val));
	EXPECT_EQ(reg_get(GICD + 2, 4), 0);		/* not aligned */
	reg_set(GICD + 0x50, 4, ~0u);			/* no such register */
	EXPECT_EQ(reg_get(GICD + 0x50, 4), 0);
}

static void priority_bytes(void)
{
	u64 reg = GICD + GIC_IPRIORITYR + EDGE_IRQ;

	reg_set(reg, 4, 0xa0a1a2ff);
	EXPECT_EQ(reg_get(reg, 4), 0xa0a0a0f8);
	reg_set(reg + 1, 1, 0x88);
	EXPECT_EQ(reg_get(reg, 4), 0xa0a088f8);
	EXPECT_EQ(reg_get(reg + 1, 1), 0x88);
}

static void router(void)
{
	reg_set(EDGE_ROUTER, 8, 0x580000001);
	EXPECT_EQ(reg_get(EDGE_ROUTER, 8), 0x580000001);
	reg_set(EDGE_ROUTER + 4, 4, 0);
	EXPECT_EQ(reg_get(EDGE_ROUTER, 8), 0x80000001);
	reg_set(EDGE_ROUTER, 4, 0);
	EXPECT_EQ(reg_get(EDGE_ROUTER + 4, 4), 0);
	EXPECT_EQ(reg_get(EDGE_ROUTER, 8), 0);
}

static void private_in_dist(void)
{
	reg_set(GICD + GIC_ISENABLER, 4, ~0u);
	EXPECT_EQ(reg_get(GICD + GIC_ISENABLER, 4), 0);
}

/* ---- edges (facts 64, 65, 68) ---- */

static void edge_merged(void)
{
	irq_setup(EDGE_IRQ, 0xa0, true);
	vgic_raise(&host, NULL, EDGE_IRQ);
	vgic_raise(&host, NULL, EDGE_IRQ);
	EXPECT_EQ(reg_get(GICD + GIC_ISPENDR + EDGE_WORD, 4), 1);
	EXPECT(vgic_has_pending(loaded));
	EXPECT_EQ(sees(), EDGE_IRQ);
	EXPECT_EQ(first_lr, EDGE_IRQ | ICH_LR_PENDING | ICH_LR_GROUP1 | ICH_LR_PRIO(0xa0));
	EXPECT_EQ(reg_get(GICD + GIC_ISACTIVER + EDGE_WORD, 4), 1);
	EXPECT_EQ(reg_get(GICD + GIC_ISPENDR + EDGE_WORD, 4), 0);
	ends(EDGE_IRQ);
	EXPECT_EQ(reg_get(GICD + GIC_ISACTIVER + EDGE_WORD, 4), 0);
}

static void edge_while_active(void)
{
	vgic_raise(&host, NULL, EDGE_IRQ);
	EXPECT_EQ(sees(), EDGE_IRQ);
	vgic_raise(&host, NULL, EDGE_IRQ);
	EXPECT_EQ(sees(), GIC_NO_IRQ);
	EXPECT_EQ(first_lr >> 62, 3);
	ends(EDGE_IRQ);
	sees_and_ends(EDGE_IRQ);
}

static void edge_cleared(void)
{
	vgic_raise(&host, NULL, EDGE_IRQ);
	reg_set(GICD + GIC_ICPENDR + EDGE_WORD, 4, 1);
	EXPECT_EQ(sees(), GIC_NO_IRQ);
}

static void edge_kept_while_disabled(void)
{
	irq_enable(EDGE_IRQ, false);
	vgic_raise(&host, NULL, EDGE_IRQ);
	EXPECT(!vgic_has_pending(loaded));
	EXPECT_EQ(sees(), GIC_NO_IRQ);
	irq_enable(EDGE_IRQ, true);
	sees_and_ends(EDGE_IRQ);
}

static void pended_by_register(void)
{
	reg_set(GICD + GIC_ISPENDR + EDGE_WORD, 4, 1);
	sees_and_ends(EDGE_IRQ);
}

static void active_by_register(void)
{
	reg_set(GICD + GIC_ISACTIVER + EDGE_WORD, 4, 1);
	vgic_raise(&host, NULL, EDGE_IRQ);
	EXPECT_EQ(sees(), GIC_NO_IRQ);
	reg_set(GICD + GIC_ICACTIVER + EDGE_WORD, 4, 1);
	sees_and_ends(EDGE_IRQ);
}

static void distributor_off(void)
{
	reg_set(GICD + GICD_CTLR, 4, 0);
	vgic_raise(&host, NULL, EDGE_IRQ);
	EXPECT(!vgic_has_pending(loaded));
	EXPECT_EQ(sees(), GIC_NO_IRQ);
	reg_set(GICD + GICD_CTLR, 4, 0x12);
	sees_and_ends(EDGE_IRQ);
}

/* ---- routes ---- */

static void routed_away_and_back(void)
{
	notified[1] = 0;
	reg_set(EDGE_ROUTER, 8, 1);
	vgic_raise(&host, NULL, EDGE_IRQ);
	EXPECT_EQ(notified[1], 1);
	EXPECT(vgic_has_pending(&host_vcpu[1]) == false);	/* group not on there */
	EXPECT_EQ(sees(), GIC_NO_IRQ);
	reg_set(EDGE_ROUTER, 8, 0);
	sees_and_ends(EDGE_IRQ);
}

static void routed_to_nobody(void)
{
	reg_set(EDGE_ROUTER, 8, 7);
	vgic_raise(&host, NULL, EDGE_IRQ);
	EXPECT_EQ(sees(), GIC_NO_IRQ);
	reg_set(EDGE_ROUTER, 8, GICD_IROUTER_IRM | 1);	/* any: the first */
	sees_and_ends(EDGE_IRQ);
	reg_set(EDGE_ROUTER, 8, 0);
}

/* ---- levels (fact 66) ---- */

static void level_again_after_eoi(void)
{
	irq_setup(LEVEL_IRQ, 0xa0, false);
	eois = 0;
	vgic_set_level(&host, NULL, LEVEL_IRQ, true);
	EXPECT_EQ(sees(), LEVEL_IRQ);
	EXPECT(first_lr & ICH_LR_EOI);
	ends(LEVEL_IRQ);
	EXPECT_EQ(eois, 1);
	EXPECT_EQ(sees(), LEVEL_IRQ);
	eoi_drops = true;
	ends(LEVEL_IRQ);
	eoi_drops = false;
	EXPECT_EQ(eois, 2);
}

static void level_gone_before(void)
{
	vgic_set_level(&host, NULL, LEVEL_IRQ, true);
	vgic_set_level(&host, NULL, LEVEL_IRQ, false);
	EXPECT_EQ(sees(), GIC_NO_IRQ);
}

static void level_pulsed(void)
{
	vgic_raise(&host, NULL, LEVEL_IRQ);
	sees_and_ends(LEVEL_IRQ);
}

/* ---- SGIs ---- */

static void sgi_to_self_and_other(void)
{
	notified[1] = 0;
	irq_setup(1, 0xa0, true);
	vgic_sgi1r(loaded, 1u << 24 | 3);
	EXPECT_EQ(notified[1], 0);			/* not enabled there */
	reg_set(GICR_SGI(1) + GIC_ISENABLER, 4, 2);
	EXPECT_EQ(notified[1], 1);
	vgic_sgi1r(loaded, 1u << 24 | 2);		/* merged */
	EXPECT_EQ(notified[1], 1);
	reg_set(GICR_SGI(1) + GIC_ICPENDR, 4, 2);
	sees_and_ends(1);
}

static void sgi_to_all_others(void)
{
	notified[1] = 0;
	vgic_sgi1r(loaded, 1u << 24 | BIT(40));
	EXPECT_EQ(notified[1], 1);
	EXPECT_EQ(sees(), GIC_NO_IRQ);
	reg_set(GICR_SGI(1) + GIC_ICPENDR, 4, 2);
}

static void sgi_to_other_affinities(void)
{
	vgic_sgi1r(loaded, 1u << 24 | 1 | BIT(16));
	vgic_sgi1r(loaded, 1u << 24 | 1 | BIT(32));
	vgic_sgi1r(loaded, 1u << 24 | 1 | BIT(44));
	vgic_sgi1r(loaded, 1u << 24 | 1 | BIT(48));
	EXPECT_EQ(sees(), GIC_NO_IRQ);
}

/* ---- more than list registers ---- */

static void ten_by_priority(void)
{
	u8 last = 0, prio;
	u64 intid;
	u32 i;

	for (i = 0; i < 10; i++) {
		irq_setup(980 + i, 0xf0 - i * 0x10, true);
		vgic_raise(&host, NULL, 980 + i);
	}
	for (i = 0; i < 10; i++) {
		intid = sees();
		EXPECT(intid >= 980 && intid < 990);
		prio = reg_get(GICD + GIC_IPRIORITYR + intid, 1);
		EXPECT(prio >= last);
		last = prio;
		ends(intid);
	}
}

static void ten_alike(void)
{
	u32 i;

	for (i = 0; i < 10; i++) {
		irq_setup(980 + i, 0xa0, true);
		vgic_raise(&host, NULL, 980 + i);
	}
	for (i = 0; i < 10; i++)
		sees_and_ends(980 + i);
}

/* In between another vCPU has the CPU: what is active is kept, and where. */
static void eight_nested(void)
{
	int i;

	for (i = 0; i < 8; i++) {
		irq_setup(980 + i, 0xf0 - i * 0x10, true);
		vgic_raise(&host, NULL, 980 + i);
		EXPECT_EQ(sees(), 980 + i);
		if (i != 5)
			continue;
		vgic_put(loaded);
		loaded = &other_vcpu[0];
		vgic_load(loaded);
		guest(guest_init, 0);
		EXPECT_EQ(sees(), GIC_NO_IRQ);
		vgic_put(loaded);
		loaded = &host_vcpu[0];
		vgic_load(loaded);
	}
	for (i = 7; i >= 0; i--) {
		EXPECT(vgic_irq_get(&host, NULL, 980 + i)->active);
		ends(980 + i);
		EXPECT(!vgic_irq_get(&host, NULL, 980 + i)->active);
	}
}

/* ---- physical interrupts ---- */

static void hw_until_eoi(void)
{
	irq_setup(PL011_IRQ, 0xa0, false);
	uart_line(true);
	guest(guest_spin, 0);
	EXPECT_EQ(forwarded, 1);
	EXPECT(phys_active(PL011_IRQ));
	EXPECT_EQ(sees(), PL011_IRQ);
	EXPECT(first_lr & ICH_LR_HW);
	ends(PL011_IRQ);				/* the line is still up */
	EXPECT_EQ(forwarded, 1);
	EXPECT_EQ(sees(), PL011_IRQ);
	uart_line(false);
	ends(PL011_IRQ);
	EXPECT_EQ(forwarded, 0);
	EXPECT(!phys_active(PL011_IRQ));
}

static void hw_disabled_while_pending(void)
{
	uart_line(true);
	guest(guest_spin, 0);
	irq_enable(PL011_IRQ, false);
	EXPECT(!phys_active(PL011_IRQ));
	EXPECT_EQ(reg_get(GICD + GIC_ISPENDR + 4, 4), PL011_BIT);
	EXPECT_EQ(sees(), GIC_NO_IRQ);
	irq_enable(PL011_IRQ, true);
	EXPECT_EQ(sees(), PL011_IRQ);
	uart_line(false);
	ends(PL011_IRQ);
}

static void hw_disabled_while_active(void)
{
	uart_line(true);
	EXPECT_EQ(sees(), PL011_IRQ);
	irq_enable(PL011_IRQ, false);
	EXPECT(phys_active(PL011_IRQ));
	uart_line(false);
	ends(PL011_IRQ);
	EXPECT(!phys_active(PL011_IRQ));
	irq_enable(PL011_IRQ, true);
}

static void hw_cleared_while_pending(void)
{
	uart_line(true);
	guest(guest_spin, 0);
	uart_line(false);
	reg_set(GICD + GIC_ICPENDR + 4, 4, PL011_BIT);
	EXPECT(!phys_active(PL011_IRQ));
	EXPECT_EQ(sees(), GIC_NO_IRQ);
}

/* An edge waits in the physical distributor: the VM sees and clears it there. */
static void hw_edge_cleared_while_disabled(void)
{
	irq_setup(PL011_IRQ, 0xa0, true);
	irq_enable(PL011_IRQ, false);
	uart_line(true);
	uart_line(false);
	EXPECT_EQ(reg_get(GICD + GIC_ISPENDR + 4, 4), PL011_BIT);
	reg_set(GICD + GIC_ICPENDR + 4, 4, PL011_BIT);
	EXPECT_EQ(reg_get(GICD + GIC_ISPENDR + 4, 4), 0);
	irq_setup(PL011_IRQ, 0xa0, false);
	EXPECT_EQ(sees(), GIC_NO_IRQ);
}

static void hw_ended_by_register(void)
{
	uart_line(true);
	EXPECT_EQ(sees(), PL011_IRQ);
	uart_line(false);
	reg_set(GICD + GIC_ICACTIVER + 4, 4, PL011_BIT);
	EXPECT(!phys_active(PL011_IRQ));
	ends(PL011_IRQ);				/* the running priority drops */
}

static void hw_beside_software(void)
{
	reg_set(GICD + GIC_ISPENDR + 4, 4, PL011_BIT);
	EXPECT_EQ(sees(), PL011_IRQ);
	EXPECT(!(first_lr & ICH_LR_HW));
	uart_line(true);
	guest(guest_spin, 0);
	EXPECT(phys_active(PL011_IRQ));
	ends(PL011_IRQ);
	EXPECT_EQ(sees(), PL011_IRQ);
	EXPECT(first_lr & ICH_LR_HW);
	uart_line(false);
	reg_set(GICD + GIC_ISPENDR + 4, 4, PL011_BIT);
	ends(PL011_IRQ);
	EXPECT(!phys_active(PL011_IRQ));
	sees_and_ends(PL011_IRQ);
}

static void hw_config(void)
{
	u32 *cfg = (u32 *)(GICD + GIC_ICFGR + 8);
	u64 *route = (u64 *)(GICD + GICD_IROUTER + PL011_IRQ * 8UL);

	irq_setup(PL011_IRQ, 0xa0, true);
	EXPECT(READ_ONCE(*cfg) & 8);
	irq_setup(PL011_IRQ, 0xa0, false);
	EXPECT(!(READ_ONCE(*cfg) & 8));
	reg_set((u64)route, 8, 1);
	EXPECT_EQ(READ_ONCE(*route), 1);
	reg_set((u64)route, 8, 0);
}

static void hw_timer_ppi(void)
{
	irq_setup(27, 0xa0, false);
	write_sysreg(0, cntv_cval_el0);
	write_sysreg(1, cntv_ctl_el0);
	EXPECT_EQ(sees(), 27);
	EXPECT(first_lr & ICH_LR_HW);
	write_sysreg(0, cntv_ctl_el0);
	isb();
	ends(27);
	EXPECT(!phys_active(27));
	irq_enable(27, false);
}

/* The hypervisor's own PPIs can't be switched off by the VM. */
static void hw_own_ppis(void)
{
	u32 own = BIT(GIC_PPI_MAINT) | BIT(GIC_PPI_HYPTIMER) | BIT(GIC_SGI_KICK);

	reg_set(GICR_SGI(0) + GIC_ICENABLER, 4, own);
	EXPECT_EQ(READ_ONCE(*(u32 *)(GICR_SGI(0) + GIC_ISENABLER)) & own, own);
}

/* ---- another CPU has it in a list register ---- */

static void elsewhere_active(void)
{
	vgic_raise(&host, NULL, EDGE_IRQ);
	EXPECT_EQ(guest_stays(guest_ack), EDGE_IRQ);
	EXPECT_EQ(reg_get(GICD + GIC_ISACTIVER + EDGE_WORD, 4), 1);
	loaded = &host_vcpu[0];
	ends(EDGE_IRQ);
	EXPECT_EQ(kicks, 1);
}

static void elsewhere_ended(void)
{
	vgic_raise(&host, NULL, EDGE_IRQ);
	EXPECT_EQ(guest_stays(guest_ack), EDGE_IRQ);
	reg_set(GICD + GIC_ICACTIVER + EDGE_WORD, 4, 1);
	loaded = &host_vcpu[0];
	vgic_raise(&host, NULL, EDGE_IRQ);
	ends(EDGE_IRQ);					/* the running priority drops */
	sees_and_ends(EDGE_IRQ);
}

static void elsewhere_disabled(void)
{
	vgic_raise(&host, NULL, EDGE_IRQ);
	guest_stays(NULL);
	irq_enable(EDGE_IRQ, false);
	loaded = &host_vcpu[0];
	EXPECT_EQ(sees(), GIC_NO_IRQ);
	irq_enable(EDGE_IRQ, true);
	sees_and_ends(EDGE_IRQ);
}

static void elsewhere_cleared(void)
{
	vgic_raise(&host, NULL, EDGE_IRQ);
	guest_stays(NULL);
	reg_set(GICD + GIC_ICPENDR + EDGE_WORD, 4, 1);
	loaded = &host_vcpu[0];
	EXPECT_EQ(sees(), GIC_NO_IRQ);
}

/* ---- a VM that is not running ---- */

static void told_once(void)
{
	loaded = &other_vcpu[1];
	reg_set(OTHER_GICD + GICD_CTLR, 4, 0x12);
	vgic_config(&other, EDGE_IRQ, true);
	notified[0] = 0;
	vgic_raise(&other, NULL, EDGE_IRQ);
	EXPECT_EQ(notified[0], 0);
	reg_set(OTHER_GICD + GIC_ISENABLER + EDGE_WORD, 4, 1);
	EXPECT_EQ(notified[0], 1);
	vgic_raise(&other, NULL, EDGE_IRQ);
	EXPECT_EQ(notified[0], 1);
	EXPECT(vgic_is_enabled(&other, NULL, EDGE_IRQ));
	loaded = &host_vcpu[0];
}

static void destroyed(void)
{
	u64 val;

	vgic_destroy(&other);
	vgic_raise(&other, NULL, EDGE_IRQ);
	vgic_set_level(&other, NULL, LEVEL_IRQ, true);
	EXPECT(!vgic_mmio(&other_vcpu[0], OTHER_GICD, 4, false, &val));
}

const struct test_case cases[] = {
	{ "dist_id", dist_id },
	{ "redist_id", redist_id },
	{ "waker", waker },
	{ "outside", outside },
	{ "priority_bytes", priority_bytes },
	{ "router", router },
	{ "private_in_dist", private_in_dist },
	{ "edge_merged", edge_merged },
	{ "edge_while_active", edge_while_active },
	{ "edge_cleared", edge_cleared },
	{ "edge_kept_while_disabled", edge_kept_while_disabled },
	{ "pended_by_register", pended_by_register },
	{ "active_by_register", active_by_register },
	{ "distributor_off", distributor_off },
	{ "routed_away_and_back", routed_away_and_back },
	{ "routed_to_nobody", routed_to_nobody },
	{ "level_again_after_eoi", level_again_after_eoi },
	{ "level_gone_before", level_gone_before },
	{ "level_pulsed", level_pulsed },
	{ "sgi_to_self_and_other", sgi_to_self_and_other },
	{ "sgi_to_all_others", sgi_to_all_others },
	{ "sgi_to_other_affinities", sgi_to_other_affinities },
	{ "ten_by_priority", ten_by_priority },
	{ "ten_alike", ten_alike },
	{ "eight_nested", eight_nested },
	{ "hw_until_eoi", hw_until_eoi },
	{ "hw_disabled_while_pending", hw_disabled_while_pending },
	{ "hw_disabled_while_active", hw_disabled_while_active },
	{ "hw_cleared_while_pending", hw_cleared_while_pending },
	{ "hw_edge_cleared_while_disabled", hw_edge_cleared_while_disabled },
	{ "hw_ended_by_register", hw_ended_by_register },
	{ "hw_beside_software", hw_beside_software },
	{ "hw_config", hw_config },
	{ "hw_timer_ppi", hw_timer_ppi },
	{ "hw_own_ppis", hw_own_ppis },
	{ "elsewhere_active", elsewhere_active },
	{ "elsewhere_ended", elsewhere_ended },
	{ "elsewhere_disabled", elsewhere_disabled },
	{ "elsewhere_cleared", elsewhere_cleared },
	{ "told_once", told_once },
	{ "destroyed", destroyed },
};

const unsigned int nr_cases = ARRAY_SIZE(cases);
