/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * liblazy_contig: allocate, map and pass physically contiguous dma-bufs.
 *
 * Functions that can fail return 0 or a file descriptor on success and a negative
 * errno value on failure; errno itself is not meaningful. A returned descriptor
 * belongs to the caller, who closes it with close(2). Pointer arguments must not
 * be NULL.
 *
 * The library prints nothing. Every function may be called from any thread, also
 * with the same descriptor at the same time. All of them may block; those that wait
 * for memory or for a device say so.
 *
 * Mapping, synchronization, naming and passing work with the dma-bufs of any
 * exporter. Functions with a parameter @dev need the lazy_contig module: @dev is a
 * descriptor of lazy_contig_device_open(). Each of them can also return -EBADF if
 * @dev is not open, -ENOTTY if it is no descriptor of the control device or if the
 * loaded module is too old for the call, and -E2BIG if the module is too old for a
 * field that is set.
 *
 * liblazy_contig(3) describes which changes later versions can bring.
 *
 * Compile and link with "pkg-config --cflags --libs lazy_contig".
 */
#ifndef LAZY_CONTIG_H
#define LAZY_CONTIG_H

#include <stddef.h>
#include <stdint.h>
#include <linux/dma-buf.h>
#include <linux/lazy_contig.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Version of this header, as 0xMMmmpp: major, minor, patch. */
#define LAZY_CONTIG_VERSION		0x010000

/* Heap names for lazy_contig_alloc() and lazy_contig_heap_open(). */
#define LAZY_CONTIG_HEAP		"lazy_contig"
#define LAZY_CONTIG_HEAP_DMA32		"lazy_contig_dma32"

/* Node of the supplemental ioctls, see linux/lazy_contig.h. */
#define LAZY_CONTIG_DEVICE		"/dev/lazy_contig"

/**
 * lazy_contig_heap_open() - open a dma-buf heap
 * @heap: name of a heap in /dev/dma_heap, such as %LAZY_CONTIG_HEAP or "system";
 *	or, if it contains a '/', the path of a heap's node
 *
 * For programs that allocate repeatedly, or that drop privileges between opening
 * and allocating. The node is opened read-only, which is sufficient for
 * allocating.
 *
 * Return: a close-on-exec file descriptor, owned by the caller. -ENOENT no such
 * heap (is the module loaded?); -EACCES no permission for the node;
 * -ENAMETOOLONG @heap does not fit into PATH_MAX bytes; -EMFILE, -ENFILE no
 * descriptor available; or another error of open(2).
 */
int lazy_contig_heap_open(const char *heap);

/**
 * lazy_contig_heap_alloc() - allocate a dma-buf from an open heap
 * @heap_fd: descriptor of any dma-buf heap; it stays open
 * @len: length in bytes, at least 1; rounded up to the page size
 * @fd_flags: flags of the new descriptor: one of O_RDONLY, O_WRONLY and O_RDWR,
 *	optionally with O_CLOEXEC. A writable mapping requires O_RDWR
 *
 * Every byte of the buffer is zero. A buffer of lazy_contig is one range of
 * physical addresses. May wait for pages to be migrated, limited by the module
 * parameter time_limit_ms; only a fatal signal interrupts the wait.
 *
 * Calls DMA_HEAP_IOCTL_ALLOC of linux/dma-heap.h.
 *
 * Return: a file descriptor of the dma-buf, owned by the caller. -EINVAL @len is
 * 0 or overflows when rounded up, or unknown @fd_flags; -ENOMEM @len exceeds the
 * available memory or a limit, or no range was found within the time limit;
 * -EINTR the process is being killed; -EMFILE, -ENFILE no descriptor available;
 * -ENOTTY @heap_fd is not a heap; -EBADF @heap_fd is not open.
 */
int lazy_contig_heap_alloc(int heap_fd, uint64_t len, unsigned int fd_flags);

/**
 * lazy_contig_alloc() - allocate a dma-buf from a heap given by name
 * @heap: as for lazy_contig_heap_open()
 * @len: as for lazy_contig_heap_alloc()
 * @fd_flags: as for lazy_contig_heap_alloc()
 *
 * Opens the heap, allocates, and closes the heap. No other heap is tried if that
 * fails.
 *
 * Return: a file descriptor of the dma-buf, owned by the caller, or an error of
 * lazy_contig_heap_open() or lazy_contig_heap_alloc().
 */
int lazy_contig_alloc(const char *heap, uint64_t len, unsigned int fd_flags);

/**
 * lazy_contig_device_open() - open the control device
 *
 * Opens %LAZY_CONTIG_DEVICE for the functions that have a parameter @dev. A program
 * can open it, drop privileges, and go on using it: what needs CAP_SYS_ADMIN
 * depends on the capabilities of the caller at the time of the call.
 *
 * Return: a close-on-exec file descriptor, owned by the caller. -ENOENT no such node
 * (is the module loaded?); -EACCES no permission for the node; -EMFILE, -ENFILE no
 * descriptor available; or another error of open(2).
 */
int lazy_contig_device_open(void);

/**
 * lazy_contig_query() - get length, NUMA node and physical address of a buffer
 * @dev: the control device
 * @fd: a dma-buf of lazy_contig
 * @info: overwritten with the result; unspecified on failure. See
 *	linux/lazy_contig.h for the fields
 * @size: sizeof(*info), which lets the struct grow in later versions
 *
 * @info->phys_addr is valid only if %LAZY_CONTIG_PHYS_VALID is set in
 * @info->flags, that is if the caller has CAP_SYS_ADMIN; otherwise it is 0.
 *
 * Calls LAZY_CONTIG_IOCTL_QUERY of linux/lazy_contig.h.
 *
 * Return: 0. -EINVAL @fd is not a dma-buf or has another exporter, or @size is
 * too small; -EBADF @fd is not open.
 */
#if defined(__cplusplus) && defined(__GNUC__)
/* in C++, a function that is called like a struct hides the struct's constructor */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#endif
int lazy_contig_query(int dev, int fd, struct lazy_contig_query *info, size_t size);
#if defined(__cplusplus) && defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

/**
 * lazy_contig_request_init() - initialize a request
 * @request: set to defaults: no constraint, any node, O_RDWR | O_CLOEXEC as flags of
 *	the descriptor
 * @size: sizeof(*request), which lets the struct grow in later versions
 */
void lazy_contig_request_init(struct lazy_contig_allocation *request, size_t size);

/**
 * lazy_contig_request() - allocate a buffer with placement constraints
 * @dev: the control device
 * @request: initialized by lazy_contig_request_init(); the caller has set the length
 *	and the constraints. @request->fd and @request->phys_addr are set by the
 *	call. See linux/lazy_contig.h for the fields
 *
 * Constraints are a NUMA node, an alignment, and a minimum and a maximum address. With
 * %LAZY_CONTIG_PINNABLE in @request->flags, mappings of the buffer can be pinned, for
 * direct I/O and the like. With CAP_SYS_ADMIN the buffer can also have a name in
 * /proc/iomem and, with %LAZY_CONTIG_KEEP in @request->flags, outlive every descriptor
 * until lazy_contig_kept_free(). @request->phys_addr is the physical address, or 0
 * without CAP_SYS_ADMIN. Waits as lazy_contig_heap_alloc() does.
 *
 * Calls LAZY_CONTIG_IOCTL_ALLOC of linux/lazy_contig.h.
 *
 * Return: a file descriptor of the dma-buf, owned by the caller. -EINVAL a field
 * of @request is invalid, its node is not online, or it was not initialized; -EPERM
 * a name or %LAZY_CONTIG_KEEP without CAP_SYS_ADMIN; -ENOMEM the length exceeds
 * the available memory or a limit, or no range was found within the time limit;
 * -EINTR the process is being killed; -EMFILE, -ENFILE no descriptor available.
 */
int lazy_contig_request(int dev, struct lazy_contig_allocation *request);

/**
 * lazy_contig_kept_open() - get a dma-buf of a kept buffer
 * @dev: the control device
 * @phys_addr: physical address of the buffer's first byte
 * @fd_flags: as for lazy_contig_heap_alloc()
 *
 * All dma-bufs of a kept buffer share its memory. Needs CAP_SYS_ADMIN. Waits for a
 * resize of the buffer in progress.
 *
 * Calls LAZY_CONTIG_IOCTL_OPEN of linux/lazy_contig.h.
 *
 * Return: a file descriptor of a new dma-buf, owned by the caller. -ENOENT no
 * kept buffer begins at @phys_addr; -EINVAL unknown @fd_flags; -EPERM
 * CAP_SYS_ADMIN is missing; -ENOMEM no kernel memory for the dma-buf; -EINTR the
 * process is being killed; -EMFILE, -ENFILE no descriptor available.
 */
int lazy_contig_kept_open(int dev, uint64_t phys_addr, unsigned int fd_flags);

/**
 * lazy_contig_kept_hold() - get a dma-buf of a kept buffer that cannot be freed meanwhile
 * @dev: the control device
 * @phys_addr: physical address of the buffer's first byte
 * @fd_flags: as for lazy_contig_heap_alloc()
 *
 * As lazy_contig_kept_open(); until the dma-buf is released, lazy_contig_kept_free() of
 * the buffer fails with -EBUSY. For users who know only its address, such as a mounted
 * file system.
 *
 * Calls LAZY_CONTIG_IOCTL_OPEN of linux/lazy_contig.h with %LAZY_CONTIG_HOLD.
 *
 * Return: as lazy_contig_kept_open(); -EINVAL also if the loaded module is too old.
 */
int lazy_contig_kept_hold(int dev, uint64_t phys_addr, unsigned int fd_flags);

/**
 * lazy_contig_kept_resize() - change the length of a kept buffer
 * @dev: the control device
 * @phys_addr: in: physical address of the buffer's first byte; out: the address
 *	after the resize, unchanged on failure
 * @len: new length in bytes, at least 1; rounded up to the page size
 *
 * Contents up to the smaller of both lengths are preserved, added bytes are
 * zero, and memory cut off is returned before the call returns. A buffer that
 * cannot grow in place is moved to a range that meets the constraints it was
 * allocated with. On failure nothing has changed. Needs CAP_SYS_ADMIN. Waits as
 * lazy_contig_heap_alloc() does.
 *
 * Calls LAZY_CONTIG_IOCTL_RESIZE of linux/lazy_contig.h.
 *
 * Return: 0. -ENOENT no kept buffer begins at *@phys_addr; -EBUSY a descriptor,
 * a mapping or an importer references the buffer, or it would have to move while a page
 * of it is still pinned; -EINVAL @len is 0 or overflows
 * when rounded up; -ENOMEM @len exceeds the available memory or a limit, or no
 * range was found within the time limit; -EPERM CAP_SYS_ADMIN is missing; -EINTR
 * the process is being killed.
 */
int lazy_contig_kept_resize(int dev, uint64_t *phys_addr, uint64_t len);

/**
 * lazy_contig_kept_free() - free a kept buffer
 * @dev: the control device
 * @phys_addr: physical address of the buffer's first byte
 *
 * The buffer can no longer be opened, resized or freed by address. Descriptors,
 * mappings and imports of it stay valid; the memory is returned with the last of
 * them, or before this call returns if there is none. Needs CAP_SYS_ADMIN. Waits
 * for a resize of the buffer in progress.
 *
 * Calls LAZY_CONTIG_IOCTL_FREE of linux/lazy_contig.h.
 *
 * Return: 0. -ENOENT no kept buffer begins at @phys_addr; -EBUSY
 * lazy_contig_kept_hold() holds it; -EPERM CAP_SYS_ADMIN is missing; -EINTR the
 * process is being killed.
 */
int lazy_contig_kept_free(int dev, uint64_t phys_addr);

/**
 * lazy_contig_size() - get the length of a dma-buf
 * @fd: the dma-buf
 * @size: out: length in bytes, a multiple of the page size; unchanged on failure
 *
 * Calls lseek(2).
 *
 * Return: 0. -EBADF @fd is not open; or another error of lseek(2).
 */
int lazy_contig_size(int fd, uint64_t *size);

/**
 * lazy_contig_map() - map a dma-buf
 * @fd: the dma-buf
 * @len: number of bytes to map from offset 0, from 1 to the length of the buffer,
 *	see lazy_contig_size()
 * @prot: PROT_READ, PROT_WRITE or both
 * @addr: out: address of the mapping; unchanged on failure
 *
 * The mapping is shared and keeps the buffer alive after @fd is closed. It
 * belongs to the caller, who removes it with lazy_contig_unmap(). If @len is at
 * least the size of a huge page table entry (2 MiB on most machines), the address is
 * a multiple of that size, unless another thread maps something there meanwhile;
 * the kernel can then map the buffer with such entries. Accesses belong between
 * lazy_contig_sync_begin() and lazy_contig_sync_end().
 *
 * Calls mmap(2). The first call of a process also reads
 * /sys/kernel/mm/transparent_hugepage/hpage_pmd_size, if it is accessible.
 *
 * Return: 0. -EINVAL @len is 0 or exceeds the length of the buffer; -EACCES @fd
 * was not opened for @prot; -EBADF @fd is not open; -ENOMEM no address space
 * available; or another error of mmap(2).
 */
int lazy_contig_map(int fd, size_t len, int prot, void **addr);

/**
 * lazy_contig_unmap() - remove a mapping made by lazy_contig_map()
 * @addr: the address that lazy_contig_map() stored
 * @len: the length that was passed to lazy_contig_map()
 *
 * Calls munmap(2).
 *
 * Return: 0. -EINVAL @addr is not a multiple of the page size or @len is 0; or
 * another error of munmap(2).
 */
int lazy_contig_unmap(void *addr, size_t len);

/**
 * lazy_contig_sync_begin() - begin CPU access to a dma-buf
 * @fd: the dma-buf
 * @access: %DMA_BUF_SYNC_READ, %DMA_BUF_SYNC_WRITE or %DMA_BUF_SYNC_RW
 *
 * Waits until devices have finished with the buffer, as far as their drivers
 * attach fences, and makes what they wrote visible in mappings. Restarted if a
 * signal handler interrupts it.
 *
 * Calls DMA_BUF_IOCTL_SYNC of linux/dma-buf.h with DMA_BUF_SYNC_START.
 *
 * Return: 0. -EINVAL @access is 0 or has unknown bits; -ENOTTY @fd is not a
 * dma-buf; -EBADF @fd is not open; or an error of the exporter.
 */
int lazy_contig_sync_begin(int fd, unsigned int access);

/**
 * lazy_contig_sync_end() - end CPU access to a dma-buf
 * @fd: the dma-buf
 * @access: the value that was passed to lazy_contig_sync_begin()
 *
 * Makes what the CPU wrote visible to devices.
 *
 * Calls DMA_BUF_IOCTL_SYNC of linux/dma-buf.h with DMA_BUF_SYNC_END.
 *
 * Return: as lazy_contig_sync_begin().
 */
int lazy_contig_sync_end(int fd, unsigned int access);

/**
 * lazy_contig_sync_range_begin() - begin CPU access to a part of a buffer
 * @dev: the control device
 * @fd: a dma-buf of lazy_contig
 * @access: %DMA_BUF_SYNC_READ, %DMA_BUF_SYNC_WRITE or %DMA_BUF_SYNC_RW
 * @offset: first byte of the part
 * @len: length of the part in bytes, not 0
 *
 * As lazy_contig_sync_begin(), for a part of the buffer, and also for hardware that
 * no driver stands for, which the program drives by physical address.
 *
 * Calls LAZY_CONTIG_IOCTL_SYNC of linux/lazy_contig.h with DMA_BUF_SYNC_START.
 *
 * Return: 0. -EINVAL @access is 0 or has unknown bits, the part is empty or does not
 * lie inside the buffer, @fd is not a dma-buf or has another exporter; -EBADF @fd is
 * not open.
 */
int lazy_contig_sync_range_begin(int dev, int fd, unsigned int access, uint64_t offset,
				 uint64_t len);

/**
 * lazy_contig_sync_range_end() - end CPU access to a part of a buffer
 * @dev: the control device
 * @fd: a dma-buf of lazy_contig
 * @access: what the CPU has done: %DMA_BUF_SYNC_READ, %DMA_BUF_SYNC_WRITE or
 *	%DMA_BUF_SYNC_RW
 * @offset: first byte of the part
 * @len: length of the part in bytes, not 0
 *
 * Makes what the CPU wrote visible to devices and to hardware that no driver stands
 * for. The latter may access a new buffer only after this call, with
 * %DMA_BUF_SYNC_RW and for all that it accesses: until then its zeros may be in a
 * CPU cache only.
 *
 * Calls LAZY_CONTIG_IOCTL_SYNC of linux/lazy_contig.h with DMA_BUF_SYNC_END.
 *
 * Return: as lazy_contig_sync_range_begin().
 */
int lazy_contig_sync_range_end(int dev, int fd, unsigned int access, uint64_t offset,
			       uint64_t len);

/**
 * lazy_contig_read_file() - fill a part of a dma-buf from a file
 * @fd: the dma-buf, opened with O_RDWR
 * @offset: first byte of the part
 * @len: in: length of the part in bytes; out: number of bytes read, which is less if
 *	the file ends before, or on failure
 * @file: descriptor to read from, of any kind of file
 *
 * Reads from the file offset of @file, which advances by the number of bytes read.
 * Bytes of the buffer beyond those stay as they were; a file that is longer is no error.
 * The call begins and ends CPU access. Restarted if a signal handler interrupts it.
 *
 * A pinnable buffer is filled by direct I/O, which makes no copy and leaves the page
 * cache alone, as far as the file system can, if @offset and the file offset are
 * multiples of 4096. For other buffers, files and the last bytes of a file, the kernel
 * copies from the page cache.
 *
 * Calls read(2), and pread(2) on the same file opened again with O_DIRECT.
 *
 * Return: 0, also at the end of the file. -EINVAL the part does not lie inside the
 * buffer; -EACCES @fd was not opened with O_RDWR; -ENOTTY @fd is not a dma-buf; -EBADF
 * @fd or @file is not open, or @file not for reading; -EAGAIN @file is non-blocking and
 * has no data; -ENOMEM no address space available; or another error of mmap(2), read(2)
 * or lazy_contig_sync_begin().
 */
int lazy_contig_read_file(int fd, uint64_t offset, uint64_t *len, int file);

/**
 * lazy_contig_write_file() - write a part of a dma-buf to a file
 * @fd: the dma-buf, opened for reading
 * @offset: first byte of the part
 * @len: length of the part in bytes
 * @file: descriptor to write to, of any kind of file
 *
 * Writes at the file offset of @file, or at its end with O_APPEND. The file offset
 * advances by the number of bytes written, also on failure. Nothing is truncated, nor
 * synchronized as by fsync(2). Otherwise as lazy_contig_read_file(), but with O_APPEND
 * there is no direct I/O.
 *
 * Calls write(2), and pwrite(2) on the same file opened again with O_DIRECT.
 *
 * Return: 0 if all bytes were written. -EINVAL the part does not lie inside the buffer;
 * -ENOSPC no space left for the file; -EACCES @fd was not opened for reading; -ENOTTY
 * @fd is not a dma-buf; -EBADF @fd or @file is not open, or @file not for writing;
 * -EAGAIN @file is non-blocking and cannot take more; -ENOMEM no address space
 * available; or another error of mmap(2), write(2) or lazy_contig_sync_begin().
 */
int lazy_contig_write_file(int fd, uint64_t offset, uint64_t len, int file);

/**
 * lazy_contig_set_name() - set the debug name of a dma-buf
 * @fd: the dma-buf
 * @name: at most 31 bytes (DMA_BUF_NAME_LEN - 1), copied; replaces an earlier name
 *
 * The name is shown in /proc/PID/fdinfo, in /proc/PID/maps and by
 * "lazy-contig list".
 *
 * Calls DMA_BUF_SET_NAME of linux/dma-buf.h.
 *
 * Return: 0. -EINVAL @name is too long; -ENOTTY @fd is not a dma-buf; -EBADF @fd
 * is not open; -ENOMEM no kernel memory for the copy.
 */
int lazy_contig_set_name(int fd, const char *name);

/**
 * lazy_contig_send_fd() - send a file descriptor to another process
 * @sock: a connected UNIX domain socket
 * @fd: the descriptor to send; it stays open and may be closed after the call,
 *	before the message is received
 *
 * Sends a message of one byte of data and one descriptor. Blocks while the
 * socket's send buffer is full; restarted if a signal handler interrupts it.
 *
 * Calls sendmsg(2) with SCM_RIGHTS and MSG_NOSIGNAL.
 *
 * Return: 0. -EBADF @sock or @fd is not open; -ENOTSOCK @sock is not a socket;
 * -ENOTCONN @sock is not connected; -EPIPE, -ECONNRESET the peer has closed the
 * socket; -EAGAIN @sock is non-blocking and its send buffer is full; or another
 * error of sendmsg(2).
 */
int lazy_contig_send_fd(int sock, int fd);

/**
 * lazy_contig_recv_fd() - receive a file descriptor from another process
 * @sock: a connected UNIX domain socket
 *
 * Waits for one message of lazy_contig_send_fd(); restarted if a signal handler
 * interrupts it. Any other message is consumed and refused, and all descriptors
 * in it are closed. The descriptor may refer to any kind of file: check it if the
 * sender is not trusted.
 *
 * Calls recvmsg(2) with MSG_CMSG_CLOEXEC.
 *
 * Return: a close-on-exec file descriptor, owned by the caller. -EPROTO the
 * message did not contain exactly one byte and one descriptor; -ECONNRESET the
 * peer closed the socket without sending; -EAGAIN @sock is non-blocking and no
 * message is pending, or its receive timeout has expired; -EMFILE no descriptor
 * available; -EBADF @sock is not open; -ENOTSOCK @sock is not a socket; or
 * another error of recvmsg(2).
 */
int lazy_contig_recv_fd(int sock);

#ifdef __cplusplus
}
#endif

#endif /* LAZY_CONTIG_H */
