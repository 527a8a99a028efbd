// SPDX-License-Identifier: GPL-2.0
/*
 * lazy-contig kdump: load a crash kernel into a kept buffer, with kexec-tools.
 *
 * All checks precede the first change; if a step fails, the preceding ones are
 * undone. kexec finds the buffer by its name in /proc/iomem, and
 * lazy_contig_kdump.ko makes it the kernel's crash reservation.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <string.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"

#define CRASH_SIZE	"/sys/kernel/kexec_crash_size"
#define CRASH_LOADED	"/sys/kernel/kexec_crash_loaded"
#define LOAD_DISABLED	"/proc/sys/kernel/kexec_load_disabled"
#define LOCKDOWN	"/sys/kernel/security/lockdown"
#define HELPER		"lazy_contig_kdump"
#define HELPER_ADDR	"/sys/module/" HELPER "/parameters/phys_addr"

#define REGION_NAME	"Crash kernel"
#define REGION_ALIGN	(16 << 20)
#define REGION_MAX	0xffffffff	/* for the 32-bit DMA of the crash kernel */

/* Added to the command line of the running kernel. */
#define CRASH_OPTIONS	"irqpoll nr_cpus=1 reset_devices"

static const char help[] =
"Usage: lazy-contig kdump SIZE [OPTION]...\n"
"       lazy-contig kdump --off\n"
"Load a crash kernel without crashkernel= on the command line, or undo that.\n"
"\n"
"  --kernel FILE    image (default: that of the running kernel)\n"
"  --initrd FILE    initramfs (default: that of kdump-tools, else that of the\n"
"                   running kernel)\n"
"  --append TEXT    command line (default: that of the running kernel and\n"
"                   '" CRASH_OPTIONS "')\n"
"  --module FILE    path of lazy_contig_kdump.ko, if modprobe does not find it\n"
"  --off            unload the crash kernel and free its memory\n"
"  --help           show this text\n"
"\n"
"SIZE is the memory of the crash kernel, for example 256M. Needs root and kexec of\n"
"kexec-tools. Every step is reported. Nothing is changed unless all checks pass.\n";

static const struct option options[] = {
	{ "append", required_argument, NULL, OPT_APPEND },
	{ "initrd", required_argument, NULL, OPT_INITRD },
	{ "kernel", required_argument, NULL, OPT_KERNEL },
	{ "module", required_argument, NULL, OPT_MODULE },
	{ "off", no_argument, NULL, OPT_OFF },
	{ }
};

/* The crash kernel to load. */
struct crash {
	char kernel[256];
	char initrd[256];
	char append[4096];
	const char *module;
	__u64 addr;
};

__printf(1, 2) static int refuse(const char *fmt, ...)
{
	va_list ap;

	fputs("lazy-contig: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs("; nothing was changed\n", stderr);
	return CODE_FAILED;
}

/* The number in a file, -1 if it cannot be read. */
static long long number_in(const char *path)
{
	char line[64];

	return file_read_line(path, line, sizeof(line)) ? -1 : strtoll(line, NULL, 0);
}

/* Runs a program. -EIO: it failed and has printed a message. */
static int run_program(const char *const argv[])
{
	int status, err;
	pid_t pid;

	err = posix_spawnp(&pid, argv[0], NULL, NULL, (char **)argv, environ);
	if (err)
		return -err;
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return status ? -EIO : 0;
}

static bool program_exists(const char *name)
{
	char path[4096], *dir, *rest = path;

	snprintf(path, sizeof(path), "%s:/usr/sbin:/sbin", getenv("PATH") ?: "");
	while ((dir = strsep(&rest, ":"))) {
		char file[4096];

		snprintf(file, sizeof(file), "%s/%s", dir, name);
		if (!access(file, X_OK))
			return true;
	}
	return false;
}

/* Gets the given file, or the first of the default ones that is readable. */
static bool choose_file(char *buf, size_t len, const char *given, const char *const formats[])
{
	struct utsname uts;

	uname(&uts);
	if (given) {
		snprintf(buf, len, "%s", given);
		return !access(buf, R_OK);
	}
	for (; *formats; formats++) {
		snprintf(buf, len, *formats, uts.release);
		if (!access(buf, R_OK))
			return true;
	}
	return false;
}

/* The command line of the running kernel without options of the boot loader. */
static int default_append(char *buf, size_t len)
{
	char line[2048], *word, *rest = line;
	int err;

	err = file_read_line("/proc/cmdline", line, sizeof(line));
	if (err)
		return err;
	*buf = '\0';
	while ((word = strsep(&rest, " "))) {
		if (!strncmp(word, "BOOT_IMAGE=", 11) || !strncmp(word, "initrd=", 7) ||
		    !strncmp(word, "crashkernel=", 12))
			continue;
		strncat(buf, word, len - strlen(buf) - 1);
		strncat(buf, " ", len - strlen(buf) - 1);
	}
	strncat(buf, CRASH_OPTIONS, len - strlen(buf) - 1);
	return 0;
}

static int find_files(const struct args *args, struct crash *crash)
{
	static const char *const kernels[] = {
		"/boot/vmlinuz-%s", "/usr/lib/modules/%s/vmlinuz", NULL
	};
	static const char *const initrds[] = {
		"/var/lib/kdump/initrd.img-%s", "/boot/initrd.img-%s", "/boot/initramfs-%s.img",
		NULL
	};
	int err;

	if (!choose_file(crash->kernel, sizeof(crash->kernel), args->kernel, kernels))
		return refuse("cannot read the kernel image %s (see --kernel)", crash->kernel);
	if (!choose_file(crash->initrd, sizeof(crash->initrd), args->initrd, initrds))
		return refuse("cannot read the initramfs %s (see --initrd)", crash->initrd);
	if (args->module && access(args->module, R_OK))
		return refuse("cannot read the module %s", args->module);
	crash->module = args->module;
	if (args->append) {
		snprintf(crash->append, sizeof(crash->append), "%s", args->append);
		return CODE_OK;
	}
	err = default_append(crash->append, sizeof(crash->append));
	return err ? fail(err, "/proc/cmdline") : CODE_OK;
}

static int check_kernel(void)
{
	long long size = number_in(CRASH_SIZE);
	char line[64];

	if (geteuid())
		return fail(-EPERM, "kdump needs root");
	if (access(LAZY_CONTIG_DEVICE, F_OK))
		return fail_file(-ENOENT, LAZY_CONTIG_DEVICE);
	if (size < 0)
		return refuse("the kernel does not support crash kernels (no %s)", CRASH_SIZE);
	if (number_in(HELPER_ADDR) > 0)
		return refuse("already on (see --off)");
	if (size)
		return refuse("%lld bytes are already reserved by crashkernel=", size);
	if (number_in(CRASH_LOADED))
		return refuse("a crash kernel is already loaded");
	if (number_in(LOAD_DISABLED) > 0)
		return refuse("kexec is disabled (%s)", LOAD_DISABLED);
	if (!file_read_line(LOCKDOWN, line, sizeof(line)) && !strstr(line, "[none]"))
		return refuse("the kernel is locked down: %s", line);
	if (!program_exists("kexec"))
		return refuse("kexec not found (install kexec-tools)");
	return CODE_OK;
}

/* Effective for root too: sysfs refuses writes to a file without write permission. */
static int allow_shrinking(bool allow)
{
	return chmod(CRASH_SIZE, allow ? 0644 : 0444) ? -errno : 0;
}

static int set_region(__u64 addr)
{
	char text[32];

	snprintf(text, sizeof(text), "%#llx", (unsigned long long)addr);
	return file_write(HELPER_ADDR, text);
}

static int load_helper(const struct crash *crash)
{
	const char *const insmod[] = { "insmod", crash->module, NULL };
	const char *const modprobe[] = { "modprobe", HELPER, NULL };

	if (!access("/sys/module/" HELPER, F_OK))
		return 0;
	return run_program(crash->module ? insmod : modprobe);
}

static int unload_helper(void)
{
	const char *const rmmod[] = { "rmmod", HELPER, NULL };

	return run_program(rmmod);
}

static int load_image(const struct crash *crash)
{
	char initrd[300], append[4200];
	const char *const kexec[] = {
		"kexec", "-c", "-p", initrd, append, crash->kernel, NULL
	};

	snprintf(initrd, sizeof(initrd), "--initrd=%s", crash->initrd);
	snprintf(append, sizeof(append), "--append=%s", crash->append);
	return run_program(kexec);
}

static int unload_image(void)
{
	const char *const kexec[] = { "kexec", "-c", "-p", "-u", NULL };

	return run_program(kexec);
}

static int step(const char *what, int err)
{
	printf("%s: %s\n", what, err ? strerror(-err) : "done");
	fflush(stdout);
	return err;
}

static int turn_on_at(const struct crash *crash)
{
	char what[128];
	int err;

	err = step("load " HELPER, load_helper(crash));
	if (err)
		return err;
	err = step("make " CRASH_SIZE " read-only", allow_shrinking(false));
	if (err)
		goto unload;
	snprintf(what, sizeof(what), "set the crash reservation to %#llx",
		 (unsigned long long)crash->addr);
	err = step(what, set_region(crash->addr));
	if (err)
		goto allow;
	snprintf(what, sizeof(what), "load %.100s with kexec", crash->kernel);
	err = step(what, load_image(crash));
	if (err)
		goto unset;
	return 0;

unset:
	step("undo: clear the crash reservation", set_region(0));
allow:
	step("undo: make " CRASH_SIZE " writable", allow_shrinking(true));
unload:
	step("undo: unload " HELPER, unload_helper());
	return err;
}

static int turn_on(struct args args)
{
	struct lazy_contig_query info;
	struct crash crash = { };
	int fd, err, code;
	__u64 size;

	code = args_size(&args, 0, &size);
	if (!code)
		code = check_kernel();
	if (!code)
		code = find_files(&args, &crash);
	if (code)
		return code;

	args.name = REGION_NAME;
	args.align = REGION_ALIGN;
	args.max_addr = REGION_MAX;
	code = keep_buffer(&args, size, &fd);
	if (code)
		return code;
	err = lazy_contig_query(fd, &info, sizeof(info));
	close(fd);
	if (err)
		return fail(err, "cannot query the buffer");
	crash.addr = info.phys_addr;
	printf("keep \"%s\" at %#llx: done\n", REGION_NAME, (unsigned long long)crash.addr);

	err = turn_on_at(&crash);
	if (!err)
		return CODE_OK;
	step("undo: free it", lazy_contig_free(crash.addr));
	return fail(err, "no crash kernel was loaded");
}

/*
 * Once the reservation is cleared, the remaining steps are independent: all of them
 * are taken, and the first error is reported.
 */
static int turn_off(void)
{
	long long addr = number_in(HELPER_ADDR);
	int err, first;

	if (geteuid())
		return fail(-EPERM, "kdump needs root");
	if (addr <= 0) {
		fputs("lazy-contig: no crash kernel was loaded by this command\n", stderr);
		return CODE_MISSING;
	}
	err = 0;
	if (number_in(CRASH_LOADED))
		err = step("unload the crash kernel", unload_image());
	if (!err)
		err = step("clear the crash reservation", set_region(0));
	if (err)
		return fail(err, "the memory of the crash kernel is still reserved");

	first = step("make " CRASH_SIZE " writable", allow_shrinking(true));
	err = step("unload " HELPER, unload_helper());
	first = first ? first : err;
	err = step("free the memory", lazy_contig_free(addr));
	first = first ? first : err;
	return first ? fail(first, "not all steps were undone") : CODE_OK;
}

static int run(const struct args *args)
{
	if (args->off && args->count)
		return usage_error(args->cmd, "unexpected argument '%s'", args->operands[0]);
	if (args->off)
		return turn_off();
	if (!args->count)
		return usage_error(args->cmd, "missing SIZE or --off");
	return turn_on(*args);
}

const struct command cmd_kdump = {
	.name = "kdump",
	.summary = "load a crash kernel without crashkernel=",
	.help = help,
	.options = options,
	.max_operands = 1,
	.run = run,
};
