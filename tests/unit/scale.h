/* SPDX-License-Identifier: GPL-2.0 */
/* Samples of what grows, or does not, and tables of them. */
#ifndef _UNIT_SCALE_H
#define _UNIT_SCALE_H

#include "host.h"

#define GIB_BLOCKS	512UL	/* pageblocks, with pages of 4 KiB */

/* Calls of lc_placement_best(), in programs that scale_choices.c is part of. */
extern unsigned long scale_choices;

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

/**
 * struct column - a column of a table, which is printed, and written as CSV
 * @title: what is printed above it
 * @key: and written
 * @width: how wide it is printed
 * @digits: and with how many digits behind the point
 * @csv_digits: and written
 */
struct column {
	const char *title;
	const char *key;
	int width;
	int digits;
	int csv_digits;
};

/**
 * struct table - a table
 * @column: its columns
 * @nr: how many
 * @csv: where it is written to
 */
struct table {
	const struct column *column;
	unsigned int nr;
	FILE *csv;
};

/* The file at @path, or none if that is NULL, gets a head unless it has one. */
static inline void table_begin(struct table *t, const char *path, const char *mode)
{
	unsigned int i;

	t->csv = fopen(path ?: "/dev/null", mode);
	if (!t->csv) {
		perror(path);
		exit(1);
	}
	for (i = 0; i < t->nr; i++)
		printf("%*s%c", t->column[i].width, t->column[i].title,
		       i < t->nr - 1 ? ' ' : '\n');
	if (ftell(t->csv))
		return;
	for (i = 0; i < t->nr; i++)
		fprintf(t->csv, "%s%c", t->column[i].key, i < t->nr - 1 ? ',' : '\n');
}

static inline void table_row(const struct table *t, const double *value)
{
	unsigned int i;

	for (i = 0; i < t->nr; i++) {
		const struct column *c = &t->column[i];

		printf("%*.*f%c", c->width, c->digits, value[i], i < t->nr - 1 ? ' ' : '\n');
		fprintf(t->csv, "%.*f%c", c->csv_digits, value[i],
			i < t->nr - 1 ? ',' : '\n');
	}
	fflush(stdout);
}

#endif /* _UNIT_SCALE_H */
