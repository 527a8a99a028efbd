// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: limits: every request is answered in time, whatever the pages in the way wait for
 * Promise: limits: SIGKILL ends a request at every stage
 * Promise: memory: what a request leaves behind ends by itself, and gives its memory back
 *
 * A camera beside a process that writes to a slow disk and waits for it.
 */
#include "stuck.h"

#define FRAME		MIB(24)
#define IN_FLIGHT	4
#define REQUESTS	120
#define CHUNK		MIB(64)

int main(void)
{
	struct stuck_answers answers;
	pid_t load;

	slow_disk_mount();
	stuck_begin();
	slow_disk_rate(1 << 20);
	load = slow_writer(CHUNK);
	stuck_loop(FRAME, IN_FLIGHT, REQUESTS, &answers);
	stuck_in_time(&answers, "camera");
	ok(answers.given >= REQUESTS / 10 * 9, "camera: nine tenths have a frame");
	stuck_check_fill("writer");
	stuck_check_kill("writer", 8);
	slow_disk_rate(0);
	slow_end(load);
	slow_disk_umount();
	stuck_check_released();
	return tap_done();
}
