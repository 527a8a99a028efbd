/* SPDX-License-Identifier: GPL-2.0 */
/* A map drawn as text, for tests of the arithmetic alone. */
#ifndef _UNIT_GRID_H
#define _UNIT_GRID_H

#include "placement.h"

#define GRID_SLOTS	4

struct grid {
	struct lc_pbmap map;
	struct lc_slot slots[GRID_SLOTS];
	struct lc_pb block[GRID_SLOTS][LC_SLOT_BLOCKS];
};

/*
 * From block @first of a map that begins at block 0, one letter a block:
 * . movable and free, 1 to 9 movable with hundreds of pages to move,
 * # unmovable, s pinned, b busy, c claimed, h hole, t owned, ? unknown. All
 * other blocks are holes.
 */
static inline void grid_draw(struct grid *g, unsigned long first,
			     const char *text, u32 now)
{
	unsigned long i, b, len = strlen(text);

	memset(g, 0, sizeof(*g));
	g->map.slots = g->slots;
	g->map.nr = GRID_SLOTS;
	g->map.unit = 2;
	g->map.cursor = lc_pbmap_end(&g->map);
	for (i = 0; i < GRID_SLOTS; i++)
		g->slots[i].block = g->block[i];
	for (b = 0; b < lc_pbmap_end(&g->map); b++) {
		struct lc_pb pb = lc_pb_summary(LC_PB_HOLE, 0, now);

		if (b >= first && b - first < len) {
			char c = text[b - first];

			if (c == '.' || c == 'c')
				pb = lc_pb_summary(LC_PB_MOVABLE, 0, now);
			else if (c >= '1' && c <= '9')
				pb = lc_pb_summary(LC_PB_MOVABLE,
						   (c - '0') * 100, now);
			else if (c == '#')
				pb = lc_pb_summary(LC_PB_UNMOVABLE, 0, now);
			else if (c == 's')
				pb = lc_pb_summary(LC_PB_PINNED, 0, now);
			else if (c == 'b')
				pb = lc_pb_summary(LC_PB_BUSY, 0, now);
			else if (c == 't')
				pb = lc_pb_summary(LC_PB_OWNED, 0, now);
			else if (c == '?')
				pb = (struct lc_pb){ 0 };
			pb.claimed = c == 'c';
		}
		lc_pbmap_set(&g->map, b, pb);
	}
}

#endif /* _UNIT_GRID_H */
