// SPDX-License-Identifier: GPL-2.0 OR MIT
/* cc uio_doorbell.c $(pkg-config --cflags --libs lazy_contig) */
/*
 * Drives a device without a kernel driver: the "edu" device of QEMU, which copies
 * between main memory and memory of its own when a register is written to, its
 * doorbell. It is given physical addresses and reaches the lowest 256 MiB only.
 *
 * usage: uio_doorbell /sys/bus/pci/devices/0000:00:04.0
 *
 * Root runs it, on a machine without an IOMMU for the device.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <lazy_contig.h>

/* PCI: the command register in the configuration space */
#define PCI_COMMAND		0x04
#define PCI_COMMAND_MEMORY	0x02
#define PCI_COMMAND_MASTER	0x04

/* Registers in BAR 0 */
#define EDU_SOURCE		0x80
#define EDU_DESTINATION		0x88
#define EDU_COUNT		0x90
#define EDU_DOORBELL		0x98
#define EDU_START		0x1	/* set until the copy has ended */
#define EDU_TO_MEMORY		0x2

#define EDU_MEMORY		0x40000	/* the device's own memory, its address there */
#define EDU_HIGHEST		0x0fffffff
#define PAGE			4096
#define LEN			1024	/* bytes to copy */

static char *registers;

static void edu_write(unsigned int offset, uint32_t value)
{
	__atomic_store_n((uint32_t *)(registers + offset), value, __ATOMIC_RELEASE);
}

static uint32_t edu_read(unsigned int offset)
{
	return __atomic_load_n((uint32_t *)(registers + offset), __ATOMIC_ACQUIRE);
}

static int edu_file(const char *device, const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", device, name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

/* Lets the device answer accesses and access memory, and maps its registers. */
static void edu_open(const char *device)
{
	int config = edu_file(device, "config"), bar = edu_file(device, "resource0");
	uint16_t command;

	if (pread(config, &command, sizeof(command), PCI_COMMAND) != sizeof(command))
		err(1, "read the configuration space");
	command |= PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	if (pwrite(config, &command, sizeof(command), PCI_COMMAND) != sizeof(command))
		err(1, "write the configuration space");
	close(config);
	registers = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, bar, 0);
	if (registers == MAP_FAILED)
		err(1, "map the registers");
	close(bar);
}

/* Rings the doorbell and waits until the device has copied. */
static void edu_copy(uint32_t source, uint32_t destination, uint32_t direction)
{
	edu_write(EDU_SOURCE, source);
	edu_write(EDU_DESTINATION, destination);
	edu_write(EDU_COUNT, LEN);
	edu_write(EDU_DOORBELL, EDU_START | direction);
	while (edu_read(EDU_DOORBELL) & EDU_START)
		usleep(1000);
}

static void check(int ret, const char *what)
{
	if (ret < 0)
		errx(1, "%s: %s", what, strerror(-ret));
}

int main(int argc, char **argv)
{
	struct lazy_contig_allocation request;
	int dev, fd;
	void *addr;
	char *mem;

	if (argc != 2)
		errx(2, "usage: %s /sys/bus/pci/devices/...", argv[0]);
	edu_open(argv[1]);
	dev = lazy_contig_device_open();
	check(dev, LAZY_CONTIG_DEVICE);
	lazy_contig_request_init(&request, sizeof(request));
	request.len = 2 * PAGE;
	request.max_addr = EDU_HIGHEST;
	fd = lazy_contig_request(dev, &request);
	check(fd, "allocate");
	if (!request.phys_addr)
		errx(1, "physical addresses need CAP_SYS_ADMIN");
	check(lazy_contig_map(fd, 2 * PAGE, PROT_READ | PROT_WRITE, &addr), "map");
	mem = addr;

	/* write to the first page; the zeros of the second are the CPU's too */
	snprintf(mem, LEN, "hello, device");
	check(lazy_contig_sync_range_end(dev, fd, DMA_BUF_SYNC_RW, 0, 2 * PAGE), "sync");

	/* to the device, and back to the second page */
	edu_copy(request.phys_addr, EDU_MEMORY, 0);
	edu_copy(EDU_MEMORY, request.phys_addr + PAGE, EDU_TO_MEMORY);

	check(lazy_contig_sync_range_begin(dev, fd, DMA_BUF_SYNC_READ, PAGE, LEN), "sync");
	printf("the device returned: %s\n", mem + PAGE);
	check(lazy_contig_sync_range_end(dev, fd, DMA_BUF_SYNC_READ, PAGE, LEN), "sync");
	return 0;
}
