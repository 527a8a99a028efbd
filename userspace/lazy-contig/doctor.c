// SPDX-License-Identifier: GPL-2.0
/* lazy-contig doctor */
#include <stdarg.h>
#include <unistd.h>

#include "doctor.h"

/* In order of dependency: a check may fail because an earlier one did. */
static const struct check {
	const char *name;
	void (*run)(struct finding *f);
} checks[] = {
	{ "kernel", check_kernel },
	{ "signature", check_signature },
	{ "module", check_module },
	{ "nodes", check_nodes },
	{ "permission", check_permission },
	{ "memory", check_memory },
	{ "trial", check_trial },
};

static const char * const status_names[] = {
	[FINDING_OK] = "ok",
	[FINDING_WARNING] = "warning",
	[FINDING_UNKNOWN] = "unknown",
	[FINDING_FAILED] = "failed",
};

void found(struct finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->detail, sizeof(f->detail), fmt, ap);
	va_end(ap);
}

void advise(struct finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->remedy, sizeof(f->remedy), fmt, ap);
	va_end(ap);
}

bool module_loaded(void)
{
	return !access(MODULE_SYSFS, F_OK);
}

static void print_finding(const char *name, const struct finding *f)
{
	printf("%-10s %-8s %s\n", name, status_names[f->status], f->detail);
	if (f->remedy[0])
		printf("%19s -> %s\n", "", f->remedy);
}

static json_object *finding_object(const char *name, const struct finding *f)
{
	json_object *out = json_object_new_object();

	add_string(out, "check", name);
	add_string(out, "status", status_names[f->status]);
	add_string(out, "detail", f->detail);
	if (f->remedy[0])
		add_string(out, "remedy", f->remedy);
	return out;
}

static int run(const struct args *args)
{
	json_object *out = json_object_new_object(), *array = json_object_new_array();
	int code = CODE_OK;
	struct finding f;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(checks); i++) {
		f = (struct finding){ .status = FINDING_OK, .code = CODE_FAILED };
		checks[i].run(&f);
		if (f.status == FINDING_FAILED && !code)
			code = f.code;
		if (!args->json)
			print_finding(checks[i].name, &f);
		json_object_array_add(array, finding_object(checks[i].name, &f));
	}
	add_bool(out, "ok", !code);
	json_object_object_add(out, "checks", array);
	if (args->json)
		print_object(out, true);
	json_object_put(out);
	return code;
}

const struct command cmd_doctor = {
	.name = "doctor",
	.summary = "check the setup and print remedies",
	.usage = { "[OPTION]..." },
	.help =
"Check the requirements of lazy_contig: kernel, module, device nodes, permissions\n"
"and memory. Print a remedy for each check that fails.",
	.notes = "The exit status is that of the first check that failed, 0 if none did.",
	.options = { OPT_JSON },
	.run = run,
};
