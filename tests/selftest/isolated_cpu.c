// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: limits: every request is answered in time, and none is refused, beside a real-time
 *   task on an isolated CPU where threads of the module waited for work
 * Promise: limits: the module can be unloaded beside such a task
 *
 * CPU 1 is isolated: a thread that was there last is woken there, and stays.
 */
#include <sched.h>
#include <sys/wait.h>

#include "module_calls.h"
#include "settings.h"
#include "stuck.h"

#define CPU		1
#define SMALL		MIB(16)		/* one thread */
#define LARGE		MIB(128)	/* several */

/* Threads of the module wait on the CPU from now on. */
static void use_helpers_there(size_t len)
{
	struct stuck_answers answers;

	cpu_only(CPU);
	stuck_loop(len, 4, 4, &answers);
	is(answers.refused, 0, "a task on the CPU has its buffers");
}

static void on_all_cpus(void)
{
	cpu_set_t all;

	CPU_ZERO(&all);
	CPU_SET(0, &all);
	CPU_SET(CPU, &all);
	if (sched_setaffinity(0, sizeof(all), &all))
		bail("affinity: %m");
	is(sched_getaffinity(0, sizeof(all), &all) ? 0 : CPU_COUNT(&all), 2,
	   "a task may run on two CPUs");
}

static void check_with(size_t len, const char *load)
{
	struct stuck_answers answers;
	pid_t task;
	long late;

	use_helpers_there(len);
	cpu_only(0);
	task = slow_cpu(CPU, true);
	on_all_cpus();
	late = counter("attempts_late");
	stuck_loop(len, 4, 16, &answers);
	stuck_in_time(&answers, load);
	is(answers.refused, 0, "%s: none is refused", load);
	is(counter("attempts_late"), late, "%s: no attempt is late", load);
	slow_cpu_end(task, CPU);
}

/* What is in the pool then is not zeroed. */
static void dirty_pool(int heap)
{
	unsigned char *mem;
	unsigned int i;
	size_t off;
	int buf[4];

	for (i = 0; i < ARRAY_SIZE(buf); i++) {
		buf[i] = buf_new(heap, LARGE);
		mem = buf_map(buf[i], LARGE);
		for (off = 0; off < LARGE; off += MIB(1))
			mem[off] = 1;
		munmap(mem, LARGE);
	}
	for (i = 0; i < ARRAY_SIZE(buf); i++)
		close(buf[i]);
}

static void check_zeroing(void)
{
	int heap = heap_open(HEAP), buf;
	unsigned char *mem;
	pid_t task;

	param_set("pool_max_mb", 1024);
	use_helpers_there(LARGE);
	cpu_only(0);
	task = slow_cpu(CPU, true);
	on_all_cpus();
	dirty_pool(heap);
	buf = buf_new(heap, LARGE);
	is(waitpid(task, NULL, WNOHANG), 0, "zeroing: it ends beside the real-time task");
	mem = buf_map(buf, LARGE);
	ok(all_zero(mem, LARGE), "zeroing: and is complete");
	munmap(mem, LARGE);
	close(buf);
	slow_cpu_end(task, CPU);
	close(heap);
	param_set("pool_max_mb", 0);
}

static void check_unload(void)
{
	pid_t task;

	use_helpers_there(LARGE);
	cpu_only(0);
	task = slow_cpu(CPU, true);
	is(module_unload(), 0, "the module can be unloaded");
	is(waitpid(task, NULL, WNOHANG), 0, "beside the real-time task");
	slow_cpu_end(task, CPU);
	is(module_load(getenv("LC_MODULE_PARAMS") ?: ""), 0, "and loaded again");
}

int main(void)
{
	stuck_begin();
	check_with(SMALL, "one thread");
	check_with(LARGE, "several threads");
	check_zeroing();
	check_unload();
	return tap_done();
}
