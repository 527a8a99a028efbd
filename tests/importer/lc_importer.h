/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Interface of /dev/lc_importer, the test importer: a device driver controlled by user
 * space, which attaches to any dma-buf and reports its mappings. Tests only.
 *
 * Ids belong to the open file; closing it gives back everything in the order
 * a well-behaved driver would.
 */
#ifndef _LC_IMPORTER_H
#define _LC_IMPORTER_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Attaches a new platform device to the dma-buf @fd. */
struct lci_attach {
	__s32 fd;
	__u32 dma_bits;		/* width of the device's DMA mask, 1 to 64 */
	__u32 max_segment;	/* bytes; 0: no limit */
	__u32 id;		/* out: the attachment */
};

/* Maps an attachment for the device; further mappings may be added. */
struct lci_map {
	__u32 id;		/* of the attachment */
	__u32 direction;	/* enum dma_data_direction: 0 both, 1 to, 2 from */
	__u32 map;		/* out: the mapping */
	__u32 nents;		/* out: entries with a DMA address */
};

struct lci_entry {
	__u32 map;
	__u32 index;		/* which entry, from 0 */
	__u64 phys_addr;	/* out: what the DMA address means to the CPU */
	__u64 dma_addr;		/* out */
	__u64 length;		/* out */
};

/*
 * Copies between user memory and a buffer, as the device sees it (@id is a
 * mapping: its DMA addresses are followed) or as the kernel does (@id is an
 * attachment with a vmap).
 */
struct lci_copy {
	__u32 id;
	__u32 write;		/* 0: out of the buffer, 1: into it */
	__u64 offset;
	__u64 len;
	__u64 user;		/* address of the user's memory */
};

struct lci_access {
	__u32 id;		/* of the attachment */
	__u32 direction;
	__u32 end;		/* 0: begin_cpu_access, 1: end_cpu_access */
	__u32 __reserved;
};

/*
 * A reference to each page of a part of a mapping, as get_user_pages() or KVM would
 * have it, until LCI_DROP or until the file is closed.
 */
struct lci_hold {
	__u32 map;
	__u32 __reserved;
	__u64 offset;
	__u64 len;
};

/* A device that is at work for a while, and then has written the whole mapping. */
struct lci_work {
	__u32 map;
	__u32 delay_ms;
	__u32 byte;		/* what it writes */
	__u32 reads;		/* 1: it only reads */
};

/*
 * Lines in /proc/iomem as firmware and old drivers leave them: below System RAM,
 * @len bytes from each address that is @offset more than a multiple of @step, where
 * such a line can be placed. They replace those of an earlier call; @len 0: none.
 */
struct lci_lines {
	__u64 step;
	__u64 offset;
	__u64 len;
	__u64 placed;		/* out: how many */
};

#define LCI_ATTACH	_IOWR('L', 0, struct lci_attach)
/*
 * The argument of those with __u32 is the id. DETACH says EBUSY while the
 * attachment is mapped; ABANDON detaches and forgets its mappings, as a
 * faulty driver would.
 */
#define LCI_DETACH	_IOW('L', 1, __u32)
#define LCI_ABANDON	_IOW('L', 2, __u32)
#define LCI_MAP		_IOWR('L', 3, struct lci_map)
#define LCI_UNMAP	_IOW('L', 4, __u32)
#define LCI_ENTRY	_IOWR('L', 5, struct lci_entry)
#define LCI_DEVICE_COPY	_IOW('L', 6, struct lci_copy)
#define LCI_ACCESS	_IOW('L', 7, struct lci_access)
#define LCI_VMAP	_IOW('L', 8, __u32)
#define LCI_VUNMAP	_IOW('L', 9, __u32)
#define LCI_VMAP_COPY	_IOW('L', 10, struct lci_copy)
#define LCI_HOLD	_IOW('L', 11, struct lci_hold)
/* The argument is a byte that fills the pages first, or -1. */
#define LCI_DROP	_IOW('L', 12, __u32)
/* The mapping must stay until the device has ended; WORK waits for the last one. */
#define LCI_WORK	_IOW('L', 13, struct lci_work)
#define LCI_LINES	_IOWR('L', 14, struct lci_lines)

#endif /* _LC_IMPORTER_H */
