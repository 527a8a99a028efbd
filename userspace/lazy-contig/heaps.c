// SPDX-License-Identifier: GPL-2.0
/* The heaps of the module, of which a file of the control device lists the entries. */
#include <string.h>

#include "cli.h"

/* The first two are always the same, and are all where the file cannot be read. */
void heaps_find(struct heaps *heaps)
{
	FILE *file = fopen(SYSFS_DIR "/heaps", "re");
	char line[4096];

	*heaps = (struct heaps){ 2, { LAZY_CONTIG_HEAP, LAZY_CONTIG_HEAP_DMA32 } };
	if (!file)
		return;
	heaps->count = 0;
	while (heaps->count < ARRAY_SIZE(heaps->names) && fgets(line, sizeof(line), file))
		snprintf(heaps->names[heaps->count++], sizeof(heaps->names[0]), "%.*s",
			 (int)strcspn(line, ":\n"), line);
	fclose(file);
}

bool heaps_have(const struct heaps *heaps, const char *name)
{
	size_t i;

	for (i = 0; i < heaps->count; i++)
		if (!strcmp(heaps->names[i], name))
			return true;
	return false;
}
