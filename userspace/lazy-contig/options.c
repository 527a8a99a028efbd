// SPDX-License-Identifier: GPL-2.0
/* The options of all commands. */
#include "cli.h"

const struct option options[OPTIONS] = {
	[OPT_ALIGN] = {
		"align", "SIZE", "alignment of the physical address, a power of two", NULL
	},
	[OPT_APPEND] = {
		"append", "TEXT",
		"command line (default: that of the running kernel, without what\n"
		"reserves memory, and with what a crash kernel needs)", NULL
	},
	[OPT_CHECK] = {
		"check", "PATTERN", "check the contents, before --fill", "patterns"
	},
	[OPT_FILL] = {
		"fill", "PATTERN", "fill the buffer, and check that the pattern is read back",
		"patterns"
	},
	[OPT_FOR] = {
		"for", "SIZE", "show where a buffer of this size would lie, or what is in its way",
		NULL
	},
	[OPT_HEAP] = {
		"heap", "HEAP",
		"heap to allocate from: a name in /dev/dma_heap or a path\n"
		"(default: lazy_contig)", "heaps"
	},
	[OPT_HELP] = {
		"help", NULL, "show this text; also -h", NULL
	},
	[OPT_HOLD] = {
		"hold", NULL, "keep the buffer open until SIGINT, SIGTERM or SIGHUP", NULL
	},
	[OPT_INITRD] = {
		"initrd", "FILE",
		"initramfs (default: that of kdump-tools, else that of the\n"
		"running kernel)", "files"
	},
	[OPT_IOMEM_NAME] = {
		"name", "NAME",
		"name in /proc/iomem, at most 63 bytes (default: lazy_contig)", NULL
	},
	[OPT_JSON] = {
		"json", NULL, "print one JSON object", NULL
	},
	[OPT_KERNEL] = {
		"kernel", "FILE", "image (default: that of the running kernel)", "files"
	},
	[OPT_LOAD] = {
		"load", "FILE",
		"load the contents of the file, after --fill; - is standard input", "files"
	},
	[OPT_MAX_ADDR] = {
		"max-addr", "ADDRESS", "maximum physical address of the last byte", NULL
	},
	[OPT_MIN_ADDR] = {
		"min-addr", "ADDRESS", "minimum physical address of the first byte", NULL
	},
	[OPT_MODULE] = {
		"module", "FILE", "path of lazy_contig_kdump.ko, if modprobe does not find it",
		"files"
	},
	[OPT_NAME] = {
		"name", "NAME", "debug name of the buffer, at most 31 bytes", NULL
	},
	[OPT_NODE] = {
		"node", "NODE", "NUMA node of the memory (default: any)", "nodes"
	},
	[OPT_NO_FREE] = {
		"no-free", NULL, "with --hold: 'keep free' of the buffer fails meanwhile", NULL
	},
	[OPT_OFF] = {
		"off", NULL, "unload the crash kernel and free its memory", NULL
	},
	[OPT_PID] = {
		"pid", "PID",
		"query a descriptor of another process; needs permission to\n"
		"trace it, see ptrace(2)", "processes"
	},
	[OPT_PINNABLE] = {
		"pinnable", NULL,
		"let mappings be pinned, so that direct I/O reaches the buffer;\n"
		"--load then makes no copy", NULL
	},
	[OPT_PROMETHEUS] = {
		"prometheus", NULL,
		"print the Prometheus text format, for the textfile collector\n"
		"of node_exporter", NULL
	},
	[OPT_RELOAD] = {
		"reload", NULL, "load the crash kernel again, from the same files", NULL
	},
	[OPT_SAVE] = {
		"save", "FILE", "write the contents to the file, after --fill and --load", "files"
	},
	[OPT_STATUS] = {
		"status", NULL,
		"print whether a crash kernel is loaded, and which; the exit\n"
		"status is 0 if so, 3 if not", NULL
	},
	[OPT_SVG] = {
		"svg", "FILE", "write an SVG image to this file instead", "files"
	},
	[OPT_TIMEOUT] = {
		"timeout", "SECONDS",
		"wait at most this long, for the other process or for each\n"
		"memory block (default: 10)", NULL
	},
	[OPT_WATCH] = {
		"watch", "SECONDS", "print periodically", NULL
	},
	[OPT_ZONE] = {
		"zone", "ZONE", "zone of the memory: DMA, DMA32, Normal or Movable", "zones"
	},
};
