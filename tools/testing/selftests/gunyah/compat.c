// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calls of a 32-bit program (R12).  A program of a dozen instructions is
 * written here and run with the files open: it does one ioctl() and exits with the
 * error, or the negative result.
 */
#include "../kselftest_harness.h"
#include "lib/events.h"

#define PROGRAM		"/tmp/gunyah-compat"
#define BASE		0x10000U
#define CODE		0x100U
#define DATA		0x200U

/* An ELF file for 32-bit Arm, with one segment that is the whole file. */
static const __u32 header[] = {
	0x464c457f, 0x00010101, 0, 0,		/* 32 bits, little endian */
	0x00280002, 1, BASE + CODE,		/* a program for Arm, its entry */
	52, 0, 0x05000000, 0x00200034, 1, 0,	/* one segment, described at 52 */
	1, 0, BASE, BASE, SZ_4K, SZ_4K, 7, SZ_4K,
};

#define NEGATE_R0	0xe2600000	/* rsb r0, r0, #0 */
#define SVC		0xef000000
#define NR_EXIT		1
#define NR_IOCTL	54

/* movw and movt; returns where the next instruction goes. */
static __u32 *put_load(__u32 *code, unsigned int reg, __u32 value)
{
	*code++ = 0xe3000000 | (value >> 12 & 0xf) << 16 | reg << 12 | (value & 0xfff);
	*code++ = 0xe3400000 | value >> 28 << 16 | reg << 12 | (value >> 16 & 0xfff);
	return code;
}

/*
 * Writes the program; data is what a pointer points to, or there is a value.  It may
 * have to do another call before, whose result is the file.
 */
static bool write_program(int file, unsigned int first, unsigned int nr, const void *data,
			  size_t size, __u32 value)
{
	__u32 image[SZ_4K / 4] = {};
	__u32 *code = image + CODE / 4;
	bool ok;
	int fd;

	memcpy(image, header, sizeof(header));
	code = put_load(code, 0, file);
	if (first) {
		code = put_load(code, 1, first);
		code = put_load(code, 2, 0);
		code = put_load(code, 7, NR_IOCTL);
		*code++ = SVC;
	}
	code = put_load(code, 1, nr);
	code = put_load(code, 2, data ? BASE + DATA : value);
	code = put_load(code, 7, NR_IOCTL);
	*code++ = SVC;
	*code++ = NEGATE_R0;
	code = put_load(code, 7, NR_EXIT);
	*code++ = SVC;
	if (data)
		memcpy(image + DATA / 4, data, size);
	unlink(PROGRAM);
	fd = open(PROGRAM, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	ok = fd >= 0 && write(fd, image, sizeof(image)) == sizeof(image);
	close(fd);
	return ok;
}

#define NO_PROGRAM	200

/* What the call says in a 32-bit program: an errno, or 256 less a result; 0 for success. */
static int compat_ioctls(int file, unsigned int first, unsigned int nr, const void *data,
			 size_t size, __u32 value)
{
	int status;
	pid_t pid;

	if (!write_program(file, first, nr, data, size, value))
		test_die(PROGRAM);
	pid = fork();
	if (!pid) {
		fcntl(file, F_SETFD, 0);
		execl(PROGRAM, PROGRAM, NULL);
		_exit(NO_PROGRAM);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		test_die("the program did not exit");
	unlink(PROGRAM);
	return WEXITSTATUS(status);
}

static int compat_ioctl(int file, unsigned int nr, const void *data, size_t size, __u32 value)
{
	return compat_ioctls(file, 0, nr, data, size, value);
}

/* A call for a function: its argument has a pointer inside. */
static int compat_function(int vm, unsigned int nr, __u32 type, const void *arg, __u32 size)
{
	struct {
		struct gunyah_fn_desc desc;
		char arg[48];
	} call = {
		.desc = {
			.type = type,
			.arg_size = size,
			.arg = BASE + DATA + sizeof(struct gunyah_fn_desc),
		},
	};

	memcpy(call.arg, arg, size);
	return compat_ioctl(vm, nr, &call, sizeof(call), 0);
}

FIXTURE(compat)
{
	int dev;
	int vm;
	int vcpu;
};

FIXTURE_SETUP(compat)
{
	require_gunyah();
	self->dev = open_gunyah();
	if (compat_ioctl(self->dev, _IO('G', 0x7f), NULL, 0, 0) == NO_PROGRAM)
		SKIP(return, "this kernel runs no 32-bit programs");
	self->vm = create_vm(self->dev);
	self->vcpu = __add_vcpu(self->vm, 0);
	ASSERT_GE(self->vcpu, 0);
}

FIXTURE_TEARDOWN(compat)
{
	close(self->vcpu);
	close(self->vm);
	close(self->dev);
}

/* R12 */
TEST_F(compat, device)
{
	int max = __ioctl(self->dev, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_MAX_VCPUS);
	struct gunyah_create_mem_args args = { .size = SZ_2M, .flags = 4 };

	ASSERT_LT(0, max);
	EXPECT_EQ(256 - max, compat_ioctl(self->dev, GUNYAH_CHECK_EXTENSION, NULL, 0,
					  GUNYAH_EXT_MAX_VCPUS));
	EXPECT_EQ(EINVAL, compat_ioctl(self->dev, GUNYAH_CREATE_VM, NULL, 0, 1));
	EXPECT_EQ(EINVAL, compat_ioctl(self->dev, GUNYAH_CREATE_GUEST_MEM, &args, sizeof(args),
				       0));
	EXPECT_EQ(EFAULT, compat_ioctl(self->dev, GUNYAH_CREATE_GUEST_MEM, NULL, 0, 8));
	EXPECT_EQ(ENOTTY, compat_ioctl(self->dev, _IO('G', 0x7f), NULL, 0, 0));
}

/* R12 */
TEST_F(compat, vm)
{
	struct gunyah_vm_dtb_config dtb = { .guest_phys_addr = GUEST_DTB, .size = SZ_4K };

	EXPECT_EQ(0, compat_ioctl(self->vm, GUNYAH_VM_SET_DTB_CONFIG, &dtb, sizeof(dtb), 0));
	dtb.size = 0;
	EXPECT_EQ(EINVAL, compat_ioctl(self->vm, GUNYAH_VM_SET_DTB_CONFIG, &dtb, sizeof(dtb), 0));
	EXPECT_EQ(EINVAL, compat_ioctl(self->vm, GUNYAH_VM_START, NULL, 0, 0xdeadbeef));
	EXPECT_EQ(0, compat_ioctl(self->vm, GUNYAH_VM_RESET, NULL, 0, 0xdeadbeef));
	EXPECT_EQ(ENOTTY, compat_ioctl(self->vm, _IO('G', 0x7f), NULL, 0, 0));
}

/* R12 */
TEST_F(compat, functions)
{
	struct gunyah_fn_ioeventfd_arg ioeventfd = { .addr = GUEST_MMIO, .len = 4 };
	struct gunyah_fn_irqfd_arg irqfd = { .label = 1 };
	struct gunyah_fn_vcpu_arg vcpu = { .id = 0 };
	int event = event_new();

	/* The program has it, too. */
	ASSERT_EQ(0, fcntl(event, F_SETFD, 0));
	irqfd.fd = event;
	ioeventfd.fd = event;
	EXPECT_EQ(0, compat_function(self->vm, GUNYAH_VM_ADD_FUNCTION, GUNYAH_FN_IRQFD,
				     &irqfd, sizeof(irqfd)));
	EXPECT_EQ(EEXIST, compat_function(self->vm, GUNYAH_VM_ADD_FUNCTION, GUNYAH_FN_IRQFD,
					  &irqfd, sizeof(irqfd)));
	EXPECT_EQ(0, compat_function(self->vm, GUNYAH_VM_ADD_FUNCTION, GUNYAH_FN_IOEVENTFD,
				     &ioeventfd, sizeof(ioeventfd)));
	EXPECT_EQ(EEXIST, compat_function(self->vm, GUNYAH_VM_ADD_FUNCTION,
					  GUNYAH_FN_IOEVENTFD, &ioeventfd, sizeof(ioeventfd)));
	/* They are those of the VM, whoever asks. */
	EXPECT_EQ(0, __remove_irqfd(self->vm, 1));
	EXPECT_EQ(0, compat_function(self->vm, GUNYAH_VM_REMOVE_FUNCTION, GUNYAH_FN_IOEVENTFD,
				     &ioeventfd, sizeof(ioeventfd)));
	EXPECT_EQ(-ENOENT, remove_ioeventfd(self->vm, GUEST_MMIO, 4));
	EXPECT_EQ(0, compat_function(self->vm, GUNYAH_VM_REMOVE_FUNCTION, GUNYAH_FN_VCPU,
				     &vcpu, sizeof(vcpu)));
	EXPECT_EQ(ENOENT, compat_function(self->vm, GUNYAH_VM_REMOVE_FUNCTION, GUNYAH_FN_VCPU,
					  &vcpu, sizeof(vcpu)));
	close(event);
}

/* R12: memory is that of the program, which has to make the VM for it */
TEST_F(compat, user_memory)
{
	struct gunyah_userspace_memory_region region = {
		.label = 1,
		.flags = GUNYAH_USER_MEM_READ | GUNYAH_USER_MEM_WRITE,
		.guest_phys_addr = 1ULL << 33,
		.memory_size = SZ_4K,
		.userspace_addr = BASE,
	};
	unsigned int nr = GUNYAH_VM_SET_USER_MEM_REGION;

	if (__ioctl(self->dev, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_USER_MEM) < 1)
		SKIP(return, "no user memory in this driver");
	EXPECT_EQ(EPERM, compat_ioctl(self->vm, nr, &region, sizeof(region), 0));
	EXPECT_EQ(0, compat_ioctls(self->dev, GUNYAH_CREATE_VM, nr, &region, sizeof(region), 0));
	region.userspace_addr = BASE + 1;
	EXPECT_EQ(EINVAL, compat_ioctl(self->vm, nr, &region, sizeof(region), 0));
	/* 4 GiB above: nothing is cut off. */
	region.userspace_addr = (1ULL << 32) + BASE;
	EXPECT_EQ(EFAULT, compat_ioctls(self->dev, GUNYAH_CREATE_VM, nr, &region, sizeof(region),
					0));
	EXPECT_EQ(EFAULT, compat_ioctl(self->vm, nr, NULL, 0, 8));
}

/* R12 */
TEST_F(compat, vcpu)
{
	EXPECT_EQ(ENODEV, compat_ioctl(self->vcpu, GUNYAH_VCPU_RUN, NULL, 0, 0xdeadbeef));
	/* 4096, of which the exit status has no bit. */
	EXPECT_EQ(0, compat_ioctl(self->vcpu, GUNYAH_VCPU_MMAP_SIZE, NULL, 0, 0xdeadbeef));
	EXPECT_EQ(ENOTTY, compat_ioctl(self->vcpu, _IO('G', 0x7f), NULL, 0, 0));
}

TEST_HARNESS_MAIN
