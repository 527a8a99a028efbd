/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A struct lc_idle beside a model of it that has one element a page. Each function
 * does the same to both, ends the program if they differ, and returns what the
 * function under test did.
 */
#ifndef _UNIT_IDLE_MODEL_H
#define _UNIT_IDLE_MODEL_H

#include "host.h"
#include "extent.h"

#define MODEL_PAGES	1280UL
#define MODEL_START	5000UL	/* where they begin; nothing is below or above */

/**
 * struct idle_model - idle pages
 * @idle: what is under test
 * @has: page i is idle
 * @unzeroed: and not zeroed yet
 * @stamp: when its extent was last added to
 * @unzeroed_stamp: the same in the set of what is not zeroed
 * @dirty: what is really in the page
 * @now: how many changes there were
 * @nr_pages: how many pages are idle
 * @least: the least since the period began
 * @meanwhile: what another task does before each page that is zeroed, or NULL: it
 *	may change what is idle, but put nothing into @batch
 * @batch: pages that are being zeroed
 */
struct idle_model {
	struct lc_idle idle;
	bool has[MODEL_PAGES];
	bool unzeroed[MODEL_PAGES];
	unsigned int stamp[MODEL_PAGES];
	unsigned int unzeroed_stamp[MODEL_PAGES];
	bool dirty[MODEL_PAGES];
	unsigned int now;
	unsigned long nr_pages;
	unsigned long least;
	void (*meanwhile)(struct idle_model *m);
	struct lc_extent batch;
};

void model_begin(struct idle_model *m);
void model_end(struct idle_model *m);
/* Compare all that the sets hold. */
void model_check(const struct idle_model *m);

/*
 * @spares: a mask of the sets that there are spare nodes for, SPARE_NONE or
 * SPARE_BOTH for a take; @ext must not be idle for a put.
 */
#define SPARE_NONE	0U
#define SPARE_ALL	1U
#define SPARE_UNZEROED	2U
#define SPARE_BOTH	3U

bool model_put(struct idle_model *m, const struct lc_extent *ext, bool zeroed,
	       unsigned int spares);
bool model_take(struct idle_model *m, const struct lc_extent *ext,
		unsigned int spares);
bool model_fit(struct idle_model *m, const struct lc_constraint *c,
	       struct lc_extent_found *found);
bool model_take_oldest(struct idle_model *m, unsigned long nr_pages,
		       struct lc_extent *ext);
bool model_take_within(struct idle_model *m, const struct lc_extent *range,
		       unsigned int spares, struct lc_extent *ext);
bool model_zero_some(struct idle_model *m);
unsigned long model_period(struct idle_model *m);

/* Is any page of @ext idle? */
bool model_any(const struct idle_model *m, const struct lc_extent *ext);

#endif /* _UNIT_IDLE_MODEL_H */
