/* SPDX-License-Identifier: GPL-2.0 */
/* What all buffers together and those of one user may take, and watermarks. */
#ifndef LAZY_CONTIG_LIMIT_H
#define LAZY_CONTIG_LIMIT_H

#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/types.h>

struct lc_constraint;
struct lc_user;
struct zone;

#define LC_MB_SHIFT	(20 - PAGE_SHIFT)

/* More than there can be stays as much. */
static inline unsigned long lc_mb_to_pages(unsigned long mb)
{
	return mb > ULONG_MAX >> LC_MB_SHIFT ? ULONG_MAX : mb << LC_MB_SHIFT;
}

unsigned long lc_limit_pages(void);
unsigned long lc_limit_charged(void);
struct lc_user *lc_limit_charge(unsigned long nr_pages);
int lc_limit_charge_more(struct lc_user *user, unsigned long nr_pages);
void lc_limit_uncharge(struct lc_user *user, unsigned long nr_pages);
unsigned long lc_limit_late(void);
struct lc_user *lc_limit_charge_late(unsigned long nr_pages);
void lc_limit_uncharge_late(struct lc_user *user, unsigned long nr_pages);
bool lc_limit_strained(struct zone *zone, const struct lc_constraint *c);
bool lc_limit_begin(struct zone *zone, const struct lc_constraint *c);
void lc_limit_end(struct zone *zone, unsigned long nr_pages);
unsigned int lc_limit_ended(void);
bool lc_limit_wait(unsigned int ended, unsigned long deadline);
bool lc_limit_spare(struct zone *zone, const struct lc_constraint *c, bool taken);
void lc_limit_exit(void);

#endif
