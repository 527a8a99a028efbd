// SPDX-License-Identifier: GPL-2.0
/* The heaps of the module, of which a file of the control device lists the entries. */
#include <string.h>

#include "cli.h"

/* @entry: NAME[:KEY[=VALUE]]..., which is cut into pieces */
static void parse_entry(char *entry, struct heap *heap)
{
	char *properties;

	entry[strcspn(entry, "\n")] = '\0';
	properties = strchrnul(entry, ':');
	if (*properties)
		*properties++ = '\0';
	snprintf(heap->name, sizeof(heap->name), "%.255s", entry);
	snprintf(heap->properties, sizeof(heap->properties), "%.255s", properties);
}

/* The first two are always the same, and are all where the file cannot be read. */
void heaps_find(struct heaps *heaps)
{
	FILE *file = fopen(SYSFS_DIR "/heaps", "re");
	char line[4096];

	*heaps = (struct heaps){
		2, { { LAZY_CONTIG_HEAP, "" }, { LAZY_CONTIG_HEAP_DMA32, "below=4G" } }
	};
	if (!file)
		return;
	heaps->count = 0;
	while (heaps->count < ARRAY_SIZE(heaps->heaps) && fgets(line, sizeof(line), file))
		parse_entry(line, &heaps->heaps[heaps->count++]);
	fclose(file);
}

bool heaps_have(const struct heaps *heaps, const char *name)
{
	size_t i;

	for (i = 0; i < heaps->count; i++)
		if (!strcmp(heaps->heaps[i].name, name))
			return true;
	return false;
}
