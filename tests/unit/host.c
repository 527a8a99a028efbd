// SPDX-License-Identifier: GPL-2.0
#include "host.h"

static u32 rnd_state = 1;
unsigned long jiffies = 100000;
bool host_killed;
unsigned int host_spinlocks, host_mutexes, host_rcu;
bool host_may_wait;
unsigned int host_waits;
unsigned int host_grace_periods;
unsigned long host_allocations, host_allocations_left = ULONG_MAX;

void rnd_seed(u32 seed)
{
	rnd_state = seed * 2654435761u + 1;
}

/* xorshift: the same on every machine */
u32 rnd(u32 below)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 17;
	rnd_state ^= rnd_state << 5;
	return ((u64)rnd_state * below) >> 32;
}

__attribute__((weak)) void host_resched(void)
{
}

__attribute__((weak)) void host_unlocked(void)
{
}

__attribute__((weak)) void host_reclaim(void)
{
}
