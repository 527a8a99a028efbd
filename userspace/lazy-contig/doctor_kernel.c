// SPDX-License-Identifier: GPL-2.0
/* lazy-contig doctor: kernel configuration, module, module signatures. */
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "doctor.h"

#define LOCKDOWN	"/sys/kernel/security/lockdown"
#define INSTALL_STEPS	"make, sudo make install, sudo modprobe " MODULE_NAME
#define DKMS_BUILDS	"for which DKMS builds the module"
#define DKMS_KEY	"/var/lib/dkms/mok.pub"
#define SIG_ENFORCE	"/sys/module/module/parameters/sig_enforce"

/* Opens the configuration of the running kernel. */
static FILE *open_config(const char *release, int (**close_file)(FILE *file))
{
	static const char * const places[] = { "/boot/config-%s", "/lib/modules/%s/config" };
	char path[256];
	FILE *file;
	size_t i;

	*close_file = fclose;
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(path, sizeof(path), places[i], release);
		file = fopen(path, "re");
		if (file)
			return file;
	}
	if (access("/proc/config.gz", R_OK))
		return NULL;
	*close_file = pclose;
	return popen("gzip -dc /proc/config.gz 2>/dev/null", "re");
}

/* 1 if the option is built in, 0 if it is not, -1 if the configuration is not found. */
static int kernel_has(const char *release, const char *option)
{
	int (*close_file)(FILE *file);
	char line[256], wanted[64];
	bool has = false;
	FILE *file;

	file = open_config(release, &close_file);
	if (!file)
		return -1;
	snprintf(wanted, sizeof(wanted), "%s=y\n", option);
	while (fgets(line, sizeof(line), file))
		has |= !strcmp(line, wanted);
	return close_file(file) ? -1 : has;
}

/* Is the kernel told to charge buffers of heaps to the cgroups of their callers? */
static bool heaps_account(void)
{
	char value[8];

	return !file_read_line("/sys/module/dma_heap/parameters/mem_accounting", value,
			       sizeof(value)) && value[0] == 'Y';
}

void check_kernel(struct finding *f)
{
	struct utsname uts;
	int has;

	uname(&uts);
	has = module_loaded() ? 1 : kernel_has(uts.release, "CONFIG_CONTIG_ALLOC");
	if (has == 1) {
		found(f, "%s supports contiguous allocation", uts.release);
		if (heaps_account()) {
			f->status = FINDING_WARNING;
			found(f, "dma_heap.mem_accounting=1 has no effect on lazy_contig");
			advise(f, "bound users by user_limit_mb in " MODULE_SYSFS
			       "/parameters instead of cgroups");
		}
	} else if (!has) {
		f->status = FINDING_FAILED;
		f->code = CODE_MISSING;
		found(f, "%s was built without CONFIG_CONTIG_ALLOC", uts.release);
		advise(f, "boot a kernel with it, such as those of Debian, Ubuntu and Fedora");
	} else {
		f->status = FINDING_UNKNOWN;
		found(f, "configuration of %s not found in /boot, /lib/modules and /proc/config.gz",
		      uts.release);
		advise(f, "check that the kernel has CONFIG_CONTIG_ALLOC=y");
	}
}

/* Is the module in modules.dep of the kernel? */
static bool module_listed(const char *release)
{
	char path[256], line[4096];
	bool listed = false;
	FILE *file;

	snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep", release);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (!listed && fgets(line, sizeof(line), file)) {
		line[strcspn(line, ":")] = '\0';
		listed = strstr(line, "/" MODULE_NAME ".ko");
	}
	fclose(file);
	return listed;
}

/* Finds the module where it is installed to, by the kernel's build or by DKMS. */
static bool module_file(const char *release, char *path, size_t len)
{
	static const char * const dirs[] = { "updates", "extra", "updates/dkms" };
	static const char * const suffixes[] = { "", ".xz", ".zst", ".gz" };
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		for (j = 0; j < ARRAY_SIZE(suffixes); j++) {
			snprintf(path, len, "/lib/modules/%s/%s/" MODULE_NAME ".ko%s",
				 release, dirs[i], suffixes[j]);
			if (!access(path, F_OK))
				return true;
		}
	}
	return false;
}

/* Has DKMS the module's source, from a package or from make install-dkms? */
static bool dkms_source(void)
{
	glob_t found;
	bool has = !glob("/usr/src/" MODULE_NAME "-*/dkms.conf", 0, NULL, &found);

	globfree(&found);
	return has;
}

static void advise_install(struct finding *f, const char *release)
{
	char headers[256];
	bool none, dkms = dkms_source();

	snprintf(headers, sizeof(headers), "/lib/modules/%s/build/Makefile", release);
	none = access(headers, F_OK);
	if (dkms && none)
		advise(f, "install the kernel headers (Debian: linux-headers-%s), " DKMS_BUILDS,
		       release);
	else if (dkms)
		advise(f, "sudo dkms autoinstall, sudo modprobe " MODULE_NAME);
	else if (none)
		advise(f, "install the kernel headers (Debian: linux-headers-%s), then "
		       INSTALL_STEPS, release);
	else
		advise(f, "in the source directory: " INSTALL_STEPS);
}

void check_module(struct finding *f)
{
	char version[64], path[256];
	struct utsname uts;

	if (module_loaded()) {
		if (file_read_line(MODULE_SYSFS "/version", version, sizeof(version)))
			found(f, MODULE_NAME " is loaded");
		else
			found(f, MODULE_NAME " %s is loaded", version);
		return;
	}

	f->status = FINDING_FAILED;
	f->code = CODE_MISSING;
	uname(&uts);
	if (module_listed(uts.release)) {
		found(f, MODULE_NAME " is installed for %s but not loaded", uts.release);
		advise(f, "sudo modprobe " MODULE_NAME
		       "; if that fails, see 'sudo dmesg | tail'");
	} else if (module_file(uts.release, path, sizeof(path))) {
		found(f, "%s is installed, but modules.dep lacks it", path);
		advise(f, "sudo depmod, sudo modprobe " MODULE_NAME);
	} else {
		found(f, MODULE_NAME " is not installed for the running kernel %s", uts.release);
		advise_install(f, uts.release);
	}
}

/* Gets the mode in brackets, such as "none [integrity] confidentiality". */
static bool lockdown_active(char *mode, size_t len)
{
	char line[128], *begin, *end;

	if (file_read_line(LOCKDOWN, line, sizeof(line)))
		return false;
	begin = strchr(line, '[');
	end = begin ? strchr(begin, ']') : NULL;
	if (!end)
		return false;
	*end = '\0';
	snprintf(mode, len, "%s", begin + 1);
	return strcmp(mode, "none");
}

void check_signature(struct finding *f)
{
	char mode[32], enforce[8] = "";
	bool locked, enforced;

	locked = lockdown_active(mode, sizeof(mode));
	enforced = !file_read_line(SIG_ENFORCE, enforce, sizeof(enforce)) && enforce[0] == 'Y';
	if (!locked && !enforced) {
		found(f, "the kernel does not require module signatures");
		return;
	}

	if (locked)
		found(f, "the kernel is locked down (%s) and requires module signatures", mode);
	else
		found(f, "the kernel requires module signatures");
	if (module_loaded())
		return;
	f->status = FINDING_WARNING;
	if (!access(DKMS_KEY, F_OK))
		advise(f, "sudo mokutil --import " DKMS_KEY ", reboot; or disable Secure Boot");
	else
		advise(f, "sign " MODULE_NAME
		       ".ko with a key enrolled by mokutil, or disable Secure Boot");
}
