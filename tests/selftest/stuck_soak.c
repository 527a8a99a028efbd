// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: limits: every request is answered in time, whatever the pages in the way wait for
 * Promise: memory: a camera that starts over and over has its frames, beside full page cache
 *   and a process that waits for what it writes to a slow disk
 *
 * Four frames every ten seconds. LC_ROUNDS=360: for an hour.
 */
#include <time.h>

#include "cache.h"
#include "settings.h"
#include "stuck.h"

#define FRAME		MIB(24)
#define FRAMES		4
#define PERIOD		10	/* seconds */
#define CHUNK		MIB(64)
#define LEFT_KIB	(192l << 10)

int main(void)
{
	struct stuck_answers answers, worst = { 0 };
	unsigned long nr = rounds(2), i;
	struct timespec at;
	pid_t load;
	int fd;

	fd = cache_file_new();
	slow_disk_mount();
	stuck_begin();
	slow_disk_rate(1 << 20);
	load = slow_writer(CHUNK);
	clock_gettime(CLOCK_MONOTONIC, &at);
	for (i = 0; i < nr; i++) {
		cache_fill(fd, meminfo_kib("MemAvailable") - LEFT_KIB);
		stuck_loop(FRAME, FRAMES, FRAMES, &answers);
		worst.given += answers.given;
		worst.refused += answers.refused;
		if (answers.worst_ms > worst.worst_ms)
			worst.worst_ms = answers.worst_ms;
		if (i % 30 == 29)
			diag("round %lu: the slowest %.0f ms so far", i + 1,
			     worst.worst_ms);
		at.tv_sec += PERIOD;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
	}
	is(worst.refused, 0, "each of %u frames is given", worst.given);
	stuck_in_time(&worst, "soak");
	slow_disk_rate(0);
	slow_end(load);
	slow_disk_umount();
	stuck_check_released();
	cache_file_remove(fd);
	return tap_done();
}
