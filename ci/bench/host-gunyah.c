// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the host does for Gunyah's guests.  Each argument is a thing to be measured:
 *
 *	vm		VMs made and closed
 *	FOLIO:MIB	a VM with so much memory in folios of "4k" or "2m", one behind the
 *			other; or in "4k-far" or "2m-far", of which no two are neighbours
 *	memory		kernel memory of VMs, vCPUs, irqfds, ioeventfds
 */
#define _GNU_SOURCE
#include <linux/falloc.h>
#include <sys/resource.h>

#include "events.h"

#include "host.h"

#define TRACING		"/sys/kernel/tracing/"
#define NR_OBJECTS	64

extern const char payload_start[], payload_end[];

static int device;
static int object_vm;

static int make_vm(void)
{
	return __create_vm(device);
}

/* ---- memory ---- */

/**
 * struct kind - one size of a guest's memory, and how it is allocated
 * @name: of the phases: "2m_far_256"
 * @folio: bytes of a folio
 * @far: no two that follow one another are neighbours
 * @size: bytes
 */
struct kind {
	char name[32];
	uint64_t folio;
	bool far;
	uint64_t size;
};

static bool parse(const char *text, struct kind *kind)
{
	char folio[4], far[8] = "";
	unsigned int mib;

	if (sscanf(text, "%3[^:-]:%u", folio, &mib) != 2 &&
	    sscanf(text, "%3[^:-]-%7[^:]:%u", folio, far, &mib) != 3)
		return false;
	kind->folio = strcmp(folio, "4k") ? SZ_2M : SZ_4K;
	kind->far = far[0];
	kind->size = (uint64_t)mib << 20;
	snprintf(kind->name, sizeof(kind->name), "%s%s_%u", folio, far[0] ? "_far" : "", mib);
	return true;
}

static uint64_t began;

#define begin()								\
	do {								\
		began = host_ticks();					\
		marker(BENCH_BEGIN);					\
	} while (0)

#define end(step, kind)							\
	do {								\
		marker(BENCH_STOP);					\
		said(step, kind, host_ticks() - began);			\
	} while (0)

static void said(const char *step, const struct kind *kind, uint64_t ticks)
{
	char name[48];

	snprintf(name, sizeof(name), "%s_%s", step, kind->name);
	host_say(name, 1, ticks);
}

/* Folio by folio; those that are to be far of one another after all of the others. */
static void allocate(int fd, const struct kind *kind)
{
	uint64_t step = kind->far ? 2 * kind->folio : kind->folio, first, done;

	for (first = 0; first < step; first += kind->folio)
		for (done = first; done < kind->size; done += step)
			if (fallocate(fd, FALLOC_FL_KEEP_SIZE, done, kind->folio))
				die("fallocate");
}

static void load(struct test_vm *vm)
{
	char *mem = mmap(NULL, GUEST_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, vm->mem_fd, 0);

	if (mem == MAP_FAILED)
		die("mmap of guest memory");
	memcpy(mem, payload_start, payload_end - payload_start);
	munmap(mem, GUEST_SIZE);
}

/* The guest touches all of it; the payload has the phase. */
static void touch_all(struct test_vm *vm, const struct kind *kind)
{
	struct gunyah_vcpu_run *run = vm->vcpu[0].run;
	uint64_t data = BENCH_FAULT | kind->size / SZ_4K << 8, ticks;

	for (;;) {
		if (__vcpu_run(&vm->vcpu[0]))
			die("GUNYAH_VCPU_RUN");
		if (run->exit_reason != GUNYAH_VCPU_EXIT_MMIO) {
			fprintf(stderr, "exit %u\n", run->exit_reason);
			exit(1);
		}
		if (run->mmio.is_write)
			break;
		memcpy(run->mmio.data, &data, sizeof(data));
	}
	memcpy(&ticks, run->mmio.data, sizeof(ticks));
	said("touch", kind, ticks);
}

/* Entries of its parcels. */
static unsigned int entries(void)
{
	FILE *f = fopen("/sys/kernel/debug/gunyah_vm/memory", "r");
	unsigned int n = 0;
	char line[80];

	if (!f)
		die("debugfs");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "entries %u", &n) == 1)
			break;
	fclose(f);
	return n;
}

static void live(const struct kind *kind)
{
	struct test_vm vm = {};
	int fd;

	vm_create(&vm, 1);
	load(&vm);
	fd = create_guest_mem(vm.dev_fd, kind->size);
	begin();
	allocate(fd, kind);
	end("allocate", kind);
	map_mem(vm.fd, fd, BENCH_NEW, kind->size, 0, LEND_RWX);
	begin();
	vm_start(&vm);
	end("start", kind);
	printf("ENTRIES %s %u\n", kind->name, entries());
	if (paging_there())
		touch_all(&vm, kind);
	munmap(vm.vcpu[0].run, SZ_4K);
	close(vm.vcpu[0].fd);
	begin();
	close(vm.fd);
	end("close", kind);
	begin();
	close(fd);
	end("free", kind);
	close(vm.mem_fd);
	close(vm.dev_fd);
}

/* ---- kernel memory ---- */

static int next_id;
static int event[NR_OBJECTS + 1];

static int make_vcpu(void)
{
	return __add_vcpu(object_vm, next_id++);
}

static int make_irqfd(void)
{
	next_id++;
	return __add_irqfd(object_vm, event[next_id - 1], next_id, 0);
}

static int make_ioeventfd(void)
{
	struct gunyah_fn_ioeventfd_arg arg = {
		.addr = 8 * next_id, .len = 8, .fd = event[next_id],
	};

	next_id++;
	return __add_ioeventfd(object_vm, &arg);
}

static void tracing(const char *file, const char *text)
{
	char path[80];
	FILE *f;

	/* To open it so makes it empty: the trace, and the list of processes. */
	snprintf(path, sizeof(path), TRACING "%s", file);
	f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		die(file);
}

/* What this process allocates and frees, from when this fd gets a "1" until a "0". */
static int trace_ready(void)
{
	static const char * const events[] = {
		"kmem/kmalloc", "kmem/kmem_cache_alloc", "kmem/kfree", "kmem/kmem_cache_free",
		"kmem/mm_page_alloc", "kmem/mm_page_free", "percpu/percpu_alloc_percpu",
	};
	char text[64];
	unsigned int i;
	int fd;

	tracing("tracing_on", "0");
	tracing("trace_options", "nohash-ptr");
	tracing("buffer_size_kb", "4096");
	snprintf(text, sizeof(text), "%d", getpid());
	tracing("set_event_pid", text);
	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		snprintf(text, sizeof(text), "events/%s/enable", events[i]);
		tracing(text, "1");
	}
	fd = open(TRACING "tracing_on", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		die("tracing_on");
	return fd;
}

/* As if it had never been: what is measured after this must not be traced. */
static void trace_over(int fd)
{
	close(fd);
	tracing("events/enable", "0");
	tracing("set_event_pid", "");
	tracing("tracing_on", "1");
}

/* The trace of some of one kind is kept in a file, for bench.py. */
static void look_at(int fd, const char *name, int (*make)(void))
{
	char text[128];
	unsigned int i;

	next_id = 0;
	if (make() < 0)
		die(name);
	tracing("trace", "");
	if (write(fd, "1", 1) < 0)
		die("tracing_on");
	for (i = 0; i < NR_OBJECTS; i++)
		if (make() < 0)
			die(name);
	if (write(fd, "0", 1) < 0)
		die("tracing_on");
	snprintf(text, sizeof(text), "cat " TRACING "trace > /tmp/%s.trace", name);
	if (system(text))
		die("the trace");
	printf("OBJECTS %s %u\n", name, NR_OBJECTS);
}

static void kernel_memory(void)
{
	int fd = trace_ready();
	unsigned int i;

	for (i = 0; i <= NR_OBJECTS; i++)
		event[i] = event_new();
	object_vm = create_vm(device);
	look_at(fd, "vm", make_vm);
	look_at(fd, "vcpu", make_vcpu);
	look_at(fd, "irqfd", make_irqfd);
	look_at(fd, "ioeventfd", make_ioeventfd);
	trace_over(fd);
}

/* Who is the first asks the resource manager for more. */
static void start_one(void)
{
	struct test_vm vm = {};

	vm_create(&vm, 1);
	vm_start(&vm);
	vm_destroy(&vm);
}

int main(int argc, char **argv)
{
	const struct rlimit files = { 4096, 4096 };
	struct kind kind;
	int i;

	if (setrlimit(RLIMIT_NOFILE, &files))
		die("setrlimit");
	device = open_gunyah();
	start_one();
	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "vm")) {
			host_vms(make_vm);
		} else if (!strcmp(argv[i], "memory")) {
			kernel_memory();
		} else if (parse(argv[i], &kind)) {
			live(&kind);
		} else {
			fprintf(stderr, "what is %s?\n", argv[i]);
			return 1;
		}
	}
	host_done();
	return 0;
}
