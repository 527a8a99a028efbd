// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: tools: a crash kernel gets the command line of the running kernel without what
 *   reserves memory there
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../lazy-contig/cli.h"
#include "../lazy-contig/kdump.h"
#include "tap.h"

#define FIRST	"panic=10 "
#define LAST	"irqpoll reset_devices nr_cpus=1 udev.children-max=2 cgroup_disable=memory " \
		"numa=off cma=0 transparent_hugepage=never novmcoredd acpi_no_memhotplug mce=off"

static const struct {
	const char *running;
	const char *more;
	const char *crash;
} cases[] = {
	{ "", "", FIRST LAST },
	{ "BOOT_IMAGE=/boot/vmlinuz-6.12 root=UUID=1234-5678 ro quiet", "",
	  FIRST "root=UUID=1234-5678 ro " LAST },
	{ "root=/dev/sda1", " systemd.unit=x.service",
	  FIRST "root=/dev/sda1 " LAST " systemd.unit=x.service" },
	{ "hugepages=200 ro hugepagesz=1G hugepages=4 default_hugepagesz=1G", "",
	  FIRST "ro " LAST },
	{ "cma=64M hugetlb_cma=1G crashkernel=256M swiotlb=65536 log_buf_len=64M ro", "",
	  FIRST "ro " LAST },
	{ "mem=4G memmap=4G!12G reserve_mem=1M:4096:x movablecore=1G kernelcore=mirror ro", "",
	  FIRST "ro " LAST },
	{ "slub_debug=FZPU slab_debug page_owner=on kfence.sample_interval=10 ro", "",
	  FIRST "ro " LAST },
	{ "isolcpus=1-7 nohz_full=1-7 nr_cpus=8 ro maxcpus=8", "", FIRST "ro " LAST },
	{ "lazy_contig.reserve=0:512 lazy_contig_kdump.phys_addr=0 ro", "",
	  FIRST "lazy_contig_kdump.phys_addr=0 ro " LAST },
	/* the kernel takes dashes for underscores */
	{ "log-buf-len=64M default-hugepagesz=2M ro", "", FIRST "ro " LAST },
	/* names that only begin with, or contain, another one */
	{ "memsize=1 hugepagesize=2 xcma=1 kfence member=a cmax", "",
	  FIRST "memsize=1 hugepagesize=2 xcma=1 kfence member=a cmax " LAST },
	{ "root=mem=1 opt=quiet", "", FIRST "root=mem=1 opt=quiet " LAST },
	/* blanks in quotes do not end a parameter */
	{ "dyndbg=\"file a.c +p; quiet mem=1\" ro", "",
	  FIRST "dyndbg=\"file a.c +p; quiet mem=1\" ro " LAST },
	{ "trace_event=\"sched:* irq:*\" \"slub_debug=F, x\" ro", "", FIRST "ro " LAST },
	{ "  ro \t quiet ", "", FIRST "ro " LAST },
	/* what follows two dashes is for init */
	{ "ro quiet -- single quiet", "", FIRST "ro " LAST " -- single quiet" },
};

int main(void)
{
	char buf[1024], small[sizeof(FIRST LAST) + 2];
	FILE *log = tmpfile();
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		err = kdump_cmdline(cases[i].running, cases[i].more, buf, sizeof(buf), log);
		if (!ok(!err && !strcmp(buf, cases[i].crash), "'%s'", cases[i].running))
			diag("is '%s'", buf);
	}

	rewind(log);
	ok(fgets(buf, sizeof(buf), log) &&
	   !strcmp(buf, "leave out BOOT_IMAGE=/boot/vmlinuz-6.12: of the boot loader\n"),
	   "what is left out is reported, with the reason");
	err = kdump_cmdline("ro", "", small, sizeof(small), log);
	ok(err == -E2BIG, "a command line that does not fit is not truncated");
	err = kdump_cmdline("r", "", small, sizeof(small), log);
	ok(!err && strlen(small) == sizeof(small) - 1, "one that just fits is complete");
	fclose(log);
	return tap_done();
}
