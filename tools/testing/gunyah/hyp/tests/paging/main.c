// SPDX-License-Identifier: GPL-2.0-only
/* All tests of the profile "paging". */

#include "paging.h"

void payload_main(void *fdt)
{
	if (!find_rm_queues(fdt)) {
		print("Bail out! no resource manager in the device tree\n");
		return;
	}
	gic_init();
	report_begin();
	run_requests();
	run_donate();
	run_map();
	run_map_refused();
	run_faults();
	run_smp();
	run_life();
	report_end("paging");
}
