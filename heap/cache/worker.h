/* SPDX-License-Identifier: GPL-2.0 */
/* Zeroes idle memory in the background. */
#ifndef LAZY_CONTIG_WORKER_H
#define LAZY_CONTIG_WORKER_H

struct lc_idle;

int lc_worker_init(void);
void lc_worker_exit(void);
void lc_worker_add(struct lc_idle *idle);
void lc_worker_kick(void);

#endif
