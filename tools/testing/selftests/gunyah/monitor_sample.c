// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calls of the sample monitor that came with the earlier series: one region, a
 * device tree of an odd size, and no vCPU, for the hypervisor was to run the VM.
 */
#include "../kselftest_harness.h"
#include "lib/monitor.h"

#define RAM		0x80000000UL
#define RAM_SIZE	(2 * SZ_2M)
#define DTB		(RAM + SZ_2M)
#define DTB_SIZE	0x41eUL

FIXTURE(sample)
{
	struct monitor m;
};

FIXTURE_SETUP(sample)
{
	require_gunyah();
}

FIXTURE_TEARDOWN(sample)
{
	EXPECT_TRUE(monitor_end(&self->m));
}

/* R20, R24, R81: its RAM is shared */
TEST_F(sample, shared_ram)
{
	struct monitor *m = &self->m;
	char *mem = mon_user_pages(RAM_SIZE);

	monitor_begin(m, "The earlier sample", MON_SET_USER_MEM);
	m->tree.nr_vcpus = 1;
	mon_load(m, mem, mem + DTB - RAM, DTB_SIZE * 4);
	(void)(monitor_step(m, "GUNYAH_CREATE_VM", mon_create_vm(m)) &&
	       monitor_step(m, "GUNYAH_VM_SET_USER_MEM_REGION of RAM",
			    mon_user_mem(m, MON_SET_USER_MEM, 0, 7, RAM, RAM_SIZE, mem)) &&
	       monitor_step(m, "GUNYAH_VM_SET_DTB_CONFIG", mon_set_dtb(m, DTB, DTB_SIZE)) &&
	       monitor_step(m, "GUNYAH_VM_START", mon_start(m)));
}

/* R20, R24, R81: with RAM that can be given */
TEST_F(sample, lent_ram)
{
	struct monitor *m = &self->m;
	int fd = mon_create_mem(RAM_SIZE, 0);
	char *mem = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	monitor_begin(m, "The earlier sample, RAM lent", 0);
	ASSERT_NE(MAP_FAILED, mem);
	m->tree.nr_vcpus = 1;
	mon_load(m, mem, mem + DTB - RAM, DTB_SIZE * 4);
	munmap(mem, RAM_SIZE);
	(void)(monitor_step(m, "GUNYAH_CREATE_VM", mon_create_vm(m)) &&
	       monitor_step(m, "GUNYAH_VM_MAP_MEM of RAM, lent",
			    mon_map_mem(m, fd, RAM, RAM_SIZE, MON_LEND_RWX)) &&
	       monitor_step(m, "GUNYAH_VM_SET_DTB_CONFIG", mon_set_dtb(m, DTB, DTB_SIZE)) &&
	       monitor_step(m, "GUNYAH_VM_START", mon_start(m)));
}

TEST_HARNESS_MAIN
