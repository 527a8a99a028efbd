// SPDX-License-Identifier: GPL-2.0
#include "host.h"

unsigned long jiffies = 100000;
bool host_killed;
unsigned int host_spinlocks, host_mutexes, host_rcu;
bool host_may_wait;
unsigned int host_waits;
unsigned int host_grace_periods;
unsigned long host_allocations, host_allocations_left = ULONG_MAX;

__attribute__((weak)) void host_resched(void)
{
}

__attribute__((weak)) void host_unlocked(void)
{
}

__attribute__((weak)) void host_reclaim(void)
{
}
