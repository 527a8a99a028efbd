/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * liblazy_contig: physically contiguous dma-bufs without ioctls.
 *
 * Every function returns 0 or a file descriptor on success and a negative
 * errno value on failure. The library prints nothing and keeps no state, so
 * every function can be called from any thread. Link with -llazy_contig, or let
 * "pkg-config --cflags --libs lazy_contig" say how.
 *
 * The functions for dma-bufs (map, sync, name, passing) work with buffers of
 * any exporter. Only lazy_contig_query() and the functions for special and kept
 * buffers (request, open, resize, free) ask the lazy_contig module.
 */
#ifndef LAZY_CONTIG_H
#define LAZY_CONTIG_H

#include <stddef.h>
#include <linux/dma-buf.h>
#include <linux/lazy_contig.h>
#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Heap names, for lazy_contig_alloc() and lazy_contig_heap_open(). */
#define LAZY_CONTIG_HEAP		"lazy_contig"
#define LAZY_CONTIG_HEAP_DMA32		"lazy_contig_dma32"

/* The node of the module's own ioctls. */
#define LAZY_CONTIG_DEVICE		"/dev/lazy_contig"

/**
 * lazy_contig_heap_open() - open a dma-buf heap
 * @heap: name of a heap, such as %LAZY_CONTIG_HEAP or "system", which is looked
 *	for in /dev/dma_heap; or the path of its node, which has a '/' in it
 *
 * For programs that allocate often, or that give up their privileges between
 * opening and allocating. Close the descriptor with close().
 *
 * Source: open(2) of the node, read-only as Android's library does.
 *
 * Return: a file descriptor, close-on-exec. -ENOENT no such heap, the module
 * may not be loaded; -EACCES no permission for the node; -ENAMETOOLONG; or
 * another error of open(2).
 */
int lazy_contig_heap_open(const char *heap);

/**
 * lazy_contig_heap_alloc() - allocate a dma-buf from an open heap
 * @heap_fd: descriptor from lazy_contig_heap_open()
 * @len: length in bytes, 1 or more; the kernel rounds it up to whole pages
 * @fd_flags: O_RDONLY, O_WRONLY or O_RDWR, and O_CLOEXEC, for the new
 *	descriptor; a shared writable mapping needs O_RDWR
 *
 * Every byte of the new buffer is zero. From lazy_contig it is one range of
 * physical addresses.
 *
 * Source: DMA_HEAP_IOCTL_ALLOC of linux/dma-heap.h.
 *
 * Return: a file descriptor of the dma-buf, to be closed with close().
 * -EINVAL @len is 0 or wraps when rounded up, or unknown @fd_flags; -ENOMEM
 * more than the machine or the configured limit can give, or no place found in
 * time; -EINTR killed while waiting; -EMFILE, -ENFILE no descriptor left;
 * -ENOTTY @heap_fd is no heap; -EBADF @heap_fd is not open.
 */
int lazy_contig_heap_alloc(int heap_fd, __u64 len, unsigned int fd_flags);

/**
 * lazy_contig_alloc() - allocate a dma-buf from a heap by its name
 * @heap: as in lazy_contig_heap_open()
 * @len: as in lazy_contig_heap_alloc()
 * @fd_flags: as in lazy_contig_heap_alloc()
 *
 * Opens the heap, allocates, and closes the heap again.
 *
 * Return: a file descriptor of the dma-buf, to be closed with close(), or any
 * error of the two functions it is made of.
 */
int lazy_contig_alloc(const char *heap, __u64 len, unsigned int fd_flags);

/**
 * lazy_contig_query() - ask where a buffer lies
 * @fd: a dma-buf of lazy_contig
 * @info: filled in; see linux/lazy_contig.h for the fields
 * @size: sizeof(*info), so that the struct can grow in later versions
 *
 * @info->phys_addr means something only if @info->flags has
 * %LAZY_CONTIG_PHYS_VALID, that is if the caller has CAP_SYS_ADMIN.
 *
 * Source: LAZY_CONTIG_IOCTL_QUERY of linux/lazy_contig.h.
 *
 * Return: 0. -EINVAL @fd is not a dma-buf or one of another exporter, or @size
 * is too small; -EBADF @fd is not open; -ENOENT there is no /dev/lazy_contig,
 * the module may not be loaded; -EACCES no permission for it.
 */
int lazy_contig_query(int fd, struct lazy_contig_query *info, size_t size);

/**
 * lazy_contig_request() - allocate a buffer with special wishes
 * @request: what is wanted, all other fields zero; see linux/lazy_contig.h.
 *	@request->node must be -1 if any node will do
 * @size: sizeof(*request), so that the struct can grow in later versions
 *
 * A NUMA node, an alignment, an address limit, a name in /proc/iomem, and with
 * %LAZY_CONTIG_KEEP in @request->flags a buffer that outlives every descriptor,
 * until lazy_contig_free(). @request->phys_addr is set to its address if the
 * caller has CAP_SYS_ADMIN, and to 0 if not. A name and keeping need
 * CAP_SYS_ADMIN.
 *
 * Source: LAZY_CONTIG_IOCTL_ALLOC of linux/lazy_contig.h.
 *
 * Return: a file descriptor of the dma-buf, to be closed with close(). -EINVAL
 * a field of @request makes no sense, its node is not online, or @size is too
 * small; -EPERM CAP_SYS_ADMIN is missing; -ENOMEM more than the machine or the
 * configured limit can give, or no place found in time; -EINTR killed while
 * waiting; -EMFILE, -ENFILE no descriptor left; -ENOENT there is no
 * /dev/lazy_contig, the module may not be loaded; -EACCES no permission for it.
 */
int lazy_contig_request(struct lazy_contig_alloc *request, size_t size);

/**
 * lazy_contig_open() - a new descriptor for a kept buffer
 * @phys_addr: physical address of its first byte
 * @fd_flags: as in lazy_contig_heap_alloc()
 *
 * Needs CAP_SYS_ADMIN.
 *
 * Source: LAZY_CONTIG_IOCTL_OPEN of linux/lazy_contig.h.
 *
 * Return: a file descriptor of a dma-buf, to be closed with close();
 * lseek(fd, 0, SEEK_END) tells the length. -ENOENT no kept buffer begins there,
 * or there is no /dev/lazy_contig; -EINVAL unknown @fd_flags; -EPERM, -EACCES
 * no permission; -EMFILE, -ENFILE no descriptor left; -ENOMEM; -EINTR killed
 * while waiting for a resize to end.
 */
int lazy_contig_open(__u64 phys_addr, unsigned int fd_flags);

/**
 * lazy_contig_resize() - change the length of a kept buffer
 * @phys_addr: physical address of its first byte; set to the new one, untouched
 *	on failure
 * @len: the new length in bytes, 1 or more; the kernel rounds it up to whole
 *	pages
 *
 * What the buffer holds stays, new bytes are zero, and a tail that is cut off is
 * returned at once. If there is no room behind it the buffer moves. If this
 * fails nothing has changed. Needs CAP_SYS_ADMIN.
 *
 * Source: LAZY_CONTIG_IOCTL_RESIZE of linux/lazy_contig.h.
 *
 * Return: 0. -ENOENT no kept buffer begins there, or there is no
 * /dev/lazy_contig; -EBUSY somebody has a descriptor, a mapping or an import of
 * it; -EINVAL @len is 0 or wraps when rounded up; -ENOMEM more than the machine
 * or the configured limit can give, or no place found in time; -EPERM, -EACCES
 * no permission; -EINTR killed while waiting.
 */
int lazy_contig_resize(__u64 *phys_addr, __u64 len);

/**
 * lazy_contig_free() - end the keeping of a kept buffer
 * @phys_addr: physical address of its first byte
 *
 * Descriptors, mappings and imports of it go on to work; the memory is returned
 * with the last of them, or now if there is none. Needs CAP_SYS_ADMIN.
 *
 * Source: LAZY_CONTIG_IOCTL_FREE of linux/lazy_contig.h.
 *
 * Return: 0. -ENOENT no kept buffer begins there, or there is no
 * /dev/lazy_contig; -EPERM, -EACCES no permission; -EINTR killed while waiting
 * for a resize to end.
 */
int lazy_contig_free(__u64 phys_addr);

/**
 * lazy_contig_map() - map a dma-buf
 * @fd: the dma-buf
 * @len: bytes to map from its start, 1 or more and not more than it has;
 *	lseek(fd, 0, SEEK_END) tells how many that are
 * @prot: PROT_READ, PROT_WRITE or both
 * @addr: where the address is stored; untouched on failure
 *
 * The mapping is shared. With @len of 2 MiB or more its address is a multiple
 * of 2 MiB, which lets the kernel map large buffers with few page faults. Put
 * accesses between lazy_contig_sync_begin() and lazy_contig_sync_end(). The
 * mapping keeps the buffer alive when @fd is closed.
 *
 * Source: mmap(2).
 *
 * Return: 0. -EINVAL @len is 0 or more than the buffer has; -EACCES @fd was
 * not opened for @prot; -ENOMEM no address space left; or another error of
 * mmap(2).
 */
int lazy_contig_map(int fd, size_t len, int prot, void **addr);

/**
 * lazy_contig_unmap() - undo lazy_contig_map()
 * @addr: the address it stored
 * @len: the @len it was given
 *
 * Source: munmap(2).
 *
 * Return: 0. -EINVAL @addr or @len was never mapped.
 */
int lazy_contig_unmap(void *addr, size_t len);

/**
 * lazy_contig_sync_begin() - announce access by the CPU
 * @fd: the dma-buf
 * @access: %DMA_BUF_SYNC_READ, %DMA_BUF_SYNC_WRITE or %DMA_BUF_SYNC_RW
 *
 * Waits for the devices that use the buffer and makes what they wrote visible
 * in mappings. An interrupted wait is resumed.
 *
 * Source: DMA_BUF_IOCTL_SYNC of linux/dma-buf.h with DMA_BUF_SYNC_START.
 *
 * Return: 0. -EINVAL unknown bits in @access; -ENOTTY @fd is no dma-buf;
 * -EBADF @fd is not open; or an error of the exporter.
 */
int lazy_contig_sync_begin(int fd, unsigned int access);

/**
 * lazy_contig_sync_end() - end access by the CPU
 * @fd: the dma-buf
 * @access: what lazy_contig_sync_begin() was given
 *
 * Makes what the CPU wrote visible to devices.
 *
 * Source: DMA_BUF_IOCTL_SYNC of linux/dma-buf.h with DMA_BUF_SYNC_END.
 *
 * Return: as lazy_contig_sync_begin().
 */
int lazy_contig_sync_end(int fd, unsigned int access);

/**
 * lazy_contig_set_name() - label a dma-buf for people who debug
 * @fd: the dma-buf
 * @name: at most 31 bytes; shown in /proc/PID/fdinfo, in /proc/PID/maps and in
 *	"lazy-contig list"
 *
 * Source: DMA_BUF_SET_NAME of linux/dma-buf.h.
 *
 * Return: 0. -EINVAL @name is too long; -ENOTTY @fd is no dma-buf; -EBADF @fd
 * is not open; -EBUSY a device uses the buffer (kernels before 5.8).
 */
int lazy_contig_set_name(int fd, const char *name);

/**
 * lazy_contig_send_fd() - give a descriptor to another process
 * @sock: a connected UNIX socket
 * @fd: what to give; it stays open here, and may be closed at once
 *
 * Sends one byte of data with it, as a stream socket demands.
 *
 * Source: sendmsg(2) with SCM_RIGHTS, without SIGPIPE.
 *
 * Return: 0. -EBADF one of the descriptors is not open; -EPIPE,
 * -ECONNRESET the receiver is gone; -ENOTCONN @sock is not connected; or
 * another error of sendmsg(2).
 */
int lazy_contig_send_fd(int sock, int fd);

/**
 * lazy_contig_recv_fd() - take a descriptor from another process
 * @sock: a connected UNIX socket
 *
 * Waits for one message of lazy_contig_send_fd(). A message with no descriptor
 * or with more than one is refused, and all that came with it are closed. What
 * the descriptor refers to is the sender's choice: check before trusting it.
 *
 * Source: recvmsg(2) with MSG_CMSG_CLOEXEC.
 *
 * Return: a file descriptor, close-on-exec, to be closed with close(). -EPROTO
 * the message did not carry exactly one descriptor; -ECONNRESET the sender
 * hung up before it sent one; -EAGAIN @sock is non-blocking and nothing has
 * come, or its receive timeout passed; -EMFILE no descriptor left; or another
 * error of recvmsg(2).
 */
int lazy_contig_recv_fd(int sock);

#ifdef __cplusplus
}
#endif

#endif /* LAZY_CONTIG_H */
