/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Threads for parallel.c. None can be created, so that the caller does all the work of
 * a job and a test sees its parts in order; or those of a test, which runs them.
 */
#ifndef _UNIT_THREADS_H
#define _UNIT_THREADS_H

#include "thread_types.h"

#define wait_for_completion(c)		assert((c)->done)

#define cpumask_weight(mask)		4U
#define num_online_cpus()		4U

extern struct task_struct host_task;

struct task_struct *host_thread(int (*run)(void *data), void *data);
bool host_thread_stops(void);
int host_thread_ends(struct completion *c);
/* Since a lock was given up. */
extern bool host_ordered;

#define current				(&host_task)
#define kthread_create(run, data, name)	host_thread(run, data)
#define kthread_should_stop()		host_thread_stops()
#define kthread_complete_and_exit(c, code)	return host_thread_ends(c)
#define wait_var_event(var, cond)	assert(cond)
#define smp_mb()			(host_ordered = true)
#define wake_up_var(var)		((void)(var), assert(host_ordered))
#define wake_up_process(t)		((t)->awake = true)
#define set_cpus_allowed_ptr(t, mask)	((t)->cpus_ptr[0] = (mask)[0])
#define set_user_nice(t, value)		((t)->nice = (value))
#define task_is_running(t)		((t) != NULL)
#define schedule()			abort()

#endif /* _UNIT_THREADS_H */
