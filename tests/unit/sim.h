/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Simulated CPUs, for counting what locks would do: tasks with a clock each, of which
 * the one that is behind runs. What a task computes takes time too, so much for each
 * basic block; the rest is what sim_spend() says. The same on every machine.
 *
 * A lock that is held is waited for in order. Part of host.h, in place of locks.h.
 */
#ifndef _UNIT_SIM_H
#define _UNIT_SIM_H

/* What a basic block takes: five instructions or so. */
#define SIM_BLOCK_NS		2

/**
 * struct sim_lock - a lock
 * @name: as in the source
 * @held: by a task, or by what runs before and after all tasks
 * @waiting: how many tasks wait for it
 * @first: of those the number that the one has that is next
 * @last: and the one that came last
 * @since: when it was taken
 * @taken: how often it was
 * @contended: how often it was held by another task
 * @held_ns: for how long in all
 * @longest_ns: and at most
 * @waited_ns: for how long tasks waited
 * @next: another lock that was taken
 */
struct sim_lock {
	const char *name;
	bool held;
	unsigned long waiting;
	unsigned long first, last;
	u64 since;
	unsigned long taken, contended;
	u64 held_ns, longest_ns, waited_ns;
	struct sim_lock *next;
};

struct mutex {
	struct sim_lock sim;
};

typedef struct mutex spinlock_t;

#define DEFINE_MUTEX(n)		struct mutex n = { .sim.name = #n }
#define DEFINE_SPINLOCK(n)	DEFINE_MUTEX(n)
#define mutex_init(m)		((m)->sim = (struct sim_lock){ .name = #m })
#define spin_lock_init(l)	mutex_init(l)
#define might_sleep()		((void)0)

extern struct sim_lock *sim_locks;	/* all that were taken */
extern unsigned long sim_blocks;	/* basic blocks executed */

void sim_lock(struct sim_lock *lock);
void sim_unlock(struct sim_lock *lock);

/* A task that runs @run(@arg) once sim_run() is called, or from now on. */
void sim_task(void (*run)(unsigned long arg), unsigned long arg);
/* Run all tasks until each has ended, or waits. Return: when the last one ended, in ns. */
u64 sim_run(void);
void sim_spend(u64 ns);
u64 sim_now(void);
/* Wait until @done(@arg), which other tasks change, or so long; 0 is forever. */
void sim_wait(bool (*done)(void *arg), void *arg, u64 ns);
/* What the running task was begun with. */
unsigned long sim_arg(void);
/* Forget what was counted. */
void sim_forget(void);

static inline struct mutex *host_lock_mutex(struct mutex *m)
{
	sim_lock(&m->sim);
	return m;
}

static inline void host_unlock_mutex(struct mutex **m)
{
	if (*m)
		sim_unlock(&(*m)->sim);
}

#define host_lock_spinlock	host_lock_mutex
#define host_unlock_spinlock	host_unlock_mutex
#define lockdep_assert_held(l)	assert((l)->sim.held)

#endif /* _UNIT_SIM_H */
