// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: heaps: 32-bit programs get the same results: structs, errno, buffers
 *
 * int 0x80 enters the kernel as a 32-bit program does, also from a 64-bit one; its
 * arguments must lie below 4 GiB.
 */
#include "helpers.h"

#ifdef __x86_64__

#define NR_IOCTL_32	54

static int call32(int fd, unsigned long request, void *arg)
{
	long ret;

	asm volatile("int $0x80"
		     : "=a" (ret)
		     : "a" (NR_IOCTL_32), "b" (fd), "c" (request), "d" (arg)
		     : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static void *low_page(void)
{
	void *mem = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (mem == MAP_FAILED)
		bail("mmap: %m");
	return mem;
}

static void test_heap(const char *name)
{
	struct dma_heap_allocation_data *data = low_page();
	struct lazy_contig_query *q = (void *)(data + 1);
	struct dma_buf_sync *sync = (void *)(q + 1);
	struct lazy_contig_sync *part = (void *)(sync + 1);
	int heap = heap_open(name), control = control_open();
	unsigned char *mem;

	*data = (struct dma_heap_allocation_data){
		.len = MIB(1) + 1,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};
	is(call32(heap, DMA_HEAP_IOCTL_ALLOC, data), 0, "%s allocates", name);
	*q = (struct lazy_contig_query){ .size = sizeof(*q), .fd = data->fd };
	is(call32(control, LAZY_CONTIG_IOCTL_QUERY, q), 0, "QUERY");
	is(q->len, MIB(1) + PAGE, "tells the length");
	is(q->phys_addr, buf_phys(data->fd), "and the same place as always");
	mem = buf_map(data->fd, q->len);
	ok(all_zero(mem, q->len), "all zero");
	munmap(mem, q->len);
	sync->flags = DMA_BUF_SYNC_RW;
	is(call32(data->fd, DMA_BUF_IOCTL_SYNC, sync), 0, "DMA_BUF_IOCTL_SYNC");
	*part = (struct lazy_contig_sync){
		.size = sizeof(*part),
		.fd = data->fd,
		.flags = DMA_BUF_SYNC_RW,
		.offset = MIB(1),
		.len = PAGE,
	};
	is(call32(control, LAZY_CONTIG_IOCTL_SYNC, part), 0, "SYNC");
	part->len = PAGE + 1;
	is(call32(control, LAZY_CONTIG_IOCTL_SYNC, part), -EINVAL,
	   "of a byte more than there is");
	close(data->fd);

	is(call32(heap, DMA_HEAP_IOCTL_ALLOC, data), -EINVAL,
	   "%s refuses a struct with an fd in it", name);
	data->fd = 0;
	data->len = -1;
	is(call32(heap, DMA_HEAP_IOCTL_ALLOC, data), -EINVAL,
	   "and a length that wraps");
	data->len = 1ull << 63;
	is(call32(heap, DMA_HEAP_IOCTL_ALLOC, data), -ENOMEM,
	   "and an unassigned address, all 64 bits of it");
	is(call32(heap, DMA_HEAP_IOCTL_ALLOC, NULL), -EFAULT, "and NULL");
	is(call32(heap, _IO('H', 1), data), -EINVAL, "and other requests");
	q->flags = -1;
	is(call32(control, LAZY_CONTIG_IOCTL_QUERY, q), -EINVAL,
	   "QUERY refuses unknown flags");
	is(call32(control, _IO(LAZY_CONTIG_IOC_MAGIC, 99), q), -ENOTTY,
	   "the control device refuses other requests");
	munmap(data, PAGE);
	close(heap);
	close(control);
}

/* Only the lower half of what a 32-bit program passes is an address. */
static void test_fault(void)
{
	struct dma_heap_allocation_data *data = low_page();
	int heap = heap_open(HEAP);

	*data = (struct dma_heap_allocation_data){ .len = PAGE };
	mprotect(data, PAGE, PROT_READ);
	is(call32(heap, DMA_HEAP_IOCTL_ALLOC, data), -EFAULT,
	   "a struct in read-only memory");
	munmap(data, PAGE);
	close(heap);
}

int main(void)
{
	struct mark mark;

	mark_set(&mark);
	test_heap(HEAP);
	test_heap(HEAP_DMA32);
	test_fault();
	mark_check(&mark, "all calls");
	return tap_done();
}

#else

int main(void)
{
	skip("no way to make 32-bit calls on this architecture");
	return tap_done();
}

#endif
