/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Loads that keep pages locked or under writeback: a disk whose rate the monitor of the
 * machine's QEMU sets (plan stuck), and a FUSE server that does not answer.
 */
#ifndef _SELFTEST_SLOW_H
#define _SELFTEST_SLOW_H

#include "helpers.h"

#define SLOW_DISK	"/dev/vda"
#define SLOW_DIR	"/tmp/slow"

/* A child that does not outlive the test: 0 there, else its process ID. */
pid_t child_start(void);

/* Ends the test if the command fails. */
void shell(const char *command);

/* Makes an ext4 of a disk and mounts it at SLOW_DIR; ends the test on failure. */
void disk_mount(const char *disk);
void slow_disk_mount(void);
void slow_disk_umount(void);
/* Bytes a second from now on, for what is queued too; 0: no limit. */
void slow_disk_rate(unsigned long rate);

/* All return once the load is there. slow_end(): release the I/O before. */
pid_t slow_readahead(size_t len);	/* of a file that slow_file() made */
void slow_file(size_t len);
pid_t slow_writer(size_t chunk);	/* writes and fsyncs over and over */
void slow_end(pid_t pid);

void cpu_only(int cpu);	/* this task, from now on */
/*
 * A real-time task that lets no other have this CPU, for 20 seconds at most. @drained:
 * the kernel has no pages in lists of that CPU, for which alloc_contig_range() waits.
 */
pid_t slow_cpu(int cpu, bool drained);
void slow_cpu_end(pid_t pid, int cpu);

/* A FUSE server that answers all but WRITE, with len bytes under writeback. */
struct dead_server {
	pid_t server;
	pid_t writer;
	unsigned int connection;
};
void dead_server_start(struct dead_server *dead, size_t len);
/* Aborts the connection: all writeback ends. */
void dead_server_abort(struct dead_server *dead);
void dead_server_end(struct dead_server *dead);

/*
 * Memory that waits for I/O, in KiB: page cache that is locked, dirty or under
 * writeback, and copies of it that older kernels make to write to a FUSE server.
 */
long slow_kib(void);

/* How many buffers of @len, a multiple of HUGE_PAGE, fewer fit for such pages. */
long slow_windows(size_t len);

#endif /* _SELFTEST_SLOW_H */
