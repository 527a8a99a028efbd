/* SPDX-License-Identifier: GPL-2.0 */
/* Pages that have other references when their buffer ends. */
#ifndef LAZY_CONTIG_DEFERRED_H
#define LAZY_CONTIG_DEFERRED_H

#include "../types.h"

struct lc_user;

int lc_deferred_init(void);
void lc_deferred_exit(void);

unsigned long lc_deferred_return(const struct lc_extent *ext,
				 struct lc_user *user);
unsigned long lc_deferred_check(void);
bool lc_deferred_overlaps(const struct lc_extent *ext);

#endif
