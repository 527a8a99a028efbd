/* SPDX-License-Identifier: GPL-2.0 */
/* The state of each page of the machine: root only. */
#ifndef _AGE_PAGES_H
#define _AGE_PAGES_H

#include <stddef.h>
#include <stdint.h>

enum page_state {
	PAGE_HOLE,		/* no memory here */
	PAGE_FREE,
	PAGE_MOVABLE,		/* process memory and page cache */
	PAGE_PINNED,		/* the same, with a long-term pin */
	PAGE_SLAB,
	PAGE_TABLE,
	PAGE_RESERVED,		/* since boot */
	PAGE_OTHER,		/* the kernel's, of any other kind */
	NR_PAGE_STATES
};

extern const char *const page_states[NR_PAGE_STATES];

/* Ends the program if it may not read. */
void pages_open(void);
/* Why reference counts are not known, or NULL. */
const char *pages_blind(void);
/* The next nr pages; returns how many there are. To be read from 0 on, in order. */
size_t pages_read(uint64_t pfn, size_t nr, unsigned char *state);

#endif /* _AGE_PAGES_H */
