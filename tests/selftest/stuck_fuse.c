// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: limits: every request is answered in time, whatever the pages in the way wait for
 * Promise: limits: SIGKILL ends a request at every stage
 * Promise: memory: pages that wait for I/O are in the way of no buffer that fits elsewhere
 * Promise: memory: what a request leaves behind ends by itself, and gives its memory back
 *
 * Pages under writeback to a FUSE server that does not answer. Older kernels write
 * copies of them, which are the kernel's: nothing waits for I/O there.
 */
#include "stuck.h"

int main(void)
{
	struct dead_server dead;

	stuck_begin();
	dead_server_start(&dead, MIB(256));
	stuck_check_fill("dead server");
	stuck_check_kill("dead server", 8);
	stuck_check_fill("dead server, after kills");
	stuck_check_late("dead server", !meminfo_kib("WritebackTmp"));
	dead_server_abort(&dead);
	dead_server_end(&dead);
	stuck_check_released();
	return tap_done();
}
