/* SPDX-License-Identifier: GPL-2.0 */
/* /dev/dma_heap/lazy_contig and the other heaps. */
#ifndef LAZY_CONTIG_HEAP_H
#define LAZY_CONTIG_HEAP_H

int lc_heap_prepare(void);
int lc_heap_init(void);
void lc_heap_publish(void);
void lc_heap_exit(void);
void lc_heap_destroy_all(void);

#endif
