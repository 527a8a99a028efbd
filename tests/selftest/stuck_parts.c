// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: what a request leaves behind keeps only what it waits for
 * Promise: limits: and only that is charged to the user
 *
 * As stuck_read, with windows that are emptied in many parts.
 */
#include "stuck.h"

int main(void)
{
	pid_t load = stuck_readahead_begin();

	stuck_check_parts("readahead");
	stuck_readahead_end(load);
	return tap_done();
}
