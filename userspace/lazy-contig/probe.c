// SPDX-License-Identifier: GPL-2.0
/* lazy-contig probe */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "probe.h"

static const struct importer_kind * const kinds[] = { &probe_drm, &probe_v4l2 };

int probe_ioctl(int fd, unsigned long request, void *arg)
{
	int ret;

	do {
		ret = ioctl(fd, request, arg);
	} while (ret < 0 && errno == EINTR);
	return ret < 0 ? -errno : 0;
}

static int find_kind(struct importer *importer)
{
	size_t i;
	int err = -ENOTTY;

	for (i = 0; err == -ENOTTY && i < ARRAY_SIZE(kinds); i++) {
		importer->kind = kinds[i];
		err = kinds[i]->identify(importer);
	}
	return err;
}

static void add_attempt(json_object *tried, const struct heap *heap, const char *step, int err)
{
	json_object *attempt = json_object_new_object();

	add_string(attempt, "heap", heap->name);
	if (heap->properties[0])
		add_string(attempt, "properties", heap->properties);
	add_bool(attempt, "taken", !err);
	if (err) {
		add_string(attempt, "step", step);
		add_string(attempt, "error", strerror(-err));
	}
	json_object_array_add(tried, attempt);
}

/*
 * Tries the heaps in order until a buffer is imported. *@err is the result of the
 * last import. Return: an exit code.
 */
static int try_heaps(const struct importer *importer, json_object *tried, int *err)
{
	struct heaps heaps;
	const char *step;
	int buf, code;
	size_t i;

	*err = -ENODATA;
	heaps_find(&heaps);
	for (i = 0; *err && i < heaps.count; i++) {
		code = buffer_alloc(heaps.heaps[i].name, importer->size, &buf);
		if (code)
			return code;
		*err = importer->kind->try(importer, buf, &step);
		close(buf);
		add_attempt(tried, &heaps.heaps[i], step, *err);
	}
	return *err ? CODE_REFUSED : CODE_OK;
}

/* Of the last attempt; NULL if it has no such key. */
static const char *last_value(json_object *tried, const char *key)
{
	size_t last = json_object_array_length(tried) - 1;
	json_object *attempt = json_object_array_get_idx(tried, last);

	return json_object_get_string(json_object_object_get(attempt, key));
}

static const char *advice(const struct importer *importer, json_object *tried, int err)
{
	const char *heap, *properties;
	static char text[640];

	if (err)
		return importer->kind->advice(err);
	heap = last_value(tried, "heap");
	properties = last_value(tried, "properties");
	if (json_object_array_length(tried) == 2)
		snprintf(text, sizeof(text),
			 "Use the heap %s: the device does not reach memory above 4 GiB.", heap);
	else if (properties)
		snprintf(text, sizeof(text), "Use the heap %s (%s).", heap, properties);
	else
		snprintf(text, sizeof(text), "Use the heap %s.", heap);
	return text;
}

static void print_text(const char *node, const struct importer *importer, json_object *out)
{
	json_object *tried = json_object_object_get(out, "tried"), *attempt, *error;
	char size[32];
	size_t i;

	format_size(importer->size, size, sizeof(size));
	printf("%s: %s, driver %s, tried with %s\n", node, importer->kind->name,
	       importer->driver, size);
	for (i = 0; i < json_object_array_length(tried); i++) {
		attempt = json_object_array_get_idx(tried, i);
		printf("  %-18s ", json_object_get_string(json_object_object_get(attempt, "heap")));
		if (json_object_object_get_ex(attempt, "error", &error))
			printf("refused: %s: %s\n",
			       json_object_get_string(json_object_object_get(attempt, "step")),
			       json_object_get_string(error));
		else
			puts("taken");
	}
	puts(json_object_get_string(json_object_object_get(out, "advice")));
}

static int try_importer(const struct args *args, const struct importer *importer)
{
	json_object *out = json_object_new_object(), *tried = json_object_new_array();
	const char *node = args->operands[0];
	int err, code;

	add_string(out, "device", node);
	add_string(out, "kind", importer->kind->name);
	add_string(out, "driver", importer->driver);
	add_u64(out, "size", importer->size);
	json_object_object_add(out, "tried", tried);
	code = try_heaps(importer, tried, &err);
	if (code == CODE_OK || code == CODE_REFUSED) {
		add_bool(out, "taken", !err);
		if (!err)
			add_string(out, "heap", last_value(tried, "heap"));
		add_string(out, "advice", advice(importer, tried, err));
		if (args->json)
			print_object(out, true);
		else
			print_text(node, importer, out);
	}
	json_object_put(out);
	return code;
}

static int unusable(const char *node, const struct importer *importer, int err)
{
	int code = fail(err, "%s does not support importing buffers", node);

	fprintf(stderr, "%s\n", importer->kind->advice(err));
	return code;
}

static int run(const struct args *args)
{
	struct importer importer = { };
	const char *node = args->operands[0];
	int err, code;

	importer.fd = open(node, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (importer.fd < 0) {
		code = fail(-errno, "cannot open %s", node);
		if (code == CODE_PERMISSION)
			fputs("Join the group of the node (see 'ls -l'), or be root.\n",
			      stderr);
		return code;
	}
	err = find_kind(&importer);
	if (err == -ENOTTY)
		code = usage_error(args->cmd, "%s is neither a DRM nor a V4L2 device", node);
	else if (err)
		code = unusable(node, &importer, err);
	else
		code = try_importer(args, &importer);
	close(importer.fd);
	return code;
}

const struct command cmd_probe = {
	.name = "probe",
	.summary = "test whether a device imports buffers, and from which heap",
	.usage = { "NODE [OPTION]..." },
	.help =
"Test whether a device imports buffers of lazy_contig, and from which heap.",
	.notes =
"NODE is a graphics device (/dev/dri/card0, /dev/dri/renderD128) or a video device\n"
"(/dev/video0). A buffer of lazy_contig is imported and released; if it is refused,\n"
"one of lazy_contig_dma32, which is below 4 GiB, then of each further heap. Nothing is\n"
"displayed or streamed, and no format is changed. The exit status is 7 if all are\n"
"refused.",
	.complete = "devices",
	.options = { OPT_JSON },
	.min_operands = 1,
	.max_operands = 1,
	.run = run,
};
