/* SPDX-License-Identifier: GPL-2.0 */
/* Checks of lazy-contig doctor. */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "cli.h"

/* Result of a check. */
struct finding {
	enum { FINDING_OK, FINDING_WARNING, FINDING_UNKNOWN, FINDING_FAILED } status;
	int code;		/* exit code for FINDING_FAILED */
	char detail[1100];
	char remedy[256];
};

/* Each sets status, code and detail, and remedy if the user can act. */
void check_kernel(struct finding *f);
void check_module(struct finding *f);
void check_signature(struct finding *f);
void check_nodes(struct finding *f);
void check_permission(struct finding *f);
void check_memory(struct finding *f);
void check_trial(struct finding *f);

__printf(2, 3) void found(struct finding *f, const char *fmt, ...);
__printf(2, 3) void advise(struct finding *f, const char *fmt, ...);

bool module_loaded(void);

#endif /* DOCTOR_H */
