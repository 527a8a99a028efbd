/* SPDX-License-Identifier: GPL-2.0 */
/* A map drawn as text, for tests of the arithmetic alone. */
#ifndef _UNIT_GRID_H
#define _UNIT_GRID_H

#include "policy.h"

#define GRID_SLOTS	4

struct grid {
	struct lc_map map;
	struct lc_slot slots[GRID_SLOTS];
	u32 block[GRID_SLOTS][LC_CHUNK_BLOCKS];
};

/*
 * From block @first of a map that begins at block 0, one letter a block:
 * . clean and free, 1 to 9 clean with hundreds of pages to move, # blocked,
 * s suspect, c claimed, h hole, t taken, ? unknown. All other blocks are holes.
 */
static inline void grid_draw(struct grid *g, unsigned long first,
			     const char *text, u32 now)
{
	unsigned long i, b;

	memset(g, 0, sizeof(*g));
	g->map.slots = g->slots;
	g->map.nr = GRID_SLOTS;
	g->map.unit = 2;
	g->map.cursor = lc_map_end(&g->map);
	for (i = 0; i < GRID_SLOTS; i++)
		g->slots[i].block = g->block[i];
	for (b = 0; b < lc_map_end(&g->map); b++) {
		u32 v = lc_summary(LC_HOLE, 0, now);

		if (b >= first && b - first < strlen(text)) {
			char c = text[b - first];

			if (c == '.' || c == 'c')
				v = lc_summary(LC_CLEAN, 0, now);
			else if (c >= '1' && c <= '9')
				v = lc_summary(LC_CLEAN, (c - '0') * 100, now);
			else if (c == '#')
				v = lc_summary(LC_BLOCKED, 0, now);
			else if (c == 's')
				v = lc_summary(LC_SUSPECT, 0, now);
			else if (c == 't')
				v = lc_summary(LC_TAKEN, 0, now);
			else if (c == '?')
				v = LC_UNKNOWN;
			if (c == 'c')
				v |= LC_CLAIMED;
		}
		lc_map_set(&g->map, b, v);
	}
}

#endif /* _UNIT_GRID_H */
