// SPDX-License-Identifier: GPL-2.0
/* Files of the module in debugfs: a header, then lines of fields separated by tabs. */
#include <stdlib.h>
#include <string.h>

#include "table.h"

/* What a backslash and this letter stand for, as seq_escape_str() of the kernel writes it. */
static char unescaped(char letter)
{
	static const char letters[] = "nrtvfae", bytes[] = "\n\r\t\v\f\a\33";
	const char *at = strchr(letters, letter);

	return letter && at ? bytes[at - letters] : letter;
}

/* Undoes the escaping of a field, in place. */
static void unescape(char *field)
{
	char *to = field;

	for (; *field; field++) {
		if (*field != '\\' || !field[1]) {
			*to++ = *field;
		} else if (strspn(field + 1, "01234567") >= 3) {
			*to++ = (field[1] - '0') << 6 | (field[2] - '0') << 3 | (field[3] - '0');
			field += 3;
		} else {
			*to++ = unescaped(*++field);
		}
	}
	*to = '\0';
}

static int split(char *line, char **fields)
{
	int n = 0;

	line[strcspn(line, "\n")] = '\0';
	while (line && n < MAX_FIELDS)
		fields[n++] = strsep(&line, "\t");
	return n;
}

/* Reads the header. */
void table_begin(struct table *table, FILE *file)
{
	table->file = file;
	table->columns = 0;
	if (fgets(table->header, sizeof(table->header), file))
		table->columns = split(table->header, table->names);
}

/* Reads the next line that has as many fields as the header. Return: false at the end. */
bool table_next(struct table *table)
{
	int i;

	while (fgets(table->line, sizeof(table->line), table->file)) {
		if (split(table->line, table->values) == table->columns) {
			for (i = 0; i < table->columns; i++)
				unescape(table->values[i]);
			return true;
		}
	}
	return false;
}

/* Return: the field in the column of this name; "0" if there is none. */
const char *table_text(const struct table *table, const char *name)
{
	int i;

	for (i = 0; i < table->columns; i++)
		if (!strcmp(table->names[i], name))
			return table->values[i];
	return "0";
}

__u64 table_number(const struct table *table, const char *name)
{
	return strtoull(table_text(table, name), NULL, 0);
}
