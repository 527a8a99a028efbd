/* SPDX-License-Identifier: GPL-2.0 */
/* Locks that check that they are used as locks, for one CPU. Part of host.h. */
#ifndef _UNIT_LOCKS_H
#define _UNIT_LOCKS_H

/* A test may let one be waited for that another thread would hold. */
struct mutex {
	bool held;
};

typedef struct spinlock {
	bool held;
	unsigned int waiting;
} spinlock_t;

extern bool host_may_wait;
extern unsigned int host_waits;

#define DEFINE_MUTEX(name)	struct mutex name
#define DEFINE_SPINLOCK(name)	spinlock_t name

static inline void might_sleep(void)
{
	assert(!host_spinlocks && !host_rcu);
}

static inline void mutex_init(struct mutex *m)
{
	m->held = false;
}

static inline void spin_lock_init(spinlock_t *l)
{
	*l = (spinlock_t){ 0 };
}

static inline struct mutex *host_lock_mutex(struct mutex *m)
{
	might_sleep();
	assert(!m->held);
	m->held = true;
	host_mutexes++;
	return m;
}

static inline void host_unlock_mutex(struct mutex **m)
{
	if (!*m)
		return;
	assert((*m)->held);
	(*m)->held = false;
	host_mutexes--;
}

static inline spinlock_t *host_lock_spinlock(spinlock_t *l)
{
	if (l->held) {
		assert(host_may_wait);
		host_waits++;
		l->waiting++;
		return l;
	}
	l->held = true;
	host_spinlocks++;
	return l;
}

/* what another thread may do as soon as a lock is free */
void host_unlocked(void);

static inline void host_unlock_spinlock(spinlock_t **l)
{
	if (!*l)
		return;
	assert((*l)->held);
	if ((*l)->waiting) {
		(*l)->waiting--;
		return;
	}
	(*l)->held = false;
	host_spinlocks--;
	host_unlocked();
}

#define lockdep_assert_held(lock)	assert((lock)->held)

#endif /* _UNIT_LOCKS_H */
