// SPDX-License-Identifier: GPL-2.0-only
/*
 * The machine goes down while a guest runs, or another kernel is started by kexec (R68):
 *
 *	host_down off
 *	host_down kexec IMAGE INITRD COMMAND-LINE
 *
 * What has to be so then is seen from outside: the hypervisor has to have all memory back,
 * and the next kernel has to run VMs.  Comes back only when that does not work.
 */
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <sys/syscall.h>

#include "lib/paged.h"

static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		test_die("%s", path);
	return fd;
}

/* Where it is to lie may be memory that a guest has now. */
static void load(const char *image, const char *initrd, const char *words)
{
	if (syscall(__NR_kexec_file_load, open_file(image), open_file(initrd), strlen(words) + 1,
		    words, 0))
		test_die("kexec_file_load");
}

int main(int argc, char **argv)
{
	unsigned int cmd = LINUX_REBOOT_CMD_POWER_OFF;
	struct test_vm vm = {};
	struct agent_job job;

	if (!control_there())
		test_die("no control page of the test hypervisor");
	vm_create(&vm, 1);
	vm_start(&vm);
	agent_do(&vm.vcpu[0], AGENT_FILL, GUEST_BASE + GUEST_SIZE - SZ_2M / 2, SZ_2M / 2, 1);
	job_start(&job, &vm.vcpu[0], AGENT_SPIN, 0, 0, 0);
	agent_wait_busy(&vm.vcpu[0]);
	ksft_print_msg("a guest runs, %llu pages are not the host's\n",
		       (unsigned long long)pages_away());

	if (argc == 5 && !strcmp(argv[1], "kexec")) {
		load(argv[2], argv[3], argv[4]);
		cmd = LINUX_REBOOT_CMD_KEXEC;
	}
	fflush(stdout);
	sync();
	syscall(__NR_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, cmd, NULL);
	test_die("reboot");
}
