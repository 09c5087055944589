// SPDX-License-Identifier: GPL-2.0-only
/* A CPU that does not let a thread run: see hog.h. */
#include <sched.h>

#include "gunyah_test.h"
#include "hog.h"

static void set_fifo(pthread_t thread, int priority)
{
	struct sched_param param = { .sched_priority = priority };

	if (pthread_setschedparam(thread, SCHED_FIFO, &param))
		test_die("SCHED_FIFO");
}

static void set_cpu(pthread_t thread, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (pthread_setaffinity_np(thread, sizeof(set), &set))
		test_die("affinity");
}

bool hog_possible(void)
{
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return false;
	set_cpu(pthread_self(), 0);
	return true;
}

void hog_subject(pthread_t thread)
{
	set_cpu(thread, 1);
	set_fifo(thread, 1);
}

static void *run(void *arg)
{
	struct hog *hog = arg;

	__atomic_store_n(&hog->started, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&hog->over, __ATOMIC_RELAXED))
		;
	return NULL;
}

void hog_begin(struct hog *hog)
{
	hog->started = false;
	hog->over = false;
	if (pthread_create(&hog->thread, NULL, run, hog))
		test_die("pthread_create");
	set_cpu(hog->thread, 1);
	set_fifo(hog->thread, 2);
	while (!__atomic_load_n(&hog->started, __ATOMIC_ACQUIRE))
		usleep(1000);
}

void hog_end(struct hog *hog)
{
	__atomic_store_n(&hog->over, true, __ATOMIC_RELAXED);
	if (pthread_join(hog->thread, NULL))
		test_die("pthread_join");
}
