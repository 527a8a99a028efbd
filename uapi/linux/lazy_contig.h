/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Supplemental interface of the lazy_contig dma-buf heap: /dev/lazy_contig.
 *
 * Buffers are normally allocated with the standard heap interface
 * (linux/dma-heap.h) from /dev/dma_heap/lazy_contig, or from
 * /dev/dma_heap/lazy_contig_dma32 for devices that cannot address memory at
 * or above 4 GiB. This header has the operations that the dma-heap UAPI lacks.
 *
 * The structs are extensible. Each begins with @size, which the caller sets to
 * the sizeof() of the struct that it was compiled with. New fields are only
 * appended, and zero in a new field selects the behaviour before it existed. Flags of
 * all ioctls are distinct bits, but for those that QUERY returns. A
 * kernel that knows fewer fields than the caller accepts the call if the unknown
 * ones are zero; a kernel that knows more takes the missing ones as zero and
 * writes nothing beyond @size.
 *
 * Errors that every ioctl here can return, besides those listed with it:
 *
 *  -ENOTTY	unknown ioctl
 *  -EINVAL	@size is smaller than the first version of the struct, an unknown flag is
 *		set, or a reserved field is not zero
 *  -E2BIG	a field unknown to this kernel is not zero, or @size is larger than
 *		a page
 *  -EFAULT	the struct cannot be read or written
 *  -EPERM	the caller lacks CAP_SYS_ADMIN: where the ioctl demands it, this is
 *		said before what else is wrong
 *
 * The structs have the same layout for 32-bit and 64-bit callers.
 */
#ifndef _UAPI_LINUX_LAZY_CONTIG_H
#define _UAPI_LINUX_LAZY_CONTIG_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define LAZY_CONTIG_IOC_MAGIC		0xd9

/* Bytes of a buffer's name, with the terminating zero. */
#define LAZY_CONTIG_NAME_MAX		64

/**
 * struct lazy_contig_query - physical location of a buffer
 * @size: in: sizeof(struct lazy_contig_query)
 * @fd: in: file descriptor of a dma-buf that lazy_contig exported
 * @len: out: length of the buffer in bytes, a multiple of the page size
 * @phys_addr: out: physical address of the first byte; 0 unless
 *	%LAZY_CONTIG_PHYS_VALID is set in @flags
 * @node: out: NUMA node of the memory, 0 or more
 * @flags: out: %LAZY_CONTIG_PHYS_VALID if the caller has CAP_SYS_ADMIN in the
 *	initial user namespace, as for /proc/self/pagemap
 *
 * Output fields are ignored on input, so a struct can be reused as it was
 * returned, except that unknown bits of @flags are refused.
 *
 * Errors: -EBADF @fd is not open; -EINVAL @fd is not a dma-buf, or belongs to
 * another exporter.
 */
struct lazy_contig_query {
	__u32 size;
	__s32 fd;
	__u64 len;
	__u64 phys_addr;
	__s32 node;
	__u32 flags;
};

/* lazy_contig_query.flags, out: phys_addr is valid */
#define LAZY_CONTIG_PHYS_VALID		0x1

/**
 * struct lazy_contig_allocation - allocate with placement constraints
 * @size: in: sizeof(struct lazy_contig_allocation)
 * @flags: in: 0, or a combination of %LAZY_CONTIG_KEEP and %LAZY_CONTIG_PINNABLE
 * @len: in: length in bytes, rounded up to the page size; not 0
 * @align: in: alignment of the physical address in bytes, a power of two;
 *	values below the page size, 0 among them, mean the page size
 * @max_addr: in: highest physical address of any byte, for example 0xffffffff
 *	for a 32-bit device; 0 means no limit
 * @node: in: NUMA node of all memory, or -1 for any
 * @fd_flags: in: flags of the new file descriptor: O_CLOEXEC and one of
 *	O_RDONLY, O_WRONLY, O_RDWR
 * @name: in: zero-terminated name in /proc/iomem, printable ASCII; empty means
 *	"lazy_contig". Needs CAP_SYS_ADMIN if not empty
 * @fd: out: file descriptor of the new dma-buf
 * @__reserved: must be 0
 * @phys_addr: out: physical address of the first byte, or 0 without CAP_SYS_ADMIN, as in
 *	struct lazy_contig_query
 * @min_addr: in: lowest physical address of any byte; 0 means no limit
 *
 * What @fd and @phys_addr are on input does not matter. %LAZY_CONTIG_KEEP needs
 * CAP_SYS_ADMIN; %LAZY_CONTIG_PINNABLE needs no privilege.
 * Without CAP_SYS_ADMIN @align is at most the size of a huge page (PMD), -EPERM
 * otherwise; and addresses are rounded, so that bounds do not tell where the buffer
 * lies: @min_addr up to a power of two, @max_addr + 1 down to one.
 *
 * Errors: -EINVAL @len is 0 or wraps to 0 when rounded up, @align is not a power
 * of two, @node is not online, @name is not terminated
 * or not printable, unknown @fd_flags; -ENOMEM @len exceeds what the machine or a
 * limit could ever give, or no range was found in time; -EINTR killed while waiting;
 * -EMFILE, -ENFILE no file descriptor available.
 */
struct lazy_contig_allocation {
	__u32 size;
	__u32 flags;
	__u64 len;
	__u64 align;
	__u64 max_addr;
	__s32 node;
	__u32 fd_flags;
	char name[LAZY_CONTIG_NAME_MAX];
	__s32 fd;
	__u32 __reserved;
	__u64 phys_addr;
	__u64 min_addr;
};

/*
 * lazy_contig_allocation.flags: the buffer outlives all its dma-bufs, until FREE. One as
 * large as a memory block or larger begins at a memory block if one is nearly free.
 */
#define LAZY_CONTIG_KEEP		0x1
/*
 * lazy_contig_allocation.flags: mappings of the buffer can be pinned, for direct
 * I/O and the like, where those of others answer -EFAULT. Pages that are pinned
 * still when the buffer ends, and their charge, last until they no longer are.
 */
#define LAZY_CONTIG_PINNABLE		0x2

/**
 * struct lazy_contig_open - create a dma-buf of a kept buffer
 * @size: in: sizeof(struct lazy_contig_open)
 * @fd_flags: in: as in struct lazy_contig_allocation
 * @phys_addr: in: physical address of the kept buffer's first byte
 * @len: out: its length in bytes
 * @fd: out: file descriptor of the new dma-buf
 * @flags: in: 0, or %LAZY_CONTIG_HOLD
 * @__reserved: the name that @flags had while there was no flag
 *
 * What @len and @fd are on input does not matter. Needs CAP_SYS_ADMIN.
 *
 * Errors: -ENOENT no kept buffer begins at @phys_addr; -EINVAL unknown
 * @fd_flags; -ENOMEM, -EMFILE, -ENFILE.
 */
struct lazy_contig_open {
	__u32 size;
	__u32 fd_flags;
	__u64 phys_addr;
	__u64 len;
	__s32 fd;

	__extension__ union {
		__u32 flags;
		__u32 __reserved;
	};
};

/*
 * lazy_contig_open.flags: until the new dma-buf is released, LAZY_CONTIG_IOCTL_FREE of
 * the buffer fails: for users who know only its address, such as a mounted file system.
 */
#define LAZY_CONTIG_HOLD		0x4

/**
 * struct lazy_contig_resize - change the length of a kept buffer
 * @size: in: sizeof(struct lazy_contig_resize)
 * @flags: in: must be 0
 * @phys_addr: in: physical address of the kept buffer's first byte; out: that
 *	address after the resize
 * @len: in: new length in bytes, rounded up to the page size, not 0; out: the
 *	length after rounding
 *
 * Needs CAP_SYS_ADMIN. A buffer grows in place if the pages behind it can be
 * allocated, and is moved otherwise; its contents are preserved, new bytes are
 * zero. Shrinking returns the tail at once. On failure nothing has changed.
 *
 * Errors: -ENOENT no kept buffer begins at @phys_addr; -EBUSY a dma-buf of it
 * exists, or the buffer would have to move while a page of it is still pinned;
 * -EINVAL @len is 0 or wraps; -ENOMEM as in struct lazy_contig_allocation, or
 * the buffer would have to move and the hardware reported a page of it broken;
 * -EINTR.
 */
struct lazy_contig_resize {
	__u32 size;
	__u32 flags;
	__u64 phys_addr;
	__u64 len;
};

/**
 * struct lazy_contig_free - end the keeping of a kept buffer
 * @size: in: sizeof(struct lazy_contig_free)
 * @flags: in: must be 0
 * @phys_addr: in: physical address of the kept buffer's first byte
 *
 * Needs CAP_SYS_ADMIN. The memory is returned with the last dma-buf of it, never
 * before; OPEN, RESIZE and FREE no longer find the buffer from now on.
 *
 * Errors: -ENOENT no kept buffer begins at @phys_addr; -EBUSY a dma-buf that was opened
 * with %LAZY_CONTIG_HOLD exists.
 */
struct lazy_contig_free {
	__u32 size;
	__u32 flags;
	__u64 phys_addr;
};

/**
 * struct lazy_contig_sync - begin or end CPU access to a part of a buffer
 * @size: in: sizeof(struct lazy_contig_sync)
 * @fd: in: file descriptor of a dma-buf that lazy_contig exported
 * @flags: in: as in struct dma_buf_sync of linux/dma-buf.h: DMA_BUF_SYNC_START or
 *	DMA_BUF_SYNC_END, with DMA_BUF_SYNC_READ, DMA_BUF_SYNC_WRITE or
 *	DMA_BUF_SYNC_RW
 * @offset: in: first byte of the part
 * @len: in: length of the part in bytes, not 0; @offset and @len need no alignment
 *
 * As DMA_BUF_IOCTL_SYNC, for a part of the buffer: START waits for the fences of
 * the whole buffer. In addition, and whether or not a driver has mapped the
 * buffer, the CPU caches of the part are maintained for hardware that is driven
 * by physical address and not coherent with them: START makes what such hardware
 * wrote visible to the CPU, END what the CPU wrote visible to the hardware. The
 * zeros of a new buffer count as written by the CPU: END with DMA_BUF_SYNC_RW on
 * all that the hardware will access is due before its first access. START and
 * END of parts that share a cache line affect the whole line. Where the
 * architecture has only coherent devices, such as x86, there are no caches to
 * maintain.
 *
 * Errors: -EINVAL @len is 0, the part does not lie inside the buffer, @fd is not a
 * dma-buf, or belongs to another exporter; -EBADF @fd is not open; -EINTR a signal
 * arrived while START waited for fences.
 */
struct lazy_contig_sync {
	__u32 size;
	__s32 fd;
	__u64 flags;
	__u64 offset;
	__u64 len;
};

/*
 * The size is in the struct, not in the ioctl number: the numbers stay the same
 * when the structs are extended.
 */
#define LAZY_CONTIG_IOCTL_QUERY		_IO(LAZY_CONTIG_IOC_MAGIC, 0)
#define LAZY_CONTIG_IOCTL_ALLOC		_IO(LAZY_CONTIG_IOC_MAGIC, 1)
#define LAZY_CONTIG_IOCTL_OPEN		_IO(LAZY_CONTIG_IOC_MAGIC, 2)
#define LAZY_CONTIG_IOCTL_RESIZE	_IO(LAZY_CONTIG_IOC_MAGIC, 3)
#define LAZY_CONTIG_IOCTL_FREE		_IO(LAZY_CONTIG_IOC_MAGIC, 4)
#define LAZY_CONTIG_IOCTL_SYNC		_IO(LAZY_CONTIG_IOC_MAGIC, 5)

#endif /* _UAPI_LINUX_LAZY_CONTIG_H */
