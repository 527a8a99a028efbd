// SPDX-License-Identifier: GPL-2.0
#include "rng.h"

void rng_seed(struct rng *rng, uint64_t seed)
{
	rng->state = (seed + 1) * 0x9e3779b97f4a7c15ull;
}

uint64_t rng_next(struct rng *rng)
{
	uint64_t x = rng->state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	rng->state = x;
	return x * 0x2545f4914f6cdd1dull;
}

uint64_t rng_below(struct rng *rng, uint64_t limit)
{
	return (rng_next(rng) >> 11) % limit;
}

double rng_fraction(struct rng *rng)
{
	return (rng_next(rng) >> 11) * 0x1p-53;
}
