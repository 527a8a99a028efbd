// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: limits: every request is answered in time, whatever the pages in the way wait for
 * Promise: limits: SIGKILL ends a request at every stage
 * Promise: memory: pages that wait for I/O are in the way of no buffer that fits elsewhere
 * Promise: limits: an attempt that goes on without its request is charged to the user
 * Promise: memory: what a request leaves behind ends by itself, and gives its memory back
 *
 * Page cache that is locked by the readahead of a slow disk.
 */
#include "stuck.h"

int main(void)
{
	pid_t load = stuck_readahead_begin();

	stuck_check_charged("readahead");
	stuck_check_fill("readahead");
	stuck_check_frozen("readahead, frozen");
	stuck_check_kill("readahead", 8);
	stuck_check_fill("readahead, after kills");
	stuck_check_late("readahead", true);
	stuck_readahead_end(load);
	return tap_done();
}
