// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: control: the crash kernel boots from a kept buffer and reads the memory of the
 *   kernel that crashed
 *
 * The first and only process of the crash kernel: looks into the memory of the
 * kernel that crashed and goes on with the test's output where kdump.sh had to
 * stop. Its parameters are on the kernel's command line:
 *
 *	lc_page=ADDRESS	physical address of memory filled by "--fill offset"
 *	lc_len=BYTES	how much of it
 *	lc_made=NUMBER	of checks that kdump.sh has made
 *	lc_name=NAME	of the test
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

static char cmdline[4096];

static const char *parameter(const char *name)
{
	static char value[256];
	const char *at = strstr(cmdline, name);

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

static void read_cmdline(void)
{
	int fd = open("/proc/cmdline", O_RDONLY);

	if (fd < 0 || read(fd, cmdline, sizeof(cmdline) - 1) < 0)
		diag("/proc/cmdline: %m");
	close(fd);
}

/* Where in the file the memory is that had this address; -1 if nowhere. */
static off_t find(int core, uint64_t addr, uint64_t len)
{
	Elf64_Phdr ph;
	Elf64_Ehdr eh;
	int i;

	if (pread(core, &eh, sizeof(eh), 0) != sizeof(eh))
		return -1;
	ok(!memcmp(eh.e_ident, ELFMAG, SELFMAG) && eh.e_type == ET_CORE,
	   VMCORE " is a core file");
	for (i = 0; i < eh.e_phnum; i++) {
		if (pread(core, &ph, sizeof(ph), eh.e_phoff + i * sizeof(ph)) !=
		    sizeof(ph))
			return -1;
		if (ph.p_type == PT_LOAD && addr >= ph.p_paddr &&
		    addr + len <= ph.p_paddr + ph.p_filesz)
			return ph.p_offset + (addr - ph.p_paddr);
	}
	return -1;
}

static bool right(int core, off_t at, uint64_t len)
{
	uint64_t word, offset;

	for (offset = 0; offset < len; offset += sizeof(word)) {
		if (pread(core, &word, sizeof(word), at + offset) !=
		    sizeof(word)) {
			diag("offset %#jx: %m", (uintmax_t)offset);
			return false;
		}
		if (word != ~offset) {
			diag("offset %#jx: %#jx", (uintmax_t)offset, (uintmax_t)word);
			return false;
		}
	}
	return true;
}

int main(void)
{
	uint64_t addr, len;
	int core, failed;
	off_t at;

	report_to("/dev/ttyS1");
	read_cmdline();
	addr = strtoull(parameter("lc_page"), NULL, 0);
	len = strtoull(parameter("lc_len"), NULL, 0);
	tap_continue(atoi(parameter("lc_made")));

	ok(true, "the crash kernel boots from the kept buffer");
	core = open(VMCORE, O_RDONLY);
	if (ok(core >= 0, VMCORE " can be opened")) {
		at = find(core, addr, len);
		ok(at >= 0, "it has the memory with the marker");
		ok(right(core, at, len), "in which every word is right");
	}
	failed = tap_done();
	printf("\n@@ end %s %d\n\n@@ done\n", parameter("lc_name"), failed);
	tcdrain(1);
	sync();
	reboot(RB_POWER_OFF);
	reboot(RB_AUTOBOOT);
	return 1;
}
