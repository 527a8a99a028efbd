// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>

#include "compat.h"
#include "lazy_contig.h"
#include "scan.h"

static int __init lc_init(void)
{
	int ret;

	ret = lc_scan_init();
	if (ret)
		return ret;
	ret = lc_control_init();
	if (ret)
		goto exit_scan;
	ret = lc_heaps_init();
	if (ret)
		goto exit_control;
	return 0;

exit_control:
	lc_control_exit();
exit_scan:
	lc_scan_exit();
	return ret;
}

static void __exit lc_exit(void)
{
	lc_heaps_exit();
	lc_control_exit();
	lc_scan_exit();
}

module_init(lc_init);
module_exit(lc_exit);

MODULE_DESCRIPTION("dma-buf heap of physically contiguous memory, found at run time");
MODULE_LICENSE("GPL");
LC_IMPORT_NS(DMA_BUF);
