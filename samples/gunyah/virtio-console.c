// SPDX-License-Identifier: GPL-2.0-only
/*
 * A virtio console with one port: the guest's hvc0 is the process's stdin and
 * stdout.  Input is read when the guest has a buffer for it, and not before; nor
 * before the guest's driver is done with its probe(), as Linux throws away what
 * comes while that runs.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <linux/virtio_ids.h>

#include "virtio.h"

enum { RECEIVE, TRANSMIT };

/**
 * struct console - the console
 * @dev: the virtio device
 * @eof: nothing more comes from stdin; only its thread looks at it
 */
struct console {
	struct virtio_device dev;
	bool eof;
};

/* Print what one buffer chain of the guest holds; false when there is none. */
static bool transmit_next(struct virtio_device *dev)
{
	struct virtqueue *vq = &dev->queues[TRANSMIT];
	struct chain chain;
	unsigned int i;
	int got = 0;

	pthread_mutex_lock(&dev->lock);
	if (virtio_is_live(dev)) {
		got = virtqueue_next(vq, &chain);
		if (got < 0) {
			virtio_break(dev);
		} else if (got) {
			for (i = 0; i < chain.nr_out; i++)
				terminal_write(chain.iov[i].iov_base, chain.iov[i].iov_len);
			dev->requests++;
			virtqueue_put(vq, &chain, 0);
			virtio_signal(dev, vq);
		}
	}
	pthread_mutex_unlock(&dev->lock);
	return got > 0;
}

/* Something waits at stdin: give it to the guest, if there is still a buffer. */
static void receive(struct console *console)
{
	struct virtio_device *dev = &console->dev;
	struct virtqueue *vq = &dev->queues[RECEIVE];
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	struct chain chain;
	ssize_t n = 0;
	int got;

	pthread_mutex_lock(&dev->lock);
	/* Who shares a stdin that does not block may have taken it: the buffer stays. */
	got = virtio_is_live(dev) && dev->probed && poll(&in, 1, 0) == 1 ?
	      virtqueue_next(vq, &chain) : 0;
	if (got < 0 || (got && (!chain.nr_in || !chain.iov[chain.nr_out].iov_len))) {
		virtio_break(dev);
	} else if (got) {
		do {
			n = readv(STDIN_FILENO, chain.iov + chain.nr_out, chain.nr_in);
		} while (n < 0 && errno == EINTR);
		if (!n || (n < 0 && errno != EAGAIN))
			console->eof = true;
		/* At the end of the input the buffer stays taken, and nothing is said. */
		if (n > 0) {
			dev->requests++;
			virtqueue_put(vq, &chain, n);
			virtio_signal(dev, vq);
		}
	}
	pthread_mutex_unlock(&dev->lock);
}

static bool wants_input(struct console *console)
{
	struct virtio_device *dev = &console->dev;
	bool wants;

	pthread_mutex_lock(&dev->lock);
	wants = !console->eof && virtio_is_live(dev) && dev->probed &&
		virtqueue_has_next(&dev->queues[RECEIVE]);
	pthread_mutex_unlock(&dev->lock);
	return wants;
}

static void *console_thread(void *arg)
{
	/* The device is the first member. */
	struct console *console = arg;
	struct virtio_device *dev = arg;
	enum { STDIN = MAX_QUEUES };
	struct pollfd fds[] = {
		[RECEIVE] = { .fd = dev->queues[RECEIVE].kick_fd, .events = POLLIN },
		[TRANSMIT] = { .fd = dev->queues[TRANSMIT].kick_fd, .events = POLLIN },
		[STDIN] = { .events = POLLIN },
	};

	for (;;) {
		/* poll() passes over a negative one. */
		fds[STDIN].fd = wants_input(console) ? STDIN_FILENO : -1;
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
			continue;
		/* New buffers for input: look at them in the next round. */
		if (fds[RECEIVE].revents)
			virtio_wait_kick(dev, &dev->queues[RECEIVE]);
		if (fds[TRANSMIT].revents) {
			virtio_wait_kick(dev, &dev->queues[TRANSMIT]);
			while (transmit_next(dev))
				;
		}
		if (fds[STDIN].revents)
			receive(console);
	}
	return NULL;
}

void virtio_console_create(struct guest *guest)
{
	struct console *console = calloc(1, sizeof(*console));

	if (!console)
		die_errno("console");
	console->dev = (struct virtio_device) {
		.name = "console",
		.id = VIRTIO_ID_CONSOLE,
		.nr_queues = MAX_QUEUES,
		.thread_fn = console_thread,
	};
	virtio_add(guest, &console->dev);
}
