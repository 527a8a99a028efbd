/* SPDX-License-Identifier: GPL-2.0 */
/* Interface of the fuzzer to the calls it makes. */
#ifndef _SELFTEST_FUZZ_H
#define _SELFTEST_FUZZ_H

#include "helpers.h"

#define FUZZ_MAX_OPS	32

/* Only x86 has it, and only there are 32-bit calls made. */
#ifndef MAP_32BIT
#define MAP_32BIT	0
#endif

/* Random number state of one thread. */
struct fuzz {
	uint64_t rng;
};

/* A kind of call: returns 0 or more, or -errno. */
struct fuzz_op {
	const char *name;
	int (*call)(struct fuzz *f);
};

uint64_t fuzz_u64(struct fuzz *f);
unsigned int fuzz_below(struct fuzz *f, unsigned int n);

/* Opens the nodes and some fds of other kinds, for this process. */
void fuzz_fds_init(void);
const struct fuzz_op *fuzz_ops(unsigned int *nr);

#endif /* _SELFTEST_FUZZ_H */
