// SPDX-License-Identifier: GPL-2.0
/*
 * How much an allocator fragments the machine: requests of 64 KiB to 64 MiB with
 * random lifetimes in aged memory; then half of the live buffers are freed, and
 * as many buffers of 256 MiB as there is memory for are requested, then instead
 * of 128, and of 64 MiB. All allocators get the same requests.
 */
#include <math.h>
#include <stdio.h>

#include "bench.h"

#define REQUESTS	20000
#define QUICK_REQUESTS	1500
#define PINS		60
#define MAX_LIVE	2000
#define MEAN_LIFE	300	/* requests */
#define LIVE_PERCENT	60	/* of free memory, at most */
#define FULL_PERCENT	80
#define MAX_SECONDS	900

#define MIN_SHIFT	16
#define MAX_SHIFT	26

struct live {
	int buf;
	size_t len;
	unsigned int end;	/* the request that finds it gone */
};

struct churn {
	struct rng rng;
	struct live live[MAX_LIVE];
	unsigned int nr;
	size_t held;
	size_t free;		/* memory at the beginning, in bytes */

	/* by size, a factor of two each */
	unsigned int tried[MAX_SHIFT - MIN_SHIFT];
	unsigned int given[MAX_SHIFT - MIN_SHIFT];
	struct series ms[MAX_SHIFT - MIN_SHIFT];
};

static void drop(struct churn *c, unsigned int i)
{
	close(c->live[i].buf);
	c->held -= c->live[i].len;
	c->live[i] = c->live[--c->nr];
}

static void expire(struct churn *c, unsigned int now)
{
	unsigned int i = 0;

	while (i < c->nr) {
		if (c->live[i].end <= now)
			drop(c, i);
		else
			i++;
	}
}

/* Small sizes are as frequent as large ones: uniform in the logarithm. */
static size_t draw_len(struct churn *c)
{
	double shift = MIN_SHIFT +
		       rng_fraction(&c->rng) * (MAX_SHIFT - MIN_SHIFT);

	return (size_t)exp2(shift) / PAGE * PAGE;
}

static void request(struct churn *c, const struct heap *heap, unsigned int now)
{
	size_t len = draw_len(c);
	unsigned int life = 1 - log(1 - rng_fraction(&c->rng)) * MEAN_LIFE;
	unsigned int class = 63 - __builtin_clzl(len) - MIN_SHIFT;
	uint64_t victim = rng_next(&c->rng);
	double t;
	int buf;

	expire(c, now);
	while (c->nr == MAX_LIVE ||
	       c->held + len > c->free / 100 * LIVE_PERCENT)
		drop(c, victim % c->nr);
	t = now_ms();
	buf = lazy_contig_heap_alloc(heap->fd, len, O_RDWR | O_CLOEXEC);
	t = now_ms() - t;
	c->tried[class]++;
	if (buf < 0)
		return;
	c->given[class]++;
	series_add(&c->ms[class], t);
	c->live[c->nr++] = (struct live){ buf, len, now + life };
	c->held += len;
}

static void report_sizes(struct row *r, struct churn *c)
{
	unsigned int class;

	for (class = 0; class < MAX_SHIFT - MIN_SHIFT; class++) {
		r->len = 1ul << (MIN_SHIFT + class);
		row(r, "tried", c->tried[class]);
		row(r, "given", c->given[class]);
		row(r, "median_ms", series_at(&c->ms[class], 0.5));
		row(r, "p99_ms", series_at(&c->ms[class], 0.99));
		series_free(&c->ms[class]);
	}
}

static void ask_large(struct row *r, struct churn *c, const struct heap *heap,
		      size_t len)
{
	unsigned int first = c->nr, wanted, n;
	struct series ms = { 0 };

	wanted = (c->free / 100 * FULL_PERCENT - c->held) / len;
	for (n = 0; n < wanted && c->nr < MAX_LIVE; n++) {
		double t = now_ms();
		int buf = lazy_contig_heap_alloc(heap->fd, len,
						 O_RDWR | O_CLOEXEC);

		if (buf < 0)
			break;
		series_add(&ms, now_ms() - t);
		c->live[c->nr++] = (struct live){ buf, len, 0 };
		c->held += len;
	}
	r->len = len;
	row(r, "tried", wanted);
	row(r, "given", n);
	row(r, "median_ms", series_at(&ms, 0.5));
	series_free(&ms);
	while (c->nr > first)
		drop(c, first);
	pool_drop();
}

static void churn(struct row *r, const struct heap *heap,
		  const struct options *opt)
{
	static const size_t large[] = { MIB(256), MIB(128), MIB(64) };
	unsigned int requests = opt->quick ? QUICK_REQUESTS : REQUESTS;
	unsigned int i, half;
	double start = now_ms();
	static struct churn c;
	struct age age;

	age_start(&age, opt->seed, PINS);
	c = (struct churn){ .free = (size_t)age.free_kib << 10 };
	rng_seed(&c.rng, opt->seed);
	for (i = 0; i < requests && now_ms() - start < MAX_SECONDS * 1e3; i++)
		request(&c, heap, i);
	r->len = 0;
	row(r, "requests", i);
	row(r, "total_s", (now_ms() - start) / 1e3);
	report_sizes(r, &c);
	half = c.nr / 2;
	while (c.nr > half)
		drop(&c, rng_below(&c.rng, c.nr));
	for (i = 0; i < ARRAY_SIZE(large); i++)
		ask_large(r, &c, heap, large[i]);
	while (c.nr)
		drop(&c, 0);
	age_stop(&age);
}

int bench_churn(const struct options *opt)
{
	struct heap *heaps[] = { &walk, &pages, &ours };
	struct row r = { .suite = "churn", .config = "60 pins", .threads = 1 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(heaps); i++) {
		if (!heap_use(heaps[i], opt))
			continue;
		r.heap = heaps[i]->name;
		churn(&r, heaps[i], opt);
	}
	return 0;
}
