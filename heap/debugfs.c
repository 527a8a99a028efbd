// SPDX-License-Identifier: GPL-2.0
/*
 * Files in /sys/kernel/debug/lazy_contig: a header, then lines of fields separated
 * by tabs. Readable by root; without CAP_SYS_ADMIN addresses are 0, as in
 * /proc/iomem.
 *
 * buffers: a line for each live range. The field "kept" is 1 if it is kept, 2 if that
 * cannot be ended because a dma-buf holds it. The last field is a list of the inode
 * numbers that identify the dma-bufs in /proc, with a comma after each.
 *
 * blocks: what the search knows of each pageblock, or would if it looked now; a
 * line for neighbours in the same state.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/debugfs.h>
#include <linux/ktime.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/user_namespace.h>

#include "buffer.h"
#include "cache/reserve.h"
#include "compat.h"
#include "debugfs.h"
#include "range.h"
#include "search/zone.h"

static struct dentry *lc_debugfs_dir;

static u64 lc_shown_addr(const struct seq_file *m, unsigned long pfn)
{
	return file_ns_capable(m->file, &init_user_ns, CAP_SYS_ADMIN) ?
		       PFN_PHYS(pfn) : 0;
}

static void lc_show_inode(unsigned long ino, void *data)
{
	seq_printf(data, "%lu,", ino);
}

static void lc_show_range(const struct lc_range *range, void *data)
{
	u64 age = ktime_get_boottime_ns() - range->born_ns;
	struct lc_buffer_users users;
	struct seq_file *m = data;

	lc_buffer_count_users(range, &users);
	seq_printf(m, "%#llx\t%lu\t%d\t%llu\t%u\t%d\t%u\t%u\t%d\t",
		   lc_shown_addr(m, range->ext.pfn),
		   range->ext.nr_pages << PAGE_SHIFT,
		   page_to_nid(pfn_to_page(range->ext.pfn)),
		   div_u64(age, NSEC_PER_SEC),
		   from_kuid(&init_user_ns, range->uid), range->pid,
		   users.dmabufs, users.importers,
		   READ_ONCE(range->kept) + !!atomic_read(&range->holds));
	seq_escape_str(m, range->comm, ESCAPE_SPACE | ESCAPE_SPECIAL, NULL);
	seq_putc(m, '\t');
	seq_escape_str(m, range->name, ESCAPE_SPACE | ESCAPE_SPECIAL, NULL);
	seq_putc(m, '\t');
	lc_buffer_visit_inodes(range, lc_show_inode, m);
	seq_putc(m, '\n');
}

static int buffers_show(struct seq_file *m, void *unused)
{
	seq_puts(m, "address\tbytes\tnode\tseconds\tuid\tpid\tdmabufs\timporters\tkept\tcommand\tname\tinodes\n");
	lc_range_for_each(lc_show_range, m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(buffers);

/**
 * struct lc_block_run - a line of blocks: neighbours in the same state
 * @zone: their zone; NULL at the end of the file
 * @block: the first one
 * @end: the block behind the last
 * @state: of all of them
 * @cost: weighted pages to move, of all of them
 * @idle: pages of them that are idle in the pool
 */
struct lc_block_run {
	struct zone *zone;
	unsigned long block;
	unsigned long end;
	const char *state;
	unsigned long cost;
	unsigned long idle;
};

/* A pageblock that is not wholly online memory of the zone: NULL if it is another's. */
static const char *lc_hole_name(struct zone *zone, unsigned long pfn)
{
	const char *name = "offline";
	struct page *page;

	rcu_read_lock();
	page = pfn_to_online_page(pfn);
	if (page)
		name = page_zone(page) == zone ? "unmovable" : NULL;
	else if (!pfn_valid(pfn))
		name = NULL;
	rcu_read_unlock();
	return name;
}

static const char *lc_unmovable_name(unsigned long pfn)
{
	int type = MIGRATE_UNMOVABLE;

	rcu_read_lock();
	if (pfn_to_online_page(pfn))
		type = lc_pageblock_type(pfn);
	rcu_read_unlock();
	if (type < MIGRATE_PCPTYPES)
		return "unmovable";
	return type == MIGRATE_ISOLATE ? "isolated" :
	       is_migrate_cma(type) ? "cma" : "highatomic";
}

static const char *lc_block_name(struct zone *zone, unsigned long block,
				 struct lc_pb pb)
{
	const struct lc_extent ext = {
		block << pageblock_order, pageblock_nr_pages,
	};

	if (pb.idle == pageblock_nr_pages)
		return "pool";
	if ((pb.state == LC_PB_OWNED || pb.state == LC_PB_UNMOVABLE) &&
	    lc_reserve_overlaps(&ext))
		return "reserve";
	switch (pb.state) {
	case LC_PB_HOLE:
		return lc_hole_name(zone, ext.pfn);
	case LC_PB_OWNED:
		return "buffer";
	case LC_PB_PINNED:
		return "pinned";
	case LC_PB_BUSY:
		return "busy";
	case LC_PB_MOVABLE:
		return pb.cost ? "movable" : "free";
	default:
		return lc_unmovable_name(ext.pfn);
	}
}

/* The first zone behind @zone that has memory; NULL: the first of all. */
static struct zone *lc_next_zone(struct zone *zone)
{
	int idx = zone ? zone_idx(zone) + 1 : 0;
	int node = zone ? zone_to_nid(zone) : first_online_node;

	for (; node < MAX_NUMNODES; node = next_online_node(node), idx = 0)
		for (; idx < MAX_NR_ZONES; idx++)
			if (populated_zone(&NODE_DATA(node)->node_zones[idx]))
				return &NODE_DATA(node)->node_zones[idx];
	return NULL;
}

/* Go on to the next line. */
static void lc_block_run_next(struct lc_block_run *run)
{
	unsigned long block = run->end, last = 0;
	const char *state;
	struct lc_pb pb;

	run->state = NULL;
	run->cost = 0;
	run->idle = 0;
	if (run->zone)
		last = DIV_ROUND_UP(zone_end_pfn(run->zone), pageblock_nr_pages);
	for (;; block++) {
		cond_resched();
		if (block >= last) {
			if (run->state)
				break;
			run->zone = lc_next_zone(run->zone);
			if (!run->zone)
				return;
			block = run->zone->zone_start_pfn >> pageblock_order;
			last = DIV_ROUND_UP(zone_end_pfn(run->zone),
					    pageblock_nr_pages);
		}
		pb = lc_zone_fresh(run->zone, block);
		state = lc_block_name(run->zone, block, pb);
		if (run->state && run->state != state)
			break;
		if (!state)
			continue;
		if (!run->state)
			run->block = block;
		run->state = state;
		run->cost += pb.cost * LC_COST_SCALE;
		run->idle += pb.idle;
	}
	run->end = block;
}

static void *blocks_start(struct seq_file *m, loff_t *pos)
{
	struct lc_block_run *run = m->private;

	if (*pos)
		return run->zone ? run : NULL;
	*run = (struct lc_block_run){};
	return SEQ_START_TOKEN;
}

static void *blocks_next(struct seq_file *m, void *unused, loff_t *pos)
{
	struct lc_block_run *run = m->private;

	++*pos;
	lc_block_run_next(run);
	return run->zone ? run : NULL;
}

static void blocks_stop(struct seq_file *m, void *unused)
{
}

static int blocks_show(struct seq_file *m, void *v)
{
	const struct lc_block_run *run = v;

	if (v == SEQ_START_TOKEN) {
		seq_puts(m, "address\tbytes\tnode\tzone\tstate\tcost\tidle\n");
		return 0;
	}
	seq_printf(m, "%#llx\t%llu\t%d\t%s\t%s\t%lu\t%lu\n",
		   lc_shown_addr(m, run->block << pageblock_order),
		   (u64)(run->end - run->block) << (pageblock_order + PAGE_SHIFT),
		   zone_to_nid(run->zone), run->zone->name, run->state,
		   run->cost, run->idle << PAGE_SHIFT);
	return 0;
}

static const struct seq_operations lc_blocks_ops = {
	.start = blocks_start,
	.next = blocks_next,
	.stop = blocks_stop,
	.show = blocks_show,
};

static int blocks_open(struct inode *inode, struct file *file)
{
	return seq_open_private(file, &lc_blocks_ops, sizeof(struct lc_block_run));
}

static const struct file_operations blocks_fops = {
	.owner = THIS_MODULE,
	.open = blocks_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release_private,
};

/**
 * lc_debugfs_init - create the directory and its files
 *
 * Errors are ignored, as is the convention for debugfs.
 *
 * Context: module init.
 */
void lc_debugfs_init(void)
{
	lc_debugfs_dir = debugfs_create_dir(LC_NAME, NULL);
	debugfs_create_file("buffers", 0400, lc_debugfs_dir, NULL,
			    &buffers_fops);
	debugfs_create_file("blocks", 0400, lc_debugfs_dir, NULL, &blocks_fops);
}

/**
 * lc_debugfs_exit - remove the directory
 *
 * Context: module exit; waits for readers.
 */
void lc_debugfs_exit(void)
{
	debugfs_remove(lc_debugfs_dir);
}
