/* SPDX-License-Identifier: GPL-2.0 */
/* Crash kernels: what lazy-contig kdump and its --status share. */
#ifndef KDUMP_H
#define KDUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <json-c/json.h>

#define CRASH_SIZE	"/sys/kernel/kexec_crash_size"
#define CRASH_LOADED	"/sys/kernel/kexec_crash_loaded"
#define CRASH_HOTPLUG	"/sys/devices/system/memory/crash_hotplug"
#define REGION_NAME	"Crash kernel"

#define HELPER		"lazy_contig_kdump"
#define HELPER_ADDR	"/sys/module/" HELPER "/parameters/phys_addr"

/* What was loaded, a JSON object. Its lock is held while that changes. */
#define STATE		"/run/lazy-contig-kdump"

/* Debian's package, which loads crash kernels into the memory of crashkernel=. */
#define TOOLS		"/usr/sbin/kdump-config"
#define TOOLS_DEFAULTS	"/etc/default/kdump-tools"

/* kdump_status.c */
long long number_in(const char *path);
bool file_contains(FILE *file, const char *text);
bool tools_enabled(void);
bool kernel_updates(void);
bool find_region(unsigned long long *addr);
const char *member(json_object *state, const char *key);
int kdump_status(bool json);

/* kdump_cmdline.c */
int kdump_cmdline(const char *running, const char *more, char *buf, size_t len, FILE *log);

#endif /* KDUMP_H */
