// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: limits: each allocation of loading may fail: what was made is undone, and the
 *   module loads the next time (plan failures)
 * Promise: limits: loading that fails leaves no file of the module open (plan failures)
 */
#include "../selftest/module_calls.h"
#include "faults.h"

/* Every node that it can have. */
#define ALL_NODES	"core_heap=0 lazy_cma_compat=1 heaps=linux,cma:below=4G:above=1M:align=64K:node=0:iomem=camera:pinnable;reserved:uncached reserve=0:8"

/* Loads the module with the Nth allocation failing; did one fail? */
static bool load(const char *params, int nth, int *err)
{
	bool injected;

	faults_arm(nth);
	*err = module_load(params);
	injected = faults_disarm();
	return injected;
}

/* Opens every node as soon as it is there, and uses it, until it is killed. */
static pid_t opener_start(void)
{
	static const char * const nodes[] = { CONTROL, "/dev/lazy_cma",
		"/dev/dma_heap/" HEAP, "/dev/dma_heap/linux,cma" };
	pid_t pid = fork();
	size_t i;
	int fd;

	for (i = 0; !pid; i = (i + 1) % ARRAY_SIZE(nodes)) {
		fd = open(nodes[i], O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		usleep(1000);
		call(fd, LAZY_CONTIG_IOCTL_QUERY, NULL);
		close(fd);
	}
	return pid;
}

static void opener_stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* An attempt for the reserve that was left behind holds the module until it ends. */
static bool unloads(void *err)
{
	*(int *)err = module_unload();
	return !*(int *)err;
}

/* A heap of its own can be unloaded: go on after what it can do without. */
static void test_own_node(void)
{
	int nth, err, wrong = 0, left = 0, stuck = 0;
	bool injected = true;
	pid_t opener;

	faults_select_below(FAULT_ALLOC, "do_one_initcall");
	for (nth = 1; injected; nth++) {
		opener = opener_start();
		injected = load(ALL_NODES, nth, &err);
		opener_stop(opener);
		if (!err && !becomes_true(unloads, &err)) {
			diag("unloading: %s", strerror(-err));
			stuck++;
			break;
		}
		if (err && (err != -ENOMEM || !injected))
			wrong++;
		left += module_traces();
	}
	diag("%d allocations failed", nth - 2);
	ok(nth > 2, "allocations failed while the module was loaded");
	is(wrong, 0, "with the right error, unless it can do without");
	is(left, 0, "and nothing was left");
	is(stuck, 0, "whenever it was loaded it could be unloaded");
}

/* The kernel cannot give up a heap: the first success is the last. */
static void test_core_heap(void)
{
	int nth = 0, err, left = 0;
	bool injected;

	faults_select_below(FAULT_ALLOC, "dma_heap_add");
	do {
		injected = load("core_heap=1", ++nth, &err);
		if (err)
			left += module_traces();
	} while (err == -ENOMEM);
	diag("%d allocations failed", nth - !injected);
	ok(nth > 1, "allocations failed before the kernel had the heap");
	is(err, 0, "then it could be loaded");
	is(left, 0, "and until then nothing was left");
	close(heap_open(HEAP));
}

int main(void)
{
	faults_init();
	is(module_unload(), 0, "the module can be unloaded");
	test_own_node();
	test_core_heap();
	return tap_done();
}
