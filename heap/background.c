// SPDX-License-Identifier: GPL-2.0
/* What is done for nobody in particular, by a thread of the lowest priority. */

#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/wait.h>

#include "compat.h"
#include "lazy_contig.h"

static struct task_struct *lc_background;
static DECLARE_WAIT_QUEUE_HEAD(lc_background_wait);
static bool lc_background_kicked; /* there may be work */

static int lc_background_work(void *unused)
{
	long timeout;

	set_user_nice(current, MAX_NICE);
	while (!kthread_should_stop()) {
		timeout = lc_pool_age();
		if (lc_pool_clear_some() || lc_reserve_clear_some())
			cond_resched();
		else
			wait_event_idle_timeout(lc_background_wait,
						xchg(&lc_background_kicked, false) ||
						kthread_should_stop(), timeout);
	}
	return 0;
}

/**
 * lc_background_kick - there is something to clear or to age
 *
 * Context: any.
 */
void lc_background_kick(void)
{
	WRITE_ONCE(lc_background_kicked, true);
	wake_up(&lc_background_wait);
}

/** lc_background_init - start the thread. Return: 0 or -errno */
int lc_background_init(void)
{
	lc_background = kthread_run(lc_background_work, NULL, LC_NAME);
	return PTR_ERR_OR_ZERO(lc_background);
}

/** lc_background_exit - stop the thread */
void lc_background_exit(void)
{
	kthread_stop(lc_background);
}
