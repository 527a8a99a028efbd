// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer: any sequence of searches, failures, frees, hotplug and changes of
 * memory. The synthetic machine stops the program where the kernel would oops,
 * lose a page or give one out twice; the stand-ins for locks where one is
 * taken twice or not at all.
 */
#include "machine.h"

#define BLOCKS		600UL
#define FIRST		300UL
#define MAX_OPEN	4
#define MAX_RANGES	32

struct input {
	const u8 *data;
	size_t left;
};

struct range {
	unsigned long pfn;
	unsigned long nr;
};

static struct machine m;
static struct lc_search open_search[MAX_OPEN];
static struct range opened[MAX_OPEN], taken[MAX_RANGES];

static u32 take(struct input *in, unsigned int bytes)
{
	u32 v = 0;

	for (; bytes && in->left; bytes--, in->left--)
		v = v << 8 | *in->data++;
	return v;
}

static unsigned long unit_of(unsigned long pfn)
{
	return pfn / MAX_ORDER_NR_PAGES;
}

static void begin(struct input *in)
{
	unsigned int n = take(in, 1) % MAX_OPEN, i;
	unsigned long nr = 1 + take(in, 3) % (BLOCKS << pageblock_order);
	unsigned long align = 1UL << take(in, 1) % 14;
	unsigned long end = take(in, 3);
	struct range *r = &opened[n];

	if (r->nr)
		return;
	lc_search_begin(&open_search[n], &m.zone, nr, align, end);
	if (lc_search_next(&open_search[n], &r->pfn))
		return;
	assert(r->pfn % align == 0 && r->pfn + nr <= end);
	assert(r->pfn >= m.zone.zone_start_pfn &&
	       r->pfn + nr <= zone_end_pfn(&m.zone));
	for (i = 0; i < MAX_OPEN; i++)
		assert(!opened[i].nr ||
		       unit_of(opened[i].pfn + opened[i].nr - 1) <
		       unit_of(r->pfn) ||
		       unit_of(opened[i].pfn) > unit_of(r->pfn + nr - 1));
	r->nr = nr;
}

static void end(struct input *in)
{
	static const int errors[] = { -EBUSY, -ENOMEM, -EINTR };
	unsigned int n = take(in, 1) % MAX_OPEN, how = take(in, 1) % 6, i;
	struct range *r = &opened[n];
	int err;

	if (!r->nr)
		return;
	err = how < 3 ? errors[how] : machine_take(&m, r->pfn, r->nr);
	lc_search_done(&open_search[n], r->pfn, err);
	for (i = 0; !err && i < MAX_RANGES; i++) {
		if (!taken[i].nr) {
			taken[i] = *r;
			break;
		}
	}
	if (i == MAX_RANGES)
		machine_give(&m, r->pfn, r->nr);
	r->nr = 0;
}

static void give(struct input *in)
{
	struct range *r = &taken[take(in, 1) % MAX_RANGES];

	if (r->nr)
		machine_give(&m, r->pfn, r->nr);
	r->nr = 0;
}

/* Others use their memory; what the kernel would forbid does not happen. */
static void change(struct input *in)
{
	unsigned long b = take(in, 2) % BLOCKS, n = 1 + take(in, 1) % 64;
	u32 what = take(in, 1), used = take(in, 2) % (pageblock_nr_pages + 1);

	for (; n && b < BLOCKS; n--, b++) {
		struct truth *t = &m.truth[b];

		if (t->ours || t->hole)
			continue;
		t->used = used;
		t->blocked = what & 1;
		t->pinned = what & 2;
		t->secret = what & 4;
	}
}

static void plug(struct input *in)
{
	unsigned long b, first = take(in, 2) % BLOCKS / 64 * 64;
	unsigned long last = min(first + 64, BLOCKS);
	struct memory_notify arg = {
		.start_pfn = (FIRST + first) << pageblock_order,
		.nr_pages = (last - first) << pageblock_order,
	};
	bool hole = m.truth[first].hole;

	for (b = first; b < last; b++)
		if (m.truth[b].ours || m.truth[b].hole != hole)
			return;
	if (hole) {
		for (b = first; b < last; b++)
			m.truth[b].hole = false;
		host_notifier->notifier_call(NULL, MEM_ONLINE, &arg);
		return;
	}
	if (host_notifier->notifier_call(NULL, MEM_GOING_OFFLINE, &arg) !=
	    NOTIFY_OK || take(in, 1) % 4 == 0) {
		host_notifier->notifier_call(NULL, MEM_CANCEL_OFFLINE, &arg);
		return;
	}
	begin(in);
	for (b = first; b < last; b++)
		m.truth[b].hole = true;
	host_notifier->notifier_call(NULL, MEM_OFFLINE, &arg);
}

/* Everything undone, all of the zone must be there again, and unclaimed. */
static void finish(void)
{
	struct lc_search s;
	unsigned long pfn;
	unsigned int i;

	for (i = 0; i < MAX_OPEN; i++)
		if (opened[i].nr)
			lc_search_done(&open_search[i], opened[i].pfn, -EINTR);
	for (i = 0; i < MAX_RANGES; i++)
		if (taken[i].nr)
			machine_give(&m, taken[i].pfn, taken[i].nr);
	memset(opened, 0, sizeof(opened));
	memset(taken, 0, sizeof(taken));
	for (i = 0; i < BLOCKS; i++) {
		if (m.truth[i].hole)
			return;
		m.truth[i] = (struct truth){ 0 };
	}
	jiffies += 300 * HZ;
	lc_search_begin(&s, &m.zone, BLOCKS << pageblock_order, 1, ~0UL);
	assert(!lc_search_next(&s, &pfn));
	lc_search_done(&s, pfn, 0);
}

/* libFuzzer's name, not ours. */
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = { .data = data, .left = size };

	rnd_seed(1);
	machine_new(&m, FIRST, BLOCKS);
	while (in.left) {
		switch (take(&in, 1) % 8) {
		case 0:
		case 1:
			begin(&in);
			break;
		case 2:
		case 3:
			end(&in);
			break;
		case 4:
			give(&in);
			break;
		case 5:
			change(&in);
			break;
		case 6:
			jiffies += take(&in, 1) * HZ / 8;
			break;
		case 7:
			plug(&in);
			break;
		}
	}
	finish();
	machine_free(&m);
	return 0;
}
