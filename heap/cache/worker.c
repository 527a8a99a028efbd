// SPDX-License-Identifier: GPL-2.0
/* A thread of the lowest priority that zeroes idle memory. */

#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/wait.h>

#include "../compat.h"
#include "extent.h"
#include "worker.h"

static struct task_struct *lc_worker;
static DECLARE_WAIT_QUEUE_HEAD(lc_worker_wait);
static bool lc_worker_kicked;	/* there may be something to zero */

/* Guards additions to lc_worker_list; entries stay until the thread has ended. */
static DEFINE_MUTEX(lc_worker_lock);
static LIST_HEAD(lc_worker_list);

static bool lc_worker_zero_some(void)
{
	struct lc_idle *idle;
	bool zeroed = false;

	list_for_each_entry_rcu(idle, &lc_worker_list, list, true)
		zeroed |= lc_extent_zero_some(idle);
	return zeroed;
}

static int lc_worker_run(void *unused)
{
	set_user_nice(current, MAX_NICE);
	while (!kthread_should_stop()) {
		if (lc_worker_zero_some())
			cond_resched();
		else
			wait_event_idle(lc_worker_wait,
					xchg(&lc_worker_kicked, false) ||
					kthread_should_stop());
	}
	return 0;
}

/**
 * lc_worker_add - zero what becomes idle here
 * @idle: idle memory that stays until lc_worker_exit()
 *
 * Context: process, may sleep.
 */
void lc_worker_add(struct lc_idle *idle)
{
	guard(mutex)(&lc_worker_lock);
	list_add_tail_rcu(&idle->list, &lc_worker_list);
}

/** lc_worker_kick - there may be something to zero. Context: any. */
void lc_worker_kick(void)
{
	WRITE_ONCE(lc_worker_kicked, true);
	wake_up(&lc_worker_wait);
}

/** lc_worker_init - start the thread. Return: 0 or -errno */
int lc_worker_init(void)
{
	lc_worker = kthread_run(lc_worker_run, NULL, "lazy_contig");
	return PTR_ERR_OR_ZERO(lc_worker);
}

/** lc_worker_exit - stop the thread */
void lc_worker_exit(void)
{
	kthread_stop(lc_worker);
}
