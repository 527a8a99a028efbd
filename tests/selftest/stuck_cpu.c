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

#include "stuck.h"

/* A helper that worked for a task on this CPU must work for others elsewhere. */
static void use_helpers_on(int cpu)
{
	struct stuck_answers answers;
	cpu_set_t all;

	sched_getaffinity(0, sizeof(all), &all);
	cpu_only(cpu);
	stuck_loop(STUCK_LEN, 1, 4, &answers);
	sched_setaffinity(0, sizeof(all), &all);
}

int main(void)
{
	struct stuck_answers answers;
	pid_t load;

	stuck_begin();
	use_helpers_on(1);
	load = slow_cpu(1, false);
	stuck_loop(STUCK_LEN, 4, 16, &answers);
	stuck_in_time(&answers, "real-time task");
	stuck_check_kill("real-time task", 4);
	slow_cpu_end(load, 1);
	stuck_check_released();
	return tap_done();
}
