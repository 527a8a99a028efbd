/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Parts of the memory that the ager takes. A part has slots of one size, each of which
 * is filled or empty. A seed determines which are filled and emptied, in which order;
 * the page allocator determines where they lie.
 *
 * Nothing here needs the module. A failure ends the program.
 */
#ifndef _AGE_PART_H
#define _AGE_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include "rng.h"

#define THP_SIZE	"/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"
#define NELEMS(a)	(sizeof(a) / sizeof((a)[0]))

struct part;

struct kind {
	const char *name;
	unsigned int run;	/* slots that one step fills, at most */
	size_t (*unit)(void);	/* bytes of a slot */
	void (*setup)(struct part *p, const char *dir);
	void (*make)(struct part *p, size_t first, size_t n);
	/* Some of the slots may be empty, as there[] tells. */
	void (*drop)(struct part *p, size_t first, size_t n);
};

enum {
	PART_ANON,
	PART_THP,
	PART_CLEAN,
	PART_DIRTY,
	PART_SLAB,
	PART_TABLES,
	PART_PIPES,
	NR_PARTS
};

extern const struct kind kinds[NR_PARTS];

struct part {
	const struct kind *kind;
	size_t unit;
	size_t slots;
	size_t filled;
	size_t next;		/* where to look for an empty slot */
	unsigned char *there;
	uint64_t trace;		/* of what was filled and emptied, in order */

	unsigned char *mem;	/* the kind's: addresses, a file, or pipes */
	int fd;
	int (*pipes)[2];
};

static inline size_t page_bytes(void)
{
	return sysconf(_SC_PAGESIZE);
}

/* Room for bytes. Files are in dir. */
void part_setup(struct part *p, const struct kind *kind, size_t bytes,
		const char *dir);
/* Fills a random number of slots, but at most max: as many as it returns. */
size_t part_fill(struct part *p, struct rng *rng, size_t max);
/*
 * Fills what is empty of all NR_PARTS, step by step, each of a part by chance: as likely as
 * it has steps left.
 */
void parts_fill(struct part *parts, struct rng *rng);
/*
 * Empties all slots but keep_percent of them, at random; grain slots, from a multiple of
 * grain on, are kept or emptied together.
 */
void part_drop(struct part *p, struct rng *rng, unsigned int keep_percent,
	       size_t grain);

/*
 * Pins pages of anonymous memory, evenly spread over the filled slots, as registered
 * io_uring buffers: long-term pins, like those of drivers, RDMA and virtual machines.
 * For as long as the process lives.
 */
void pin_pages(const struct part *anon, struct rng *rng, unsigned int pins);

/* A number in a file of one number; 0 if there is none. */
size_t file_number(const char *path);

#endif /* _AGE_PART_H */
