// SPDX-License-Identifier: GPL-2.0
#include <sys/syscall.h>

#include "module_calls.h"

static const char * const traces[] = {
	"/dev/lazy_contig", "/dev/dma_heap/lazy_contig",
	"/dev/dma_heap/lazy_contig_dma32", "/sys/module/lazy_contig",
	"/sys/class/misc/lazy_contig", "/sys/class/dma_heap/lazy_contig",
	"/sys/kernel/debug/lazy_contig",
};

int module_load(const char *params)
{
	int fd = open(getenv("LC_MODULE") ?: "", O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		bail("LC_MODULE: %m");
	err = syscall(SYS_finit_module, fd, params, 0) ? -errno : 0;
	close(fd);
	return err;
}

int module_unload(void)
{
	return syscall(SYS_delete_module, "lazy_contig", O_NONBLOCK) ?
	       -errno : 0;
}

int module_traces(void)
{
	size_t i;
	int n = 0;

	for (i = 0; i < ARRAY_SIZE(traces); i++) {
		if (!access(traces[i], F_OK)) {
			diag("there is %s", traces[i]);
			n++;
		}
	}
	return n;
}
