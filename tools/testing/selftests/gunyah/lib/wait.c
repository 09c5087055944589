// SPDX-License-Identifier: GPL-2.0-only
/* Waiting for what another thread does, without guessing how long it takes. */
#include <sched.h>
#include <time.h>

#include "gunyah_test.h"

bool sleeps_in_ioctl(pid_t tid)
{
	char path[48], text[16] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
	f = fopen(path, "r");
	if (!f)
		return false;
	/* "running", or the number of the call in which it sleeps: 29 is ioctl(). */
	if (!fgets(text, sizeof(text), f))
		text[0] = 0;
	fclose(f);
	return !strncmp(text, "29 ", 3);
}

bool wait_for_sleep(const pid_t *tid, const bool *done)
{
	pid_t id;

	for (;;) {
		id = __atomic_load_n(tid, __ATOMIC_ACQUIRE);
		if (id && sleeps_in_ioctl(id))
			return true;
		if (__atomic_load_n(done, __ATOMIC_ACQUIRE))
			return false;
		usleep(1000);
	}
}

void agent_wait_busy(struct test_vcpu *vcpu)
{
	/* The exit that brought it is over as soon as RUN says that there is none. */
	while (!__atomic_load_n(&vcpu->busy, __ATOMIC_ACQUIRE) ||
	       __atomic_load_n(&vcpu->run->exit_reason, __ATOMIC_ACQUIRE))
		sched_yield();
}

/* Field 43 of /proc/PID/stat. */
unsigned long guest_time(pid_t pid)
{
	char path[32], buf[1024] = "", *p;
	int fd, i;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, buf, sizeof(buf) - 1) <= 0)
		test_die("%s", path);
	close(fd);
	p = strrchr(buf, ')');
	for (i = 2; p && i < 43; i++)
		p = strchr(p + 1, ' ');
	return p ? strtoul(p, NULL, 10) : 0;
}

void wait_for_guest_time(pid_t pid)
{
	while (!guest_time(pid))
		usleep(1000);
}

static void on_alarm(int sig)
{
}

void alarm_every_ms(unsigned int ms)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval timer = {
		.it_value = { .tv_usec = 1000 * ms },
		.it_interval = { .tv_usec = 1000 * ms },
	};

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}
