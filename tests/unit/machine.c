// SPDX-License-Identifier: GPL-2.0
#include "machine.h"

static struct machine *machines;
bool machine_reclaims;
void (*machine_scanned)(void);

const char *const ageing_names[NR_AGEINGS] = {
	"fresh", "files", "pins", "many-pins", "clusters", "full", "stripes",
};

struct machine *machine_at(unsigned long pfn)
{
	struct machine *m = machines;

	while (m && (pfn < m->zone.zone_start_pfn ||
		     pfn >= zone_end_pfn(&m->zone)))
		m = m->next;
	assert(m);
	return m;
}

struct zone *page_zone(const struct page *page)
{
	return &machine_at(page_to_pfn(page))->zone;
}

void machine_new(struct machine *m, int zone_idx, unsigned long first,
		 unsigned long blocks)
{
	*m = (struct machine){
		.zone = {
			.zone_start_pfn = first << pageblock_order,
			.spanned_pages = blocks << pageblock_order,
			.managed_pages = blocks << pageblock_order,
			.free_pages = blocks << pageblock_order,
			.idx = zone_idx,
			.machine = m,
		},
		.blocks = blocks,
		.first = first,
		.truth = calloc(blocks, sizeof(struct truth)),
		.free = blocks << pageblock_order,
		.next = machines,
	};
	assert(m->truth);
	machines = m;
}

void machine_free(struct machine *m)
{
	struct machine **link = &machines;

	while (*link != m)
		link = &(*link)->next;
	*link = m->next;
	free(m->truth);
	m->truth = NULL;
	if (!machines)
		lc_zone_exit();
	assert(!host_mutexes && !host_spinlocks);
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

u32 lc_pbscan_ticks(void)
{
	return (u32)(jiffies / (HZ / LC_TICKS_PER_SEC)) & LC_PB_STAMP_MASK;
}

struct lc_pb lc_pbscan_idle_block(u32 now)
{
	return lc_pb_summary(LC_PB_MOVABLE, 512, now);
}

/*
 * Free pages lie in pieces of about 16, used and owned ones are seen one by one.
 * Never are more pages said to be idle than there are.
 */
static struct lc_pb scan_block(struct machine *m, unsigned long block,
			       unsigned long idle, unsigned int *touched)
{
	enum lc_pb_state state = LC_PB_MOVABLE;
	const struct truth *t;
	unsigned int pages = 1, known;

	if (block < m->first || block >= m->first + m->blocks ||
	    m->truth[block - m->first].hole)
		return lc_pb_summary(LC_PB_HOLE, 0, lc_pbscan_ticks());
	t = &m->truth[block - m->first];
	assert(idle <= t->idle);
	if (idle == pageblock_nr_pages)
		return lc_pbscan_idle_block(lc_pbscan_ticks());
	known = t->used + t->owned;
	if (known)
		pages += known + (pageblock_nr_pages - known) / 16;
	if (t->blocked || t->owned > idle) {
		state = LC_PB_UNMOVABLE;
		pages = t->owned ? 1 : 1 + pages / 2;
	} else if (t->pinned) {
		state = LC_PB_PINNED;
	} else if (t->busy) {
		state = LC_PB_BUSY;
	}
	*touched += pages;
	m->touched += pages;
	return lc_pb_summary(state, (LC_COST_MOVE * t->used + t->owned) /
			     LC_COST_SCALE, lc_pbscan_ticks());
}

struct lc_pb lc_pbscan_block(struct zone *zone, unsigned long block,
			     unsigned long idle, unsigned int *touched)
{
	struct lc_pb pb;

	might_sleep();
	assert(!host_mutexes);
	pb = scan_block(zone->machine, block, idle, touched);
	if (machine_scanned)
		machine_scanned();
	return pb;
}

/* Pages that moved are somewhere else now, which no scan has seen. */
static void settle(struct machine *m, unsigned int pages)
{
	unsigned int room, tries, used;

	for (tries = 0; pages && tries < 1000; tries++) {
		struct truth *t = &m->truth[rnd(m->blocks)];

		used = t->used + t->owned;
		if (t->hole || used >= pageblock_nr_pages)
			continue;
		room = min(pages, pageblock_nr_pages - used);
		t->used += room;
		pages -= room;
	}
}

/* The part of @ext in the first of its pageblocks; the rest is left. */
static bool next_part(struct lc_extent *rest, struct lc_extent *part)
{
	unsigned long end = ALIGN(rest->pfn + 1, pageblock_nr_pages);

	if (!rest->nr_pages)
		return false;
	part->pfn = rest->pfn;
	part->nr_pages = min(rest->nr_pages, end - rest->pfn);
	rest->pfn += part->nr_pages;
	rest->nr_pages -= part->nr_pages;
	return true;
}

static struct truth *truth_at(unsigned long pfn)
{
	struct machine *m = machine_at(pfn);

	return &m->truth[(pfn >> pageblock_order) - m->first];
}

/* What alloc_contig_range() does: all or nothing, from the low end up. */
int machine_take(const struct lc_extent *ext)
{
	struct machine *m = machine_at(ext->pfn);
	struct lc_extent rest, part;
	unsigned int moved = 0;
	int err = 0;

	assert(lc_extent_end(ext) <= zone_end_pfn(&m->zone));
	for (rest = *ext; next_part(&rest, &part);) {
		const struct truth *t = truth_at(part.pfn);

		assert(!t->hole);	/* the kernel would oops */
		if (t->blocked || t->secret || t->owned)
			return -EBUSY;
	}
	for (rest = *ext; !err && next_part(&rest, &part);) {
		struct truth *t = truth_at(part.pfn);

		if (t->pinned) {
			err = -EBUSY;
			break;
		}
		moved += t->used;
		t->used = 0;
		t->busy = false;	/* waited for */
	}
	for (rest = *ext; !err && next_part(&rest, &part);)
		truth_at(part.pfn)->owned += part.nr_pages;
	settle(m, moved);
	m->moved += moved;
	if (!err)
		m->free -= min(m->free, ext->nr_pages);
	return err;
}

void machine_give(const struct lc_extent *ext)
{
	struct machine *m = machine_at(ext->pfn);
	struct lc_extent rest = *ext, part;

	while (next_part(&rest, &part)) {
		struct truth *t = truth_at(part.pfn);

		assert(t->owned - t->idle >= part.nr_pages);
		t->owned -= part.nr_pages;
	}
	m->free += ext->nr_pages;
	lc_zone_freed(&m->zone, ext);
}

void machine_idle(const struct lc_extent *ext)
{
	struct lc_extent rest = *ext, part;

	while (next_part(&rest, &part)) {
		struct truth *t = truth_at(part.pfn);

		assert(t->owned - t->idle >= part.nr_pages);
		t->idle += part.nr_pages;
	}
	lc_zone_idle(&machine_at(ext->pfn)->zone, ext);
}

void machine_reuse(const struct lc_extent *ext)
{
	struct lc_extent rest = *ext, part;

	while (next_part(&rest, &part)) {
		struct truth *t = truth_at(part.pfn);

		assert(t->idle >= part.nr_pages);
		t->idle -= part.nr_pages;
	}
	lc_zone_taken(&machine_at(ext->pfn)->zone, ext);
}

void machine_evict(const struct lc_extent *ext)
{
	struct lc_extent rest = *ext, part;

	while (next_part(&rest, &part)) {
		part.pfn = ALIGN_DOWN(part.pfn, pageblock_nr_pages);
		part.nr_pages = truth_at(part.pfn)->idle;
		if (!part.nr_pages)
			continue;
		machine_reuse(&part);
		machine_give(&part);
	}
}

/* One block's idle pages of each zone are freed. */
void host_reclaim(void)
{
	struct lc_extent block = { .nr_pages = pageblock_nr_pages };
	unsigned long i, b, start;
	struct machine *m;

	for (m = machines; machine_reclaims && m; m = m->next) {
		start = rnd(m->blocks);
		for (i = 0; i < m->blocks; i++) {
			b = (start + i) % m->blocks;
			if (!m->truth[b].idle)
				continue;
			block.pfn = (m->first + b) << pageblock_order;
			machine_evict(&block);
			break;
		}
	}
}

/* Before anything else happens a window holds no page of a buffer. */
static void check_window(const struct lc_constraint *c,
			 const struct lc_extent *ext)
{
	struct lc_extent rest = *ext, part;

	assert(ext->nr_pages == c->nr_pages && ext->pfn % c->align == 0);
	assert(ext->pfn >= c->start_pfn && lc_extent_end(ext) <= c->end_pfn);
	while (next_part(&rest, &part))
		assert(truth_at(part.pfn)->owned == truth_at(part.pfn)->idle);
}

/* The loop of alloc.c, in one zone. */
int machine_alloc(struct machine *m, const struct lc_constraint *c,
		  struct lc_extent *ext, unsigned int *tries)
{
	struct lc_search s;
	int err;

	lc_search_begin(&s, c, jiffies + 1000 * HZ);
	lc_search_add_zone(&s, c, &m->zone);
	for (*tries = 0; *tries < 1000; ++*tries) {
		err = lc_search_next(&s, ext);
		if (err)
			return err;
		check_window(c, ext);
		machine_evict(ext);
		err = machine_take(ext);
		lc_search_done(&s, err);
		if (!err) {
			lc_zone_prepare(ext);
			return 0;
		}
		jiffies += 5;
	}
	return -ENOSPC;
}
