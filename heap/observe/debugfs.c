// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/lazy_contig/buffers: one line for each live range, fields
 * separated by tabs, a header first. For root only; without CAP_SYS_ADMIN the
 * address is 0, as in /proc/iomem. A comma follows each of the inode numbers, by
 * which /proc knows the dma-bufs.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/debugfs.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/seq_file.h>
#include <linux/user_namespace.h>

#include "../lazy_contig.h"

static struct dentry *lc_debugfs;

static void lc_show_inode(unsigned long ino, void *data)
{
	seq_printf(data, "%lu,", ino);
}

static void lc_show_range(const struct lc_range *range, void *data)
{
	u64 age = ktime_get_boottime_ns() - range->born_ns;
	struct lc_range_users users;
	struct seq_file *m = data;
	u64 addr = 0;

	if (file_ns_capable(m->file, &init_user_ns, CAP_SYS_ADMIN))
		addr = PFN_PHYS(range->pfn);
	lc_range_count_users(range, &users);
	seq_printf(m, "%#llx\t%lu\t%d\t%llu\t%u\t%d\t%u\t%u\t%d\t",
		   addr, range->nr_pages << PAGE_SHIFT,
		   page_to_nid(pfn_to_page(range->pfn)),
		   div_u64(age, NSEC_PER_SEC),
		   from_kuid(&init_user_ns, range->uid), range->pid,
		   users.dmabufs, users.importers, READ_ONCE(range->kept));
	seq_escape_str(m, range->comm, ESCAPE_SPACE | ESCAPE_SPECIAL, NULL);
	seq_putc(m, '\t');
	seq_escape_str(m, range->name, ESCAPE_SPACE | ESCAPE_SPECIAL, NULL);
	seq_putc(m, '\t');
	lc_range_visit_inodes(range, lc_show_inode, m);
	seq_putc(m, '\n');
}

static int buffers_show(struct seq_file *m, void *unused)
{
	seq_puts(m, "address\tbytes\tnode\tseconds\tuid\tpid\tdmabufs\timporters\tkept\tcommand\tname\tinodes\n");
	lc_range_for_each(lc_show_range, m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(buffers);

/** lc_debugfs_init - create the files; without debugfs there are none */
void lc_debugfs_init(void)
{
	lc_debugfs = debugfs_create_dir(LC_NAME, NULL);
	debugfs_create_file("buffers", 0400, lc_debugfs, NULL, &buffers_fops);
}

/** lc_debugfs_exit - remove the files */
void lc_debugfs_exit(void)
{
	debugfs_remove(lc_debugfs);
}
