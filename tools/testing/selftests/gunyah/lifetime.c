// SPDX-License-Identifier: GPL-2.0-only
/* Who keeps whom: files closed in every order, passed on, and a driver that goes away. */
#include <dirent.h>
#include <sys/socket.h>

#include "../kselftest_harness.h"
#include "lib/control.h"
#include "lib/gunyah_test.h"

#define AUX_DRIVER	"/sys/bus/auxiliary/drivers/gunyah_vm.gunyah_vm"
#define RM_DRIVER	"/sys/bus/platform/drivers/gunyah_rm"

/* Name of the device that a driver is bound to. */
static bool bound_device(const char *driver, char *name, size_t size)
{
	DIR *dir = opendir(driver);
	struct dirent *entry;
	bool found = false;

	while (dir && !found) {
		char link[300];

		entry = readdir(dir);
		if (!entry)
			break;
		snprintf(link, sizeof(link), "%s/%s/driver", driver, entry->d_name);
		if (entry->d_name[0] == '.' || access(link, F_OK))
			continue;
		snprintf(name, size, "%s", entry->d_name);
		found = true;
	}
	if (dir)
		closedir(dir);
	return found;
}

#define NR_PARTS 5

/* Close one of the things that a running VM is made of. */
static void close_part(struct test_vm *vm, unsigned int part)
{
	switch (part) {
	case 0:
		close(vm->dev_fd);
		break;
	case 1:
		close(vm->fd);
		break;
	case 2:
		close(vm->mem_fd);
		break;
	case 3:
		close(vm->vcpu[0].fd);
		break;
	case 4:
		munmap(vm->vcpu[0].run, SZ_4K);
		break;
	}
}

/* The n-th order of the parts. */
static void nth_order(unsigned int n, unsigned int *order)
{
	unsigned int left[NR_PARTS] = { 0, 1, 2, 3, 4 };
	unsigned int i, j, k;

	for (i = 0; i < NR_PARTS; i++) {
		j = n % (NR_PARTS - i);
		n /= NR_PARTS - i;
		order[i] = left[j];
		for (k = j; k < NR_PARTS - 1; k++)
			left[k] = left[k + 1];
	}
}

/* R54, R63: whatever is closed first, all memory comes back */
TEST(files_closed_in_every_order)
{
	unsigned int order[NR_PARTS];
	struct test_vm vm = {};
	unsigned int n, i;
	__u64 leaked;

	require_gunyah();
	leaked = driver_counter("gunyah_vm/memory", "leaked");
	for (n = 0; n < 120; n++) {
		vm_create(&vm, 1);
		/* Half of them run; the others were never started. */
		if (n & 1) {
			vm_start(&vm);
			agent_do(&vm.vcpu[0], AGENT_NOP, 0, 0, 0);
		}
		nth_order(n, order);
		for (i = 0; i < NR_PARTS; i++)
			close_part(&vm, order[i]);
	}
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "lent"));
	EXPECT_EQ(leaked, driver_counter("gunyah_vm/memory", "leaked"));
}

/* The last close counts, whichever process it is in. */
TEST(forked_child_keeps_the_vm)
{
	struct test_vm vm = {};
	int status;
	pid_t pid;

	require_gunyah();
	vm_create(&vm, 1);
	vm_start(&vm);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		/* The child runs the guest on, the parent's files are closed. */
		usleep(50000);
		agent_do(&vm.vcpu[0], AGENT_NOP, 0, 0, 0);
		_exit(0);
	}
	vm_destroy(&vm);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "lent"));
}

static void send_fd(int sock, int fd)
{
	char c = 0, control[CMSG_SPACE(sizeof(int))] = "";
	struct iovec iov = { .iov_base = &c, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	if (sendmsg(sock, &msg, 0) != 1)
		test_die("sendmsg");
}

static int receive_fd(int sock)
{
	char c, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { .iov_base = &c, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(sock, &msg, 0) != 1)
		test_die("recvmsg");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	return fd;
}

/* A VM that is only in a message on its way is alive; one that never arrives ends. */
TEST(fd_passed_over_a_socket)
{
	struct test_vm vm = {};
	int sock[2];

	require_gunyah();
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sock))
		SKIP(return, "no unix sockets");
	vm_create(&vm, 1);
	vm_start(&vm);
	send_fd(sock[0], vm.fd);
	close(vm.fd);
	agent_do(&vm.vcpu[0], AGENT_NOP, 0, 0, 0);
	vm.fd = receive_fd(sock[1]);
	agent_do(&vm.vcpu[0], AGENT_NOP, 0, 0, 0);
	send_fd(sock[0], vm.fd);
	close(vm.fd);
	close(sock[0]);
	close(sock[1]);
	EXPECT_EQ(-ENODEV, __vcpu_run(&vm.vcpu[0]));
	vm.fd = create_vm(vm.dev_fd);
	vm_destroy(&vm);
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "lent"));
}

/* A monitor that is killed leaves nothing. */
TEST(killed_monitor)
{
	int i, status;
	__u64 leaked;
	pid_t pid;

	require_gunyah();
	leaked = driver_counter("gunyah_vm/memory", "leaked");
	for (i = 0; i < 10; i++) {
		pid = fork();
		ASSERT_GE(pid, 0);
		if (!pid) {
			struct test_vm vm = {};

			vm_create(&vm, 2);
			vm_start(&vm);
			agent_post(&vm.vcpu[0], AGENT_SPIN, 0, 0, 0);
			agent_run(&vm.vcpu[0]);
			_exit(1);
		}
		usleep(5000 * i);
		kill(pid, SIGKILL);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status));
	}
	/* The exit of the process waited for the end of the VM. */
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "lent"));
	EXPECT_EQ(leaked, driver_counter("gunyah_vm/memory", "leaked"));
}

static void *run_forever(void *arg)
{
	int ret;

	do {
		ret = agent_run(arg);
	} while (ret == AGENT_DONE || ret == AGENT_MMIO);
	return (void *)(long)ret;
}

FIXTURE(unbind)
{
	struct test_vm idle;
	struct test_vm running;
	pthread_t thread;
	__u64 leaked;
	char device[256];
};

FIXTURE_VARIANT(unbind)
{
	const char *driver;
};

/* R54: the VM manager, or the connection below it, is unbound with everything open. */
FIXTURE_VARIANT_ADD(unbind, vm_manager) { .driver = AUX_DRIVER };
FIXTURE_VARIANT_ADD(unbind, resource_manager) { .driver = RM_DRIVER };

FIXTURE_SETUP(unbind)
{
	require_gunyah();
	ASSERT_TRUE(bound_device(variant->driver, self->device, sizeof(self->device)));
	self->leaked = driver_counter("gunyah_vm/memory", "leaked");
	vm_create(&self->idle, 1);
	vm_create(&self->running, 2);
	vm_start(&self->running);
	agent_post(&self->running.vcpu[0], AGENT_SPIN, 0, 0, 0);
	ASSERT_EQ(0, pthread_create(&self->thread, NULL, run_forever, &self->running.vcpu[0]));
	usleep(20000);
}

FIXTURE_TEARDOWN(unbind)
{
	vm_destroy(&self->idle);
	vm_destroy(&self->running);
}

static bool wait_for_device(void)
{
	int tries;

	/* devtmpfs makes the node in a thread of its own. */
	for (tries = 0; tries < 1000 && access(DEVICE, F_OK); tries++)
		usleep(1000);
	return !access(DEVICE, F_OK);
}

static void bind_again(struct __test_metadata *_metadata, const char *driver, const char *device)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/bind", driver);
	ASSERT_EQ(0, write_file(path, device));
	ASSERT_TRUE(wait_for_device());
}

TEST_F(unbind, everything_is_enodev)
{
	struct test_vm vm = {};
	char path[300];
	void *ret;

	snprintf(path, sizeof(path), "%s/unbind", variant->driver);
	ASSERT_EQ(0, write_file(path, self->device));

	/* The run under way ends while the VM is being closed. */
	ASSERT_EQ(0, pthread_join(self->thread, &ret));
	EXPECT_TRUE((long)ret == -EBUSY || (long)ret == -ENODEV);
	EXPECT_EQ(-ENODEV, __vcpu_run(&self->running.vcpu[0]));
	EXPECT_EQ(-ENODEV, __create_vm(self->idle.dev_fd));
	EXPECT_EQ(-ENODEV, __vm_start(&self->idle));
	EXPECT_EQ(-ENODEV, __vm_start(&self->running));
	EXPECT_EQ(-ENODEV, __vcpu_run(&self->idle.vcpu[0]));
	EXPECT_EQ(-ENODEV, __vcpu_run(&self->running.vcpu[1]));
	EXPECT_EQ(-ENODEV, __set_dtb(self->idle.fd, GUEST_DTB, SZ_4K));
	EXPECT_EQ(-ENODEV, __add_vcpu(self->idle.fd, 5));
	EXPECT_EQ(-ENODEV, __ioctl(self->idle.dev_fd, GUNYAH_CHECK_EXTENSION,
				   GUNYAH_EXT_API_VERSION));
	/* Unknown stays unknown. */
	EXPECT_EQ(-ENOTTY, __ioctl(self->idle.dev_fd, _IO('G', 0x7f), 0));
	EXPECT_NE(0, access(DEVICE, F_OK));

	/* Bound again it is as new, with the old files still open. */
	bind_again(_metadata, variant->driver, self->device);
	vm_create(&vm, 1);
	vm_start(&vm);
	agent_do(&vm.vcpu[0], AGENT_NOP, 0, 0, 0);
	vm_destroy(&vm);
	EXPECT_EQ(-ENODEV, __vm_start(&self->idle));
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "lent"));
	EXPECT_EQ(self->leaked, driver_counter("gunyah_vm/memory", "leaked"));
}

/* Guest memory of the time before is still there, and can be bound to a new VM. */
TEST_F(unbind, memory_file_lives_on)
{
	char path[300];
	void *ret;
	int vm;

	snprintf(path, sizeof(path), "%s/unbind", variant->driver);
	ASSERT_EQ(0, write_file(path, self->device));
	ASSERT_EQ(0, pthread_join(self->thread, &ret));
	bind_again(_metadata, variant->driver, self->device);
	close(self->running.fd);
	close(self->running.dev_fd);
	self->running.dev_fd = open_gunyah();
	vm = create_vm(self->running.dev_fd);
	EXPECT_EQ(0, __map_mem(vm, self->running.mem_fd, GUEST_BASE, GUEST_SIZE, 0, LEND_RWX));
	self->running.fd = vm;
}

/* R82: a module can't go while anything is open, and a guest has its memory */
TEST(module_in_use)
{
	struct test_vm vm = {};

	require_gunyah();
	if (access("/sys/module/gunyah_vm/refcnt", F_OK))
		SKIP(return, "the driver is built in");
	unload_functions();
	vm_create(&vm, 1);
	vm_start(&vm);
	agent_do(&vm.vcpu[0], AGENT_NOP, 0, 0, 0);
	EXPECT_GT(0, module_unload("gunyah_vm"));
	EXPECT_GT(0, module_unload("gunyah_rm"));
	agent_do(&vm.vcpu[0], AGENT_SUM, GUEST_BASE, GUEST_SIZE, 0);
	vm_destroy(&vm);
}

/* R82: with nothing open both go, and come again */
TEST(modules_go_and_come)
{
	struct test_vm vm = {};

	require_gunyah();
	if (access("/sys/module/gunyah_vm/refcnt", F_OK))
		SKIP(return, "the driver is built in");
	unload_functions();
	ASSERT_EQ(0, module_unload("gunyah_vm"));
	ASSERT_EQ(0, module_unload("gunyah_rm"));
	EXPECT_NE(0, access(DEVICE, F_OK));
	ASSERT_EQ(0, system("modprobe gunyah_vm"));
	ASSERT_TRUE(wait_for_device());
	vm_create(&vm, 1);
	vm_start(&vm);
	agent_do(&vm.vcpu[0], AGENT_NOP, 0, 0, 0);
	vm_destroy(&vm);
}

TEST_HARNESS_MAIN
