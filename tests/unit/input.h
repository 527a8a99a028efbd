/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers out of the bytes that a fuzzer gives; 0 when there are no more. */
#ifndef _UNIT_INPUT_H
#define _UNIT_INPUT_H

#include "host.h"

struct input {
	const u8 *data;
	size_t left;
};

static inline u32 take(struct input *in, unsigned int bytes)
{
	u32 v = 0;

	for (; bytes && in->left; bytes--, in->left--)
		v = v << 8 | *in->data++;
	return v;
}

/* libFuzzer's name, not ours. */
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#endif /* _UNIT_INPUT_H */
