// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: tools: the examples do what they say
 */
#include <stdio.h>

#include "screen.h"

#define DISPLAY	"cirrus"

struct example {
	pid_t pid;
	FILE *in, *out;
};

static char *display_node(void)
{
	int drm = drm_open(DISPLAY);
	char *node = drm < 0 ? NULL : drmGetDeviceNameFromFd2(drm);

	if (!node)
		bail("there is no " DISPLAY);
	/* or it would be the master of the display */
	close(drm);
	return node;
}

static void example_start(struct example *example, const char *node)
{
	char path[256];
	int in[2], out[2];

	snprintf(path, sizeof(path), "%s/userspace/build/examples/drm_scanout",
		 getenv("LC_SRC"));
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		bail("pipe: %m");
	example->pid = fork();
	if (!example->pid) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		execl(path, path, node, NULL);
		perror(path);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	example->in = fdopen(in[1], "w");
	example->out = fdopen(out[0], "r");
}

/* Eight bars over the whole width: all mixtures of red, green and blue. */
static uint32_t bars(unsigned int width, unsigned int x, unsigned int y)
{
	unsigned int bar = x * 8 / width;

	(void)y;
	return (bar & 1 ? 0xff0000 : 0) | (bar & 2 ? 0xff00 : 0) | (bar & 4 ? 0xff : 0);
}

int main(void)
{
	int others = dmabufs_live();
	char *node = display_node();
	struct example example;
	unsigned int width, height;

	example_start(&example, node);
	if (!ok(fscanf(example.out, "%ux%u", &width, &height) == 2, "drm_scanout runs"))
		return tap_done();
	ok(screen_shows(DISPLAY, width, height, bars, width), "its bars are on the display");
	is(dmabufs_live(), others + 1, "they are in a buffer");
	fputs("\n", example.in);
	fclose(example.in);
	is(child_status(example.pid), 0, "it ends when told to");
	is(dmabufs_live(), others, "and the buffer with it");
	free(node);
	return tap_done();
}
