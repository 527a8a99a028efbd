// SPDX-License-Identifier: GPL-2.0
#include <sys/syscall.h>

#include "helpers.h"

#define NODE	"/dev/lc_importer"

static void importer_load(void)
{
	const char *path = getenv("LC_IMPORTER");
	int fd = open(path ?: "", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		bail("the importer, LC_IMPORTER=%s: %m", path ?: "");
	if (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST)
		bail("load %s: %m", path);
	close(fd);
}

int importer_open(void)
{
	int fd;

	if (access(NODE, F_OK))
		importer_load();
	fd = open(NODE, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		bail("%s: %m", NODE);
	return fd;
}

int importer_unload(void)
{
	return syscall(SYS_delete_module, "lc_importer", O_NONBLOCK) ? -errno : 0;
}

bool kernel_checks_drivers(void)
{
	return !access("/sys/kernel/debug/dma-api", F_OK);
}

int importer_attach(int imp, int buf, uint32_t dma_bits, uint32_t *id)
{
	struct lci_attach arg = { .fd = buf, .dma_bits = dma_bits };
	int err = call(imp, LCI_ATTACH, &arg);

	*id = arg.id;
	return err;
}

int importer_map(int imp, uint32_t id, uint32_t direction, struct lci_map *map)
{
	*map = (struct lci_map){ .id = id, .direction = direction };
	return call(imp, LCI_MAP, map);
}

int importer_entry(int imp, uint32_t map, uint32_t index,
		   struct lci_entry *entry)
{
	*entry = (struct lci_entry){ .map = map, .index = index };
	return call(imp, LCI_ENTRY, entry);
}

int importer_read(int imp, unsigned long request, uint32_t id, uint64_t offset,
		  void *mem, size_t len)
{
	struct lci_copy arg = {
		.id = id,
		.offset = offset,
		.len = len,
		.user = (uintptr_t)mem,
	};

	return call(imp, request, &arg);
}

int importer_write(int imp, unsigned long request, uint32_t id,
		   uint64_t offset, const void *mem, size_t len)
{
	struct lci_copy arg = {
		.id = id,
		.write = 1,
		.offset = offset,
		.len = len,
		.user = (uintptr_t)mem,
	};

	return call(imp, request, &arg);
}

int importer_hold(int imp, int buf, size_t offset, size_t len)
{
	struct lci_hold hold = { .offset = offset, .len = len };
	struct lci_map map;
	uint32_t id;
	int err;

	err = importer_attach(imp, buf, 64, &id);
	err = err ?: importer_map(imp, id, 0, &map);
	hold.map = map.map;
	err = err ?: call(imp, LCI_HOLD, &hold);
	err = err ?: call(imp, LCI_UNMAP, &map.map);
	return err ?: call(imp, LCI_DETACH, &id);
}

bool device_new(int imp, int buf, struct device *dev)
{
	struct lci_entry entry;

	is(importer_attach(imp, buf, 32, &dev->id), 0, "a device attaches");
	is(importer_map(imp, dev->id, 0, &dev->map), 0, "and maps");
	is(importer_entry(imp, dev->map.map, 0, &entry), 0, "one entry");
	return entry.phys_addr != buf_phys(buf);
}
