/* SPDX-License-Identifier: GPL-2.0 */
/* Pinnable buffers, and io_uring to pin them with. All functions return -errno. */
#ifndef _SELFTEST_PIN_H
#define _SELFTEST_PIN_H

#include <liburing.h>

#include "settings.h"

/* A buffer with LAZY_CONTIG_PINNABLE, or the test ends; no byte is below an address. */
int pin_new(int control, size_t len);
int pin_new_above(int control, size_t len, uint64_t min_addr);

/* live_bytes is this, at once or after a while. */
bool pin_live(long bytes);
bool pin_live_soon(long bytes);

/*
 * Buffers of as much memory as COUNT of LEN bytes are, filled with a pattern of their
 * own, and whether it holds. pin_others_reach(): is one of them in this memory?
 */
struct pin_others {
	int count;
	size_t len;
	int bufs[32];
	unsigned char *mem[32];
};
void pin_others_new(struct pin_others *others, int count, size_t len);
bool pin_others_reach(const struct pin_others *others, uint64_t phys, size_t len);
bool pin_others_hold(const struct pin_others *others);
void pin_others_end(struct pin_others *others);

/* These end the test where io_uring itself fails. */
void uring_new(struct io_uring *ring, unsigned int entries);
/*
 * One registered buffer. Older kernels refuse any mapping of a file, with -EOPNOTSUPP:
 * uring_registers() says so to the reader of the log.
 */
bool uring_registers(void);
int uring_register(struct io_uring *ring, void *mem, size_t len);
/* Submits one operation; uring_wait() gives the result of any. */
void uring_queue(struct io_uring *ring, int opcode, int fd, void *mem, size_t len, off_t at);
int uring_wait(struct io_uring *ring);

#endif /* _SELFTEST_PIN_H */
