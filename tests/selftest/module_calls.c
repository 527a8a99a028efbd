// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <sys/syscall.h>

#include "module_calls.h"

static const char * const traces[] = {
	"/dev/lazy_contig", "/dev/dma_heap/lazy_contig",
	"/dev/dma_heap/lazy_contig_dma32", "/sys/module/lazy_contig",
	"/sys/class/misc/lazy_contig", "/sys/class/dma_heap/lazy_contig",
	"/sys/kernel/debug/lazy_contig",
};

static int load(const char *path, const char *params)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		bail("module \"%s\": %m", path);
	err = syscall(SYS_finit_module, fd, params, 0) ? -errno : 0;
	close(fd);
	return err;
}

int module_load(const char *params)
{
	return load(getenv("LC_MODULE") ?: "", params);
}

int module_unload(void)
{
	return ko_unload("lazy_contig");
}

int ko_load(const char *file, const char *params)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", getenv("LC_SRC") ?: "../../..",
		 file);
	return load(path, params);
}

int ko_unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
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
