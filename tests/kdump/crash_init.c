// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: control: the crash kernel boots from a kept buffer and reads the memory of the
 *   kernel that crashed
 * Promise: control: the crash kernel boots on a machine whose command line reserves memory
 * Promise: control: memory that is plugged after the crash kernel was loaded is dumped
 *
 * The first and only process of the crash kernel: looks into the memory of the
 * kernel that crashed and goes on with the test's output where kdump.sh had to
 * stop. The file /parameters has
 *
 *	lc_plugged=ADDRESS	physical address of the memory that was plugged; a page
 *				of it is filled by "--fill offset"
 *	lc_made=NUMBER		of checks that kdump.sh has made
 *	lc_name=NAME		of the test
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "tap.h"

#define VMCORE	"/proc/vmcore"

#define PAGE	4096

static char cmdline[4096], parameters[4096];

static const char *parameter(const char *name)
{
	static char value[256];
	const char *at = strstr(parameters, name);

	if (!at || sscanf(at + strlen(name), "=%255s", value) != 1)
		return "0";
	return value;
}

static void report_to(const char *tty)
{
	struct termios mode;
	int fd;

	mkdir("/dev", 0755);
	mkdir("/proc", 0755);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mount("proc", "/proc", "proc", 0, NULL);
	fd = open(tty, O_RDWR | O_NOCTTY);
	tcgetattr(fd, &mode);
	cfmakeraw(&mode);
	tcsetattr(fd, TCSANOW, &mode);
	dup2(fd, 1);
}

static void read_text(const char *path, char *text, size_t len)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0 || read(fd, text, len - 1) < 0)
		diag("%s: %m", path);
	close(fd);
}

/* Is there a page filled by "--fill offset" in this part of the file? */
static bool find_marker(int core, off_t from, off_t to)
{
	uint64_t page[PAGE / sizeof(uint64_t)];
	size_t i;

	for (; from < to; from += PAGE) {
		if (pread(core, page, 16, from) != 16) {
			diag("offset %#jx: %m", (uintmax_t)from);
			return false;
		}
		if (page[0] != ~0ULL || page[1] != ~8ULL)
			continue;
		for (i = 0; pread(core, page, PAGE, from) == PAGE && i < PAGE / 8; i++)
			if (page[i] != ~(i * 8))
				break;
		if (i == PAGE / 8)
			return true;
		diag("offset %#jx: word %zu is %#jx", (uintmax_t)from, i, (uintmax_t)page[i]);
	}
	return false;
}

/* The same for all memory that had addresses from @plugged on. */
static void check_core(int core, uint64_t plugged)
{
	bool found = false, marker = false;
	Elf64_Phdr ph;
	Elf64_Ehdr eh;
	int i;

	ok(pread(core, &eh, sizeof(eh), 0) == sizeof(eh) &&
	   !memcmp(eh.e_ident, ELFMAG, SELFMAG) && eh.e_type == ET_CORE,
	   VMCORE " is a core file");
	for (i = 0; i < eh.e_phnum; i++) {
		if (pread(core, &ph, sizeof(ph), eh.e_phoff + i * sizeof(ph)) != sizeof(ph))
			break;
		if (ph.p_type != PT_LOAD || ph.p_paddr < plugged)
			continue;
		found = true;
		marker = marker || find_marker(core, ph.p_offset, ph.p_offset + ph.p_filesz);
	}
	ok(found, "it has the memory that was plugged");
	ok(marker, "with the marker, in which every word is right");
}

int main(void)
{
	int core, failed;

	report_to("/dev/ttyS1");
	read_text("/proc/cmdline", cmdline, sizeof(cmdline));
	read_text("/parameters", parameters, sizeof(parameters));
	tap_continue(atoi(parameter("lc_made")));

	ok(true, "the crash kernel boots from the kept buffer");
	ok(strstr(cmdline, "root=/dev/vda1 ro") && !strstr(cmdline, "hugepages"),
	   "it has the command line of the kernel before, without huge pages");
	core = open(VMCORE, O_RDONLY);
	if (ok(core >= 0, VMCORE " can be opened"))
		check_core(core, strtoull(parameter("lc_plugged"), NULL, 0));
	failed = tap_done();
	printf("\n@@ end %s %d\n\n@@ done\n", parameter("lc_name"), failed);
	tcdrain(1);
	sync();
	reboot(RB_POWER_OFF);
	reboot(RB_AUTOBOOT);
	return 1;
}
