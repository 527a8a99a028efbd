/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef CONTROL_H
#define CONTROL_H

/* Opens LAZY_CONTIG_DEVICE for one ioctl. Return: 0 or -errno. */
__attribute__((visibility("hidden"))) int control_ioctl(unsigned long request, void *arg);

#endif
