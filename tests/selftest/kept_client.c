// SPDX-License-Identifier: GPL-2.0
/* What other modules can call: see tests/client. */
#include <stdio.h>
#include <sys/syscall.h>

#include "kept_calls.h"

static int load(const char *params)
{
	char path[256];
	int fd, err;

	snprintf(path, sizeof(path), "%s/tests/client/lc_client.ko",
		 getenv("LC_SRC") ?: "../../..");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		bail("%s: %m", path);
	err = syscall(SYS_finit_module, fd, params, 0) ? -errno : 0;
	close(fd);
	return err;
}

static int unload(const char *module)
{
	return syscall(SYS_delete_module, module, O_NONBLOCK) ? -errno : 0;
}

int main(void)
{
	int lines = iomem_names(HEAP), i;

	is(load("len=5000000 node=0"), 0, "a module allocates");
	is(iomem_names(HEAP), lines + 1, "its memory is in /proc/iomem");
	is(unload("lazy_contig"), -EWOULDBLOCK,
	   "lazy_contig cannot be unloaded meanwhile");
	is(unload("lc_client"), 0, "the module frees and goes");
	is(iomem_names(HEAP), lines, "and its memory is gone");

	for (i = 0; i < 8 && !load("len=3000000"); i++)
		unload("lc_client");
	is(i, 8, "what it left dirty comes back clean");
	is(load("len=3000000 max_addr=0xffffffff"), 0, "below 4 GiB");
	unload("lc_client");
	is(load("len=4096 max_addr=0xffffff"), 0, "below 16 MiB");
	unload("lc_client");

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
