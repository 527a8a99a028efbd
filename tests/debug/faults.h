/* SPDX-License-Identifier: GPL-2.0 */
/* Making the kernel's allocations, and its copies from and to users, fail. */
#ifndef _DEBUG_FAULTS_H
#define _DEBUG_FAULTS_H

#include <stdbool.h>

/* What can fail; each is tested alone, because the right error differs. */
enum fault {
	FAULT_ALLOC,	/* slab objects and pages, of any size and context */
	FAULT_COPY,	/* copies from and to user memory */
	NR_FAULTS
};

/* Ends the test if this kernel cannot inject faults. */
void faults_init(void);

/* Chooses what fails from now on. */
void faults_select(enum fault fault);
/* The same, but only below the kernel function FUNC. */
void faults_select_below(enum fault fault, const char *func);

/* The Nth point (from 1) that this thread passes fails, until faults_disarm(). */
void faults_arm(int nth);
/* Returns whether a point has failed. */
bool faults_disarm(void);

#endif /* _DEBUG_FAULTS_H */
