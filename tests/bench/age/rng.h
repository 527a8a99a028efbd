/* SPDX-License-Identifier: GPL-2.0 */
/* Pseudo-random numbers that depend on nothing but the seed (xorshift). */
#ifndef _AGE_RNG_H
#define _AGE_RNG_H

#include <stdint.h>

struct rng {
	uint64_t state;
};

void rng_seed(struct rng *rng, uint64_t seed);
uint64_t rng_next(struct rng *rng);
uint64_t rng_below(struct rng *rng, uint64_t limit);
double rng_fraction(struct rng *rng);

#endif /* _AGE_RNG_H */
