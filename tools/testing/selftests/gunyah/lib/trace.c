// SPDX-License-Identifier: GPL-2.0-only
/* Tracepoints, by the files of tracefs. */
#include <sys/syscall.h>

#include "trace.h"

#define TRACING	"/sys/kernel/tracing/"
/* Of each CPU: a life has some hundred allocations, each with a stack. */
#define BUFFER_KB	"16384"

static const char *const *traced;

static void set(const char *file, const char *text)
{
	char path[128];
	int ret;

	snprintf(path, sizeof(path), TRACING "%s", file);
	ret = write_file(path, text);
	if (ret) {
		errno = -ret;
		test_die("%s", path);
	}
}

/* Some files are lists: nothing written adds nothing, opening cuts them off. */
static void clear(const char *file)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), TRACING "%s", file);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		test_die("%s", path);
	close(fd);
}

static void set_events(const char *text)
{
	char file[100];
	unsigned int i;

	for (i = 0; traced[i]; i++) {
		snprintf(file, sizeof(file), "events/%s/enable", traced[i]);
		set(file, text);
	}
}

bool trace_there(void)
{
	return !access(TRACING "events/kmem/kmalloc/enable", W_OK);
}

void trace_start(const char *const *events, bool mine)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%ld", syscall(SYS_gettid));
	traced = events;
	set("tracing_on", "0");
	set("buffer_size_kb", BUFFER_KB);
	clear("trace");
	set("options/stacktrace", mine ? "1" : "0");
	set("options/sym-addr", mine ? "1" : "0");
	clear("set_event_pid");
	if (mine)
		set("set_event_pid", pid);
	set_events("1");
	set("tracing_on", "1");
}

void trace_stop(void)
{
	set("tracing_on", "0");
	set_events("0");
	set("options/stacktrace", "0");
	clear("set_event_pid");
	set("tracing_on", "1");
}

void trace_read(void (*line)(const char *line, void *ctx), void *ctx)
{
	unsigned long kept, written;
	char text[1024];
	FILE *f;

	f = fopen(TRACING "trace", "r");
	if (!f)
		test_die(TRACING "trace");
	while (fgets(text, sizeof(text), f)) {
		if (sscanf(text, "# entries-in-buffer/entries-written: %lu/%lu", &kept,
			   &written) == 2 && kept != written)
			test_die("%lu of %lu traced events are lost", written - kept, written);
		if (text[0] != '#')
			line(text, ctx);
	}
	line(NULL, ctx);
	fclose(f);
}

struct count {
	const char *text;
	unsigned int n;
};

static void count_line(const char *line, void *ctx)
{
	struct count *count = ctx;

	count->n += line && strstr(line, count->text);
}

unsigned int trace_count(const char *text)
{
	struct count count = { .text = text };

	trace_read(count_line, &count);
	return count.n;
}
