// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/lazy_contig/buffers: a header, then one line for each live
 * range, fields separated by tabs. Readable by root; without CAP_SYS_ADMIN the
 * address is 0, as in /proc/iomem. The last field is a list of the inode numbers
 * that identify the dma-bufs in /proc, with a comma after each.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/debugfs.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/seq_file.h>
#include <linux/user_namespace.h>

#include "buffer.h"
#include "debugfs.h"
#include "range.h"

static struct dentry *lc_debugfs_dir;

static void lc_show_inode(unsigned long ino, void *data)
{
	seq_printf(data, "%lu,", ino);
}

static void lc_show_range(const struct lc_range *range, void *data)
{
	u64 age = ktime_get_boottime_ns() - range->born_ns;
	struct lc_buffer_users users;
	struct seq_file *m = data;
	u64 addr = 0;

	if (file_ns_capable(m->file, &init_user_ns, CAP_SYS_ADMIN))
		addr = PFN_PHYS(range->ext.pfn);
	lc_buffer_count_users(range, &users);
	seq_printf(m, "%#llx\t%lu\t%d\t%llu\t%u\t%d\t%u\t%u\t%d\t",
		   addr, range->ext.nr_pages << PAGE_SHIFT,
		   page_to_nid(pfn_to_page(range->ext.pfn)),
		   div_u64(age, NSEC_PER_SEC),
		   from_kuid(&init_user_ns, range->uid), range->pid,
		   users.dmabufs, users.importers, READ_ONCE(range->kept));
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
