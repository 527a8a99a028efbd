/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Threads for parallel.c on simulated CPUs: each is a task of sim.c. Being woken takes
 * WAKE_NS, a change of a thread's CPUs or priority SET_NS.
 */
#ifndef _UNIT_SIM_THREADS_H
#define _UNIT_SIM_THREADS_H

#include "thread_types.h"

#define WAKE_NS			20000
#define SET_NS			1000

static inline bool sim_completed(void *arg)
{
	return ((struct completion *)arg)->done;
}

#define wait_for_completion(c)		sim_wait(sim_completed, c, 0)

extern unsigned int sim_cpus;

#define cpumask_weight(mask)		sim_cpus
#define num_online_cpus()		sim_cpus

struct task_struct *sim_thread(int (*run)(void *data), void *data);
void sim_schedule(void);
void sim_wake(struct task_struct *thread);

#define current				((struct task_struct *)sim_arg())
#define kthread_create(run, data, name)	sim_thread(run, data)
#define kthread_should_stop()		false
#define kthread_complete_and_exit(c, code)	return (complete(c), code)
#define wait_var_event(var, cond)	((void)0)
#define smp_mb()			((void)0)
#define wake_up_var(var)		((void)(var))
#define wake_up_process(t)		sim_wake(t)
#define set_cpus_allowed_ptr(t, mask)	((t)->cpus_ptr[0] = (mask)[0], sim_spend(SET_NS))
#define set_user_nice(t, value)		((t)->nice = (value), sim_spend(SET_NS))
#define task_is_running(t)		((t)->awake)
#define schedule()			sim_schedule()

#endif /* _UNIT_SIM_THREADS_H */
