// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: control: RESIZE grows in place or moves, contents kept and tail zeroed; shrinks
 *   at once; EBUSY while in use
 */
#include <stdio.h>

#include "kept_calls.h"

#define NAME		"kept_resize"
#define LIMIT_MB	"/sys/module/lazy_contig/parameters/limit_mb"
/* Whole pageblocks. With pages of 16 KiB, not as many have room. */
#define LARGE		(HUGE_PAGE > MIB(8) ? 8 * HUGE_PAGE : MIB(64))
#define PART		(HUGE_PAGE > MIB(16) ? HUGE_PAGE : MIB(16))

static int control;

static void test_shrink(void)
{
	uint64_t phys = kept_new(control, MIB(8), NAME), before = phys;
	static const size_t lens[] = { MIB(8), MIB(7), MIB(4) + PAGE, MIB(4),
				       KIB(64), PAGE };
	size_t i;

	kept_fill(control, phys, MIB(8), 1);
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		is(kept_resize(control, &phys, lens[i]), 0,
		   "shrink to %zu KiB", lens[i] >> 10);
		ok(phys == before && iomem_named(NAME, phys, lens[i]),
		   "it stays where it is");
		ok(kept_holds(control, phys, lens[i], 1), "and what it is");
	}
	is(kept_resize(control, &phys, 1), 0, "shrink to a byte");
	ok(iomem_named(NAME, phys, PAGE), "which takes a page");
	kept_free(control, phys);
}

/*
 * Repeats checks that rightly fail if the kernel puts an unmovable page into memory
 * that a buffer has just left, which is rare on an idle machine.
 */
static void succeeds_soon(bool (*scenario)(void), const char *what)
{
	int tries = 1;

	while (tries < 5 && !scenario())
		tries++;
	ok(tries < 5, "%s, in try %d", what, tries);
}

/* Return: true if it stayed where it was. */
static bool grow_in_place(void)
{
	static const size_t lens[] = { HUGE_PAGE, 2 * HUGE_PAGE, 6 * HUGE_PAGE,
				       LARGE - HUGE_PAGE, LARGE - PAGE };
	uint64_t phys = kept_new(control, LARGE, NAME), before = phys;
	bool stayed = true;
	size_t i;

	kept_fill(control, phys, LARGE, 5);
	kept_resize(control, &phys, lens[0]);
	for (i = 1; i < ARRAY_SIZE(lens); i++) {
		is(kept_resize(control, &phys, lens[i]), 0,
		   "grow to %zu KiB", lens[i] >> 10);
		stayed = stayed && phys == before;
		ok(iomem_named(NAME, phys, lens[i]), "its line grows");
		ok(kept_holds(control, phys, lens[0], 5), "contents stay");
		ok(kept_zero(control, phys, lens[0], lens[i]),
		   "what is new is zero");
	}
	kept_free(control, phys);
	return stayed;
}

/* In place or not: by sizes that have nothing to do with pageblocks. */
static void test_grow_anyhow(void)
{
	static const size_t lens[] = { PAGE, 3 * PAGE, MIB(1), MIB(2) + PAGE,
				       MIB(5), MIB(5) + PAGE, MIB(37) };
	uint64_t phys = kept_new(control, lens[0], NAME);
	size_t i;

	kept_fill(control, phys, lens[0], 6);
	for (i = 1; i < ARRAY_SIZE(lens); i++) {
		is(kept_resize(control, &phys, lens[i]), 0,
		   "grow to %zu KiB", lens[i] >> 10);
		ok(iomem_named(NAME, phys, lens[i]), "its line grows");
		ok(kept_holds(control, phys, lens[i - 1], 6), "contents stay");
		ok(kept_zero(control, phys, lens[i - 1], lens[i]),
		   "what is new is zero");
		kept_fill(control, phys, lens[i], 6);
	}
	kept_free(control, phys);
}

/* With another buffer behind it, it has to move. */
static void grow_past(uint64_t phys, uint64_t other)
{
	uint64_t before = phys;

	kept_fill(control, phys, PART, 11);
	kept_fill(control, other, PART, 12);
	is(kept_resize(control, &phys, 3 * PART + 5), 0, "grow past it");
	ok(phys != before, "to another place");
	ok(iomem_named(NAME, phys, 3 * PART + PAGE), "where its line is");
	is(iomem_names(NAME), 1, "and no other");
	ok(kept_holds(control, phys, PART, 11), "its contents came along");
	ok(kept_zero(control, phys, PART, 3 * PART + PAGE),
	   "what is new is zero");
	ok(kept_holds(control, other, PART, 12), "the neighbour's stayed");
	is(kept_open(control, before, NULL), -ENOENT,
	   "nothing is at the old address");
	kept_free(control, phys);
}

/* Return: true if another buffer could be placed behind it. */
static bool grow_elsewhere(void)
{
	uint64_t phys = kept_new(control, 2 * PART, NAME);
	uint64_t tail = phys + PART, other = 0, got[32];
	int n = 0;

	/* take what lies behind */
	kept_resize(control, &phys, PART);
	while (!other && n < 32) {
		got[n] = kept_new(control, PART, "neighbour");
		if (got[n] <= tail && got[n] + PART > tail)
			other = got[n];
		n++;
	}
	if (other)
		grow_past(phys, other);
	else
		kept_free(control, phys);
	while (n)
		kept_free(control, got[--n]);
	return other;
}

/* Placement constraints are met after a move too. */
static void test_wishes_hold(void)
{
	struct lazy_contig_allocation alloc = kept_request(PAGE, NAME);
	uint64_t phys;
	size_t len;
	int buf;

	alloc.align = MIB(4);
	alloc.min_addr = ram_start() + MIB(1536);
	alloc.max_addr = ram_start() + MIB(2048) - 1;
	buf = kept_alloc(control, &alloc);
	if (buf < 0)
		bail("4 MiB aligned from 1536 to 2048 MiB of RAM: %s", strerror(-buf));
	close(buf);
	phys = alloc.phys_addr;
	for (len = PAGE; len <= MIB(64); len *= 8) {
		is(kept_resize(control, &phys, len), 0, "grow to %zu KiB",
		   len >> 10);
		ok(!(phys % MIB(4)) && phys >= alloc.min_addr &&
		   phys + len - 1 <= alloc.max_addr,
		   "aligned and within its limits");
	}
	is(kept_resize(control, &phys, MIB(1024)), -ENOMEM, "not beyond it");
	kept_free(control, phys);
}

static void test_busy(void)
{
	uint64_t phys = kept_new(control, MIB(2), NAME);
	int buf = kept_open(control, phys, NULL);
	unsigned char *mem = buf_map(buf, MIB(2));

	is(kept_resize(control, &phys, MIB(4)), -EBUSY, "grow with an fd");
	is(kept_resize(control, &phys, MIB(1)), -EBUSY, "shrink with an fd");
	is(kept_resize(control, &phys, MIB(2)), -EBUSY, "neither, with an fd");
	close(buf);
	is(kept_resize(control, &phys, MIB(1)), -EBUSY, "with a mapping");
	ok(iomem_named(NAME, phys, MIB(2)), "it is as it was");
	munmap(mem, MIB(2));
	is(kept_resize(control, &phys, MIB(1)), 0, "without either");
	kept_free(control, phys);
}

static void set_limit(long mb)
{
	FILE *f = fopen(LIMIT_MB, "we");

	if (!f || fprintf(f, "%ld", mb) < 0 || fclose(f))
		bail("%s: %m", LIMIT_MB);
}

static void test_fails(void)
{
	uint64_t phys = kept_new(control, MIB(4), NAME), before = phys;

	kept_fill(control, phys, MIB(4), 21);
	is(kept_resize(control, &phys, 0), -EINVAL, "to 0");
	is(kept_resize(control, &phys, -1), -EINVAL, "to a size that wraps");
	is(kept_resize(control, &phys, -PAGE), -ENOMEM, "to almost 2^64");
	is(kept_resize(control, &phys, 1ull << 63), -ENOMEM, "to 2^63");
	is(kept_resize(control, &phys, 1ull << 44), -ENOMEM, "to 16 TiB");
	set_limit(5);
	is(kept_resize(control, &phys, MIB(6)), -ENOMEM, "past the limit");
	set_limit(0);
	is(phys, before, "it is where it was");
	ok(iomem_named(NAME, phys, MIB(4)), "as long as it was");
	ok(kept_holds(control, phys, MIB(4), 21), "and holds what it did");
	is(kept_free(control, phys), 0, "and can be freed");
	set_limit(4);
	phys = kept_new(control, MIB(4), NAME);
	ok(phys, "the limit has room for all of it again");
	kept_free(control, phys);
	set_limit(0);
}

static void test_shrink_uncharges(void)
{
	uint64_t phys = kept_new(control, MIB(8), NAME), other;
	struct lazy_contig_allocation alloc = kept_request(MIB(6), NAME);

	set_limit(8);
	is(kept_alloc(control, &alloc), -ENOMEM, "the limit is reached");
	kept_resize(control, &phys, MIB(2));
	other = kept_new(control, MIB(6), NAME);
	ok(other, "what is shrunk leaves room for others");
	set_limit(0);
	kept_free(control, other);
	kept_free(control, phys);
}

int main(void)
{
	control = control_open();
	test_shrink();
	succeeds_soon(grow_in_place, "it stays where it is");
	test_grow_anyhow();
	succeeds_soon(grow_elsewhere, "what it left was a neighbour's");
	test_wishes_hold();
	test_busy();
	test_fails();
	test_shrink_uncharges();
	is(iomem_names(NAME), 0, "nothing is left");
	close(control);
	return tap_done();
}
