/* SPDX-License-Identifier: GPL-2.0 */
/* Work that is due later, a shrinker, and pages with references, for deferred.c. */
#ifndef _UNIT_WORKS_H
#define _UNIT_WORKS_H

#define HOST_PAGES
#include "host.h"

struct page {
	struct list_head lru;
	unsigned long private;
	int refs;
};

extern struct page *host_pages;	/* of frame 0 */
extern unsigned long looks;	/* how often references were counted */

static inline int page_ref_count(struct page *page)
{
	looks++;
	return page->refs;
}

#define pfn_to_page(pfn)		(host_pages + (pfn))
#define page_to_pfn(page)		((unsigned long)((page) - host_pages))
#define page_zone(page)			((void)(page), (struct zone *)NULL)
#define PageHWPoison(page)		((void)(page), false)
#define page_private(page)		((page)->private)
#define set_page_private(page, v)	((page)->private = (v))

#define LIST_HEAD(name)			struct list_head name = { &(name), &(name) }
#define list_add_tail(entry, head)	list_add(entry, (head)->prev)
#define list_move_tail(entry, head)	list_move(entry, (head)->prev)
#define host_page(entry)		container_of(entry, struct page, lru)
#define list_for_each_entry(p, head, member) \
	for (p = host_page((head)->next); &(p)->member != (head); \
	     p = host_page((p)->member.next))
#define list_for_each_entry_safe(p, n, head, member) \
	for (p = host_page((head)->next), n = host_page((p)->member.next); \
	     &(p)->member != (head); p = n, n = host_page((n)->member.next))

static inline void list_splice_tail(struct list_head *list, struct list_head *head)
{
	if (list_empty(list))
		return;
	list->next->prev = head->prev;
	head->prev->next = list->next;
	list->prev->next = head;
	head->prev = list->prev;
}

/* What other tasks do before a lock is taken, and when it is free. */
void host_before_lock(struct mutex *m);
void host_after_unlock(struct mutex *m);

static inline void mutex_lock(struct mutex *m)
{
	host_before_lock(m);
	assert(!m->held);
	m->held = true;
}

static inline void mutex_unlock(struct mutex *m)
{
	assert(m->held);
	m->held = false;
	host_after_unlock(m);
}

#define smp_mb()		__atomic_thread_fence(__ATOMIC_SEQ_CST)

struct work_struct {
	void (*fn)(struct work_struct *work);
};

struct delayed_work {
	struct work_struct work;
	bool pending;
	unsigned long expires;
};

struct workqueue_struct;

extern struct delayed_work *host_work;	/* the last one queued */

#define WQ_UNBOUND		0
#define DECLARE_DELAYED_WORK(name, f)	struct delayed_work name = { .work.fn = f }
#define alloc_workqueue(...)		((struct workqueue_struct *)&host_work)
#define destroy_workqueue(wq)		((void)(wq))
#define cancel_delayed_work_sync(dw)	((dw)->pending = false)

static inline void mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *dw,
				    unsigned long delay)
{
	(void)wq;
	host_work = dw;
	dw->pending = true;
	dw->expires = jiffies + delay;
}

static inline bool queue_delayed_work(struct workqueue_struct *wq,
				      struct delayed_work *dw, unsigned long delay)
{
	if (dw->pending)
		return false;
	mod_delayed_work(wq, dw, delay);
	return true;
}

struct shrink_control;
struct shrinker;

typedef unsigned long (shrinker_fn)(struct shrinker *s, struct shrink_control *sc);

extern shrinker_fn *host_shrinker;

#define KBUILD_MODNAME		"host"
#define SHRINK_EMPTY		(~0UL - 1)
#define SHRINK_STOP		(~0UL)
#define IS_ERR(p)		(!(p))
#define PTR_ERR(p)		((void)(p), -ENOMEM)

static inline struct shrinker *lc_shrinker_register(const char *name, shrinker_fn *count,
						    shrinker_fn *scan, long batch)
{
	(void)name;
	(void)scan;
	(void)batch;
	host_shrinker = count;
	return (struct shrinker *)&host_shrinker;
}

#define lc_shrinker_unregister(s)	((void)(s), host_shrinker = NULL)

#endif /* _UNIT_WORKS_H */
