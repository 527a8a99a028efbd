/* SPDX-License-Identifier: GPL-2.0 */
/* The operations in which something fails, and how to begin and end them. */
#ifndef _DEBUG_OPS_H
#define _DEBUG_OPS_H

#include "../selftest/kept_calls.h"
#include "faults.h"

#define OPS_NAME	"failnth"	/* of all buffers that can have one */

#define ALLOC		(1U << FAULT_ALLOC)
#define COPY		(1U << FAULT_COPY)

/**
 * struct op - an operation to test
 * @name: what the reader of the results sees
 * @prepare: makes what the call needs; nothing fails in it
 * @call: the operation; 0 or -errno
 * @undo: takes back what @prepare and, if it succeeded, @call have made
 * @faults: what must have failed at least once
 * @below: only what is allocated in this function of the kernel fails, because
 *	the importer is not under test
 */
struct op {
	const char *name;
	void (*prepare)(void);
	int (*call)(void);
	void (*undo)(void);
	unsigned int faults;
	const char *below;
};

/* What users do with buffers. */
extern const struct op buffer_ops[];
extern const size_t nr_buffer_ops;
void buffer_ops_begin(void);
void buffer_ops_end(void);

/* The reserve, the warm pool, the other driver's node, heaps, other modules. */
extern const struct op memory_ops[];
extern const size_t nr_memory_ops;
void memory_ops_begin(void);
void memory_ops_end(void);

#endif /* _DEBUG_OPS_H */
