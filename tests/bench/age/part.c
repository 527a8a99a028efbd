// SPDX-License-Identifier: GPL-2.0
#include <err.h>
#include <linux/io_uring.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "part.h"

#define MAX_BUFFERS	16384	/* of one ring */

void part_setup(struct part *p, const struct kind *kind, size_t bytes,
		const char *dir)
{
	*p = (struct part){ .kind = kind, .unit = kind->unit() };
	p->slots = bytes / p->unit;
	p->there = calloc(p->slots + 1, 1);
	if (!p->there)
		err(1, "%s: memory for the bookkeeping", kind->name);
	if (p->slots)
		kind->setup(p, dir);
}

static void trace(struct part *p, size_t first, size_t n)
{
	p->trace = (p->trace ^ first) * 0x100000001b3ull;
	p->trace = (p->trace ^ n) * 0x100000001b3ull;
}

size_t part_fill(struct part *p, struct rng *rng, size_t max)
{
	size_t n = 1 + rng_below(rng, p->kind->run), first;

	if (n > max)
		n = max;
	while (p->next == p->slots || p->there[p->next])
		p->next = p->next == p->slots ? 0 : p->next + 1;
	first = p->next;
	while (p->next < first + n && p->next < p->slots && !p->there[p->next])
		p->there[p->next++] = 1;
	n = p->next - first;
	p->kind->make(p, first, n);
	p->filled += n;
	trace(p, first, n);
	return n;
}

void parts_fill(struct part *parts, struct rng *rng)
{
	for (;;) {
		size_t left[NR_PARTS], sum = 0, at;
		int k;

		for (k = 0; k < NR_PARTS; k++) {
			struct part *p = &parts[k];

			left[k] = 2 * (p->slots - p->filled);
			left[k] = (left[k] + p->kind->run) / (p->kind->run + 1);
			sum += left[k];
		}
		if (!sum)
			return;
		at = rng_below(rng, sum);
		for (k = 0; at >= left[k]; k++)
			at -= left[k];
		part_fill(&parts[k], rng, parts[k].slots - parts[k].filled);
	}
}

static void empty(struct part *p, size_t first, size_t n)
{
	if (!n)
		return;
	p->kind->drop(p, first, n);
	memset(p->there + first, 0, n);
	trace(p, first, n);
}

void part_drop(struct part *p, struct rng *rng, unsigned int keep_percent,
	       size_t grain)
{
	size_t i, end, from = 0, filled = 0;

	for (i = 0; i < p->slots; i = end) {
		size_t here = 0, at;

		end = i + grain < p->slots ? i + grain : p->slots;
		for (at = i; at < end; at++)
			here += p->there[at];
		if (!here || rng_below(rng, 100) >= keep_percent)
			continue;
		filled += here;
		empty(p, from, i - from);
		from = end;
	}
	empty(p, from, p->slots - from);
	p->filled = filled;
}

static void pin_buffers(struct iovec *iov, unsigned int nr)
{
	struct io_uring_params params = { 0 };
	int ring = syscall(SYS_io_uring_setup, 1, &params);

	if (ring < 0 || syscall(SYS_io_uring_register, ring,
				IORING_REGISTER_BUFFERS, iov, nr))
		err(1, "pin %u pages", nr);
}

void pin_pages(const struct part *anon, struct rng *rng, unsigned int pins)
{
	size_t *page = malloc((anon->filled + 1) * sizeof(*page));
	struct iovec *iov = calloc(pins, sizeof(*iov));
	size_t i, nr = 0;

	if (!pins)
		return;
	if (!iov || !page || anon->filled < pins)
		errx(1, "too little anonymous memory for %u pins", pins);
	for (i = 0; i < anon->slots; i++)
		if (anon->there[i])
			page[nr++] = i;
	for (i = 0; i < pins; i++) {
		size_t first = nr * i / pins;
		size_t next = nr * (i + 1) / pins;
		size_t n = first + rng_below(rng, next - first);

		iov[i].iov_base = anon->mem + page[n] * anon->unit;
		iov[i].iov_len = anon->unit;
	}
	for (i = 0; i < pins; i += MAX_BUFFERS)
		pin_buffers(iov + i, pins - i < MAX_BUFFERS ? pins - i : MAX_BUFFERS);
	free(iov);
	free(page);
}
