// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: what a request leaves behind keeps only what it waits for
 * Promise: limits: and only that is charged to the user
 *
 * As stuck_read, with windows that are emptied in many parts.
 */
#include "stuck.h"

#define FILE_LEN	MIB(256)

int main(void)
{
	pid_t load;

	slow_disk_mount();
	slow_file(FILE_LEN);
	stuck_begin();
	slow_disk_rate(64 << 10);
	load = slow_readahead(FILE_LEN);
	stuck_check_parts("readahead");
	slow_disk_rate(0);
	slow_end(load);
	slow_disk_umount();
	stuck_check_released();
	return tap_done();
}
