/* SPDX-License-Identifier: GPL-2.0 */
/* What holds for requests while pages cannot move. */
#ifndef _SELFTEST_STUCK_H
#define _SELFTEST_STUCK_H

#include "slow.h"

#define STUCK_LEN	MIB(32)
#define STUCK_LIMIT_MS	1000

/* Sets the module up, and finds out how many buffers an idle machine gives. */
void stuck_begin(void);

/*
 * Under load: buffers until none is left, each in time, and all but a tenth of what
 * is not waiting for I/O; processes die at every stage.
 */
void stuck_check_fill(const char *load);
void stuck_check_kill(const char *load, unsigned int rounds);
/* A frozen caller of the heap is in no other's way, and a caller can be frozen. */
void stuck_check_frozen(const char *load);
/* They are charged to the user whose requests left them behind. */
void stuck_check_charged(const char *load);
/*
 * Of what they were to empty, attempts left behind have only what their threads wait
 * for: the rest is free, and charged to none.
 */
void stuck_check_parts(const char *load);
/* Attempts that go on without their request: neither unload nor offlining hang. */
void stuck_check_late(const char *load, bool some);
/* The memory block of one, not below @from, stays online; returns where it is. */
uint64_t stuck_check_offline(const char *load, uint64_t from);
/* After the load: everything comes back, and the module can be unloaded. */
void stuck_check_released(void);
/*
 * stuck_begin(), then 256 MiB of page cache are locked by the readahead of a slow disk;
 * the end checks what stuck_check_released() does.
 */
pid_t stuck_readahead_begin(void);
void stuck_readahead_end(pid_t load);

struct stuck_answers {
	unsigned int given;
	unsigned int refused;
	double worst_ms;
};
/* The last of the buffers are held; ends the test if a request does not end. */
void stuck_loop(size_t len, unsigned int in_flight, unsigned int requests,
		struct stuck_answers *answers);
void stuck_in_time(const struct stuck_answers *answers, const char *load);

#endif /* _SELFTEST_STUCK_H */
