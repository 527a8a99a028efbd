// SPDX-License-Identifier: GPL-2.0
#include "idle_model.h"

#include "../../heap/pages.h"

#define FIT_TRIES	64
#define ZERO_PAGES	(SZ_256K >> PAGE_SHIFT)

/* Of the model that is in use, for clear_highpage(). */
static struct idle_model *model;

static unsigned long index_of(unsigned long pfn)
{
	assert(pfn >= MODEL_START && pfn < MODEL_START + MODEL_PAGES);
	return pfn - MODEL_START;
}

/* No page breaks here. */
bool lc_page_broken(struct page *page)
{
	(void)page;
	return false;
}

/* The other task ends in time to see what it waits for. */
void clear_highpage(struct page *page)
{
	unsigned long i = index_of(page_to_pfn(page));

	assert(host_spinlocks == 1);	/* not that of the idle memory */
	if (model->meanwhile) {
		host_allocations_left = ULONG_MAX;
		host_may_wait = true;
		model->meanwhile(model);
		host_may_wait = false;
		host_allocations_left = 0;
		assert(host_spinlocks == 1);
	}
	model->dirty[i] = false;
}

/* The run of pages around @i of which @has is true: [*start, *end). */
static void run_around(const bool *has, unsigned long i, unsigned long *start,
		       unsigned long *end)
{
	assert(has[i]);
	for (*start = i; *start && has[*start - 1];)
		--*start;
	for (*end = i; *end < MODEL_PAGES && has[*end];)
		++*end;
}

static bool set_next(const struct lc_extent_set *set, unsigned long pfn,
		     struct lc_extent *ext)
{
	*ext = (struct lc_extent){ 0, 0 };
	return lc_extent_set_next(set, pfn, ext);
}

static void check_set(const struct lc_extent_set *set, const bool *has)
{
	unsigned long i, start, end, nr_extents = 0, nr_pages = 0;
	struct lc_extent ext;

	for (i = 0; i < MODEL_PAGES; i++) {
		if (!has[i])
			continue;
		run_around(has, i, &start, &end);
		assert(set_next(set, MODEL_START + (nr_pages ? i : 0), &ext));
		assert(ext.pfn == MODEL_START + start);
		assert(ext.nr_pages == end - start);
		assert(set_next(set, MODEL_START + end - 1, &ext));
		assert(ext.pfn == MODEL_START + start);
		nr_extents++;
		nr_pages += end - start;
		i = end - 1;
	}
	assert(nr_pages || !set_next(set, 0, &ext));
	assert(set->nr_extents == nr_extents);
	assert(set->nr_pages == nr_pages);
}

void model_check(const struct idle_model *m)
{
	unsigned long i;

	check_set(&m->idle.all, m->has);
	check_set(&m->idle.unzeroed, m->unzeroed);
	for (i = 0; i < MODEL_PAGES; i++) {
		assert(!m->unzeroed[i] || m->has[i]);
		/* what counts as zeroed is zero */
		assert(!m->has[i] || m->unzeroed[i] || !m->dirty[i]);
	}
	assert(lc_extent_pages((struct lc_idle *)&m->idle) == m->nr_pages);
}

void model_begin(struct idle_model *m)
{
	memset(m, 0, sizeof(*m));
	memset(m->dirty, true, sizeof(m->dirty));
	lc_extent_init(&m->idle);
	model = m;
}

void model_end(struct idle_model *m)
{
	struct lc_extent ext;

	while (model_take_oldest(m, MODEL_PAGES, &ext))
		;
	assert(!m->idle.all.nr_extents && !m->idle.unzeroed.nr_extents);
}

bool model_any(const struct idle_model *m, const struct lc_extent *ext)
{
	unsigned long i;

	for (i = 0; i < ext->nr_pages; i++)
		if (m->has[index_of(ext->pfn + i)])
			return true;
	return false;
}

static void get_spares(struct lc_extent_spare *spare, unsigned int spares)
{
	unsigned int others = host_spinlocks, i;

	host_spinlocks = 0;	/* another task's */
	assert(!lc_extent_spare_alloc(spare, false, GFP_KERNEL));
	for (i = 0; i < 2; i++) {
		if (spares & 1U << i)
			continue;
		kfree(spare->node[i]);
		spare->node[i] = NULL;
	}
	host_spinlocks = others;
	host_allocations_left = 0;	/* nothing else is allocated */
}

static void put_spares(struct lc_extent_spare *spare)
{
	host_allocations_left = ULONG_MAX;
	lc_extent_spare_free(spare);
	assert(!spare->node[0] && !spare->node[1]);
}

/* Is one end of @ext beside a page of the set? */
static bool touches(const bool *has, const struct lc_extent *ext)
{
	unsigned long i = index_of(ext->pfn), end = i + ext->nr_pages;

	return (i && has[i - 1]) || (end < MODEL_PAGES && has[end]);
}

static void set_add(bool *has, unsigned int *stamp, const struct lc_extent *ext,
		    unsigned int now)
{
	unsigned long i = index_of(ext->pfn), start, end;

	memset(has + i, true, ext->nr_pages);
	run_around(has, i, &start, &end);
	for (i = start; i < end; i++)
		stamp[i] = now;
}

bool model_put(struct idle_model *m, const struct lc_extent *ext, bool zeroed,
	       unsigned int spares)
{
	bool fits = (spares & SPARE_ALL || touches(m->has, ext)) &&
		    (zeroed || spares & SPARE_UNZEROED ||
		     touches(m->unzeroed, ext));
	unsigned long i = index_of(ext->pfn);
	struct lc_extent_spare spare;
	bool done;

	assert(!model_any(m, ext));
	memset(m->dirty + i, !zeroed, ext->nr_pages);
	get_spares(&spare, spares);
	done = lc_extent_put(&m->idle, ext, zeroed, &spare);
	put_spares(&spare);
	assert(done == fits);
	if (done) {
		m->now++;
		set_add(m->has, m->stamp, ext, m->now);
		if (!zeroed)
			set_add(m->unzeroed, m->unzeroed_stamp, ext, m->now);
		m->nr_pages += ext->nr_pages;
	}
	model_check(m);
	return done;
}

/* The pages have another owner now, which writes to them. */
static void set_cut(struct idle_model *m, const struct lc_extent *ext)
{
	unsigned long i = index_of(ext->pfn);

	memset(m->has + i, false, ext->nr_pages);
	memset(m->unzeroed + i, false, ext->nr_pages);
	memset(m->dirty + i, true, ext->nr_pages);
	m->nr_pages -= ext->nr_pages;
	m->least = min(m->least, m->nr_pages);
}

/*
 * What is not zeroed may be in the batch that is being zeroed: taking it waits for
 * it once, or else it would be written to afterwards.
 */
static void check_waited(const struct idle_model *m, const struct lc_extent *ext,
			 unsigned int waits)
{
	bool unzeroed = false;
	unsigned long i;

	for (i = ext->pfn; i < lc_extent_end(ext); i++)
		unzeroed |= m->unzeroed[index_of(i)];
	assert(host_waits == waits + (unzeroed && m->batch.nr_pages));
}

/* Everything that is not in @unzeroed is zero, and it is no larger than needed. */
static void check_unzeroed(const struct idle_model *m,
			   const struct lc_extent *ext,
			   const struct lc_extent *unzeroed)
{
	unsigned long i, first = 0, last = 0;

	for (i = ext->pfn; i < lc_extent_end(ext); i++) {
		if (!m->unzeroed[index_of(i)]) {
			assert(!m->dirty[index_of(i)]);
			continue;
		}
		if (!last)
			first = i;
		last = i + 1;
	}
	assert(unzeroed->nr_pages == last - first);
	assert(!last || unzeroed->pfn == first);
}

bool model_take(struct idle_model *m, const struct lc_extent *ext,
		unsigned int spares)
{
	unsigned long i, start, end, first = index_of(ext->pfn);
	unsigned long last = first + ext->nr_pages;
	struct lc_extent unzeroed = { 7, 7 };
	unsigned int waits = host_waits;
	struct lc_extent_spare spare;
	bool fits = true, done;

	assert(spares == SPARE_NONE || spares == SPARE_BOTH);
	for (i = first; i < last; i++)
		fits &= m->has[i];
	if (fits) {
		run_around(m->has, first, &start, &end);
		fits = spares || start == first || end == last;
	}
	get_spares(&spare, spares);
	done = lc_extent_take(&m->idle, ext, &spare, &unzeroed);
	put_spares(&spare);
	assert(done == fits);
	if (done) {
		check_unzeroed(m, ext, &unzeroed);
		check_waited(m, ext, waits);
		set_cut(m, ext);
	}
	model_check(m);
	return done;
}

bool model_fit(struct idle_model *m, const struct lc_constraint *c,
	       struct lc_extent_found *found)
{
	unsigned long lens[MODEL_PAGES / 2 + 1], starts[MODEL_PAGES / 2 + 1];
	unsigned long i, j, n = 0, nr = 0, start, end;
	struct lc_extent_found best = { 0 };
	bool any = false, done;

	/* sorted by length and then by place */
	for (i = 0; i < MODEL_PAGES; i++) {
		if (!m->has[i])
			continue;
		run_around(m->has, i, &start, &end);
		i = end - 1;
		nr++;
		if (end - start < c->nr_pages)
			continue;
		for (j = n++; j && lens[j - 1] > end - start; j--) {
			lens[j] = lens[j - 1];
			starts[j] = starts[j - 1];
		}
		lens[j] = end - start;
		starts[j] = start;
	}
	for (j = 0; j < n && j < FIT_TRIES; j++) {
		unsigned long pfn = MODEL_START + starts[j];
		struct lc_extent around = { pfn, lens[j] };
		bool zeroed = true;

		while (pfn < c->start_pfn || pfn % c->align)
			pfn++;
		if (pfn + c->nr_pages > min(lc_extent_end(&around), c->end_pfn))
			continue;
		for (i = 0; i < c->nr_pages; i++)
			zeroed &= !m->unzeroed[index_of(pfn + i)];
		if (any && !zeroed)
			continue;
		any = true;
		best.ext = (struct lc_extent){ pfn, c->nr_pages };
		best.around = around;
		if (zeroed)
			break;
	}
	done = lc_extent_fit(&m->idle, c, FIT_TRIES, found);
	assert(done == any && found->nr_extents == nr);
	assert(!done || (found->ext.pfn == best.ext.pfn &&
			 found->ext.nr_pages == c->nr_pages &&
			 found->around.pfn == best.around.pfn &&
			 found->around.nr_pages == best.around.nr_pages));
	return done;
}

/* The page whose extent was added to longest ago, the lowest of equals. */
static unsigned long oldest(const bool *has, const unsigned int *stamp)
{
	unsigned long i, found = MODEL_PAGES;

	for (i = 0; i < MODEL_PAGES; i++)
		if (has[i] && (found == MODEL_PAGES || stamp[i] < stamp[found]))
			found = i;
	return found;
}

bool model_take_oldest(struct idle_model *m, unsigned long nr_pages,
		       struct lc_extent *ext)
{
	unsigned long i = oldest(m->has, m->stamp), start, end;
	unsigned int waits = host_waits;
	bool done;

	host_allocations_left = 0;
	done = lc_extent_take_oldest(&m->idle, nr_pages, ext);
	host_allocations_left = ULONG_MAX;
	assert(done == (i < MODEL_PAGES));
	if (done) {
		run_around(m->has, i, &start, &end);
		nr_pages = min(nr_pages, end - start);
		assert(ext->nr_pages == nr_pages);
		assert(ext->pfn == MODEL_START + end - nr_pages);
		check_waited(m, ext, waits);
		set_cut(m, ext);
	}
	model_check(m);
	return done;
}

bool model_take_within(struct idle_model *m, const struct lc_extent *range,
		       unsigned int spares, struct lc_extent *ext)
{
	unsigned long first = index_of(range->pfn), start, end;
	unsigned long last = first + range->nr_pages;
	unsigned int waits = host_waits;
	struct lc_extent_spare spare;
	bool done;

	while (first < last && !m->has[first])
		first++;
	get_spares(&spare, spares);
	done = lc_extent_take_within(&m->idle, range, &spare, ext);
	put_spares(&spare);
	assert(done == (first < last));
	if (done) {
		run_around(m->has, first, &start, &end);
		if (spares == SPARE_BOTH)
			end = min(end, last);
		assert(ext->pfn == MODEL_START + first);
		assert(ext->nr_pages == end - first);
		check_waited(m, ext, waits);
		set_cut(m, ext);
	}
	model_check(m);
	return done;
}

bool model_zero_some(struct idle_model *m)
{
	unsigned long i = oldest(m->unzeroed, m->unzeroed_stamp), start, end;
	unsigned long first = 0, last = 0;
	bool done;

	if (i < MODEL_PAGES) {
		run_around(m->unzeroed, i, &start, &end);
		first = start;
		last = min(end, start + ZERO_PAGES);
		m->batch.pfn = MODEL_START + first;
		m->batch.nr_pages = last - first;
	}
	host_allocations_left = 0;
	done = lc_extent_zero_some(&m->idle);
	host_allocations_left = ULONG_MAX;
	m->batch.nr_pages = 0;
	assert(done == (i < MODEL_PAGES));
	if (done && m->unzeroed[first]) {
		run_around(m->unzeroed, first, &start, &end);
		/* in the middle of what grew meanwhile: without a node it stays */
		if (start < first && end > last)
			last = first;
	}
	for (i = first; i < last; i++)
		m->unzeroed[i] = false;
	assert(!host_spinlocks);
	model_check(m);
	return done;
}

unsigned long model_period(struct idle_model *m)
{
	unsigned long least = lc_extent_period(&m->idle);

	assert(least == m->least);
	m->least = m->nr_pages;
	return least;
}
