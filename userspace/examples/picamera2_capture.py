#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR MIT
"""Captures a picture with picamera2 into contiguous buffers: picamera2_capture.py FILE

picamera2 allocates with a class DmaHeap, whose heaps have fixed names. Another class with the
same methods stands in for it.
"""

import sys

from picamera2 import Picamera2
from picamera2.allocators import dmaallocator
from picamera2.dma_heap import UniqueFD

import lazy_contig


class ContiguousHeap(lazy_contig.Heap):
    """Buffers below 4 GiB, for cameras without an IOMMU."""

    isValid = True

    def __init__(self):
        super().__init__(lazy_contig.HEAP_DMA32)

    def alloc(self, name, size):
        """Returns the descriptor as picamera2 expects it."""
        buffer = super().alloc(size)
        buffer.set_name(name)
        return UniqueFD(buffer.detach())


def main():
    """Takes a picture and prints where its buffer lies."""
    dmaallocator.DmaHeap = ContiguousHeap
    camera = Picamera2()
    camera.configure(camera.create_still_configuration())
    camera.start()
    request = camera.capture_request()
    request.save("main", sys.argv[1])
    with lazy_contig.Device() as device:
        print(device.query(request.request.buffers[camera.stream_map["main"]].planes[0].fd))
    request.release()
    camera.close()


if __name__ == "__main__":
    main()
