// SPDX-License-Identifier: GPL-2.0
#include <glob.h>
#include <libgen.h>
#include <linux/iommufd.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "vfio.h"

/* newer than the headers of some releases */
#ifndef IOMMU_IOAS_MAP_FILE
struct iommu_ioas_map_file {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__s32 fd;
	__aligned_u64 start;
	__aligned_u64 length;
	__aligned_u64 iova;
};

#define IOMMU_IOAS_MAP_FILE	_IO(IOMMUFD_TYPE, 0x8f)
#endif

#define EDU_SOURCE	0x80
#define EDU_DESTINATION	0x88
#define EDU_COUNT	0x90
#define EDU_COMMAND	0x98
#define EDU_RUN		0x1	/* set until the copy has ended */
#define EDU_TO_MEMORY	0x2
#define EDU_MEMORY	0x40000	/* its own, the address there */

#define IOAS_RW		(IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE | \
			 IOMMU_IOAS_MAP_WRITEABLE)

static char edu_dir[128];	/* in sysfs */
static int device, space, group;
static uint32_t ioas;
static uint64_t registers;

static bool text_is(const char *path, const char *name, const char *text)
{
	char line[64] = "", file[256];
	FILE *f;

	snprintf(file, sizeof(file), "%s/%s", path, name);
	f = text_open(file);
	if (!fgets(line, sizeof(line), f))
		bail("%s is empty", file);
	fclose(f);
	line[strcspn(line, "\n")] = '\0';
	return !strcmp(line, text);
}

void edu_bind(void)
{
	char path[256];
	glob_t found;
	size_t i;

	if (glob("/sys/bus/pci/devices/*", 0, NULL, &found))
		bail("no PCI devices");
	for (i = 0; i < found.gl_pathc; i++)
		if (text_is(found.gl_pathv[i], "vendor", "0x1234") &&
		    text_is(found.gl_pathv[i], "device", "0x11e8"))
			snprintf(edu_dir, sizeof(edu_dir), "%s", found.gl_pathv[i]);
	globfree(&found);
	if (!*edu_dir)
		bail("the machine has no edu device");
	snprintf(path, sizeof(path), "%s/driver_override", edu_dir);
	text_set(path, "vfio-pci");
	text_set("/sys/bus/pci/drivers_probe", strrchr(edu_dir, '/') + 1);
}

void edu_unbind(void)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/driver/unbind", edu_dir);
	text_set(path, strrchr(edu_dir, '/') + 1);
	snprintf(path, sizeof(path), "%s/driver_override", edu_dir);
	text_set(path, "\n");
}

static uint64_t region(uint32_t index)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };
	int err = call(device, VFIO_DEVICE_GET_REGION_INFO, &info);

	if (err || !info.size)
		bail("part %u of the device: %s", index, strerror(-err));
	return info.offset;
}

/* The device answers accesses and may access memory. */
static void edu_enable(void)
{
	uint64_t at = region(VFIO_PCI_CONFIG_REGION_INDEX) + PCI_COMMAND;
	uint16_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;

	if (pwrite(device, &command, sizeof(command), at) != sizeof(command))
		bail("write the configuration space: %m");
	registers = region(VFIO_PCI_BAR0_REGION_INDEX);
}

static void edu_set(unsigned int offset, uint32_t value)
{
	if (pwrite(device, &value, sizeof(value), registers + offset) != sizeof(value))
		bail("write a register: %m");
}

static void edu_copy(uint32_t source, uint32_t destination, uint32_t direction)
{
	uint32_t command;

	edu_set(EDU_SOURCE, source);
	edu_set(EDU_DESTINATION, destination);
	edu_set(EDU_COUNT, EDU_CHUNK);
	edu_set(EDU_COMMAND, EDU_RUN | direction);
	do {
		usleep(1000);
		if (pread(device, &command, sizeof(command), registers + EDU_COMMAND) !=
		    sizeof(command))
			bail("read a register: %m");
	} while (command & EDU_RUN);
}

void edu_reads(uint64_t iova)
{
	edu_copy(iova, EDU_MEMORY, 0);
}

void edu_writes(uint64_t iova)
{
	edu_copy(EDU_MEMORY, iova, EDU_TO_MEMORY);
}

static bool type1_open(void)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	char path[256], link[256] = "";

	snprintf(path, sizeof(path), "%s/iommu_group", edu_dir);
	if (readlink(path, link, sizeof(link) - 1) < 0)
		bail("the device has no IOMMU");
	snprintf(path, sizeof(path), "/dev/vfio/%s", basename(link));
	space = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	group = open(path, O_RDWR | O_CLOEXEC);
	if (space < 0 || group < 0)
		bail("%s: %m", path);
	if (call(group, VFIO_GROUP_GET_STATUS, &status) ||
	    !(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		bail("the group of the device is not viable");
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &space) ||
	    ioctl(space, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		bail("the type 1 IOMMU: %m");
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, strrchr(edu_dir, '/') + 1);
	if (device < 0)
		bail("the device: %m");
	edu_enable();
	return true;
}

static int type1_map(uint64_t iova, void *mem, size_t len)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)mem,
		.iova = iova,
		.size = len,
	};

	return call(space, VFIO_IOMMU_MAP_DMA, &map);
}

static int type1_unmap(uint64_t iova, size_t len)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap), .iova = iova, .size = len,
	};
	int err = call(space, VFIO_IOMMU_UNMAP_DMA, &unmap);

	return err ?: unmap.size != len;
}

const struct mapper type1 = {
	.name = "type1",
	.open = type1_open,
	.map = type1_map,
	.unmap = type1_unmap,
};

static bool iommufd_open(void)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach) };
	char path[256];
	glob_t found;

	snprintf(path, sizeof(path), "%s/vfio-dev/vfio*", edu_dir);
	space = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	if (space < 0)
		return false;
	if (glob(path, 0, NULL, &found))
		bail("%s: none", path);
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", basename(found.gl_pathv[0]));
	globfree(&found);
	group = -1;
	device = open(path, O_RDWR | O_CLOEXEC);
	if (device < 0)
		bail("%s: %m", path);
	bind.iommufd = space;
	if (ioctl(device, VFIO_DEVICE_BIND_IOMMUFD, &bind) ||
	    ioctl(space, IOMMU_IOAS_ALLOC, &alloc))
		bail("iommufd: %m");
	ioas = alloc.out_ioas_id;
	attach.pt_id = ioas;
	if (ioctl(device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach))
		bail("attach the device: %m");
	edu_enable();
	return true;
}

static int iommufd_map(uint64_t iova, void *mem, size_t len)
{
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = IOAS_RW,
		.ioas_id = ioas,
		.user_va = (uintptr_t)mem,
		.length = len,
		.iova = iova,
	};

	return call(space, IOMMU_IOAS_MAP, &map);
}

static int iommufd_map_file(uint64_t iova, int buf, size_t len)
{
	struct iommu_ioas_map_file map = {
		.size = sizeof(map),
		.flags = IOAS_RW,
		.ioas_id = ioas,
		.fd = buf,
		.length = len,
		.iova = iova,
	};

	return call(space, IOMMU_IOAS_MAP_FILE, &map);
}

static int iommufd_unmap(uint64_t iova, size_t len)
{
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap), .ioas_id = ioas, .iova = iova, .length = len,
	};

	return call(space, IOMMU_IOAS_UNMAP, &unmap);
}

const struct mapper iommufd = {
	.name = "iommufd",
	.open = iommufd_open,
	.map = iommufd_map,
	.map_file = iommufd_map_file,
	.unmap = iommufd_unmap,
};

void mapper_close(void)
{
	close(device);
	if (group >= 0)
		close(group);
	close(space);
}
