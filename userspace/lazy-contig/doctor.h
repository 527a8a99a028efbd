/* SPDX-License-Identifier: GPL-2.0 */
/* The checks of lazy-contig doctor. */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "cli.h"

#define MODULE_NAME	"lazy_contig"
#define MODULE_SYSFS	"/sys/module/" MODULE_NAME

/* What a check found, and what to do about it. */
struct finding {
	enum { FINDING_OK, FINDING_WARNING, FINDING_UNKNOWN, FINDING_FAILED } status;
	int code;		/* exit code if it failed */
	char detail[256];
	char remedy[256];
};

/* Each sets status, code and detail, and remedy if there is something to do. */
void check_kernel(struct finding *f);
void check_module(struct finding *f);
void check_signature(struct finding *f);
void check_nodes(struct finding *f);
void check_permission(struct finding *f);
void check_memory(struct finding *f);
void check_trial(struct finding *f);

__printf(2, 3) void found(struct finding *f, const char *fmt, ...);
__printf(2, 3) void advise(struct finding *f, const char *fmt, ...);

/* Reads the first line of a file without its newline. */
bool read_line(const char *path, char *buf, int len);

bool module_loaded(void);

#endif /* DOCTOR_H */
