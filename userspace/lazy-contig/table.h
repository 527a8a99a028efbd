/* SPDX-License-Identifier: GPL-2.0 */
/* Files of the module in debugfs. */
#ifndef TABLE_H
#define TABLE_H

#include "cli.h"

#define MAX_FIELDS	32

/* The line read last; the names are those of the header line. */
struct table {
	FILE *file;
	int columns;
	char header[1024], line[1024];
	char *names[MAX_FIELDS], *values[MAX_FIELDS];
};

/* table.c */
void table_begin(struct table *table, FILE *file);
bool table_next(struct table *table);
const char *table_text(const struct table *table, const char *name);
__u64 table_number(const struct table *table, const char *name);

#endif /* TABLE_H */
