// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer: any sequence of searches in two zones, failures, attempts left behind,
 * frees, idle memory, reclaim, hotplug and changes of memory. The synthetic machine
 * stops the program where the kernel would oops, lose a page or give one out twice;
 * the stand-ins for locks where one is taken twice or not at all.
 */
#include "input.h"
#include "machine.h"

#define NR_ZONES	2
#define BLOCKS		600UL
#define FIRST(zone)	(300UL + 900UL * (zone))
#define MAX_OPEN	4
#define MAX_BUFFERS	32

/**
 * struct attempt - a window that is claimed
 * @search: its search
 * @claim: its claim
 * @ext: its pages; none if there is no window
 * @searched: found by @search, which waits for it
 * @late: left behind
 */
struct attempt {
	struct lc_search search;
	struct lc_claim claim;
	struct lc_extent ext;
	bool searched;
	bool late;
};

static struct machine zones[NR_ZONES];
static struct attempt attempts[MAX_OPEN];
static struct lc_extent buffers[MAX_BUFFERS];
static bool starved;	/* there may be idle memory that is not known */

static unsigned long unit_of(unsigned long pfn)
{
	return pfn / MAX_ORDER_NR_PAGES;
}

/* No two attempts are in one unit of isolation. */
static void check_apart(const struct attempt *a)
{
	const struct lc_extent *x = &a->ext, *y;
	unsigned int i;

	for (i = 0; i < MAX_OPEN; i++) {
		y = &attempts[i].ext;
		assert(&attempts[i] == a || !y->nr_pages ||
		       unit_of(lc_extent_end(y) - 1) < unit_of(x->pfn) ||
		       unit_of(y->pfn) > unit_of(lc_extent_end(x) - 1));
	}
}

static void begin(struct input *in)
{
	struct attempt *a = &attempts[take(in, 1) % MAX_OPEN];
	unsigned int how = take(in, 1), i;
	struct lc_constraint c = {
		.nr_pages = 1 + take(in, 3) % (BLOCKS << pageblock_order),
		.align = 1UL << take(in, 1) % (pageblock_order + 5),
		.end_pfn = how & 1 ? LC_NO_LIMIT : take(in, 3),
		.start_pfn = how & 2 ? 0 : take(in, 3),
	};
	struct lc_extent ext;
	struct machine *m;

	if (a->ext.nr_pages)
		return;
	lc_search_begin(&a->search, &c, jiffies + HZ);
	for (i = 0; i < NR_ZONES; i++)
		if (how & (4 << i))
			lc_search_add_zone(&a->search, &c, &zones[i].zone);
	a->search.quick = how & 16;
	host_killed = how >= 250;
	if (!lc_search_next(&a->search, &ext)) {
		m = machine_at(ext.pfn);
		assert(ext.nr_pages == c.nr_pages && ext.pfn % c.align == 0);
		assert(ext.pfn >= c.start_pfn);
		assert(lc_extent_end(&ext) <= c.end_pfn);
		assert(lc_extent_end(&ext) <= zone_end_pfn(&m->zone));
		assert(how & (m == &zones[0] ? 4 : 8));
		a->claim = a->search.claim;
		a->ext = ext;
		a->searched = true;
		a->late = false;
		check_apart(a);
	}
	host_killed = false;
}

/* A given window. */
static void claim(struct input *in)
{
	struct attempt *a = &attempts[take(in, 1) % MAX_OPEN];
	struct lc_extent ext = {
		FIRST(0) * pageblock_nr_pages + take(in, 3) %
			((FIRST(1) + BLOCKS - FIRST(0)) * pageblock_nr_pages),
		1 + take(in, 2),
	};
	unsigned int i;

	if (a->ext.nr_pages)
		return;
	for (i = 0; i < NR_ZONES; i++) {
		if (ext.pfn < zones[i].zone.zone_start_pfn ||
		    lc_search_claim(&a->claim, &zones[i].zone, &ext))
			continue;
		a->ext = ext;
		a->searched = false;
		a->late = false;
		check_apart(a);
		return;
	}
}

static void leave_behind(struct input *in)
{
	struct attempt *a = &attempts[take(in, 1) % MAX_OPEN];

	if (!a->ext.nr_pages || a->late)
		return;
	a->late = true;
	a->searched = false;
	lc_search_late(&a->claim, 1, false);
	assert(lc_zone_late(a->claim.zone, 0, 0).all <= MAX_OPEN);
}

static void finish_attempt(struct attempt *a, int err)
{
	if (a->late) {
		lc_search_late(&a->claim, -1, false);
		assert(lc_zone_late(a->claim.zone, 0, 0).all < MAX_OPEN);
	}
	if (a->searched)
		lc_search_done(&a->search, err);
	else
		lc_search_unclaim(&a->claim, err);
}

static void end(struct input *in)
{
	static const int errors[] = { -EBUSY, -ENOMEM, -EINTR, -ETIME };
	struct attempt *a = &attempts[take(in, 1) % MAX_OPEN];
	unsigned int how = take(in, 1) % 10, i;
	int err;

	if (!a->ext.nr_pages)
		return;
	if (how < 4) {
		err = errors[how];
	} else {
		if (how != 4)
			machine_evict(&a->ext);
		err = machine_take(&a->ext);
	}
	finish_attempt(a, err);
	if (!err)
		lc_zone_prepare(&a->ext);
	for (i = 0; !err && i < MAX_BUFFERS; i++) {
		if (!buffers[i].nr_pages) {
			buffers[i] = a->ext;
			break;
		}
	}
	if (i == MAX_BUFFERS)
		machine_give(&a->ext);
	a->ext.nr_pages = 0;
}

/* All of a buffer or the first part of it becomes free or idle. */
static void release(struct input *in)
{
	struct lc_extent *b = &buffers[take(in, 1) % MAX_BUFFERS], part = *b;
	unsigned int how = take(in, 1);

	if (!part.nr_pages)
		return;
	if (how & 1)
		part.nr_pages = 1 + take(in, 3) % part.nr_pages;
	b->pfn += part.nr_pages;
	b->nr_pages -= part.nr_pages;
	if (how & 2)
		machine_idle(&part);
	else
		machine_give(&part);
}

/* Idle memory serves a request, or goes. */
static void use_idle(struct input *in)
{
	struct machine *m = &zones[take(in, 1) % NR_ZONES];
	unsigned long b = take(in, 2) % BLOCKS;
	unsigned int how = take(in, 1), i;
	struct lc_extent ext = {
		(m->first + b) << pageblock_order, m->truth[b].idle,
	};

	if (!ext.nr_pages)
		return;
	for (i = 0; how & 1 && i < MAX_BUFFERS; i++) {
		if (!buffers[i].nr_pages) {
			ext.nr_pages = how & 2 ? ext.nr_pages :
				       1 + take(in, 2) % ext.nr_pages;
			machine_reuse(&ext);
			buffers[i] = ext;
			return;
		}
	}
	machine_evict(&ext);
}

/* Others use their memory; what the kernel would forbid does not happen. */
static void change(struct input *in)
{
	struct machine *m = &zones[take(in, 1) % NR_ZONES];
	unsigned long b = take(in, 2) % BLOCKS, n = 1 + take(in, 1) % 64;
	u32 what = take(in, 1), used = take(in, 2) % (pageblock_nr_pages + 1);

	m->zone.free_pages = what & 16 ? 0 : m->zone.managed_pages;
	for (; n && b < BLOCKS; n--, b++) {
		struct truth *t = &m->truth[b];

		if (t->owned || t->hole)
			continue;
		t->used = used;
		t->blocked = what & 1;
		t->pinned = what & 2;
		t->secret = what & 4;
		t->busy = what & 8;
	}
}

/* Memory comes or goes, if there is such a buffer around it. */
static void plug(struct input *in)
{
	const struct lc_extent *buffer = &buffers[take(in, 1) % MAX_BUFFERS];
	struct machine *m = &zones[take(in, 1) % NR_ZONES];
	unsigned long b = take(in, 2) % BLOCKS, first, last;
	bool hole, used = false;
	struct lc_extent ext;

	if (buffer->nr_pages) {
		m = machine_at(buffer->pfn);
		b = (buffer->pfn >> pageblock_order) - m->first;
	}
	first = ALIGN_DOWN(b, 64);
	last = min(first + 64, BLOCKS);
	ext.pfn = (m->first + first) << pageblock_order;
	ext.nr_pages = (last - first) << pageblock_order;
	hole = m->truth[first].hole;
	for (b = first; b < last; b++) {
		used |= m->truth[b].owned > m->truth[b].idle;
		if (m->truth[b].hole != hole)
			return;
	}
	if (hole) {
		for (b = first; b < last; b++)
			m->truth[b].hole = false;
		lc_zone_offline_end(&ext, false);
		return;
	}
	/* with a buffer in it, nothing idle is evicted */
	if (lc_zone_offline_begin(&ext) || used || take(in, 1) % 4 == 0) {
		lc_zone_offline_end(&ext, false);
		return;
	}
	assert(lc_zone_leaving(&ext));
	machine_evict(&ext);
	begin(in);
	for (b = first; b < last; b++)
		m->truth[b].hole = true;
	lc_zone_offline_end(&ext, true);
	assert(!lc_zone_leaving(&ext));
}

/* Idle memory is known to the page, whatever happened to it. */
static void check_idle(struct machine *m)
{
	unsigned long b;

	for (b = 0; b < BLOCKS; b++)
		assert(lc_zone_fresh(&m->zone, m->first + b).idle ==
		       m->truth[b].idle);
}

/* Everything undone, all of each zone must be there again, and unclaimed. */
static void finish(void)
{
	struct lc_constraint c = {
		.nr_pages = BLOCKS << pageblock_order,
		.align = 1,
		.end_pfn = LC_NO_LIMIT,
	};
	struct lc_extent ext;
	struct lc_search s;
	unsigned int i, z;

	machine_reclaims = false;
	for (z = 0; !starved && z < NR_ZONES; z++)
		check_idle(&zones[z]);
	for (i = 0; i < MAX_OPEN; i++)
		if (attempts[i].ext.nr_pages)
			finish_attempt(&attempts[i], -EINTR);
	for (i = 0; i < MAX_BUFFERS; i++)
		if (buffers[i].nr_pages)
			machine_give(&buffers[i]);
	memset(attempts, 0, sizeof(attempts));
	memset(buffers, 0, sizeof(buffers));
	jiffies += 300 * HZ;
	for (z = 0; z < NR_ZONES; z++) {
		ext.pfn = zones[z].zone.zone_start_pfn;
		ext.nr_pages = BLOCKS << pageblock_order;
		machine_evict(&ext);
		for (i = 0; i < BLOCKS; i++) {
			if (zones[z].truth[i].hole)
				return;
			assert(!zones[z].truth[i].owned);
			zones[z].truth[i] = (struct truth){ 0 };
		}
		lc_search_begin(&s, &c, jiffies + HZ);
		lc_search_add_zone(&s, &c, &zones[z].zone);
		assert(!lc_search_next(&s, &ext));
		assert(!lc_zone_late(s.claim.zone, 0, 0).all);
		lc_search_done(&s, 0);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = { .data = data, .left = size };
	unsigned int z, how = take(&in, 1);

	rnd_seed(1);
	starved = false;
	for (z = 0; z < NR_ZONES; z++)
		machine_new(&zones[z], how & 1 && !z ? ZONE_MOVABLE :
			    ZONE_NORMAL - z, FIRST(z), BLOCKS);
	machine_reclaims = how & 2;
	while (in.left) {
		switch (take(&in, 1) % 16) {
		case 0:
		case 1:
		case 2:
			begin(&in);
			break;
		case 3:
			claim(&in);
			break;
		case 4:
		case 5:
		case 6:
			end(&in);
			break;
		case 7:
			leave_behind(&in);
			break;
		case 8:
		case 9:
			release(&in);
			break;
		case 10:
			use_idle(&in);
			break;
		case 11:
			change(&in);
			break;
		case 12:
			jiffies += take(&in, 1) * HZ / 8;
			break;
		case 13:
			plug(&in);
			break;
		case 14:	/* little memory for summaries */
			starved = true;
			host_allocations_left = take(&in, 1) % 4;
			begin(&in);
			claim(&in);
			host_allocations_left = ULONG_MAX;
			break;
		}
	}
	finish();
	for (z = 0; z < NR_ZONES; z++)
		machine_free(&zones[z]);
	return 0;
}
