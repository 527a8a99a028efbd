// SPDX-License-Identifier: GPL-2.0
#include "machine.h"

unsigned long jiffies = 100000;
bool host_killed;
struct notifier_block *host_notifier;
static struct machine *the_machine;
static u32 rnd_state = 1;

const char *const ageing_names[NR_AGEINGS] = {
	"fresh", "files", "pins", "many-pins", "clusters", "full", "stripes",
};

void rnd_seed(u32 seed)
{
	rnd_state = seed * 2654435761u + 1;
}

/* xorshift: the same on every machine */
u32 rnd(u32 below)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 17;
	rnd_state ^= rnd_state << 5;
	return ((u64)rnd_state * below) >> 32;
}

void host_resched(void)
{
}

struct zone *page_zone(const struct page *page)
{
	(void)page;
	return &the_machine->zone;
}

void machine_new(struct machine *m, unsigned long first, unsigned long blocks)
{
	*m = (struct machine){
		.zone = {
			.zone_start_pfn = first << pageblock_order,
			.spanned_pages = blocks << pageblock_order,
			.managed_pages = blocks << pageblock_order,
			.idx = 2,
			.machine = m,
		},
		.blocks = blocks,
		.first = first,
		.truth = calloc(blocks, sizeof(struct truth)),
		.free = blocks << pageblock_order,
	};
	assert(m->truth);
	the_machine = m;
	assert(!lc_scan_init());
}

void machine_free(struct machine *m)
{
	lc_scan_exit();
	free(m->truth);
	m->truth = NULL;
}

static void age_block(struct truth *t, enum ageing how, unsigned long b,
		      unsigned long blocks)
{
	switch (how) {
	case AGE_PINS:
		t->pinned = !rnd(64);
		break;
	case AGE_MANY_PINS:
		t->pinned = rnd(3) < 2;
		break;
	case AGE_CLUSTERS:
		/* clumps of 8 to 64 blocks; every 8th clump is the kernel's */
		t->blocked = !(((b >> 3) * 2654435761u) >> 29 & 7);
		break;
	case AGE_STRIPES:
		t->blocked = b & 1;
		break;
	default:
		break;
	}
	if (how == AGE_FULL)
		t->used = pageblock_nr_pages - rnd(16);
	else if (how != AGE_FRESH)
		t->used = pageblock_nr_pages * 3 / 10 - 64 + rnd(128);
	if (b < blocks / 50)
		t->blocked = true;
}

void machine_age(struct machine *m, enum ageing how)
{
	unsigned long b;

	rnd_seed(how + 1);
	m->free = 0;
	for (b = 0; b < m->blocks; b++) {
		struct truth *t = &m->truth[b];

		age_block(t, how, b, m->blocks);
		m->free += pageblock_nr_pages - t->used;
	}
}

u32 lc_scan_ticks(void)
{
	return (u32)(jiffies / (HZ / LC_TICKS_PER_SEC)) & LC_STAMP_MASK;
}

/* Free pages lie in pieces of about 16, used ones are seen one by one. */
u32 lc_scan_block(struct zone *zone, unsigned long block, unsigned int *touched)
{
	struct machine *m = zone->machine;
	enum lc_state state = LC_CLEAN;
	const struct truth *t;
	unsigned int pages = 1;

	if (block < m->first || block >= m->first + m->blocks ||
	    m->truth[block - m->first].hole)
		return lc_summary(LC_HOLE, 0, lc_scan_ticks());
	t = &m->truth[block - m->first];
	if (t->used)
		pages += t->used + (pageblock_nr_pages - t->used) / 16;
	if (t->idle) {
		pages = 1;
	} else if (t->blocked || t->ours) {
		state = LC_BLOCKED;
		pages = t->ours ? 1 : 1 + pages / 2;
	} else if (t->pinned) {
		state = LC_SUSPECT;
	}
	*touched += pages;
	m->touched += pages;
	return lc_summary(state, t->idle ? pageblock_nr_pages : 2U * t->used,
			  lc_scan_ticks());
}

/* Pages that moved are somewhere else now, where nobody looked yet. */
static void settle(struct machine *m, unsigned int pages)
{
	unsigned int room, tries;

	for (tries = 0; pages && tries < 1000; tries++) {
		struct truth *t = &m->truth[rnd(m->blocks)];

		if (t->ours || t->hole || t->used >= pageblock_nr_pages)
			continue;
		room = min(pages, pageblock_nr_pages - t->used);
		t->used += room;
		pages -= room;
	}
}

/* What alloc_contig_range() does: all or nothing, from the low end up. */
int machine_take(struct machine *m, unsigned long pfn, unsigned long nr_pages)
{
	unsigned long b, first = (pfn >> pageblock_order) - m->first;
	unsigned long end = DIV_ROUND_UP(pfn + nr_pages, pageblock_nr_pages) -
			    m->first;
	unsigned int moved = 0;
	int err = 0;

	assert(pfn >> pageblock_order >= m->first && end <= m->blocks);
	for (b = first; b < end; b++) {
		const struct truth *t = &m->truth[b];

		assert(!t->hole);	/* the kernel would oops */
		assert(!t->ours || t->idle);
		if (t->blocked || t->secret)
			return -EBUSY;
	}
	for (b = first; !err && b < end; b++) {
		struct truth *t = &m->truth[b];

		if (t->pinned) {
			err = -EBUSY;
			break;
		}
		moved += t->used;
		t->used = 0;
	}
	for (b = first; !err && b < end; b++) {
		m->truth[b].ours = true;
		m->truth[b].idle = false;
	}
	settle(m, moved);
	m->moved += moved;
	if (!err)
		m->free -= min(m->free, nr_pages);
	return err;
}

void machine_give(struct machine *m, unsigned long pfn, unsigned long nr_pages)
{
	unsigned long b = (pfn >> pageblock_order) - m->first;
	unsigned long end = DIV_ROUND_UP(pfn + nr_pages, pageblock_nr_pages) -
			    m->first;

	for (; b < end; b++) {
		assert(m->truth[b].ours);
		m->truth[b].ours = false;
	}
	m->free += nr_pages;
	lc_scan_freed(&m->zone, pfn, nr_pages);
}

void machine_pool(struct machine *m, unsigned long pfn, unsigned long nr_pages,
		  bool idle)
{
	unsigned long b = (pfn >> pageblock_order) - m->first;
	unsigned long end = DIV_ROUND_UP(pfn + nr_pages, pageblock_nr_pages) -
			    m->first;

	for (; b < end; b++) {
		assert(m->truth[b].ours && m->truth[b].idle != idle);
		m->truth[b].idle = idle;
	}
	if (idle)
		lc_scan_idle(&m->zone, pfn, nr_pages);
	else
		lc_scan_taken(&m->zone, pfn, nr_pages);
}

/* The loop of alloc.c. */
int machine_alloc(struct machine *m, unsigned long nr_pages,
		  unsigned long align, unsigned long end_pfn,
		  unsigned long *pfn, unsigned int *tries)
{
	struct lc_search s;
	int err;

	lc_search_begin(&s, &m->zone, nr_pages, align, end_pfn);
	for (*tries = 0; *tries < 1000; ++*tries) {
		err = lc_search_next(&s, pfn);
		if (err)
			return err;
		assert(*pfn % align == 0 && *pfn + nr_pages <= end_pfn);
		err = machine_take(m, *pfn, nr_pages);
		lc_search_done(&s, *pfn, err);
		if (!err)
			return 0;
		jiffies += 5;
	}
	return -ENOSPC;
}
