// SPDX-License-Identifier: GPL-2.0-only
/* Calls that there are not. */

#include "isolation.h"

#define SMCCC_HYP_OWNER		0xc6000000UL	/* fast, 64 bits */
#define SMCCC_HYP_CALL(n)	(0xc6008000UL | (n))
#define UNIMPLEMENTED		~0UL
#define MARK			0x5afe5afe5afeUL

static void try_call(u64 id)
{
	u64 r[8] = { id, MARK, MARK };

	hvc_call(r);
	expect("x0", UNIMPLEMENTED, r[0]);
	expect("x1", MARK, r[1]);
	expect("x2", MARK, r[2]);
}

bool call_unknown_number(void)
{
	try_call(SMCCC_HYP_CALL(0x7f));
	try_call(SMCCC_HYP_CALL(0x3fff));
	return true;
}

/* What the profile "paging" has, the published one has not. */
bool call_of_paging(void)
{
	u8 p[24] = { 0x80 };

	try_call(SMCCC_HYP_CALL(0x2b));
	try_call(SMCCC_HYP_CALL(0x2c));
	try_call(SMCCC_HYP_CALL(0x61));
	expect("SET_BOOT_CONTEXT", ~0U, rm_call(0x56000031, p, 16));
	/* Not because nobody answers. */
	expect("answered", 0, rm_reply_len());
	expect("SET_DEMAND_PAGING", ~0U, rm_call(0x56000033, p, 8));
	expect("answered", 0, rm_reply_len());
	expect("SET_ADDRESS_LAYOUT", ~0U, rm_call(0x56000034, p, 24));
	expect("answered", 0, rm_reply_len());
	return true;
}

bool call_outside_of_hypercalls(void)
{
	try_call(SMCCC_HYP_OWNER | 0x7f);
	return true;
}
