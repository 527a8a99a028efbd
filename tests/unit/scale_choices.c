// SPDX-License-Identifier: GPL-2.0
#include "machine.h"
#include "scale.h"

typedef bool (best_fn)(struct lc_pbmap *map, const struct lc_want *want,
		       struct lc_window *best);
best_fn __real_lc_placement_best, __wrap_lc_placement_best;

unsigned long scale_choices;

/* Called instead of the other, which the linker sees to. */
bool __wrap_lc_placement_best(struct lc_pbmap *map, const struct lc_want *want,
			      struct lc_window *best)
{
	scale_choices++;
	return __real_lc_placement_best(map, want, best);
}
