// SPDX-License-Identifier: GPL-2.0-only
/* What the host does for KVM's guests. */
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include "host.h"

static int kvm;

static int make_vm(void)
{
	return ioctl(kvm, KVM_CREATE_VM, 0);
}

int main(void)
{
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0)
		die("/dev/kvm");
	host_vms(make_vm);
	host_done();
	return 0;
}
