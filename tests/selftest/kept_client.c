// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: control: other modules allocate and free through exported functions
 *
 * The module is tests/client.
 */
#include "kept_calls.h"
#include "module_calls.h"

static int load(const char *params)
{
	return ko_load("tests/client/lc_client.ko", params);
}

int main(void)
{
	int lines = iomem_names(HEAP), i;
	char params[64];

	/* with a line in /proc/iomem */
	snprintf(params, sizeof(params), "len=%zu node=0", HUGE_PAGE + 3000000);
	is(load(params), 0, "a module allocates");
	is(iomem_names(HEAP), lines + 1, "its memory is in /proc/iomem");
	is(ko_unload("lazy_contig"), -EWOULDBLOCK,
	   "lazy_contig cannot be unloaded meanwhile");
	is(ko_unload("lc_client"), 0, "the module frees and goes");
	is(iomem_names(HEAP), lines, "and its memory is gone");

	for (i = 0; i < 8 && !load("len=3000000"); i++)
		ko_unload("lc_client");
	is(i, 8, "what it left dirty comes back clean");
	is(load("len=3000000 max_addr=0xffffffff"), 0, "below 4 GiB");
	ko_unload("lc_client");
	snprintf(params, sizeof(params), "len=%zu max_addr=%#jx", PAGE,
		 (uintmax_t)low_end());
	is(load(params), 0, "%s", params);
	ko_unload("lc_client");

	is(load("len=0"), -EINVAL, "length 0");
	is(load("len=0xffffffffffffffff"), -EINVAL, "a length that wraps");
	is(load("len=0x100000000000"), -ENOMEM, "16 TiB");
	is(load("max_addr=1"), -ENOMEM, "below address 2");
	is(load("node=-2"), -EINVAL, "node -2");
	is(load("node=63"), -EINVAL, "a node that is not online");
	is(load("node=1000000"), -EINVAL, "node 1000000");
	is(iomem_names(HEAP), lines, "failures leave nothing");
	return tap_done();
}
