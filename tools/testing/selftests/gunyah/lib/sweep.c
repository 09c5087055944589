// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters around a life, and allocations that fail.
 *
 * The kernel's fault injection counts the allocations of one thread; by its
 * filter of call traces only those below a function of the driver are counted,
 * without those that the kernel warns of when they fail (the files of an
 * interrupt in /proc).  What the driver does in other threads is not in that
 * count: there all allocations fail at once, in the kernel's workers and the
 * threads of interrupts.
 */
#include <dirent.h>
#include <sys/syscall.h>

#include "sweep.h"

#define DEBUGFS		"/sys/kernel/debug/"

/* Translation tables that come and go with the place of what is lent. */
#define TABLES		4

struct sweep_state sweep_state(void)
{
	return (struct sweep_state) {
		.rm = control_counters(),
		.pool_pages = control_read(CTL_POOL_PAGES),
		.leaked_pages = driver_counter("gunyah_vm/memory", "leaked") / SZ_4K,
		.lent = driver_counter("gunyah_vm/memory", "lent"),
		.shared = driver_counter("gunyah_vm/memory", "shared"),
		.parcels = driver_counter("gunyah_vm/memory", "parcels"),
		.entries = driver_counter("gunyah_vm/memory", "entries"),
		.lost_vms = driver_counter("gunyah_vm/lost_vms", NULL),
		.lost_vmids = driver_counter("gunyah_vm/lost_vmids", NULL),
	};
}

static bool same(const char *what, const char *name, __u64 wanted, __u64 is)
{
	if (wanted != is)
		ksft_print_msg("%s: %s is %llu and not %llu\n", what, name,
			       (unsigned long long)is, (unsigned long long)wanted);
	return wanted == is;
}

bool sweep_pool_same(const char *what, const struct sweep_state *before,
		     const struct sweep_state *now)
{
	if (now->pool_pages <= before->pool_pages + TABLES)
		return true;
	return same(what, "hypervisor's pages", before->pool_pages, now->pool_pages);
}

bool sweep_same(const char *what, const struct sweep_state *before, const struct cost *cost,
		const struct sweep_state *now)
{
	static const struct cost nothing;
	bool ok;

	ok = same(what, "pages lent or shared", before->rm.pages + cost->pages, now->rm.pages);
	ok &= same(what, "vmids", before->rm.vmids + cost->vmids, now->rm.vmids);
	ok &= same(what, "parcels", before->rm.parcels + cost->parcels, now->rm.parcels);
	ok &= same(what, "VMs", before->rm.vms + cost->vms, now->rm.vms);
	ok &= same(what, "driver's leaked pages", before->leaked_pages + cost->leaked_pages,
		   now->leaked_pages);
	ok &= same(what, "driver's lost VMs", before->lost_vms + cost->lost_vms, now->lost_vms);
	ok &= same(what, "driver's lost vmids", before->lost_vmids + cost->lost_vmids,
		   now->lost_vmids);
	ok &= same(what, "driver's lent bytes", before->lent, now->lent);
	ok &= same(what, "driver's shared bytes", before->shared, now->shared);
	ok &= same(what, "driver's parcels", before->parcels, now->parcels);
	if (memcmp(cost, &nothing, sizeof(nothing)))
		return ok;
	ok &= same(what, "entries", before->rm.entries, now->rm.entries);
	ok &= same(what, "driver's entries", before->entries, now->entries);
	if (before->pool_pages)
		ok &= sweep_pool_same(what, before, now);
	return ok;
}

/* ---- this thread's allocations ---- */

static int nth_fd = -1;

/* In both kinds of failing allocations. */
static bool write_both(const char *name, const char *text)
{
	char path[100];

	snprintf(path, sizeof(path), DEBUGFS "failslab/%s", name);
	if (write_file(path, text))
		return false;
	snprintf(path, sizeof(path), DEBUGFS "fail_page_alloc/%s", name);
	return !write_file(path, text);
}

static bool write_address(const char *name, __u64 address)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)address);
	return write_both(name, text);
}

/* Any allocation, and without a word in the kernel's log for each. */
static bool all_may_fail(void)
{
	return write_both("ignore-gfp-wait", "N") && write_both("verbose", "0") &&
	       !write_file(DEBUGFS "fail_page_alloc/ignore-gfp-highmem", "N") &&
	       !write_file(DEBUGFS "fail_page_alloc/min-order", "0");
}

/* What the filter is to let through, from the kernel's list of its symbols. */
struct ranges {
	__u64 driver, driver_end;
	__u64 proc, proc_end;
};

static bool find_ranges(struct ranges *r)
{
	unsigned long long address;
	char line[512], name[256];
	char type;
	FILE *f;

	*r = (struct ranges) { .driver = ~0ULL, .proc_end = ~0ULL };
	f = fopen("/proc/kallsyms", "r");
	if (!f)
		return false;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx %c %255s", &address, &type, name) != 3 ||
		    (type != 't' && type != 'T'))
			continue;
		if (strstr(line, "[gunyah_vm]")) {
			r->driver = address < r->driver ? address : r->driver;
			r->driver_end = address > r->driver_end ? address : r->driver_end;
		}
		/* The kernel's own are in the order of their addresses. */
		if (r->proc && address > r->proc && r->proc_end == ~0ULL)
			r->proc_end = address;
		if (!strcmp(name, "register_irq_proc"))
			r->proc = address;
	}
	fclose(f);
	return r->driver < r->driver_end && r->proc;
}

static bool filter(bool on)
{
	struct ranges r;

	if (!write_both("stacktrace-depth", "0"))
		return false;
	if (!on)
		return write_address("require-start", 0) && write_address("require-end", ~0ULL) &&
		       write_address("reject-start", 0) && write_address("reject-end", 0);
	return find_ranges(&r) && write_address("require-start", r.driver) &&
	       write_address("require-end", r.driver_end + 1) &&
	       write_address("reject-start", r.proc) && write_address("reject-end", r.proc_end) &&
	       write_both("stacktrace-depth", "32");
}

bool fail_nth_there(void)
{
	if (nth_fd < 0)
		nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	return nth_fd >= 0 && all_may_fail() && filter(true);
}

void fail_nth(unsigned int nth)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u", nth);

	if (pwrite(nth_fd, text, n, 0) != n)
		test_die("fail-nth");
}

unsigned int fail_nth_end(void)
{
	char text[16] = "";

	if (pread(nth_fd, text, sizeof(text) - 1, 0) < 1)
		test_die("fail-nth");
	fail_nth(0);
	return atoi(text);
}

/* ---- the workers' ---- */

#define MANY	"1000000"

static bool is_worker(const char *pid)
{
	char path[300], name[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (!fgets(name, sizeof(name), f))
		name[0] = 0;
	fclose(f);
	return !strncmp(name, "kworker/", 8) || !strncmp(name, "irq/", 4);
}

static void mark_workers(const char *mark)
{
	struct dirent *entry;
	char path[300];
	DIR *dir;

	dir = opendir("/proc");
	if (!dir)
		test_die("/proc");
	while ((entry = readdir(dir))) {
		if (!atoi(entry->d_name) || !is_worker(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/make-it-fail", entry->d_name);
		write_file(path, mark);
	}
	closedir(dir);
}

static void set_attr(const char *attr, bool fail)
{
	char path[100];

	snprintf(path, sizeof(path), DEBUGFS "%s/probability", attr);
	write_file(path, "0");
	snprintf(path, sizeof(path), DEBUGFS "%s/task-filter", attr);
	write_file(path, fail ? "Y" : "N");
	snprintf(path, sizeof(path), DEBUGFS "%s/times", attr);
	write_file(path, fail ? MANY : "1");
	if (!fail)
		return;
	snprintf(path, sizeof(path), DEBUGFS "%s/probability", attr);
	write_file(path, "100");
}

static unsigned int times_left(const char *attr)
{
	char path[100], text[16] = "";
	FILE *f;

	snprintf(path, sizeof(path), DEBUGFS "%s/times", attr);
	f = fopen(path, "r");
	if (!f || !fgets(text, sizeof(text), f))
		test_die("%s", path);
	fclose(f);
	return atoi(text);
}

void fail_workers(bool fail)
{
	filter(!fail);
	mark_workers(fail ? "1" : "0");
	set_attr("failslab", fail);
	set_attr("fail_page_alloc", fail);
}

unsigned int fail_workers_count(void)
{
	return 2 * atoi(MANY) - times_left("failslab") - times_left("fail_page_alloc");
}
