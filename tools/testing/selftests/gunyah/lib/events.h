/* SPDX-License-Identifier: GPL-2.0-only */
/* irqfds and ioeventfds, and the eventfds behind them. */
#ifndef GUNYAH_TEST_EVENTS_H
#define GUNYAH_TEST_EVENTS_H

#include "gunyah_test.h"

/* ADD or REMOVE of a function of any type. */
int __function(int vm_fd, unsigned long cmd, __u32 type, const void *arg, __u32 arg_size);

int __add_irqfd(int vm_fd, int fd, __u32 label, __u32 flags);
/* The other members are such as nobody would look at. */
int __remove_irqfd(int vm_fd, __u32 label);
void add_irqfd(int vm_fd, int fd, __u32 label, __u32 flags);

int __add_ioeventfd(int vm_fd, const struct gunyah_fn_ioeventfd_arg *arg);
int __remove_ioeventfd(int vm_fd, const struct gunyah_fn_ioeventfd_arg *arg);
/* Of any value; @len 0: of any length. */
void add_ioeventfd(int vm_fd, int fd, __u64 addr, __u32 len);
int remove_ioeventfd(int vm_fd, __u64 addr, __u32 len);

/* A new eventfd that does not block. */
int event_new(void);
void event_signal(int fd);
/* Its counter, which is 0 then; 0: nothing was signalled. */
__u64 event_take(int fd);
/* The same, but waits until it was signalled. */
__u64 event_wait(int fd);

/* ---- guests with doorbells of each kind ---- */

/* The mark is the last of several that are pending. */
enum { EDGE, LEVEL_CLEARED, LEVEL_STUCK, MARK, NR_BELLS };

extern const struct test_bell bells[NR_BELLS];

/* Their interrupts. */
__u64 intid(unsigned int bell);
/* vm_create() with these doorbells. */
void bells_create(struct test_vm *vm, unsigned int nr_vcpus);
/* VM_START; the agent takes the interrupts of all but the one that can't be ended. */
void bells_start(struct test_vm *vm);
/* The next interrupt. */
__u64 wait_irq(struct test_vcpu *vcpu);
/*
 * Interrupts of a doorbell up to the mark, which is signalled for that: the way to
 * see that there is none.  -1: others came.
 */
int irqs_to_mark(struct test_vcpu *vcpu, int mark, unsigned int bell);

/* The agent of this vCPU takes interrupts of a doorbell from here on. */
void bell_on(struct test_vcpu *vcpu, const struct test_bell *bell);

#endif
