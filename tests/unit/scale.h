/* SPDX-License-Identifier: GPL-2.0 */
/* Samples of what grows, or does not. */
#ifndef _UNIT_SCALE_H
#define _UNIT_SCALE_H

#include "host.h"

/**
 * struct samples - one number for each request
 * @value: they
 * @nr: how many
 * @room: for how many there is room
 */
struct samples {
	unsigned long *value;
	unsigned long nr;
	unsigned long room;
};

static inline void sample(struct samples *s, unsigned long value)
{
	if (s->nr == s->room) {
		s->room = s->room ? 2 * s->room : 1024;
		s->value = realloc(s->value, s->room * sizeof(*s->value));
		assert(s->value);
	}
	s->value[s->nr++] = value;
}

static inline int ascending(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a;
	unsigned long y = *(const unsigned long *)b;

	return (x > y) - (x < y);
}

/* The value that @permille of all are not above; 1000 is the most. Sorts them. */
static inline unsigned long quantile(struct samples *s, unsigned int permille)
{
	unsigned long i = s->nr * permille / 1000;

	if (!s->nr)
		return 0;
	qsort(s->value, s->nr, sizeof(*s->value), ascending);
	return s->value[min(i, s->nr - 1)];
}

#endif /* _UNIT_SCALE_H */
