#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
#
# Promise: tools: the Python module allocates, maps, queries and passes buffers, and leaks no
#   descriptor
#
# With the module: for root, in a virtual machine.
import ctypes
import errno
import mmap
import os
import socket
import struct
import sys
import types

SRC = os.environ["LC_SRC"] + "/userspace"
sys.dont_write_bytecode = True
sys.path[:0] = [SRC + "/python", SRC + "/examples"]

import lazy_contig  # noqa: E402

MIB = 1 << 20
count = 0


def ok(passed, what):
    global count
    count += 1
    print(("" if passed else "not ") + f"ok {count} - {what}")


def raises(kind, what, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except kind:
        ok(True, what)
    else:
        ok(False, what)


def fails(number, what, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except OSError as error:
        ok(error.errno == number, what)
    else:
        ok(False, what)


def test_alloc():
    with lazy_contig.alloc(mmap.PAGESIZE + 1) as buffer:
        ok(buffer.size == 2 * mmap.PAGESIZE, "alloc, rounded up to pages")
        ok(not os.get_inheritable(buffer.fileno()), "close-on-exec")
        fd = buffer.fileno()
    fails(errno.EBADF, "closed at the end of the context", os.fstat, fd)
    buffer.close()
    raises(ValueError, "a closed buffer has no descriptor", buffer.fileno)
    with lazy_contig.Heap(lazy_contig.HEAP_DMA32) as heap, heap.alloc(MIB) as buffer:
        ok(buffer.query().phys_addr < 1 << 32, "from an open heap")
    fails(errno.ENOMEM, "more than the memory", lazy_contig.alloc, 1 << 50)
    fails(errno.EINVAL, "length 0", lazy_contig.alloc, 0)
    raises(FileNotFoundError, "an unknown heap", lazy_contig.alloc, 4096, "no_such_heap")


def test_map():
    buffer = lazy_contig.alloc(4 * MIB)
    view = buffer.map()
    ok(len(view) == 4 * MIB and not any(view[::4096]), "map, zero")
    with buffer.sync(lazy_contig.WRITE):
        view[:5] = b"hello"
    other = buffer.map(lazy_contig.READ)
    ok(other.readonly and bytes(other[:5]) == b"hello", "a second, read-only view")
    buffer.close()
    ok(bytes(view[:5]) == b"hello", "views outlive the descriptor")


def test_sync_and_name():
    with lazy_contig.alloc(4096) as buffer:
        for access in lazy_contig.READ, lazy_contig.WRITE, lazy_contig.READ_WRITE:
            with buffer.sync(access):
                pass
        ok(True, "sync")
        buffer.set_name("python")
        with open(f"/proc/self/fdinfo/{buffer.fileno()}", encoding="ascii") as info:
            ok("name:\tpython\n" in info.read(), "set the name")
        fails(errno.EINVAL, "name too long", buffer.set_name, "x" * 32)


def memory_start():
    with open("/proc/iomem", encoding="ascii") as iomem:
        line = next(line for line in iomem if line.endswith(" : System RAM\n"))
    return int(line.split("-")[0], 16)


def test_device():
    start = memory_start()
    with lazy_contig.Device() as device:
        with device.request(MIB, align=4 * MIB, max_addr=start + (1 << 30) - 1) as buffer:
            where = device.query(buffer)
            ok(where == buffer.query() and where.size == MIB and where.node == 0, "query")
            ok(where.phys_addr % (4 * MIB) == 0 and where.phys_addr < start + (1 << 30),
               "constraints are obeyed")
        with device.request(MIB, min_addr=start + (1 << 29)) as buffer:
            ok(buffer.query().phys_addr >= start + (1 << 29), "a minimum address too")
        fails(errno.EINVAL, "a node that is not online", device.request, 4096, node=63)
        with open("/dev/null", "rb") as null:
            fails(errno.EINVAL, "query of another file", device.query, null)


def pinned_read(buffer):
    """What process_vm_readv(2), which pins pages, reads of a mapping."""
    view = buffer.map()
    view[:5] = b"hello"
    got = ctypes.create_string_buffer(5)
    vectors = [ctypes.create_string_buffer(struct.pack("PN", ctypes.addressof(at), 5))
               for at in (got, ctypes.c_char.from_buffer(view))]
    done = ctypes.CDLL(None).process_vm_readv(os.getpid(), vectors[0], 1, vectors[1], 1, 0)
    return got.raw if done == 5 else None


def test_pinnable():
    with lazy_contig.Device() as device:
        with device.request(MIB) as buffer:
            ok(pinned_read(buffer) is None, "mappings cannot be pinned")
        with device.request(MIB, pinnable=True) as buffer:
            ok(pinned_read(buffer) == b"hello", "those of pinnable buffers can")


def unprivileged(device, heap):
    os.setresuid(65534, 65534, 65534)
    try:
        lazy_contig.Device()
    except PermissionError:
        pass
    else:
        return 1
    return 0 if device.query(heap.alloc(4096)).phys_addr is None else 2


def test_privileges():
    with lazy_contig.Device() as device, lazy_contig.Heap() as heap:
        pid = os.fork()
        if not pid:
            os._exit(unprivileged(device, heap))
        ok(os.waitpid(pid, 0)[1] == 0, "without privileges, with what is open")


def test_pass():
    one, two = socket.socketpair()
    with one, two, lazy_contig.alloc(4096) as buffer:
        buffer.send(one)
        with lazy_contig.receive(two) as received:
            ok(received.query() == buffer.query(), "send and receive")
        one.send(b"x")
        raises(ValueError, "a message without a descriptor", lazy_contig.receive, two)
        socket.send_fds(one, [b"x"], [0, 1])
        raises(ValueError, "a message with two", lazy_contig.receive, two)
        one.close()
        raises(ConnectionResetError, "a closed peer", lazy_contig.receive, two)


def test_picamera2():
    """The heap of the example, with a stand-in for what it needs of picamera2."""
    class UniqueFD:
        def __init__(self, fd):
            self.fd = fd

    for name, content in {"picamera2": {"Picamera2": None},
                          "picamera2.allocators": {"dmaallocator": None},
                          "picamera2.dma_heap": {"UniqueFD": UniqueFD}}.items():
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__dict__.update(content)
    import picamera2_capture  # pylint: disable=import-outside-toplevel

    heap = picamera2_capture.ContiguousHeap()
    fd = heap.alloc("picamera2-0", MIB).fd
    heap.close()
    with mmap.mmap(fd, MIB, mmap.MAP_SHARED, mmap.PROT_READ) as memory:
        ok(memory[0] == 0, "the heap of the example for picamera2")
    with lazy_contig.Buffer(fd) as buffer:
        ok(buffer.query().phys_addr < 1 << 32, "  allocates below 4 GiB")


def descriptors():
    return len(os.listdir("/proc/self/fd"))


def main():
    before = descriptors()
    test_alloc()
    test_map()
    test_sync_and_name()
    test_device()
    test_pinnable()
    test_privileges()
    test_pass()
    test_picamera2()
    ok(descriptors() == before, "no descriptor was leaked")
    print(f"1..{count}")


main()
