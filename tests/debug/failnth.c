// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: limits: each allocation and each copy from or to the caller may fail: the right
 *   errno, nothing left behind, the next call works (plan failures)
 *
 * What the code can do without may fail unnoticed.
 *
 *	failnth [TEXT]		only operations with this in their name
 */
#include "../selftest/settings.h"
#include "ops.h"

static int failed;

/* What must not change, whatever fails. */
struct state {
	int fds;
	int dmabufs;
	int iomem;
	int named;
	long bytes;
};

static struct state state_now(void)
{
	return (struct state) {
		.fds = fds_open(),
		.dmabufs = dmabufs_live(),
		.iomem = iomem_count(),
		.named = iomem_names(OPS_NAME),
		.bytes = counter("live_bytes"),
	};
}

static bool state_is(const struct state *want)
{
	const struct state now = state_now();

	if (now.fds == want->fds && now.dmabufs == want->dmabufs &&
	    now.iomem == want->iomem && now.named == want->named &&
	    now.bytes == want->bytes)
		return true;
	diag("%d fds, %d dma-bufs, %d + %d lines, %ld bytes, not %d, %d, %d + %d, %ld",
	     now.fds, now.dmabufs, now.iomem, now.named, now.bytes,
	     want->fds, want->dmabufs, want->iomem, want->named, want->bytes);
	return false;
}

static int run(const struct op *op, int nth, bool *injected)
{
	int err;

	op->prepare();
	if (nth)
		faults_arm(nth);
	err = op->call();
	*injected = nth && faults_disarm();
	op->undo();
	return err;
}

static void test_op(const struct op *op, enum fault fault)
{
	const int want = fault == FAULT_COPY ? -EFAULT : -ENOMEM;
	const char *what = fault == FAULT_COPY ? "copy" : "allocation";
	int nth, err, tolerated = 0, wrong = 0, left = 0, broken = 0;
	const struct state before = state_now();
	bool injected, none;

	if (op->below)
		faults_select_below(fault, op->below);
	else
		faults_select(fault);
	for (nth = 1; ; nth++) {
		err = run(op, nth, &injected);
		if (!injected)
			break;
		tolerated += !err;
		if (err && err != want) {
			diag("%s %d: %s", what, nth, strerror(-err));
			wrong++;
		}
		left += !state_is(&before);
		broken += run(op, 0, &none) != 0;
	}
	failed += nth - 1;
	diag("%s: %d of %d failed %s points went unnoticed", op->name, tolerated,
	     nth - 1, what);
	is(err, 0, "%s works when no %s fails", op->name, what);
	is(wrong, 0, "and returns the right error when one does");
	is(left, 0, "and leaves nothing behind");
	is(broken, 0, "and works the next time");
	if (op->faults & 1U << fault)
		ok(nth > 1, "and there was one that could fail");
}

static void test_ops(const struct op *ops, size_t nr, const char *text)
{
	enum fault fault;
	size_t i;

	for (i = 0; i < nr; i++)
		for (fault = 0; fault < NR_FAULTS; fault++)
			if (strstr(ops[i].name, text))
				test_op(&ops[i], fault);
}

int main(int argc, char **argv)
{
	const char *text = argc > 1 ? argv[1] : "";

	faults_init();
	buffer_ops_begin();
	memory_ops_begin();
	test_ops(buffer_ops, nr_buffer_ops, text);
	test_ops(memory_ops, nr_memory_ops, text);
	diag("%d points failed", failed);
	memory_ops_end();
	buffer_ops_end();
	return tap_done();
}
