// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocations that fail, and how many there are.
 *
 * The kernel's fault injection counts the allocations of one thread; by its
 * filter of call traces only those below a function of the driver are counted,
 * without those that the kernel warns of when they fail (the files of an
 * interrupt in /proc).  What the driver does in other threads is not in that
 * count: there all allocations fail at once, in the kernel's workers and the
 * threads of interrupts; but for those of mas_erase(), which has no way to say
 * that it failed: the kernel frees the descriptor of an interrupt after it, and
 * then /proc/interrupts reads it.
 *
 * The other count is that of the allocators' own tracepoints (kmalloc,
 * kmem_cache_alloc, mm_page_alloc), which sit behind the allocation, while fault
 * injection asks before it.  Each event comes with the stack, as text, and
 * counts when an address in it is the driver's.  What fault injection
 * leaves out by its nature is left out here, too: what must not fail
 * (__GFP_NOFAIL), interrupts, and in newer kernels what a maple tree takes from
 * a sheaf of objects that it had filled before.  An allocation that is too large
 * for a slab is two events, kmalloc and the page below it, and counts once.
 * Several objects that are asked for at once are no event.
 *
 * Neither looks at the pages that a slab takes when it is used up: that they can't
 * be had is, for who asked, the same as a failing kmalloc(), and when it happens
 * depends on all who use that slab.  What else is allocated with them (the slab's
 * list of memory cgroups) is counted apart: some lives have it, some not.
 *
 * The filter takes one range of addresses.  A kernel that lies at a random place may have
 * the driver's modules on both sides of it, and the range would be of the whole kernel:
 * they have to be below it, as they are without KASLR.
 */
#include <dirent.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include "alloc_fault.h"
#include "trace.h"

#define DEBUGFS		"/sys/kernel/debug/"
/* Where modules are, below the kernel's text. */
#define MODULES_BELOW	0x80000000ULL

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

/* Any allocation, and without a word in the kernel's log for each. */
static bool all_may_fail(void)
{
	return write_both("ignore-gfp-wait", "N") && write_both("verbose", "0") &&
	       !write_file(DEBUGFS "fail_page_alloc/ignore-gfp-highmem", "N") &&
	       !write_file(DEBUGFS "fail_page_alloc/min-order", "0");
}

/* What the filter is to let through, from the kernel's list of its symbols. */
struct range {
	__u64 start, end;
};

struct ranges {
	struct range scope;	/* the driver, or all modules */
	struct range proc;	/* an interrupt's files in /proc */
	struct range refill;	/* a slab takes pages */
	struct range erase;	/* something goes out of a maple tree */
};

static enum alloc_scope scope;

static bool within(const struct range *range, __u64 address)
{
	return address >= range->start && address < range->end;
}

/* The kernel's own functions are in the order of their addresses. */
static void find(struct range *range, const char *name, const char *wanted, __u64 address)
{
	if (!strcmp(name, wanted))
		range->start = address;
	else if (range->start && !range->end && address > range->start)
		range->end = address;
}

static bool is_driver(const char *line)
{
	return strstr(line, "[gunyah_vm]") || strstr(line, "[gunyah_rm]");
}

/*
 * What was found, and where the driver was then.  The kernel's list is long and slow
 * to read, and each test is a process of its own: they share it.
 */
struct known {
	__u64 modules;
	__u64 text;
	struct ranges ranges;
};

static struct known *known;

static void __attribute__((constructor)) share_known(void)
{
	known = mmap(NULL, sizeof(*known), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	if (known == MAP_FAILED)
		test_die("mmap");
}

/* Another number when the driver's modules were loaded again; 0 without them. */
static __u64 modules_place(void)
{
	char line[512], name[64];
	__u64 address, place = 0;
	const char *hex;
	FILE *f;

	f = fopen("/proc/modules", "r");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		hex = strstr(line, " 0x");
		if (!hex || sscanf(line, "%63s", name) != 1)
			continue;
		address = strtoull(hex, NULL, 16);
		if (!strcmp(name, "gunyah_vm"))
			place += address;
		else if (!strcmp(name, "gunyah_rm"))
			place += 3 * address;
	}
	fclose(f);
	return place;
}

static bool read_symbols(struct known *k)
{
	struct ranges *r = &k->ranges;
	unsigned long long address;
	char line[512], name[256];
	char type;
	FILE *f;

	*k = (struct known) { .modules = modules_place(), .ranges.scope.start = ~0ULL };
	f = fopen("/proc/kallsyms", "r");
	if (!f)
		return false;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx %c %255s", &address, &type, name) != 3 ||
		    (type != 't' && type != 'T'))
			continue;
		if (!strcmp(name, "_text"))
			k->text = address;
		find(&r->proc, name, "register_irq_proc", address);
		find(&r->refill, name, "___slab_alloc", address);
		find(&r->erase, name, "mas_erase", address);
		if (is_driver(line) && address < r->scope.start)
			r->scope.start = address;
		if (is_driver(line) && address > r->scope.end)
			r->scope.end = address;
	}
	fclose(f);
	/* The last function of a module ends with its last page at the latest. */
	r->scope.end = (r->scope.end | (PAGE - 1)) + 1;
	return true;
}

static bool modules_above;

static bool find_ranges(struct ranges *r)
{
	__u64 place = modules_place();

	if ((!known->text || known->modules != place) && !read_symbols(known))
		return false;
	*r = known->ranges;
	modules_above = known->text && r->scope.end > known->text;
	if (modules_above)
		return false;
	/* A module's place is not known before it is loaded, but that it is below the kernel. */
	if (scope == ALLOC_MODULES)
		r->scope = (struct range) { known->text - MODULES_BELOW, known->text };
	return known->text && r->scope.start < r->scope.end && r->proc.end && r->refill.end &&
	       r->erase.end;
}

static bool write_range(const char *attr, const char *kind, const struct range *range)
{
	char path[100], text[24];

	snprintf(path, sizeof(path), DEBUGFS "%s/%s-start", attr, kind);
	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)range->start);
	if (write_file(path, text))
		return false;
	snprintf(path, sizeof(path), DEBUGFS "%s/%s-end", attr, kind);
	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)range->end);
	return !write_file(path, text);
}

/* What may fail: everything, what the driver asks for, or what workers do. */
enum filter { FILTER_NONE, FILTER_DRIVER, FILTER_WORKERS };

static bool filter(enum filter wanted)
{
	static const struct range all = { 0, ~0ULL }, none;
	struct ranges r = { .scope = all, .proc = none, .refill = none };

	if (wanted != FILTER_NONE && !find_ranges(&r))
		return false;
	if (wanted == FILTER_WORKERS) {
		r.scope = all;
		r.proc = r.erase;
		r.refill = r.erase;
	}
	return write_both("stacktrace-depth", "0") &&
	       write_range("failslab", "require", &r.scope) &&
	       write_range("failslab", "reject", &r.proc) &&
	       write_range("fail_page_alloc", "require", &r.scope) &&
	       write_range("fail_page_alloc", "reject", &r.refill) &&
	       (wanted == FILTER_NONE || write_both("stacktrace-depth", "32"));
}

bool fail_nth_there(void)
{
	if (nth_fd < 0)
		nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	return nth_fd >= 0 && all_may_fail() && filter(FILTER_DRIVER);
}

const char *fail_nth_why(void)
{
	return modules_above ? "a module lies above the kernel, boot with nokaslr" :
			       "no fault injection in this kernel";
}

void fail_nth_scope(enum alloc_scope wanted)
{
	scope = wanted;
	if (!filter(FILTER_DRIVER))
		test_die("no such functions in this kernel");
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
	filter(fail ? FILTER_WORKERS : FILTER_DRIVER);
	mark_workers(fail ? "1" : "0");
	set_attr("failslab", fail);
	set_attr("fail_page_alloc", fail);
}

unsigned int fail_workers_count(void)
{
	return 2 * atoi(MANY) - times_left("failslab") - times_left("fail_page_alloc");
}

bool fail_workers_do(void)
{
	unsigned int before = fail_workers_count(), tries;

	/*
	 * It is a worker that makes the process that is to look for a module.  One that
	 * is younger than the marks has none, so it is not the first try that counts.
	 */
	for (tries = 0; tries < 100; tries++) {
		mount("none", "/", "no-such-fs", 0, NULL);
		if (fail_workers_count() != before)
			return true;
	}
	return false;
}

/* ---- both counts ---- */

#define NEVER	1000000000

static const char *const events[] = {
	"kmem/kmalloc", "kmem/kmem_cache_alloc", "kmem/mm_page_alloc", NULL,
};

/* Above it kmalloc() takes pages: two of them, in all kernels of these tests. */
static unsigned long largest_slab(void)
{
	return 2 * sysconf(_SC_PAGESIZE);
}

/* An event that fault injection was asked about; its stack is another matter. */
static bool is_allocation(const char *line)
{
	const char *flags = strchr(line, ']'), *size = strstr(line, "bytes_alloc=");

	/* " [000] d.h2. 12.345: kmalloc: ...": the third letter is for interrupts. */
	if (!flags || strlen(flags) < 6 || flags[4] != '.' || strstr(line, "__GFP_NOFAIL"))
		return false;
	if (strstr(line, ": kmalloc: "))
		return size && strtoul(size + strlen("bytes_alloc="), NULL, 0) <= largest_slab();
	return strstr(line, ": kmem_cache_alloc: ") || strstr(line, ": mm_page_alloc: ");
}

struct reader {
	struct ranges ranges;
	bool event, page, inside, proc, refill, sheaf;
	struct alloc_count count;
};

static void end_event(struct reader *r)
{
	if (r->event && r->inside && !r->proc && !r->sheaf && !(r->page && r->refill)) {
		r->count.traced++;
		r->count.refills += r->refill;
	}
	*r = (struct reader) { .ranges = r->ranges, .count = r->count };
}

#define FROM_SHEAF	" => kmem_cache_alloc_from_sheaf"

/* A line " => function <address>", where the call comes back to. */
static void read_call(struct reader *r, const char *line)
{
	const char *text = strchr(line, '<');
	__u64 address;

	if (!text)
		test_die("no address in a stack of the trace");
	address = strtoull(text + 1, NULL, 16);
	r->sheaf |= !strncmp(line, FROM_SHEAF, strlen(FROM_SHEAF));
	r->inside |= within(&r->ranges.scope, address);
	r->proc |= within(&r->ranges.proc, address);
	r->refill |= within(&r->ranges.refill, address);
}

/* An event, a line that says "stack trace", and the calls, the innermost first. */
static void read_line(const char *line, void *ctx)
{
	struct reader *r = ctx;

	if (!line) {
		end_event(r);
	} else if (!strncmp(line, " => ", 4)) {
		read_call(r, line);
	} else if (!strstr(line, "<stack trace>")) {
		end_event(r);
		r->event = is_allocation(line);
		r->page = strstr(line, ": mm_page_alloc: ");
	}
}

void alloc_count_begin(void)
{
	trace_start(events, true);
	fail_nth(NEVER);
}

struct alloc_count alloc_count_end(void)
{
	unsigned int injector = NEVER - fail_nth_end();
	struct reader r = {};

	trace_stop();
	if (!find_ranges(&r.ranges))
		test_die("no such functions in this kernel");
	trace_read(read_line, &r);
	r.count.injector = injector;
	return r.count;
}

/* No stretch has so many more of them than another. */
#define REFILLS	8
/* Nor so many more nodes of the kernel's trees of numbers, which hold 64 each. */
#define NODES	4
/* A debug kernel allocates for its own books, 16 at a time, below whom it looks at. */
#define BOOKS	32

static bool keeps_books(void)
{
	return !access(DEBUGFS "kmemleak", F_OK);
}

static unsigned int books(void)
{
	return keeps_books() ? BOOKS : 0;
}

unsigned int alloc_step(unsigned int debug)
{
	return keeps_books() ? debug : 1;
}

/* Times that a maple tree wants several nodes at once: kmem_cache_alloc_bulk(). */
#define BULKS	4

bool alloc_counts_agree(const struct alloc_count *count)
{
	return count->traced <= count->injector && count->injector <= count->traced + BULKS;
}

bool alloc_count_same(const struct alloc_count *count, unsigned int points)
{
	unsigned int sure = count->traced - count->refills;

	ksft_print_msg("traced without a failure: %u, and %u that not each time are there\n",
		       sure, count->refills);
	return points + NODES + books() >= sure && points <= count->traced + REFILLS + books();
}
