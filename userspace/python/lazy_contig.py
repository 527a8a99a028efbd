# SPDX-License-Identifier: GPL-2.0 OR MIT
"""Physically contiguous dma-bufs, allocated at run time.

A pure Python module for the kernel module lazy_contig. Buffers are allocated from a heap:

    import lazy_contig

    with lazy_contig.alloc(16 << 20) as buffer:
        view = buffer.map()
        with buffer.sync(lazy_contig.WRITE):
            view[:5] = b"hello"
        print(buffer.size, buffer.query().node)

Everything but Device and Buffer.query() works with the dma-bufs of any heap. Failed calls
raise OSError with the errno of the kernel: ENOMEM if there is no memory, FileNotFoundError if
the module is not loaded, PermissionError without permission for the node.

Objects can be used by several threads, as long as none closes them. Accesses to the memory
belong between the begin and the end of sync().
"""

import contextlib
import fcntl
import mmap
import os
import socket
import struct
import typing

__version__ = "1.0.0"

HEAP = "lazy_contig"
HEAP_DMA32 = "lazy_contig_dma32"
DEVICE = "/dev/lazy_contig"

# access of Buffer.sync()
READ = 1
WRITE = 2
READ_WRITE = READ | WRITE

# linux/dma-buf.h, linux/dma-heap.h
_SYNC = struct.Struct("=Q")
_SYNC_END = 4
_HEAP_ALLOC = struct.Struct("=QIIQ")

# linux/lazy_contig.h
_QUERY = struct.Struct("=IiQQiI")
_REQUEST = struct.Struct("=IIQQQiI64siIQQ")
_PHYS_VALID = 1
_PINNABLE = 2


def _ioc(direction, kind, number, size):
    return direction << 30 | size << 16 | ord(kind) << 8 | number


_IOC_SYNC = _ioc(1, "b", 0, _SYNC.size)
_IOC_SET_NAME = _ioc(1, "b", 1, 8)
_IOC_HEAP_ALLOC = _ioc(3, "H", 0, _HEAP_ALLOC.size)
_IOC_QUERY = _ioc(0, "\xd9", 0, 0)
_IOC_REQUEST = _ioc(0, "\xd9", 1, 0)


def _sync(fd, flags):
    while True:
        try:
            return fcntl.ioctl(fd, _IOC_SYNC, _SYNC.pack(flags))
        except (InterruptedError, BlockingIOError):
            pass


class Location(typing.NamedTuple):
    """Where a buffer lies. phys_addr is None without CAP_SYS_ADMIN."""

    size: int
    node: int
    phys_addr: typing.Optional[int]


class _File:
    """A file descriptor that is closed once."""

    def __init__(self, fd):
        self._fd = fd

    def fileno(self):
        """The descriptor, which still belongs to the object."""
        if self._fd < 0:
            raise ValueError("closed")
        return self._fd

    def detach(self):
        """The descriptor, which then belongs to the caller."""
        fd = self.fileno()
        self._fd = -1
        return fd

    def close(self):
        """Closes the descriptor. Closing twice is allowed."""
        if self._fd >= 0:
            os.close(self.detach())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        with contextlib.suppress(AttributeError):
            self.close()


class Buffer(_File):
    """A dma-buf. Takes ownership of the descriptor.

    The memory is returned when all descriptors are closed, all views are released, and no
    device uses the buffer.
    """

    @property
    def size(self):
        """Length in bytes, a multiple of the page size."""
        return os.lseek(self.fileno(), 0, os.SEEK_END)

    def map(self, access=READ_WRITE):
        """Maps the buffer. Returns a memoryview, which keeps the mapping alive.

        The view is read-only without WRITE, and outlives the descriptor.
        """
        prot = (mmap.PROT_READ if access & READ else 0) | (
            mmap.PROT_WRITE if access & WRITE else 0)
        return memoryview(mmap.mmap(self.fileno(), self.size, mmap.MAP_SHARED, prot))

    @contextlib.contextmanager
    def sync(self, access=READ_WRITE):
        """Context of CPU access: waits for devices, and keeps caches right."""
        _sync(self.fileno(), access)
        try:
            yield self
        finally:
            _sync(self.fileno(), access | _SYNC_END)

    def set_name(self, name):
        """Sets the debug name, at most 31 bytes."""
        fcntl.ioctl(self.fileno(), _IOC_SET_NAME, os.fsencode(name) + b"\0")

    def query(self):
        """Returns the Location of a buffer of lazy_contig, through DEVICE."""
        with Device() as device:
            return device.query(self)

    def send(self, sock):
        """Sends the buffer over a connected UNIX socket. It stays open here."""
        socket.send_fds(sock, [b"\0"], [self.fileno()])


def receive(sock):
    """Receives a Buffer that Buffer.send() or lazy_contig_send_fd(3) has sent."""
    data, fds, flags, _ = socket.recv_fds(sock, 1, 16, socket.MSG_CMSG_CLOEXEC)
    if len(data) == 1 and len(fds) == 1 and not flags & (socket.MSG_CTRUNC | socket.MSG_TRUNC):
        return Buffer(fds[0])
    for fd in fds:
        os.close(fd)
    if not data and not fds:
        raise ConnectionResetError("the peer closed the socket without sending")
    raise ValueError("the message has not exactly one byte and one descriptor")


class Heap(_File):
    """A dma-buf heap: its name in /dev/dma_heap, or the path of its node."""

    def __init__(self, heap=HEAP):
        path = heap if "/" in heap else "/dev/dma_heap/" + heap
        super().__init__(os.open(path, os.O_RDONLY | os.O_CLOEXEC))

    def alloc(self, size, fd_flags=os.O_RDWR | os.O_CLOEXEC):
        """Allocates a Buffer. Every byte is zero."""
        data = bytearray(_HEAP_ALLOC.pack(size, 0, fd_flags, 0))
        fcntl.ioctl(self.fileno(), _IOC_HEAP_ALLOC, data)
        return Buffer(_HEAP_ALLOC.unpack(data)[1])


def alloc(size, heap=HEAP):
    """Allocates a Buffer from a heap. No other heap is tried if that fails."""
    with Heap(heap) as opened:
        return opened.alloc(size)


class Device(_File):
    """The control device. It can be opened before privileges are dropped."""

    def __init__(self):
        super().__init__(os.open(DEVICE, os.O_RDONLY | os.O_CLOEXEC))

    def request(self, size, *, node=-1, align=0, min_addr=0, max_addr=0, pinnable=False,
                fd_flags=os.O_RDWR | os.O_CLOEXEC):
        """Allocates a Buffer with placement constraints.

        node: NUMA node of all memory, -1 for any. align: alignment of the physical address, a
        power of two. min_addr: minimum physical address of the first byte. max_addr: maximum
        physical address of the last byte, 0 for no limit. pinnable: mappings can be pinned,
        so that os.preadv() and os.pwritev() with O_DIRECT reach them.
        """
        data = bytearray(_REQUEST.pack(_REQUEST.size, _PINNABLE if pinnable else 0, size, align,
                                       max_addr, node, fd_flags, b"", 0, 0, 0, min_addr))
        fcntl.ioctl(self.fileno(), _IOC_REQUEST, data)
        return Buffer(_REQUEST.unpack(data)[8])

    def query(self, buffer):
        """Returns the Location of a buffer of lazy_contig, an object or a descriptor."""
        fd = buffer if isinstance(buffer, int) else buffer.fileno()
        data = bytearray(_QUERY.pack(_QUERY.size, fd, 0, 0, 0, 0))
        fcntl.ioctl(self.fileno(), _IOC_QUERY, data)
        _, _, size, phys_addr, node, flags = _QUERY.unpack(data)
        return Location(size, node, phys_addr if flags & _PHYS_VALID else None)
