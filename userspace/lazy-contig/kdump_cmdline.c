// SPDX-License-Identifier: GPL-2.0
/*
 * The command line of a crash kernel: that of the running kernel, without what was
 * chosen for a machine with all of its memory and processors, and with what a crash
 * kernel needs.
 */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "cli.h"
#include "kdump.h"

#define LOADER		"of the boot loader"
#define RESERVES	"reserves memory"
#define HUGE		"huge pages"
#define MAP		"memory map of the running kernel"
#define ZONES		"zones and nodes of the running kernel"
#define TABLES		"sized for all memory"
#define TRACE		"trace buffers"
#define DEBUGGING	"debugging that takes memory"
#define PROCESSORS	"processors of the running kernel"
#define FATAL		"would end the dump"
#define SILENT		"hides messages"

/*
 * What is not passed on, and why. The crash kernel has some hundred MiB: whatever was
 * set aside for the running kernel would leave it without memory. kexec passes the memory
 * map; with another one, the crash kernel would overwrite what is to be dumped. A name with
 * a dot at its end stands for all parameters of that module.
 */
static const struct {
	const char *reason;
	const char *names;
} omitted[] = {
	{ LOADER, "BOOT_IMAGE initrd" },
	{ RESERVES, "crashkernel reserve_mem cma cma_pernuma numa_cma hugetlb_cma" },
	{ RESERVES, "hugetlb_cma_only kho kho_scratch lazy_contig." },
	{ HUGE, "hugepages hugepagesz default_hugepagesz hugepage_alloc_threads" },
	{ MAP, "mem memmap add_efi_memmap efi_fake_mem highmem elfcorehdr" },
	{ ZONES, "kernelcore movablecore movable_node numa memhp_default_state memory_hotplug." },
	{ TABLES, "swiotlb log_buf_len dhash_entries ihash_entries mhash_entries" },
	{ TABLES, "mphash_entries tcpmhash_entries thash_entries uhash_entries" },
	{ TRACE, "alloc_snapshot ftrace ftrace_boot_snapshot ftrace_filter ftrace_notrace" },
	{ TRACE, "stacktrace stacktrace_filter tp_printk trace_buf_size trace_event" },
	{ TRACE, "trace_instance trace_options trace_trigger" },
	{ DEBUGGING, "debug_guardpage_minorder debug_objects debug_pagealloc dma_debug_entries" },
	{ DEBUGGING, "early_page_ext kasan kfence. kmemleak memtest page_owner page_poison" },
	{ DEBUGGING, "kasan. page_poisoning page_table_check slab_debug slub_debug" },
	{ PROCESSORS, "irqaffinity isolcpus kthread_cpus maxcpus nohz_full nr_cpus" },
	{ PROCESSORS, "possible_cpus rcu_nocb_poll rcu_nocbs workqueue.unbound_cpus" },
	{ FATAL, "hardlockup_panic hung_task_panic nmi_watchdog panic_on_taint panic_on_warn" },
	{ FATAL, "softlockup_panic" },
	{ SILENT, "quiet splash" },
};

/* A crash kernel that fails must not hang; panic= of the running kernel overrides it. */
static const char first[] = "panic=10 ";

static const char last[] =
	/* devices are as the crash left them, their interrupts asserted */
	"irqpoll reset_devices "
	/* one processor: no memory for others, which never start on some machines */
	"nr_cpus=1 udev.children-max=2 "
	/* memory is short */
	"cgroup_disable=memory numa=off cma=0 transparent_hugepage=never novmcoredd "
	/* ACPI would add plugged memory, which is to be dumped, to that of the crash kernel */
	"acpi_no_memhotplug "
	/* an error that the crash left in the registers must not end the dump */
	"mce=off";

/* Ends the first word, blanks in double quotes belong to it, and moves to the next. */
static char *next_word(char **rest)
{
	bool quoted = false;
	char *word, *end;

	word = *rest + strspn(*rest, " \t\n");
	for (end = word; *end && (quoted || !isspace((unsigned char)*end)); end++)
		if (*end == '"')
			quoted = !quoted;
	*rest = *end ? end + 1 : end;
	*end = '\0';
	return *word ? word : NULL;
}

/* Like the kernel, which does not tell dashes from underscores. */
static bool same_char(char a, char b)
{
	return a == b || (a == '-' && b == '_');
}

/* Is the parameter @word the one whose name has the length @len? */
static bool is_parameter(const char *word, const char *name, size_t len)
{
	size_t i;

	if (*word == '"')
		word++;
	for (i = 0; i < len; i++)
		if (!same_char(word[i], name[i]))
			return false;
	return name[len - 1] == '.' || !word[len] || word[len] == '=' || word[len] == '"';
}

static const char *reason_to_omit(const char *word)
{
	const char *name;
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(omitted); i++) {
		for (name = omitted[i].names; *name; name += len + strspn(name + len, " ")) {
			len = strcspn(name, " ");
			if (is_parameter(word, name, len))
				return omitted[i].reason;
		}
	}
	return NULL;
}

static int add(char *buf, size_t len, const char *text)
{
	size_t used = strlen(buf);

	if (used + strlen(text) >= len)
		return -E2BIG;
	memcpy(buf + used, text, strlen(text) + 1);
	return 0;
}

static int add_word(char *buf, size_t len, const char *word)
{
	int err = add(buf, len, word);

	return err ? err : add(buf, len, " ");
}

/*
 * Makes the command line of a crash kernel from that of the running one; @more is added
 * to it. Each parameter that is omitted is reported in @log. -E2BIG: @buf is too small.
 */
int kdump_cmdline(const char *running, const char *more, char *buf, size_t len, FILE *log)
{
	char line[strlen(running) + 1], *word, *rest = line;
	const char *reason;
	int err;

	memcpy(line, running, sizeof(line));
	*buf = '\0';
	err = add(buf, len, first);
	/* what follows the two dashes is for init */
	while (!err && (word = next_word(&rest)) && strcmp(word, "--")) {
		reason = reason_to_omit(word);
		if (reason)
			fprintf(log, "leave out %s: %s\n", word, reason);
		else
			err = add_word(buf, len, word);
	}
	if (!err)
		err = add(buf, len, last);
	if (!err)
		err = add(buf, len, more);
	if (!err && word)
		err = add(buf, len, " -- ");
	if (!err && word)
		err = add(buf, len, rest);
	return err;
}
