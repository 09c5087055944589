// SPDX-License-Identifier: GPL-2.0-only
/*
 * The test hypervisor's control page.
 *
 * A command is arguments, then its number, then what it gives, in registers that
 * all processes share: a file lock is held over it.
 */
#include <dirent.h>
#include <sys/file.h>
#include <sys/syscall.h>

#include "control.h"

#define PAGE_ADDRESS	0x0b000000
#define MAGIC		0x4c52544350594847ULL
#define VERSION		2

#define REG_MAGIC	0x00
#define REG_VERSION	0x08
#define REG_COMMAND	0x80
#define REG_STATUS	0x88
#define REG_RESULT	0x90
#define REG_ARG		0x100
#define REG_DATA	0x800
#define DATA_MAX	240

enum command {
	RULE = 1,
	CLEAR = 2,
	RULE_SEEN = 3,
	MARK = 4,
	COUNT = 5,
	NOTIFY = 6,
	RAW = 7,
	STALL = 8,
	DIE = 9,
	REVIVE = 10,
	RECLAIM = 11,
};

#define LOCK_FILE	"/tmp/.gunyah-control"
#define RM_DRIVER	"/sys/bus/platform/drivers/gunyah_rm"

static char *page;

/* One plain access each: the hypervisor answers no others. */
static __u64 get(unsigned int reg)
{
	__u64 value;

	asm volatile("ldr %0, [%1]" : "=r" (value) : "r" (page + reg) : "memory");
	return value;
}

static void put(unsigned int reg, __u64 value)
{
	asm volatile("str %0, [%1]" : : "r" (value), "r" (page + reg) : "memory");
}

/*
 * Elsewhere the address may be anything, and a look at it do anything: the test
 * hypervisor's options on the command line say that it is there.
 */
static bool is_test_hypervisor(void)
{
	char line[4096] = " ";
	bool found = false;
	FILE *f;

	f = fopen("/proc/cmdline", "r");
	if (!f)
		return false;
	if (fgets(line + 1, sizeof(line) - 1, f))
		found = strstr(line, " ghyp.");
	fclose(f);
	return found;
}

bool control_there(void)
{
	char *p;
	int fd;

	if (page)
		return true;
	if (!is_test_hypervisor())
		return false;
	fd = open("/dev/mem", O_RDWR | O_SYNC | O_CLOEXEC);
	if (fd < 0)
		return false;
	p = mmap(NULL, SZ_4K, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE_ADDRESS);
	close(fd);
	if (p == MAP_FAILED)
		return false;
	page = p;
	if (get(REG_MAGIC) == MAGIC && get(REG_VERSION) == VERSION)
		return true;
	munmap(p, SZ_4K);
	page = NULL;
	return false;
}

static int lock(void)
{
	int fd = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || flock(fd, LOCK_EX))
		test_die(LOCK_FILE);
	return fd;
}

static void put_data(const void *data, unsigned int len)
{
	unsigned int i;
	__u64 word;

	for (i = 0; i < len && i < DATA_MAX; i += 8) {
		word = 0;
		memcpy(&word, (const char *)data + i, len - i < 8 ? len - i : 8);
		put(REG_DATA + i, word);
	}
}

/* Returns the status; @result gets both results. */
static int command(enum command number, const __u64 *args, unsigned int nr_args,
		   const void *data, unsigned int len, __u64 *result)
{
	int fd = lock();
	unsigned int i;
	int status;

	for (i = 0; i < nr_args; i++)
		put(REG_ARG + 8 * i, args[i]);
	put_data(data, len);
	put(REG_COMMAND, number);
	status = get(REG_STATUS);
	if (result) {
		result[0] = get(REG_RESULT);
		result[1] = get(REG_RESULT + 8);
	}
	close(fd);
	return status;
}

/* A command that can't fail in a correct test. */
static void must(enum command number, const __u64 *args, unsigned int nr_args,
		 const void *data, unsigned int len, __u64 *result)
{
	int status;

	errno = 0;
	status = command(number, args, nr_args, data, len, result);
	if (status)
		test_die("control command %d: status %d", number, status);
}

int __control(unsigned int number, const __u64 *args, unsigned int nr_args)
{
	return command(number, args, nr_args, NULL, 0, NULL);
}

__u64 control_read(unsigned int reg)
{
	return get(reg);
}

int control_rule(const struct control_rule *rule)
{
	__u64 args[12] = {
		rule->kind, rule->key, rule->nth ?: 1, rule->times ?: 1, rule->target,
		rule->action, rule->p[0], rule->p[1], rule->p[2], rule->p[3], rule->p[4],
		rule->len,
	};
	__u64 result[2];

	must(RULE, args, ARRAY_SIZE(args), rule->data, rule->len, result);
	return result[0];
}

void control_clear(int number)
{
	__u64 arg = number < 0 ? CTL_ANY : number;

	must(CLEAR, &arg, 1, NULL, 0, NULL);
}

__u64 control_fired(int number)
{
	__u64 arg = number, result[2];

	must(RULE_SEEN, &arg, 1, NULL, 0, result);
	return result[1];
}

void control_mark(void)
{
	must(MARK, NULL, 0, NULL, 0, NULL);
}

__u64 control_count(unsigned int kind, __u64 key)
{
	__u64 args[2] = { kind, key }, result[2];

	must(COUNT, args, 2, NULL, 0, result);
	return result[0];
}

void control_notify(__u32 id, const void *payload, unsigned int len)
{
	__u64 args[2] = { id, len };

	must(NOTIFY, args, 2, payload, len, NULL);
}

void control_raw(const void *msg, unsigned int len)
{
	__u64 arg = len;

	must(RAW, &arg, 1, msg, len, NULL);
}

void control_stall(unsigned int ms)
{
	__u64 arg = 1000ULL * ms;

	must(STALL, &arg, 1, NULL, 0, NULL);
}

void control_die(void)
{
	must(DIE, NULL, 0, NULL, 0, NULL);
}

bool control_revive(bool force)
{
	__u64 arg = force;

	return !command(REVIVE, &arg, 1, NULL, 0, NULL);
}

__u64 control_reclaim(void)
{
	__u64 result[2];

	must(RECLAIM, NULL, 0, NULL, 0, result);
	return result[0];
}

struct control_counters control_counters(void)
{
	return (struct control_counters) {
		.pages = get(CTL_PAGES_NOT_HOST),
		.vmids = get(CTL_VMIDS),
		.parcels = get(CTL_PARCELS),
		.entries = get(CTL_ENTRIES),
		.vms = get(CTL_VMS),
	};
}

__u64 driver_counter(const char *file, const char *word)
{
	unsigned long long value = 0;
	char path[128], line[64];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s", file);
	f = fopen(path, "r");
	if (!f)
		test_die("%s", path);
	while (fgets(line, sizeof(line), f)) {
		if (!word) {
			value = strtoull(line, NULL, 0);
			break;
		}
		len = strlen(word);
		if (!strncmp(line, word, len) && line[len] == ' ')
			value = strtoull(line + len + 1, NULL, 0);
	}
	fclose(f);
	return value;
}

bool counter_gets_to(const char *file, __u64 value)
{
	__u64 is = driver_counter(file, NULL);
	int tries;

	for (tries = 0; tries < 5000 && is < value; tries++) {
		usleep(1000);
		is = driver_counter(file, NULL);
	}
	if (is != value)
		ksft_print_msg("%s: %llu, not %llu\n", file, (unsigned long long)is,
			       (unsigned long long)value);
	return is == value;
}

/* ---- the driver ---- */

unsigned int last_vmid(void)
{
	unsigned int vmid = 0, n;
	char line[80];
	FILE *f;

	f = fopen("/sys/kernel/debug/gunyah_vm/vms", "r");
	if (!f)
		test_die("gunyah_vm/vms");
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "vmid %u", &n) == 1)
			vmid = n;
	}
	fclose(f);
	return vmid;
}

static char device[256];

static bool find_device(void)
{
	struct dirent *entry;
	DIR *dir;

	dir = opendir(RM_DRIVER);
	if (!dir)
		return false;
	while ((entry = readdir(dir))) {
		if (strstr(entry->d_name, "resource-manager"))
			snprintf(device, sizeof(device), "%s", entry->d_name);
	}
	closedir(dir);
	return device[0];
}

static int write_device(const char *file)
{
	return write_file(file, device);
}

bool driver_unbind(void)
{
	return find_device() && !write_device(RM_DRIVER "/unbind");
}

int __driver_bind(void)
{
	return write_device(RM_DRIVER "/bind");
}

bool device_comes(void)
{
	int tries;

	/* devtmpfs makes the node in a thread of its own. */
	for (tries = 0; tries < 1000 && access(DEVICE, F_OK); tries++)
		usleep(1000);
	return !access(DEVICE, F_OK);
}

bool driver_bind(void)
{
	return !__driver_bind() && device_comes();
}

int module_unload(const char *module)
{
	return syscall(SYS_delete_module, module, O_NONBLOCK) ? -errno : 0;
}

void unload_functions(void)
{
	module_unload("gunyah_irqfd");
	module_unload("gunyah_ioeventfd");
}
