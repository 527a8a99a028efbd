/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The edu device of QEMU, driven through VFIO: it copies between memory and 4 KiB of its
 * own. It has 28 address bits; what is above, it reaches through the IOMMU only.
 */
#ifndef _SELFTEST_VFIO_H
#define _SELFTEST_VFIO_H

#include "helpers.h"

#define EDU_REACH	MIB(256)
/* What it copies at once: old versions cannot use all of their 4 KiB. */
#define EDU_CHUNK	KIB(2)

/* The device gets VFIO's driver, or the test ends. */
void edu_bind(void);
void edu_unbind(void);

/* What maps memory for the device. Its calls return -errno. */
struct mapper {
	const char *name;
	/* Opens the device; false if the kernel has no such mapper, else the test may end. */
	bool (*open)(void);
	int (*map)(uint64_t iova, void *mem, size_t len);
	int (*map_file)(uint64_t iova, int buf, size_t len);	/* NULL if there is none */
	int (*unmap)(uint64_t iova, size_t len);
};
extern const struct mapper type1, iommufd;
void mapper_close(void);

/* While a mapper is open: EDU_CHUNK bytes, by the device's address. */
void edu_reads(uint64_t iova);
void edu_writes(uint64_t iova);

#endif /* _SELFTEST_VFIO_H */
