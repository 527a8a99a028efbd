// SPDX-License-Identifier: GPL-2.0
#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pages.h"
#include "part.h"
#include "report.h"

#define TYPES_HEAD	"Number of blocks type"
#define EXTFRAG		"/sys/kernel/debug/extfrag/"
#define MAX_ORDERS	16
#define MAX_TYPES	8

/* A stretch of memory: the machine, or a GiB of it. */
struct stretch {
	size_t pages[NR_PAGE_STATES];
	size_t with[NR_PAGE_STATES];	/* blocks that have such a page */
	size_t blocks;			/* without a hole */
	size_t unmovable;		/* of these, with an unmovable page */
	size_t obtainable;		/* without an unmovable or pinned one */
	size_t free;			/* with nothing but free pages */
};

bool as_csv;

void heading(const char *title)
{
	if (!as_csv)
		printf("%s\n", title);
}

void figure(const char *section, const char *name, double value, int decimals)
{
	if (as_csv)
		printf("%s,%s,%.*f\n", section, name, decimals, value);
	else
		printf("  %-44s %12.*f\n", name, decimals, value);
}

void note(const char *fmt, ...)
{
	va_list args;

	if (as_csv)
		return;
	printf("  ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
}

static void judge_block(struct stretch *s, const unsigned char *state, size_t nr)
{
	size_t has[NR_PAGE_STATES] = { 0 }, i, unmovable;

	for (i = 0; i < nr; i++)
		has[state[i]]++;
	for (i = 0; i < NR_PAGE_STATES; i++) {
		s->pages[i] += has[i];
		s->with[i] += has[i] > 0;
	}
	if (has[PAGE_HOLE])
		return;
	unmovable = nr - has[PAGE_FREE] - has[PAGE_MOVABLE] - has[PAGE_PINNED];
	s->blocks++;
	s->unmovable += unmovable > 0;
	s->obtainable += !unmovable && !has[PAGE_PINNED];
	s->free += has[PAGE_FREE] == nr;
}

static void add(struct stretch *sum, const struct stretch *s)
{
	int i;

	for (i = 0; i < NR_PAGE_STATES; i++) {
		sum->pages[i] += s->pages[i];
		sum->with[i] += s->with[i];
	}
	sum->blocks += s->blocks;
	sum->unmovable += s->unmovable;
	sum->obtainable += s->obtainable;
	sum->free += s->free;
}

static void report_gib(unsigned int gib, const struct stretch *s)
{
	char section[32];
	int i;

	if (!s->blocks)
		return;
	if (!as_csv)
		printf("  GiB %-4u %6zu blocks %6zu in the way:", gib, s->blocks,
		       s->blocks - s->obtainable);
	snprintf(section, sizeof(section), "gib %u", gib);
	if (as_csv) {
		figure(section, "blocks", s->blocks, 0);
		figure(section, "in the way", s->blocks - s->obtainable, 0);
	}
	for (i = PAGE_PINNED; i < NR_PAGE_STATES; i++) {
		if (as_csv)
			figure(section, page_states[i], s->with[i], 0);
		else
			printf(" %s %zu", page_states[i], s->with[i]);
	}
	if (!as_csv)
		printf("%s\n", s->pages[PAGE_HOLE] ? ", and a hole" : "");
}

/* The orders of one line of buddyinfo, from the first number behind the zone's name on. */
static int zone_orders(const char *line, unsigned long *count)
{
	const char *at = strstr(line, "zone");
	int order = 0, used;
	char name[32];

	if (!at || sscanf(at, "zone %31[^ ,]%n", name, &used) != 1)
		return 0;
	for (at += used; order < MAX_ORDERS; order++, at += used)
		if (sscanf(at, "%lu%n", &count[order], &used) != 1)
			break;
	return order;
}

static size_t buddy_blocks(size_t block_pages)
{
	unsigned long count[MAX_ORDERS], nr = 0;
	FILE *f = fopen("/proc/buddyinfo", "re");
	char line[512];
	int order;

	if (!f)
		err(1, "/proc/buddyinfo");
	while (fgets(line, sizeof(line), f))
		for (order = zone_orders(line, count) - 1; order >= 0; order--)
			nr += count[order] * (1ul << order) / block_pages *
			      (1ul << order >= block_pages);
	fclose(f);
	return nr;
}

/* Pageblocks by what the page allocator has set them aside for. */
static void report_migratetypes(void)
{
	FILE *f = fopen("/proc/pagetypeinfo", "re");
	unsigned long count[MAX_TYPES] = { 0 }, total = 0;
	char line[512], types[MAX_TYPES][32];
	int nr = 0, i, used, at;
	const char *p;

	if (!f)
		err(1, "/proc/pagetypeinfo");
	while (fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "Number of mixed", 15))
			break;
		if (!strncmp(line, TYPES_HEAD, strlen(TYPES_HEAD))) {
			p = line + strlen(TYPES_HEAD);
			for (nr = 0; nr < MAX_TYPES; nr++, p += used)
				if (sscanf(p, "%31s%n", types[nr], &used) != 1)
					break;
		} else if (nr && (p = strstr(line, "zone"))) {
			sscanf(p, "zone %*s%n", &at);
			for (i = 0, p += at; i < nr; i++, p += used) {
				unsigned long n;

				if (sscanf(p, "%lu%n", &n, &used) != 1)
					break;
				count[i] += n;
				total += n;
			}
		}
	}
	fclose(f);
	heading("pageblocks by migrate type, % (/proc/pagetypeinfo)");
	for (i = 0; i < nr; i++)
		figure("migratetype", types[i], 100.0 * count[i] / total, 2);
}

/* Zones in lines, orders in columns, both as the kernel has them. */
static void report_extfrag(const char *name)
{
	char path[96], line[512], zone[32], label[96];
	FILE *f;

	snprintf(path, sizeof(path), EXTFRAG "%s", name);
	f = fopen(path, "re");
	if (!as_csv)
		printf("%s, by zone and order (debugfs)\n", name);
	if (!f) {
		note("not known: %s: %m", path);
		return;
	}
	while (fgets(line, sizeof(line), f)) {
		const char *p = strstr(line, "zone");
		int used, order, node = 0;
		double index;

		line[strcspn(line, "\n")] = 0;
		if (!as_csv) {
			note("%s", line);
			continue;
		}
		sscanf(line, "Node %d", &node);
		if (!p || sscanf(p, "zone %31s%n", zone, &used) != 1)
			continue;
		p += used;
		for (order = 0; sscanf(p, "%lf%n", &index, &used) == 1; order++) {
			snprintf(label, sizeof(label), "%d/%s/%d", node, zone, order);
			figure(name, label, index, 3);
			p += used;
		}
	}
	fclose(f);
}

struct totals {
	struct stretch all;
	struct stretch *gib;
	size_t nr;
	unsigned int gibs, gibs_free, gibs_obtainable;
	size_t run, longest;		/* of obtainable blocks */
};

static void scan(struct totals *t, size_t block_pages)
{
	size_t gib_pages = (1ul << 30) / page_bytes(), nr = block_pages;
	unsigned char *state = malloc(block_pages);
	struct stretch gib = { 0 };
	uint64_t pfn;

	if (!state)
		err(1, "memory for the report");
	for (pfn = 0; nr == block_pages; pfn += block_pages) {
		size_t before = gib.obtainable;

		nr = pages_read(pfn, block_pages, state);
		memset(state + nr, PAGE_HOLE, block_pages - nr);
		judge_block(&gib, state, block_pages);
		t->run = gib.obtainable > before ? t->run + 1 : 0;
		if (t->run > t->longest)
			t->longest = t->run;
		if ((pfn + block_pages) % gib_pages && nr == block_pages)
			continue;
		t->gib = realloc(t->gib, (t->nr + 1) * sizeof(gib));
		if (!t->gib)
			err(1, "memory for the report");
		t->gib[t->nr++] = gib;
		t->gibs += gib.blocks * block_pages == gib_pages;
		t->gibs_free += gib.free * block_pages == gib_pages;
		t->gibs_obtainable += gib.obtainable * block_pages == gib_pages;
		add(&t->all, &gib);
		gib = (struct stretch){ 0 };
	}
	free(state);
}

static void report_blocks(const struct totals *t, size_t block_pages)
{
	const struct stretch *all = &t->all;
	double mib = page_bytes() / 1048576.0, unmovable = 0, pages = 0;
	int i;

	for (i = PAGE_FREE; i < NR_PAGE_STATES; i++) {
		pages += all->pages[i];
		unmovable += i > PAGE_PINNED ? all->pages[i] : 0;
	}
	heading("memory by state, MiB");
	for (i = PAGE_FREE; i < NR_PAGE_STATES; i++)
		figure("memory", page_states[i], all->pages[i] * mib, 1);
	if (!as_csv)
		printf("blocks of %.0f MiB\n", block_pages * mib);
	figure("blocks", "all", all->blocks, 0);
	figure("blocks", "with an unmovable page", all->unmovable, 0);
	figure("blocks", "with an unmovable page (%)",
	       100.0 * all->unmovable / all->blocks, 2);
	figure("blocks", "unmovable pages (%)", 100.0 * unmovable / pages, 2);
	figure("blocks", "free now (/proc/buddyinfo)", buddy_blocks(block_pages), 0);
	figure("blocks", "free now", all->free, 0);
	figure("blocks", "obtainable", all->obtainable, 0);
	figure("blocks", "longest run of these (MiB)", t->longest * block_pages * mib, 0);
	heading("aligned GiB");
	figure("1 GiB", "all", t->gibs, 0);
	figure("1 GiB", "free now", t->gibs_free, 0);
	figure("1 GiB", "obtainable", t->gibs_obtainable, 0);
	heading("blocks in the way of each GiB, and what is in them");
	for (i = 0; i < (int)t->nr; i++)
		report_gib(i, &t->gib[i]);
}

void report_machine(void)
{
	size_t block_pages = (file_number(THP_SIZE) ?: 512 * page_bytes()) / page_bytes();
	struct totals t = { 0 };

	pages_open();
	scan(&t, block_pages);
	report_blocks(&t, block_pages);
	if (pages_blind()) {
		note("Pins and free pages of CPU lists are not told apart: %s.",
		     pages_blind());
		note("The latter count as other, and as unmovable.");
	}
	if (as_csv)
		figure("method", "reference counts", !pages_blind(), 0);
	report_migratetypes();
	report_extfrag("extfrag_index");
	report_extfrag("unusable_index");
}
