// SPDX-License-Identifier: GPL-2.0-only
/*
 * gunyah-vmm: boot Linux in a Gunyah VM.  This file is the command line, the
 * order of things, and how they end.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gunyah-vmm.h"

static struct guest the_guest;

static void print_error(const char *fmt, va_list ap)
{
	terminal_restore();
	fputs("gunyah-vmm: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_error(fmt, ap);
	va_end(ap);
	exit(VMM_EXIT_ERROR);
}

/* What the driver means by an errno, where strerror() alone would puzzle. */
static const char *errno_meaning(int err)
{
	switch (err) {
	case ENODEV:
		return "the resource manager refused, or the driver is gone";
	case EOPNOTSUPP:
		return "this hypervisor or resource manager can't do that";
	case EBUSY:
		return "not in this state of the VM, or its memory is mapped by a process";
	case E2BIG:
		return "the memory is in too many pieces, or the argument is too big";
	case ETIMEDOUT:
		return "the resource manager did not answer";
	case EIO:
		return "memory did not come back, or the resource manager is dead";
	case EINVAL:
		return "an argument, the memory layout or the device tree is wrong";
	case ENOENT:
	case ENXIO:
		return "no Gunyah here, or its driver is not loaded";
	default:
		return NULL;
	}
}

void die_errno(const char *what)
{
	int err = errno;
	const char *meaning = errno_meaning(err);

	if (meaning)
		die("%s: %s (%s)", what, strerror(err), meaning);
	die("%s: %s", what, strerror(err));
}

static const char usage[] =
"usage: gunyah-vmm [options] --kernel IMAGE\n"
"Boot Linux in a VM of the Gunyah hypervisor; its console (hvc0, a virtio\n"
"console) is this terminal.  A guest that asks for a reset is started again.\n"
"\n"
"  -k, --kernel FILE     arm64 Image (not compressed)\n"
"  -i, --initrd FILE     initial RAM disk\n"
"  -a, --append TEXT     add to the kernel's command line\n"
"  -m, --mem SIZE        bytes of memory, with suffix M or G (default: 256M)\n"
"  -p, --vcpus N         number of vCPUs, 1 to 8 (default: 1)\n"
"  -b, --disk FILE       a disk of the guest: a file or block device; up to 4\n"
"  -B, --disk-ro FILE    the same, read only\n"
"  -V, --no-virtio       no disks, and a serial console (ttyS0) only\n"
"  -R, --no-reboot       end when the guest asks for a reset\n"
"  -s, --stats           in the end, tell what the virtio devices did\n"
"  -d, --device FILE     the driver's device (default: /dev/gunyah)\n"
"  -h, --help            show this\n"
"\n"
"Ctrl-C ends the VM.  Exit status: 0 the guest powered off, 1 an error,\n"
"3 the guest asked for a reset (--no-reboot), 4 it crashed, 130 Ctrl-C.\n";

static __u64 parse_size(const char *text)
{
	unsigned long long value;
	unsigned int shift = 0;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (*end == 'M' || *end == 'm')
		shift = 20;
	else if (*end == 'G' || *end == 'g')
		shift = 30;
	if (shift)
		end++;
	if (end == text || *end || errno || text[0] == '-' || value > (UINT64_MAX >> shift))
		die("'%s' is not a memory size (try 256M)", text);
	return value << shift;
}

static unsigned int parse_vcpus(const char *text)
{
	unsigned long n;
	char *end;

	n = strtoul(text, &end, 10);
	if (end == text || *end || !n || n > MAX_VCPUS)
		die("'%s': from 1 to %d vCPUs", text, MAX_VCPUS);
	return n;
}

static void add_disk(struct options *opt, const char *file, bool read_only)
{
	if (opt->nr_disks == MAX_DISKS)
		die("'%s': there can be %d disks", file, MAX_DISKS);
	opt->disks[opt->nr_disks].file = file;
	opt->disks[opt->nr_disks].read_only = read_only;
	opt->nr_disks++;
}

static const struct option longopts[] = {
	{ "kernel", required_argument, NULL, 'k' },
	{ "initrd", required_argument, NULL, 'i' },
	{ "append", required_argument, NULL, 'a' },
	{ "mem", required_argument, NULL, 'm' },
	{ "vcpus", required_argument, NULL, 'p' },
	{ "disk", required_argument, NULL, 'b' },
	{ "disk-ro", required_argument, NULL, 'B' },
	{ "no-virtio", no_argument, NULL, 'V' },
	{ "no-reboot", no_argument, NULL, 'R' },
	{ "stats", no_argument, NULL, 's' },
	{ "device", required_argument, NULL, 'd' },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

/* False for an option that is none, or that lacks its value. */
static bool take_option(struct options *opt, int c)
{
	switch (c) {
	case 'k':
		opt->kernel = optarg;
		break;
	case 'i':
		opt->initrd = optarg;
		break;
	case 'a':
		opt->append = optarg;
		break;
	case 'm':
		opt->memory = parse_size(optarg);
		break;
	case 'p':
		opt->vcpus = parse_vcpus(optarg);
		break;
	case 'b':
	case 'B':
		add_disk(opt, optarg, c == 'B');
		break;
	case 'V':
		opt->virtio = false;
		break;
	case 'R':
		opt->reboot = false;
		break;
	case 's':
		opt->stats = true;
		break;
	case 'd':
		opt->device = optarg;
		break;
	case 'h':
		fputs(usage, stdout);
		exit(0);
	default:
		return false;
	}
	return true;
}

static void parse_options(struct options *opt, int argc, char **argv)
{
	int c;

	/* One line for what is wrong, and that one is ours. */
	opterr = 0;
	while ((c = getopt_long(argc, argv, "k:i:a:m:p:b:B:VRsd:h", longopts, NULL)) != -1) {
		if (!take_option(opt, c))
			die("'%s': no such option, or its value is missing (try --help)",
			    argv[optind - 1]);
	}
	if (optind < argc)
		die("unexpected argument '%s' (try --help)", argv[optind]);
	if (!opt->kernel)
		die("--kernel is missing (try --help)");
	if (opt->memory < (16UL << 20) || opt->memory > (32UL << 30) || opt->memory % DTB_ROOM)
		die("memory: from 16M to 32G, a multiple of 2M");
	if (opt->nr_disks && !opt->virtio)
		die("--no-virtio: then there are no disks");
}

/* Only the flag of the run and a wake-up: the rest happens in guest_wait()'s thread. */
static void *wait_for_interrupt(void *arg)
{
	sigset_t *set = arg;
	int sig;

	if (!sigwait(set, &sig)) {
		fprintf(stderr, "\ngunyah-vmm: %s, ending the VM\n", strsignal(sig));
		guest_end(&the_guest, VMM_EXIT_STOPPED);
	}
	/* A second one: output waits for somebody who does not take it. */
	if (!sigwait(set, &sig)) {
		terminal_restore();
		_exit(VMM_EXIT_STOPPED);
	}
	return NULL;
}

static void catch_interrupts(void)
{
	static sigset_t set;
	pthread_t thread;

	/* Blocked here and so in every thread; only that one thread takes them. */
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (pthread_create(&thread, NULL, wait_for_interrupt, &set))
		die("can't create a thread");
	pthread_detach(thread);
}

int main(int argc, char **argv)
{
	struct options opt = {
		.append = "",
		.device = "/dev/gunyah",
		.memory = 256UL << 20,
		.vcpus = 1,
		.virtio = true,
		.reboot = true,
	};
	enum vmm_exit status;

	parse_options(&opt, argc, argv);
	guest_create(&the_guest, &opt);
	guest_load(&the_guest);
	uart_init(!opt.virtio);
	terminal_init();
	catch_interrupts();
	/* Their signals are blocked now, as those of all threads that follow. */
	virtio_start_threads(&the_guest);
	for (;;) {
		guest_start(&the_guest);
		status = guest_wait(&the_guest);
		if (status != VMM_EXIT_RESET || !opt.reboot)
			break;
		if (!guest_reset(&the_guest)) {
			status = VMM_EXIT_STOPPED;
			break;
		}
		guest_load(&the_guest);
	}
	guest_destroy(&the_guest);
	terminal_restore();
	if (opt.stats)
		virtio_print_stats(&the_guest);
	return status;
}
