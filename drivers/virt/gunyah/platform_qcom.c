// SPDX-License-Identifier: GPL-2.0-only
/*
 * Gunyah on Qualcomm's platforms: memory that goes to a guest is also assigned
 * to it in the firmware, see qcom_assign.c.
 *
 * Other platforms have Gunyah without that firmware, and some of Qualcomm's, too.
 * So the firmware is asked whether it has the extension, by an SMC: HVCs are the
 * hypervisor's.  Without Gunyah an SMC may be an undefined instruction; that is
 * looked at first.
 */
#include <linux/arm-smccc.h>
#include <linux/errno.h>
#include <linux/gunyah.h>
#include <linux/module.h>

#include "platform.h"
#include "qcom_assign.h"

#define QCOM_EXT_CALL_UID						\
	ARM_SMCCC_CALL_VAL(ARM_SMCCC_FAST_CALL, ARM_SMCCC_SMC_32,	\
			   ARM_SMCCC_OWNER_VENDOR_HYP, 0x3f01)

/* The UUID 19bd54bd-0b37-571b-946f-609b54539de6 as the call answers it. */
#define QCOM_EXT_UID_REG_0	0xbd54bd19
#define QCOM_EXT_UID_REG_1	0x1b57370b
#define QCOM_EXT_UID_REG_2	0x9b606f94
#define QCOM_EXT_UID_REG_3	0xe69d5354

static bool __init qcom_ext_present(void)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_smc(QCOM_EXT_CALL_UID, &res);

	return lower_32_bits(res.a0) == QCOM_EXT_UID_REG_0 &&
	       lower_32_bits(res.a1) == QCOM_EXT_UID_REG_1 &&
	       lower_32_bits(res.a2) == QCOM_EXT_UID_REG_2 &&
	       lower_32_bits(res.a3) == QCOM_EXT_UID_REG_3;
}

static int __init gunyah_qcom_init(void)
{
	if (!gunyah_hypervisor_present() || !qcom_ext_present())
		return -ENODEV;

	return gunyah_platform_register(&gunyah_qcom_ops);
}
module_init(gunyah_qcom_init);

static void __exit gunyah_qcom_exit(void)
{
	gunyah_platform_unregister(&gunyah_qcom_ops);
}
module_exit(gunyah_qcom_exit);

/* The device that the VM manager binds to: wherever that is loaded, so is this. */
MODULE_ALIAS("auxiliary:gunyah_rm.vm");
MODULE_DESCRIPTION("Gunyah on Qualcomm's platforms");
MODULE_LICENSE("GPL");
