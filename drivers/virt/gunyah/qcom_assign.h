/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Owners of memory in Qualcomm's firmware: see qcom_assign.c.
 */
#ifndef _GUNYAH_QCOM_ASSIGN_H
#define _GUNYAH_QCOM_ASSIGN_H

struct gunyah_platform_ops;

/* For gunyah_platform_register(). */
extern const struct gunyah_platform_ops gunyah_qcom_ops;

#endif
