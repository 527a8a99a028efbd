// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: buffer: memory regions of RDMA on mappings of pinnable buffers, which outlive the
 *   buffers
 *
 *   verbs_mr DEVICE DEVICE [NETNS]
 *
 * Two devices that reach each other, the second in the network namespace NETNS; rdma_rxe
 * makes them.
 */
#include <sched.h>

#include <infiniband/verbs.h>

#include "pin.h"

#define LEN	MIB(4)
#define DEPTH	16
#define PIECE	(LEN / DEPTH)
#define ACCESS	(IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ)

static int heap, control;

/* One end of a connection, and a buffer for it. */
struct side {
	const char *device;
	const char *netns;	/* its network namespace, NULL: that of the process */
	struct ibv_context *context;
	struct ibv_pd *pd;
	struct ibv_comp_channel *channel;
	struct ibv_cq *cq;
	struct ibv_qp *qp;
	union ibv_gid gid;
	int gid_index;
	int buf;
	unsigned char *mem;
	struct ibv_mr *mr;
};

/* Returns what leave() takes. */
static int enter(const char *netns)
{
	int old = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), fd;
	char path[64];

	if (!netns)
		return old;
	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		bail("%s: %m", path);
	close(fd);
	return old;
}

static void leave(int old)
{
	if (setns(old, CLONE_NEWNET))
		bail("setns: %m");
	close(old);
}

static struct ibv_context *device_open(const char *name)
{
	struct ibv_device **list = ibv_get_device_list(NULL);
	struct ibv_context *context = NULL;
	int i;

	for (i = 0; list && list[i]; i++)
		if (!strcmp(ibv_get_device_name(list[i]), name))
			context = ibv_open_device(list[i]);
	if (!context)
		bail("no device %s: %m", name);
	ibv_free_device_list(list);
	return context;
}

/* The address for packets of IPv4 comes some time after that of the interface. */
static bool has_address(void *arg)
{
	struct side *s = arg;
	struct ibv_gid_entry entry;
	uint32_t i;

	for (i = 0; i < 16; i++) {
		if (ibv_query_gid_ex(s->context, 1, i, &entry, 0))
			continue;
		if (entry.gid_type != IBV_GID_TYPE_ROCE_V2 ||
		    entry.gid.raw[10] != 0xff || entry.gid.raw[11] != 0xff)
			continue;
		s->gid = entry.gid;
		s->gid_index = i;
		return true;
	}
	return false;
}

static void side_open(struct side *s)
{
	struct ibv_qp_init_attr init = {
		.qp_type = IBV_QPT_RC,
		.sq_sig_all = 1,
		.cap = {
			.max_send_wr = DEPTH, .max_recv_wr = 1,
			.max_send_sge = 1, .max_recv_sge = 1,
		},
	};
	int old = enter(s->netns);

	s->context = device_open(s->device);
	s->pd = ibv_alloc_pd(s->context);
	s->channel = ibv_create_comp_channel(s->context);
	if (!s->pd || !s->channel)
		bail("%s: %m", s->device);
	s->cq = ibv_create_cq(s->context, DEPTH, NULL, s->channel, 0);
	if (!s->cq || ibv_req_notify_cq(s->cq, 0))
		bail("%s: completion queue: %m", s->device);
	init.send_cq = s->cq;
	init.recv_cq = s->cq;
	s->qp = ibv_create_qp(s->pd, &init);
	if (!s->qp)
		bail("%s: queue pair: %m", s->device);
	if (!becomes_true(has_address, s))
		bail("%s has no address", s->device);
	leave(old);
}

static void side_close(struct side *s)
{
	if (ibv_destroy_qp(s->qp) || ibv_destroy_cq(s->cq) ||
	    ibv_destroy_comp_channel(s->channel) || ibv_dealloc_pd(s->pd) ||
	    ibv_close_device(s->context))
		bail("%s: close: %m", s->device);
}

static void side_connect(struct side *s, const struct side *peer)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_INIT,
		.port_num = 1,
		.qp_access_flags = ACCESS,
		/* to be ready to receive */
		.path_mtu = IBV_MTU_4096,
		.dest_qp_num = peer->qp->qp_num,
		.max_dest_rd_atomic = DEPTH,
		.min_rnr_timer = 12,
		.ah_attr = {
			.is_global = 1,
			.port_num = 1,
			.grh = {
				.dgid = peer->gid, .sgid_index = s->gid_index,
				.hop_limit = 64,
			},
		},
		/* to send; four seconds, since the host may be busy */
		.timeout = 20,
		.retry_cnt = 7,
		.rnr_retry = 7,
		.max_rd_atomic = DEPTH,
	};
	int old = enter(s->netns), err;

	err = ibv_modify_qp(s->qp, &attr, IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT |
			    IBV_QP_ACCESS_FLAGS);
	if (err)
		bail("%s: INIT: %s", s->device, strerror(err));
	attr.qp_state = IBV_QPS_RTR;
	err = ibv_modify_qp(s->qp, &attr, IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU |
			    IBV_QP_DEST_QPN | IBV_QP_RQ_PSN | IBV_QP_MAX_DEST_RD_ATOMIC |
			    IBV_QP_MIN_RNR_TIMER);
	if (err)
		bail("%s: RTR: %s", s->device, strerror(err));
	attr.qp_state = IBV_QPS_RTS;
	err = ibv_modify_qp(s->qp, &attr, IBV_QP_STATE | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT |
			    IBV_QP_RNR_RETRY | IBV_QP_SQ_PSN | IBV_QP_MAX_QP_RD_ATOMIC);
	if (err)
		bail("%s: RTS: %s", s->device, strerror(err));
	leave(old);
}

/* Fails the checks that follow rather than the test if the kernel refuses. */
static void side_buffer(struct side *s)
{
	s->buf = pin_new(control, LEN);
	s->mem = buf_map(s->buf, LEN);
	s->mr = ibv_reg_mr(s->pd, s->mem, LEN, ACCESS);
	if (!s->mr)
		bail("%s: a memory region on a pinnable buffer: %m", s->device);
}

static void side_buffer_end(struct side *s)
{
	munmap(s->mem, LEN);
	close(s->buf);
}

static void post(const struct side *s, const struct side *peer, enum ibv_wr_opcode op,
		 size_t at, size_t peer_at, size_t len)
{
	struct ibv_sge sge = {
		.addr = (uintptr_t)s->mr->addr + at,
		.length = len,
		.lkey = s->mr->lkey,
	};
	struct ibv_send_wr wr = {
		.opcode = op,
		.sg_list = &sge,
		.num_sge = 1,
		.wr.rdma.remote_addr = (uintptr_t)peer->mr->addr + peer_at,
		.wr.rdma.rkey = peer->mr->rkey,
	}, *bad;
	int err = ibv_post_send(s->qp, &wr, &bad);

	if (err)
		bail("ibv_post_send: %s", strerror(err));
}

/* Waits for @nr requests; returns how many failed. */
static int finish(const struct side *s, int nr)
{
	struct ibv_cq *cq;
	struct ibv_wc wc;
	int failed = 0;
	void *context;

	while (nr) {
		if (ibv_get_cq_event(s->channel, &cq, &context))
			bail("ibv_get_cq_event: %m");
		ibv_ack_cq_events(cq, 1);
		if (ibv_req_notify_cq(cq, 0))
			bail("ibv_req_notify_cq: %m");
		while (ibv_poll_cq(cq, 1, &wc) > 0) {
			if (wc.status)
				diag("%s", ibv_wc_status_str(wc.status));
			failed += wc.status != IBV_WC_SUCCESS;
			nr--;
		}
	}
	return failed;
}

/* All of the buffer, in pieces that are all in flight. */
static int transfer(const struct side *s, const struct side *peer, enum ibv_wr_opcode op)
{
	int i;

	for (i = 0; i < DEPTH; i++)
		post(s, peer, op, i * PIECE, i * PIECE, PIECE);
	return finish(s, DEPTH);
}

/* What the interface of the device has sent: the driver has short cuts, too. */
static unsigned long bytes_sent(const struct side *s)
{
	char path[128], name[32];
	unsigned long bytes;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/class/infiniband/%s/parent", s->device);
	file = text_open(path);
	if (fscanf(file, "%31s", name) != 1)
		bail("%s has no interface", s->device);
	fclose(file);
	snprintf(path, sizeof(path), "/sys/class/net/%s/statistics/tx_bytes", name);
	file = text_open(path);
	if (fscanf(file, "%lu", &bytes) != 1)
		bail("%s: no number", path);
	fclose(file);
	return bytes;
}

static void test_transfer(struct side *a, struct side *b)
{
	const size_t at = PAGE - 3, peer_at = 2 * PAGE + 77, len = MIB(1) + 5;
	unsigned long sent = bytes_sent(a);

	side_buffer(a);
	side_buffer(b);
	pattern_fill(a->mem, LEN, 1);
	is(transfer(a, b, IBV_WR_RDMA_WRITE), 0, "RDMA WRITE, %d in flight", DEPTH);
	ok(pattern_holds(b->mem, LEN, 1), "the other buffer has the bytes");
	ok(bytes_sent(a) - sent >= LEN, "through the interface");
	pattern_fill(b->mem, LEN, 2);
	is(transfer(a, b, IBV_WR_RDMA_READ), 0, "RDMA READ");
	ok(pattern_holds(a->mem, LEN, 2), "has its bytes");
	pattern_fill(a->mem, LEN, 3);
	post(a, b, IBV_WR_RDMA_WRITE, at, peer_at, len);
	is(finish(a, 1), 0, "RDMA WRITE at odd places");
	ok(!memcmp(a->mem + at, b->mem + peer_at, len), "is right");
	memset(b->mem + peer_at, 0, len);
	ok(pattern_holds(a->mem, LEN, 3), "the source is unchanged");
	post(b, a, IBV_WR_RDMA_READ, peer_at, at, len);
	is(finish(b, 1), 0, "RDMA READ by the other side, at odd places");
	ok(!memcmp(a->mem + at, b->mem + peer_at, len), "is right");
}

/* The buffer of @a ends, its memory region goes on. */
static void test_outlives(struct side *a, struct side *b)
{
	uint64_t phys = buf_phys(a->buf);
	struct pin_others others;

	pattern_fill(a->mem, LEN, 4);
	side_buffer_end(a);
	ok(pin_live(2 * LEN), "the pages of a region count when their buffer has ended");
	pin_others_new(&others, 16, LEN);
	ok(!pin_others_reach(&others, phys, LEN), "no other buffer has them");
	is(transfer(a, b, IBV_WR_RDMA_WRITE), 0, "RDMA WRITE out of them");
	ok(pattern_holds(b->mem, LEN, 4), "has their bytes");
	pattern_fill(b->mem, LEN, 5);
	is(transfer(b, a, IBV_WR_RDMA_WRITE), 0, "RDMA WRITE into them");
	memset(b->mem, 0, LEN);
	is(transfer(b, a, IBV_WR_RDMA_READ), 0, "RDMA READ of them");
	ok(pattern_holds(b->mem, LEN, 5), "has the bytes written");
	ok(pin_others_hold(&others), "no other buffer has changed");
	pin_others_end(&others);
	is(ibv_dereg_mr(a->mr), 0, "the region ends");
	ok(pin_live_soon(LEN), "then they are free");
	is(ibv_dereg_mr(b->mr), 0, "a region ends before its buffer");
	ok(pattern_holds(b->mem, LEN, 5), "which keeps its bytes");
	side_buffer_end(b);
	ok(pin_live_soon(0), "nothing is left");
}

static void test_plain(const struct side *s)
{
	int buf = buf_new(heap, LEN);
	unsigned char *mem = buf_map(buf, LEN);
	struct ibv_mr *mr = ibv_reg_mr(s->pd, mem, LEN, ACCESS);

	is(mr ? 0 : -errno, -EFAULT, "no region on a mapping of another buffer");
	if (mr)
		ibv_dereg_mr(mr);
	munmap(mem, LEN);
	close(buf);
}

/* Which no driver without hardware has been able to do so far. */
static void test_dmabuf(struct side *a, struct side *b)
{
	a->buf = buf_new(heap, LEN);
	a->mem = buf_map(a->buf, LEN);
	a->mr = ibv_reg_dmabuf_mr(a->pd, 0, LEN, (uintptr_t)a->mem, a->buf, ACCESS);
	if (!a->mr) {
		is(-errno, -EOPNOTSUPP, "this driver has no regions on dma-bufs");
	} else {
		a->mr->addr = a->mem;
		side_buffer(b);
		pattern_fill(a->mem, LEN, 6);
		is(transfer(a, b, IBV_WR_RDMA_WRITE), 0, "RDMA WRITE out of a dma-buf");
		ok(pattern_holds(b->mem, LEN, 6), "is right");
		ibv_dereg_mr(a->mr);
		ibv_dereg_mr(b->mr);
		side_buffer_end(b);
	}
	side_buffer_end(a);
}

static int die(void *arg)
{
	struct side *s = arg;

	side_open(s);
	side_buffer(s);
	kill(getpid(), SIGKILL);
	return 1;
}

int main(int argc, char **argv)
{
	struct side a = {}, b = {};
	struct mark mark;

	if (argc < 3)
		bail("usage: %s DEVICE DEVICE [NETNS]", argv[0]);
	a.device = argv[1];
	b.device = argv[2];
	b.netns = argv[3];
	heap = heap_open(HEAP);
	control = control_open();
	pool_drop();
	mark_set(&mark);
	is(in_child(die, &a), -SIGKILL, "a process is killed that has a region");
	ok(pin_live_soon(0), "the buffer is given back");
	side_open(&a);
	side_open(&b);
	side_connect(&a, &b);
	side_connect(&b, &a);
	test_plain(&a);
	test_transfer(&a, &b);
	test_outlives(&a, &b);
	test_dmabuf(&a, &b);
	side_close(&a);
	side_close(&b);
	mark_check(&mark, "all of it");
	close(control);
	close(heap);
	return tap_done();
}
