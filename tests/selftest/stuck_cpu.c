// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: limits: every request is answered in time, whatever the pages in the way wait for
 * Promise: limits: SIGKILL ends a request at every stage
 * Promise: memory: what a request leaves behind ends by itself, and gives its memory back
 *
 * A real-time task keeps a CPU to itself, so that what the kernel begins on every CPU
 * does not end where the scheduler lets no other task run.
 */
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>

#include "stuck.h"

#define RT_RUNTIME	"/proc/sys/kernel/sched_rt_runtime_us"

static void rt_runtime(const char *us)
{
	int fd = open(RT_RUNTIME, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, us, strlen(us)) < 0)
		bail(RT_RUNTIME ": %m");
	close(fd);
}

static void only_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		bail("affinity: %m");
}

static pid_t keep_cpu(int cpu)
{
	struct sched_param param = { .sched_priority = 50 };
	volatile bool *keeps = shared_new(sizeof(*keeps));
	pid_t pid = fork();

	if (pid < 0)
		bail("fork: %m");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		only_cpu(cpu);
		if (sched_setscheduler(0, SCHED_FIFO, &param))
			_exit(1);
		/* the kernel warns of a CPU that is kept for longer */
		alarm(20);
		*keeps = true;
		for (;;)
			;
	}
	while (!*keeps)
		usleep(1000);
	munmap((void *)keeps, sizeof(*keeps));
	return pid;
}

/* A helper that worked for a task on this CPU must work for others elsewhere. */
static void use_helpers_on(int cpu)
{
	struct stuck_answers answers;
	cpu_set_t all;

	sched_getaffinity(0, sizeof(all), &all);
	only_cpu(cpu);
	stuck_loop(STUCK_LEN, 1, 4, &answers);
	sched_setaffinity(0, sizeof(all), &all);
}

int main(void)
{
	struct stuck_answers answers;
	pid_t load;

	stuck_begin();
	use_helpers_on(1);
	rt_runtime("-1");
	load = keep_cpu(1);
	stuck_loop(STUCK_LEN, 4, 16, &answers);
	stuck_in_time(&answers, "real-time task");
	stuck_check_kill("real-time task", 4);
	slow_end(load);
	rt_runtime("950000");
	stuck_check_released();
	return tap_done();
}
