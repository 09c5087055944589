/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A CPU that does not let a thread run, for as long as the test wants: what wakes that
 * thread up meanwhile can't count on it.
 */
#ifndef _GUNYAH_TEST_HOG_H
#define _GUNYAH_TEST_HOG_H

#include <pthread.h>
#include <stdbool.h>

/**
 * struct hog - what keeps CPU 1
 * @thread: its thread
 * @started: it runs
 * @over: it is to end
 */
struct hog {
	pthread_t thread;
	bool started;
	bool over;
};

/* Are there two CPUs?  The caller's own thread is on CPU 0 from here. */
bool hog_possible(void);
/* @thread is on CPU 1 from here, and does not run while a hog does. */
void hog_subject(pthread_t thread);
/* Returns when it has the CPU. */
void hog_begin(struct hog *hog);
void hog_end(struct hog *hog);

#endif
