/* SPDX-License-Identifier: GPL-2.0 */
/* Pictures in buffers: 32 bits a pixel, of which the upper 8 mean nothing. */
#ifndef _IMPORT_PICTURE_H
#define _IMPORT_PICTURE_H

#include "helpers.h"

/* It begins offset bytes into the buffer; from line to line it is pitch bytes. */
struct picture {
	int buf;
	uint32_t width, height, offset, pitch;
	size_t len;
	unsigned char *mem;
};

/* Allocates and maps. The lines are longer by pad bytes than they need to be. */
void picture_init(struct picture *picture, int heap, uint32_t width, uint32_t height,
		  uint32_t offset, uint32_t pad);
void picture_exit(struct picture *picture);

/* Picture number SEED, as 0xRRGGBB: no pixel is like its neighbours. */
uint32_t picture_pixel(unsigned int seed, unsigned int x, unsigned int y);
/* Paints it, between the two ends of SYNC; what is around the lines is not 0. */
void picture_paint(struct picture *picture, unsigned int seed);
/* Is it in that memory, laid out as in the picture? */
bool picture_in(const struct picture *picture, const void *mem, unsigned int seed);

#endif /* _IMPORT_PICTURE_H */
