/* SPDX-License-Identifier: GPL-2.0 */
/* /dev/lazy_cma. */
#ifndef LAZY_CONTIG_LAZY_CMA_COMPAT_H
#define LAZY_CONTIG_LAZY_CMA_COMPAT_H

int lc_lazy_cma_compat_init(void);
void lc_lazy_cma_compat_publish(void);
void lc_lazy_cma_compat_exit(void);

#endif
