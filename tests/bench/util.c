// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <time.h>

#include "bench.h"

struct heap ours = { .name = "lazy_contig", .node = "/dev/dma_heap/lazy_contig" };
struct heap system_heap = { .name = "system", .node = "/dev/dma_heap/system" };
struct heap cma = { .name = "cma", .node = "/dev/dma_heap/default_cma_region" };
struct heap walk = { .name = "walk", .node = "/dev/peer_walk" };
struct heap pages = { .name = "pages", .node = "/dev/peer_pages" };
struct heap exhaustive = { .name = "exhaustive", .node = "/dev/peer_walk" };
struct heap reserve = { .name = "reserve", .node = "/dev/dma_heap/lazy_contig" };
struct heap movable = { .name = "movable", .node = "/dev/dma_heap/lazy_contig" };

bool listed(const char *list, const char *value)
{
	size_t len = strlen(value);

	for (; list; list = strchr(list, ',')) {
		list += *list == ',';
		if (!strncmp(list, value, len) &&
		    (!list[len] || list[len] == ','))
			return true;
		if (!*list)
			return false;
	}
	return false;
}

bool number_listed(const char *list, unsigned long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lu", value);
	return !list || listed(list, text);
}

bool heap_use(struct heap *heap, const struct options *opt)
{
	if (opt->only && !listed(opt->only, heap->name))
		return false;
	heap->fd = lazy_contig_heap_open(heap->node);
	if (heap->fd == -ENOENT) {
		printf("note: no %s, %s is left out\n", heap->node, heap->name);
		return false;
	}
	if (heap->fd < 0)
		bail("%s: %s", heap->node, strerror(-heap->fd));
	return true;
}

double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e3 + ts.tv_nsec / 1e6;
}

double lap(double *t)
{
	double last = *t;

	*t = now_ms();
	return *t - last;
}

void series_add(struct series *s, double value)
{
	if (s->nr == s->room) {
		s->room = s->room * 2 + 64;
		s->value = realloc(s->value, s->room * sizeof(*s->value));
		if (!s->value)
			bail("no memory for figures");
	}
	s->value[s->nr++] = value;
	s->sorted = false;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double series_at(struct series *s, double quantile)
{
	if (!s->nr)
		return 0;
	if (!s->sorted)
		qsort(s->value, s->nr, sizeof(*s->value), compare);
	s->sorted = true;
	return s->value[(size_t)(quantile * (s->nr - 1) + 0.5)];
}

void series_free(struct series *s)
{
	free(s->value);
	*s = (struct series){ 0 };
}

void row_header(void)
{
	printf("csv,suite,config,run,allocator,size_kib,threads,metric,value\n");
}

void row(const struct row *r, const char *metric, double value)
{
	printf("csv,%s,%s,%d,%s,%zu,%d,%s,%.4f\n", r->suite, r->config, r->run,
	       r->heap, r->len >> 10, r->threads, metric, value);
}

void row_quantiles(const struct row *r, const char *what, struct series *s)
{
	static const int percent[] = { 1, 10, 25, 50, 75, 90, 95, 99, 100 };
	char metric[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(percent); i++) {
		snprintf(metric, sizeof(metric), "%s_p%d", what, percent[i]);
		row(r, metric, series_at(s, percent[i] / 100.0));
	}
	series_free(s);
}

void file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		bail("write %s: %m", path);
	close(fd);
}

static void param_path(char *path, size_t len, const char *module,
		       const char *name)
{
	snprintf(path, len, "/sys/module/%s/parameters/%s", module, name);
}

bool param_get(const char *module, const char *name, char *value, size_t len)
{
	char path[128];
	FILE *f;

	param_path(path, sizeof(path), module, name);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(value, len, f))
		bail("read %s: %m", path);
	value[strcspn(value, "\n")] = 0;
	fclose(f);
	return true;
}

bool param_set(const char *module, const char *name, const char *value)
{
	char path[128];

	param_path(path, sizeof(path), module, name);
	if (access(path, F_OK))
		return false;
	file_write(path, value);
	return true;
}
