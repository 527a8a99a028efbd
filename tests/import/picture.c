// SPDX-License-Identifier: GPL-2.0
#include "picture.h"

#define AROUND	0xee

void picture_init(struct picture *picture, int heap, uint32_t width, uint32_t height,
		  uint32_t offset, uint32_t pad)
{
	*picture = (struct picture){
		.width = width,
		.height = height,
		.offset = offset,
		.pitch = width * 4 + pad,
	};
	picture->len = (offset + (size_t)picture->pitch * height + PAGE - 1) & -PAGE;
	picture->buf = buf_new(heap, picture->len);
	picture->mem = buf_map(picture->buf, picture->len);
}

void picture_exit(struct picture *picture)
{
	munmap(picture->mem, picture->len);
	close(picture->buf);
}

uint32_t picture_pixel(unsigned int seed, unsigned int x, unsigned int y)
{
	uint8_t red = x + seed * 17, green = y + x / 256 + seed * 31, blue = (x ^ y) + seed * 57;

	return (uint32_t)red << 16 | (uint32_t)green << 8 | blue;
}

static uint32_t *line_of(const struct picture *picture, const void *mem, uint32_t y)
{
	return (uint32_t *)((char *)mem + picture->offset + (size_t)y * picture->pitch);
}

void picture_paint(struct picture *picture, unsigned int seed)
{
	uint32_t *line;
	unsigned int x, y;

	if (buf_sync(picture->buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE))
		bail("SYNC start: %m");
	memset(picture->mem, AROUND, picture->len);
	for (y = 0; y < picture->height; y++) {
		line = line_of(picture, picture->mem, y);
		for (x = 0; x < picture->width; x++)
			line[x] = picture_pixel(seed, x, y);
	}
	if (buf_sync(picture->buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE))
		bail("SYNC end: %m");
}

bool picture_in(const struct picture *picture, const void *mem, unsigned int seed)
{
	uint32_t got, want;
	unsigned int x, y;

	for (y = 0; y < picture->height; y++) {
		for (x = 0; x < picture->width; x++) {
			got = line_of(picture, mem, y)[x] & 0xffffff;
			want = picture_pixel(seed, x, y);
			if (got == want)
				continue;
			diag("pixel %u, %u is %#x, not %#x", x, y, got, want);
			return false;
		}
	}
	return true;
}
