// SPDX-License-Identifier: GPL-2.0-only
/* The host's end of the agent: see agent.h. */
#include <sys/syscall.h>

#include "gunyah_test.h"

void agent_post(struct test_vcpu *vcpu, __u64 op, __u64 a, __u64 b, __u64 c)
{
	vcpu->op = op;
	vcpu->args[0] = a;
	vcpu->args[1] = b;
	vcpu->args[2] = c;
	vcpu->arg3 = 0;
	vcpu->esr = 0;
	vcpu->far = 0;
	__atomic_store_n(&vcpu->busy, false, __ATOMIC_RELEASE);
}

/* Answers one access to the mailbox; true when it was the result. */
static bool mailbox(struct test_vcpu *vcpu, unsigned int reg)
{
	struct gunyah_vcpu_run *run = vcpu->run;
	__u64 value;

	memcpy(&value, run->mmio.data, sizeof(value));
	switch (reg) {
	case AGENT_OP:
		value = vcpu->op;
		break;
	case AGENT_ARG2:
		/* The last one that it asks for. */
		__atomic_store_n(&vcpu->busy, true, __ATOMIC_RELEASE);
		value = vcpu->args[2];
		break;
	case AGENT_ARG0:
	case AGENT_ARG1:
		value = vcpu->args[(reg - AGENT_ARG0) / 8];
		break;
	case AGENT_ARG3:
		value = vcpu->arg3;
		break;
	case AGENT_RESULT:
		vcpu->result = value;
		return true;
	case AGENT_ESR:
		vcpu->esr = value;
		return false;
	case AGENT_FAR:
		vcpu->far = value;
		return false;
	case AGENT_IRQ:
		vcpu->irq = value;
		return false;
	}
	memcpy(run->mmio.data, &value, sizeof(value));
	return false;
}

int agent_run(struct test_vcpu *vcpu)
{
	__u64 base = AGENT_MAILBOX + ((__u64)vcpu->id << AGENT_MAILBOX_SHIFT);
	struct gunyah_vcpu_run *run = vcpu->run;
	int ret;

	for (;;) {
		ret = __vcpu_run(vcpu);
		if (ret)
			return ret;
		if (run->exit_reason == GUNYAH_VCPU_EXIT_STATUS)
			return AGENT_STATUS;
		if (run->exit_reason != GUNYAH_VCPU_EXIT_MMIO)
			return AGENT_OTHER_EXIT;
		if (run->mmio.phys_addr < base || run->mmio.phys_addr >= base + SZ_4K)
			return AGENT_MMIO;
		if (mailbox(vcpu, run->mmio.phys_addr - base))
			return AGENT_DONE;
	}
}

__u64 agent_do(struct test_vcpu *vcpu, __u64 op, __u64 a, __u64 b, __u64 c)
{
	int ret;

	agent_post(vcpu, op, a, b, c);
	/*
	 * As any monitor does. The end of an io_uring, say, is work for the thread that
	 * used it, and comes some time after close().
	 */
	do {
		ret = agent_run(vcpu);
	} while (ret == -EINTR);
	if (ret != AGENT_DONE) {
		ksft_print_msg("agent: command %llu ended with %d instead of a result\n",
			       (unsigned long long)op, ret);
		exit(KSFT_FAIL);
	}
	return vcpu->result;
}

static void *do_job(void *arg)
{
	struct agent_job *job = arg;

	__atomic_store_n(&job->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	job->event = agent_run(job->vcpu);
	__atomic_store_n(&job->over, true, __ATOMIC_RELEASE);
	return NULL;
}

void job_start(struct agent_job *job, struct test_vcpu *vcpu, __u64 op, __u64 a, __u64 b,
	       __u64 c)
{
	agent_post(vcpu, op, a, b, c);
	job->vcpu = vcpu;
	job->tid = 0;
	job->over = false;
	if (pthread_create(&job->thread, NULL, do_job, job))
		test_die("pthread_create");
}

int job_end(struct agent_job *job)
{
	pthread_join(job->thread, NULL);
	return job->event;
}

int agent_psci(struct test_vcpu *vcpu, __u32 fn, __u64 a, __u64 b)
{
	agent_post(vcpu, AGENT_HVC, fn, a, b);
	return agent_run(vcpu);
}

int agent_cpu_on(struct test_vcpu *vcpu, unsigned int target, __u64 context)
{
	int ret;

	agent_post(vcpu, AGENT_HVC, PSCI_CPU_ON, target, GUEST_BASE + AGENT_SECONDARY);
	vcpu->arg3 = context;
	ret = agent_run(vcpu);
	return ret == AGENT_DONE ? (int)vcpu->result : -1000;
}
