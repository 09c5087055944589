// SPDX-License-Identifier: GPL-2.0-only
/* The parts of libfdt that the device tree of a guest is made with. */
#include "../../scripts/dtc/libfdt/fdt.c"
#include "../../scripts/dtc/libfdt/fdt_sw.c"
#include "../../scripts/dtc/libfdt/fdt_strerror.c"
