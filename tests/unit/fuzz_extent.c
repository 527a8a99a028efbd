// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer: any sequence of changes of idle memory, also while some of it is being
 * zeroed. The model stops the program where they differ.
 */
#include "idle_model.h"
#include "input.h"

static struct idle_model m;
static struct input *input;

/* At least one page, all of them in the model. */
static struct lc_extent range(struct input *in)
{
	unsigned long first = take(in, 2) % MODEL_PAGES;
	unsigned long nr_pages = 1 + take(in, 1) % 256;

	return (struct lc_extent){
		MODEL_START + first, min(nr_pages, MODEL_PAGES - first),
	};
}

static void put(struct input *in, unsigned int how)
{
	struct lc_extent ext = range(in);

	while (ext.nr_pages && model_any(&m, &ext))
		ext.nr_pages /= 2;
	if (ext.nr_pages && !(m.batch.nr_pages &&
			      lc_extent_overlaps(&ext, &m.batch)))
		model_put(&m, &ext, how & 1, how / 2 % 4);
}

static void fit(struct input *in)
{
	struct lc_constraint c = {
		.nr_pages = 1 + take(in, 1),
		.align = 1UL << take(in, 1) % 12,
		.end_pfn = LC_NO_LIMIT,
	};
	struct lc_extent_found found;

	if (take(in, 1) & 1)
		c.start_pfn = MODEL_START + take(in, 2) % MODEL_PAGES;
	if (take(in, 1) & 1)
		c.end_pfn = MODEL_START + take(in, 2) % MODEL_PAGES;
	if (model_fit(&m, &c, &found))
		model_take(&m, &found.ext, SPARE_BOTH);
}

static void change(struct input *in)
{
	unsigned int how = take(in, 1);
	struct lc_extent ext, got;

	switch (how / 8 % 6) {
	case 0:
	case 1:
		put(in, how);
		break;
	case 2:
		fit(in);
		break;
	case 3:
		ext = range(in);
		model_take(&m, &ext, how & 2 ? SPARE_BOTH : SPARE_NONE);
		break;
	case 4:
		ext = range(in);
		model_take_within(&m, &ext, how % 4, &got);
		break;
	case 5:
		if (how & 1)
			model_period(&m);
		else
			model_take_oldest(&m, 1 + take(in, 1), &got);
		break;
	}
}

static void meanwhile(struct idle_model *model)
{
	(void)model;
	if (take(input, 1) % 8 == 1)
		change(input);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = { .data = data, .left = size };

	input = &in;
	model_begin(&m);
	while (in.left) {
		switch (take(&in, 1) % 8) {
		case 0:
			m.meanwhile = NULL;
			model_zero_some(&m);
			break;
		case 1:
			m.meanwhile = meanwhile;
			model_zero_some(&m);
			break;
		default:
			change(&in);
			break;
		}
	}
	m.meanwhile = NULL;
	model_end(&m);
	return 0;
}
