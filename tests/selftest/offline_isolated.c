// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: pageblocks that another part of the kernel has isolated, or keeps for
 *   atomic allocations, are known without an attempt
 *
 * A memory block that goes offline is isolated before the module hears of it. ../pauser
 * makes that moment last.
 */
#include <stdio.h>
#include <sys/prctl.h>

#include "attempts.h"
#include "blocks.h"
#include "module_calls.h"
#include "pauser.h"
#include "settings.h"

#define LEN		MIB(32)
#define MAX_BUFFERS	256

static struct span span;

static bool inside(uint64_t phys, size_t len)
{
	return phys < span.end && phys + len > span.start;
}

static void note_attempt(const struct attempt *attempt, void *arg)
{
	*(unsigned int *)arg += inside(attempt->phys, attempt->len);
}

/* Takes all there is. */
static void check_avoided(int heap, const char *what)
{
	unsigned int tried = 0, held = 0;
	int bufs[MAX_BUFFERS], n = 0;

	pool_drop();
	attempts_record();
	while (n < MAX_BUFFERS && (bufs[n] = heap_alloc(heap, LEN)) >= 0)
		held += inside(buf_phys(bufs[n++]), LEN);
	ok(n > 0 && attempts_each(note_attempt, &tried) > 0,
	   "%s: %d buffers of %zu MiB elsewhere", what, n, LEN >> 20);
	is(held, 0, "%s: none of them there", what);
	is(tried, 0, "%s: no attempt either", what);
	while (n)
		close(bufs[--n]);
	pool_drop();
}

static void check_isolated(int control, int heap)
{
	unsigned long args[6];
	uint64_t phys;
	pid_t pid;

	close(block_new(control, 0, &phys));
	pool_drop();
	block_zone(phys);
	pause_at("lc_zone_offline_begin", true);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(-block_offline(phys));
	}
	pause_wait(args);
	span = (struct span){ phys, phys + block_size() };
	is(args[0] * PAGE, phys, "the block is on its way offline");
	check_avoided(heap, "isolated");
	pause_end();
	is(child_status(pid), 0, "the block goes offline");
	pause_done();
	is(block_online(phys), 0, "and comes back");
}

static void check_atomic(int heap)
{
	FILE *f;
	unsigned long pfn = 0;

	is(ko_load("tests/pauser/lc_atomic.ko", ""), 0,
	   "a pageblock is kept for atomic allocations");
	f = text_open("/sys/module/lc_atomic/parameters/block");
	if (fscanf(f, "%lu", &pfn) != 1 || !pfn)
		bail("there is none");
	fclose(f);
	span = (struct span){ pfn * PAGE, pfn * PAGE + HUGE_PAGE };
	check_avoided(heap, "atomic");
	is(ko_unload("lc_atomic"), 0, "the module that asked for it is gone");
}

int main(void)
{
	int control = control_open(), heap = heap_open(HEAP);
	unsigned long max = param_get("pool_max_mb"), limit = patience();
	struct mark mark;

	param_set("pool_max_mb", 0);
	mark_set(&mark);
	check_isolated(control, heap);
	check_atomic(heap);
	param_set("pool_max_mb", max);
	param_set("time_limit_ms", limit);
	mark_check(&mark, "all of it");
	close(heap);
	close(control);
	return tap_done();
}
