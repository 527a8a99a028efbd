// SPDX-License-Identifier: GPL-2.0
/*
 * lazy-contig kdump: load a crash kernel into a kept buffer, with kexec-tools.
 *
 * All checks precede the first change; if a step fails, the preceding ones are
 * undone. kexec finds the buffer by its name in /proc/iomem, and
 * lazy_contig_kdump.ko makes it the kernel's crash reservation.
 *
 * What is loaded describes the memory to dump. Where the kernel updates that by itself
 * when memory is plugged, it does; elsewhere a udev rule loads the crash kernel again,
 * from the files that STATE names.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <string.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "kdump.h"

#define LOAD_DISABLED	"/proc/sys/kernel/kexec_load_disabled"
#define KPTR_RESTRICT	"/proc/sys/kernel/kptr_restrict"
#define LOCKDOWN	"/sys/kernel/security/lockdown"

#define TOOLS_INITRD	"/var/lib/kdump/initrd.img-%s"
#define TOOLS_UNIT	" systemd.unit=kdump-tools-dump.service"

/* Replaces the rules of that name, with which kdump-tools would unload the crash kernel. */
#define RULES_DIR	"/run/udev/rules.d"
#define RULES		RULES_DIR "/50-kdump-tools.rules"

#define REGION_ALIGN	(16 << 20)
#define REGION_MAX	0xffffffff	/* for the 32-bit DMA of the crash kernel */

/* What kernels take on x86, less what kexec adds. */
#define APPEND_MAX	(2048 - 64)

/* The crash kernel to load. */
struct crash {
	char kernel[256];
	char initrd[256];
	char append[APPEND_MAX];
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

	snprintf(path, sizeof(path), "%s", getenv("PATH"));
	while ((dir = strsep(&rest, ":"))) {
		char file[4096];

		snprintf(file, sizeof(file), "%s/%s", dir, name);
		if (!access(file, X_OK))
			return true;
	}
	return false;
}

/* kexec is in /sbin, which PATH lacks in udev's rules, for one. */
static void complete_path(void)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s:/usr/sbin:/usr/bin:/sbin:/bin", getenv("PATH") ?: "");
	setenv("PATH", path, 1);
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

static int default_append(struct crash *crash, const char *more)
{
	char line[4096];
	int err;

	err = file_read_line("/proc/cmdline", line, sizeof(line));
	if (err)
		return fail(err, "/proc/cmdline");
	if (kdump_cmdline(line, more, crash->append, sizeof(crash->append), stdout))
		return refuse("the command line would be too long (see --append)");
	return CODE_OK;
}

static int find_files(const struct args *args, struct crash *crash)
{
	static const char *const kernels[] = {
		"/boot/vmlinuz-%s", "/usr/lib/modules/%s/vmlinuz", NULL
	};
	static const char *const initrds[] = {
		TOOLS_INITRD, "/boot/initrd.img-%s", "/boot/initramfs-%s.img", NULL
	};
	bool tools = !args->initrd && tools_enabled();

	if (!choose_file(crash->kernel, sizeof(crash->kernel), args->kernel, kernels))
		return refuse("cannot read the kernel image %s (see --kernel)", crash->kernel);
	if (!choose_file(crash->initrd, sizeof(crash->initrd), args->initrd, initrds))
		return refuse("cannot read the initramfs %s (see --initrd)", crash->initrd);
	if (args->module && access(args->module, R_OK))
		return refuse("cannot read the module %s", args->module);
	crash->module = args->module;
	if (!args->append)
		return default_append(crash, tools ? TOOLS_UNIT : "");
	if (strlen(args->append) >= sizeof(crash->append))
		return refuse("the command line is too long (see --append)");
	snprintf(crash->append, sizeof(crash->append), "%s", args->append);
	return CODE_OK;
}

/*
 * kdump-tools without crashkernel= loads nothing, but its udev rules unload. With it, and
 * nothing reserved, it would load into the memory that is kept here.
 */
static int check_tools(void)
{
	char line[4096];

	if (!tools_enabled())
		return CODE_OK;
	if (!file_read_line("/proc/cmdline", line, sizeof(line)) && strstr(line, "crashkernel="))
		return refuse("with crashkernel=, kdump-tools would replace it: USE_KDUMP=0 in %s",
			      TOOLS_DEFAULTS);
	puts("kdump-tools is installed: its udev rules are replaced until --off");
	return CODE_OK;
}

/* kexec does not fail without them, it writes wrong virtual addresses into the dump. */
static int check_symbols(void)
{
	if (number_in(KPTR_RESTRICT) == 2)
		return refuse("kexec cannot read kernel addresses: set kernel.kptr_restrict to 1");
	return CODE_OK;
}

static int check_kernel(void)
{
	long long size = number_in(CRASH_SIZE);
	unsigned long long addr;
	char line[64];

	if (geteuid())
		return fail(-EPERM, "kdump needs root");
	if (access(LAZY_CONTIG_DEVICE, F_OK))
		return fail_file(-ENOENT, LAZY_CONTIG_DEVICE);
	if (size < 0)
		return refuse("the kernel does not support crash kernels (no %s)", CRASH_SIZE);
	if (number_in(HELPER_ADDR) > 0)
		return refuse("already on (see --status and --off)");
	if (size)
		return refuse("%lld bytes are reserved by crashkernel=, with %s crash kernel",
			      size, number_in(CRASH_LOADED) ? "a" : "no");
	if (number_in(CRASH_LOADED))
		return refuse("a crash kernel is already loaded");
	if (find_region(&addr))
		return refuse(REGION_NAME " is kept already at %#llx (see keep free)", addr);
	if (number_in(LOAD_DISABLED) > 0)
		return refuse("kexec is disabled (%s)", LOAD_DISABLED);
	if (!file_read_line(LOCKDOWN, line, sizeof(line)) && !strstr(line, "[none]"))
		return refuse("the kernel is locked down: %s", line);
	if (!program_exists("kexec"))
		return refuse("kexec not found (install kexec-tools)");
	return check_symbols();
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

/* Can both kexec and the kernel make a crash kernel that is updated on hotplug? */
static bool hotplug_supported(void)
{
	bool found;
	FILE *pipe;

	if (access(CRASH_HOTPLUG, F_OK))
		return false;
	pipe = popen("kexec --help 2>&1", "re");
	if (!pipe)
		return false;
	found = file_contains(pipe, "--hotplug");
	pclose(pipe);
	return found;
}

static int load_image(const struct crash *crash)
{
	char initrd[300], append[APPEND_MAX + 16];
	const char *const kexec[] = {
		"kexec", "-c", "-p", initrd, append, crash->kernel,
		hotplug_supported() ? "--hotplug" : NULL, NULL
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

static int write_rules(void)
{
	/* the sandbox of systemd's udev has no kexec_load() */
	const char *via = access("/run/systemd/system", F_OK) ? "" :
			  "/usr/bin/systemd-run --quiet --collect --no-block ";
	char self[256];
	ssize_t len;
	FILE *file;

	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len < 0)
		return -errno;
	self[len] = '\0';
	mkdir("/run/udev", 0755);
	mkdir(RULES_DIR, 0755);
	file = fopen(RULES, "we");
	if (!file)
		return -errno;
	fputs("# Made by lazy-contig kdump, removed by lazy-contig kdump --off.\n", file);
	if (!kernel_updates())
		fprintf(file,
			"SUBSYSTEM==\"memory\", ACTION==\"online|offline|remove\", GOTO=\"reload\"\n"
			"SUBSYSTEM==\"cpu\", ACTION==\"add|remove\", GOTO=\"reload\"\n"
			"GOTO=\"end\"\n"
			"LABEL=\"reload\"\n"
			"RUN+=\"%s%s kdump --reload\"\n"
			"LABEL=\"end\"\n", via, self);
	return fclose(file) ? -errno : 0;
}

static int remove_file(const char *path)
{
	return unlink(path) && errno != ENOENT ? -errno : 0;
}

static __u64 now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* Opens the state, and waits until no other process changes what it describes. */
static int open_state(void)
{
	int fd = open(STATE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (!flock(fd, LOCK_EX))
		return fd;
	close(fd);
	return -errno;
}

/* @started: a time before the crash kernel was loaded. */
static int write_state(int fd, const struct crash *crash, __u64 started)
{
	json_object *state = json_object_new_object();
	int err = 0;

	add_string(state, "kernel", crash->kernel);
	add_string(state, "initrd", crash->initrd);
	add_string(state, "append", crash->append);
	add_u64(state, "started", started);
	if (ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET) < 0 ||
	    json_object_to_fd(fd, state, JSON_C_TO_STRING_PLAIN))
		err = -EIO;
	json_object_put(state);
	return err;
}

static int create_state(const struct crash *crash, __u64 started)
{
	int fd = open(STATE, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), err;

	if (fd < 0)
		return -errno;
	err = write_state(fd, crash, started);
	close(fd);
	return err;
}

static int turn_on_at(const struct crash *crash)
{
	__u64 started = now();
	char what[512];
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
	snprintf(what, sizeof(what), "load %s with kexec", crash->kernel);
	err = step(what, load_image(crash));
	if (err)
		goto unset;
	err = step("write " STATE, create_state(crash, started));
	if (err)
		goto unload_crash;
	snprintf(what, sizeof(what), "write " RULES ", plugged memory is added by %s",
		 kernel_updates() ? "the kernel" : "udev");
	err = step(what, write_rules());
	if (err)
		goto remove;
	return 0;

remove:
	step("undo: remove " STATE, remove_file(STATE));
unload_crash:
	step("undo: unload the crash kernel", unload_image());
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
		code = check_tools();
	if (!code)
		code = find_files(&args, &crash);
	if (code)
		return code;

	args.name = REGION_NAME;
	args.align = REGION_ALIGN;
	args.max_addr = REGION_MAX;
	code = buffer_request(&args, size, LAZY_CONTIG_KEEP, &fd);
	if (code)
		return code;
	err = lazy_contig_query(control(), fd, &info, sizeof(info));
	close(fd);
	if (err)
		return fail(err, "cannot query the buffer");
	crash.addr = info.phys_addr;
	printf("keep \"%s\" at %#llx: done\n", REGION_NAME, (unsigned long long)crash.addr);

	err = turn_on_at(&crash);
	if (!err)
		return CODE_OK;
	step("undo: free it", lazy_contig_kept_free(control(), crash.addr));
	return fail(err, "no crash kernel was loaded");
}

static int not_ours(void)
{
	fputs("lazy-contig: no crash kernel was loaded by this command\n", stderr);
	return CODE_MISSING;
}

/* Loads the crash kernel of the state. The one that is loaded stays if kexec fails. */
static int reload_from(int fd, __u64 started)
{
	json_object *state = json_object_from_fd(fd);
	struct crash crash = { };
	char what[512];
	int err;

	if (!state)
		return -EIO;
	if (get_u64(state, "started") > started) {
		/* a burst of events needs one reload that begins after the last of them */
		json_object_put(state);
		return step("loaded again since by another process", 0);
	}
	snprintf(crash.kernel, sizeof(crash.kernel), "%s", member(state, "kernel"));
	snprintf(crash.initrd, sizeof(crash.initrd), "%s", member(state, "initrd"));
	snprintf(crash.append, sizeof(crash.append), "%s", member(state, "append"));
	json_object_put(state);

	started = now();
	snprintf(what, sizeof(what), "load %s with kexec", crash.kernel);
	err = step(what, load_image(&crash));
	return err ? err : write_state(fd, &crash, started);
}

static int reload(void)
{
	__u64 started = now();
	int fd, err, code;

	if (geteuid())
		return fail(-EPERM, "kdump needs root");
	fd = open_state();
	if (fd < 0 || number_in(HELPER_ADDR) <= 0) {
		if (fd >= 0)
			close(fd);
		return not_ours();
	}
	code = check_symbols();
	if (!code) {
		err = reload_from(fd, started);
		code = err ? fail(err, "the crash kernel was not loaded again") : CODE_OK;
	}
	close(fd);
	return code;
}

/*
 * Once the reservation is cleared, the remaining steps are independent: all of them
 * are taken, and the first error is reported.
 */
static int turn_off_at(__u64 addr)
{
	int err = 0, first;

	if (number_in(CRASH_LOADED))
		err = step("unload the crash kernel", unload_image());
	if (!err)
		err = step("clear the crash reservation", set_region(0));
	if (err)
		return fail(err, "the memory of the crash kernel is still reserved");

	first = step("remove " RULES, remove_file(RULES));
	err = step("remove " STATE, remove_file(STATE));
	first = first ? first : err;
	err = step("make " CRASH_SIZE " writable", allow_shrinking(true));
	first = first ? first : err;
	err = step("unload " HELPER, unload_helper());
	first = first ? first : err;
	err = step("free the memory", lazy_contig_kept_free(control(), addr));
	first = first ? first : err;
	return first ? fail(first, "not all steps were undone") : CODE_OK;
}

static int turn_off(void)
{
	long long addr;
	int fd, code;

	if (geteuid())
		return fail(-EPERM, "kdump needs root");
	fd = open_state();
	addr = number_in(HELPER_ADDR);
	code = addr > 0 ? turn_off_at(addr) : not_ours();
	if (fd >= 0)
		close(fd);
	return code;
}

static int run(const struct args *args)
{
	if (args->action && args->count)
		return usage_error(args->cmd, "unexpected argument '%s'", args->operands[0]);
	if (args->json && args->action != OPT_STATUS)
		return usage_error(args->cmd, "--json needs --status");
	if (args->action && (args->kernel || args->initrd || args->append || args->module))
		return usage_error(args->cmd,
				   "--%s excludes --kernel, --initrd, --append and --module",
				   options[args->action].name);
	complete_path();
	switch (args->action) {
	case OPT_STATUS:
		return kdump_status(args->json);
	case OPT_RELOAD:
		return reload();
	case OPT_OFF:
		return turn_off();
	default:
		break;
	}
	if (!args->count)
		return usage_error(args->cmd, "missing SIZE, --status, --reload or --off");
	return turn_on(*args);
}

const struct command cmd_kdump = {
	.name = "kdump",
	.summary = "load a crash kernel without crashkernel=",
	.usage = { "SIZE [OPTION]...", "--status [--json]", "--reload", "--off" },
	.help =
"Load a crash kernel without crashkernel= on the command line, or undo that.",
	.notes =
"SIZE is the memory of the crash kernel, for example 256M. Needs root and kexec of\n"
"kexec-tools. Every step is reported. Nothing is changed unless all checks pass.",
	.options = {
		OPT_KERNEL, OPT_INITRD, OPT_APPEND, OPT_MODULE, OPT_STATUS, OPT_JSON, OPT_RELOAD,
		OPT_OFF
	},
	.max_operands = 1,
	.run = run,
};
