// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: offlining ZONE_MOVABLE fails at once while an attempt that was left
 *   behind waits there, and succeeds afterwards
 *
 * The kernel would wait for the pages of the attempt until it is interrupted.
 */
#include "blocks.h"
#include "stuck.h"

#define REQUESTS	128

int main(void)
{
	struct span movable = movable_zone();
	struct stuck_answers answers;
	uint64_t phys;
	pid_t load;

	load = stuck_readahead_begin();
	stuck_loop(STUCK_LEN, REQUESTS, REQUESTS, &answers);
	stuck_in_time(&answers, "readahead");
	phys = stuck_check_offline("readahead", movable.start);
	stuck_readahead_end(load);
	if (phys) {
		is(block_offline(phys), 0, "afterwards it goes offline");
		is(block_online(phys), 0, "and comes back");
	}
	return tap_done();
}
