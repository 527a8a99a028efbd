/* SPDX-License-Identifier: GPL-2.0 */
/* What parallel.c needs of the kernel, whatever runs its threads: see threads.h. */
#ifndef _UNIT_THREAD_TYPES_H
#define _UNIT_THREAD_TYPES_H

#include "host.h"

#define KBUILD_MODNAME		"lazy_contig"
#define SZ_32M			(32UL << 20)
#define min3(a, b, c)		min(a, min(b, c))
#define max3(a, b, c)		max(a, max(b, c))

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	long counter;
} atomic_long_t;

#define atomic_set(v, i)		((v)->counter = (i))
#define atomic_read(v)			((v)->counter)
#define atomic_inc(v)			((v)->counter++)
#define atomic_dec(v)			((v)->counter--)
#define atomic_dec_and_test(v)		(!--(v)->counter)
#define atomic_inc_not_zero(v)		((v)->counter && ++(v)->counter)
#define atomic_long_read(v)		((v)->counter)
#define atomic_long_fetch_inc(v)	((v)->counter++)
#define cmpxchg(p, old, new)		(*(p) == (old) ? *(p) = (new) : *(p))

#define host_word(nr, map)		((map)[(nr) / 64])
#define set_bit(nr, map)		(host_word(nr, map) |= BIT((nr) % 64))
#define test_and_clear_bit(nr, map)	host_clear_bit((nr) % 64, &host_word(nr, map))
#define for_each_set_bit(nr, map, size) \
	for ((nr) = 0; (nr) < (size); (nr)++) \
		if (host_word(nr, map) & BIT((nr) % 64))
#define smp_mb__after_atomic()		((void)0)
#define bitmap_zalloc(nr, gfp)		kcalloc((nr) / 64 + 1, 8, gfp)
#define bitmap_free(map)		kfree(map)

struct completion {
	bool done;
};

#define DECLARE_COMPLETION(name)	struct completion name
#define init_completion(c)		((c)->done = false)
#define complete(c)			((c)->done = true)

typedef unsigned long cpumask_var_t[1];

#define raw_smp_processor_id()		0
#define cpumask_of(cpu)			((const unsigned long []){ BIT(cpu) })
#define alloc_cpumask_var(mask, gfp)	true
#define free_cpumask_var(mask)		((void)(mask))
#define cpumask_copy(to, from)		((to)[0] = (from)[0])

struct task_struct {
	unsigned long cpus_ptr[1];
	int nice;
	bool in_iowait;
	struct {
		u64 sum_exec_runtime;
	} se;
	int (*run)(void *data);
	void *data;
	bool awake;
	bool ended;
};

static inline bool host_clear_bit(unsigned int nr, unsigned long *word)
{
	bool set = *word & BIT(nr);

	*word &= ~BIT(nr);
	return set;
}

#undef current
#define TASK_IDLE			1
#define TASK_RUNNING			0
#define IS_ERR(p)			((unsigned long)(p) >= -4095UL)
#define kthread_stop(t)			assert(!(t)->ended)
#define task_nice(t)			((t)->nice)
#define set_current_state(state)	((void)(state))
#define __set_current_state(state)	((void)(state))

#define LIST_HEAD(name)		struct list_head name = LIST_HEAD_INIT(name)
#define list_for_each_entry(p, list_, member) \
	for ((p) = container_of((list_)->next, __typeof__(*(p)), member); \
	     &(p)->member != (list_); \
	     (p) = container_of((p)->member.next, __typeof__(*(p)), member))
#define list_for_each_entry_safe(p, after, list_, member) \
	for ((p) = container_of((list_)->next, __typeof__(*(p)), member); \
	     (after) = container_of((p)->member.next, __typeof__(*(p)), member), \
	     &(p)->member != (list_); \
	     (p) = (after))

#endif /* _UNIT_THREAD_TYPES_H */
