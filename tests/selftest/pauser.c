// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "module_calls.h"
#include "pauser.h"

#define PAUSER	"/dev/lc_pauser"

void pause_at(const char *function, bool pointer)
{
	char params[64];

	snprintf(params, sizeof(params), "function=%s pointer=%d", function,
		 pointer);
	if (!is(ko_load("tests/pauser/lc_pauser.ko", params), 0,
		"%s() is made to wait", function))
		bail("no pause");
}

void pause_wait(unsigned long args[6])
{
	int fd = open(PAUSER, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, args, 6 * sizeof(*args)) < 0)
		bail(PAUSER ": %m");
	close(fd);
}

void pause_end(void)
{
	text_set(PAUSER, "1");
}

void pause_done(void)
{
	is(ko_unload("lc_pauser"), 0, "no caller waits any longer");
}
