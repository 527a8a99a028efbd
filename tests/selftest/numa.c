// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: the caller's memory policy selects the node
 */
#include <sys/syscall.h>

#include <linux/mempolicy.h>

#include "settings.h"

static void set_policy(int mode, int node)
{
	unsigned long mask = 1ul << node;

	if (syscall(SYS_set_mempolicy, mode, mode == MPOL_DEFAULT ? NULL :
		    &mask, sizeof(mask) * 8))
		bail("set_mempolicy: %m");
}

static void check_node(int heap, size_t len, int node, const char *policy)
{
	struct lazy_contig_query q = {};
	int buf = heap_alloc(heap, len);

	ok(buf >= 0 && !buf_query(buf, &q) && q.node == node,
	   "%zu bytes come from node %d, to which the caller is %s", len, node,
	   policy);
	if (buf >= 0)
		close(buf);
}

/* With MPOL_BIND, no memory of another node is used when the node is full. */
static void check_exhausted(int heap, int node)
{
	const size_t len = MIB(16);
	int buf[256], n = 0, outside = 0;
	struct lazy_contig_query q;
	bool other;

	set_policy(MPOL_BIND, node);
	while (n < (int)ARRAY_SIZE(buf)) {
		buf[n] = heap_alloc(heap, len);
		if (buf[n] < 0)
			break;
		outside += buf_query(buf[n], &q) || q.node != node;
		n++;
	}
	ok(n > 0 && n < (int)ARRAY_SIZE(buf) && buf[n] == -ENOMEM,
	   "node %d gives %d buffers of 16 MiB and then ENOMEM", node, n);
	is(outside, 0, "none from another node");
	set_policy(MPOL_PREFERRED, node);
	/* the node may have got another piece or two meanwhile */
	for (other = false; !other && n < (int)ARRAY_SIZE(buf); n++) {
		buf[n] = heap_alloc(heap, len);
		if (buf[n] < 0)
			break;
		other = !buf_query(buf[n], &q) && q.node != node;
	}
	ok(other, "a node that is only preferred is left for another");
	while (n--)
		close(buf[n]);
}

int main(void)
{
	static const size_t lengths[] = { PAGE, KIB(100), MIB(1), MIB(7),
		MIB(64) };
	int heap = heap_open(HEAP), node;
	unsigned long limit;
	struct mark mark;
	size_t i;

	if (access("/sys/devices/system/node/node1", F_OK)) {
		skip("this machine has one node");
		return tap_done();
	}
	limit = patience();
	mark_set(&mark);
	for (node = 0; node < 2; node++) {
		for (i = 0; i < ARRAY_SIZE(lengths); i++) {
			set_policy(MPOL_BIND, node);
			check_node(heap, lengths[i], node, "bound");
			set_policy(MPOL_PREFERRED, node);
			check_node(heap, lengths[i], node, "drawn");
		}
		check_exhausted(heap, node);
	}
	set_policy(MPOL_DEFAULT, 0);
	param_set("time_limit_ms", limit);
	mark_check(&mark, "all of it");
	close(heap);
	return tap_done();
}
