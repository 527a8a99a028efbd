// SPDX-License-Identifier: GPL-2.0
#include <ucontext.h>

#include "host.h"

#define STACK		(128UL << 10)
#define TASKS		1024
/* From the release of a lock to the next task that has it. */
#define HANDOVER_NS	100

/**
 * struct task - a simulated task, which has a CPU of its own
 * @context: where it is
 * @stack: its stack, kept for the next one
 * @run: what it does
 * @arg: for whom
 * @clock: how far it is, in ns
 * @lock: what it waits for, or NULL
 * @turn: its number among those who wait for it
 * @done: what else it waits for, or NULL
 * @done_arg: for that
 * @until: when it stops waiting for that
 * @alive: it has not ended
 */
struct task {
	ucontext_t context;
	void *stack;
	void (*run)(unsigned long arg);
	unsigned long arg;
	u64 clock;
	struct sim_lock *lock;
	unsigned long turn;
	bool (*done)(void *arg);
	void *done_arg;
	u64 until;
	bool alive;
};

struct sim_lock *sim_locks;
unsigned long sim_blocks;

static struct task tasks[TASKS];
static unsigned int nr_tasks;
static struct task *current_task;
static ucontext_t begin;
static unsigned long seen_blocks;
static u64 latest;

/* Called by each basic block of what is compiled to be counted. */
void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void)
{
	sim_blocks++;
}

static void go_on(void)
{
	struct task *t = current_task;

	t->clock += (sim_blocks - seen_blocks) * SIM_BLOCK_NS;
	seen_blocks = sim_blocks;
}

/* When it could go on, as far as is known now; ~0 if it cannot. */
static u64 ready_at(struct task *t)
{
	if (!t->alive || t->lock)
		return ~0UL;
	return !t->done || t->done(t->done_arg) ? t->clock : t->until;
}

/* The task that is furthest behind; a tie goes to the first. */
static struct task *next_task(void)
{
	struct task *found = NULL;
	u64 at, least = ~0UL;
	unsigned int i;

	for (i = 0; i < nr_tasks; i++) {
		at = ready_at(&tasks[i]);
		if (at < least) {
			least = at;
			found = &tasks[i];
		}
	}
	return found;
}

/* What @next waited for has happened by now, or did not. */
static void go_to(struct task *next, u64 now)
{
	if (next->done)
		next->clock = next->done(next->done_arg) ?
			      max(next->clock, min(now, next->until)) : next->until;
	next->done = NULL;
	current_task = next;
	jiffies = 100000 + next->clock / 1000000;
}

/* Let those run that are behind, or any if this one waits. */
static void reschedule(void)
{
	struct task *t = current_task, *next;

	go_on();
	next = next_task();
	if (next)
		go_to(next, t->clock);
	/* those that wait for what never happens are left where they are */
	if (next != t)
		swapcontext(&t->context, next ? &next->context : &begin);
}

static void task_main(void)
{
	struct task *t = current_task, *next;

	t->run(t->arg);
	go_on();
	t->alive = false;
	latest = max(latest, t->clock);
	next = next_task();
	if (next)
		go_to(next, t->clock);
	setcontext(next ? &next->context : &begin);
}

void sim_task(void (*run)(unsigned long arg), unsigned long arg)
{
	struct task *t;
	unsigned int i;

	for (i = 0; i < nr_tasks && tasks[i].alive; i++)
		;
	assert(i < TASKS);
	if (i == nr_tasks)
		nr_tasks++;
	t = &tasks[i];
	*t = (struct task){
		.stack = t->stack ?: malloc(STACK),
		.run = run,
		.arg = arg,
		.clock = current_task ? current_task->clock : 0,
		.alive = true,
	};
	assert(t->stack && !getcontext(&t->context));
	t->context.uc_stack.ss_sp = t->stack;
	t->context.uc_stack.ss_size = STACK;
	makecontext(&t->context, task_main, 0);
}

u64 sim_run(void)
{
	latest = 0;
	seen_blocks = sim_blocks;
	go_to(next_task(), 0);
	swapcontext(&begin, &current_task->context);
	current_task = NULL;
	nr_tasks = 0;
	return latest;
}

void sim_spend(u64 ns)
{
	if (!current_task)
		return;
	current_task->clock += ns;
	reschedule();
}

u64 sim_now(void)
{
	go_on();
	return current_task->clock;
}

void sim_wait(bool (*done)(void *arg), void *arg, u64 ns)
{
	go_on();
	current_task->done = done;
	current_task->done_arg = arg;
	current_task->until = ns ? current_task->clock + ns : ~0UL;
	reschedule();
}

unsigned long sim_arg(void)
{
	return current_task->arg;
}

void sim_lock(struct sim_lock *lock)
{
	struct task *t = current_task;

	if (!lock->taken++) {
		lock->next = sim_locks;
		sim_locks = lock;
	}
	if (!t) {
		assert(!lock->held);
		lock->held = true;
		return;
	}
	reschedule();
	if (lock->held) {
		u64 asked = t->clock;

		lock->contended++;
		lock->waiting++;
		t->lock = lock;
		t->turn = lock->last++;
		reschedule();
		lock->waited_ns += t->clock - asked;
	}
	lock->held = true;
	lock->since = t->clock;
}

static void hand_over(struct sim_lock *lock)
{
	unsigned int i;

	for (i = 0; i < nr_tasks; i++) {
		struct task *t = &tasks[i];

		if (t->lock != lock || t->turn != lock->first)
			continue;
		t->lock = NULL;
		t->clock = max(t->clock, current_task->clock + HANDOVER_NS);
		lock->first++;
		lock->waiting--;
		return;
	}
	assert(false);
}

void sim_unlock(struct sim_lock *lock)
{
	u64 held;

	assert(lock->held);
	if (!current_task) {
		lock->held = false;
		return;
	}
	reschedule();
	held = current_task->clock - lock->since;
	lock->held_ns += held;
	lock->longest_ns = max(lock->longest_ns, held);
	if (lock->waiting)
		hand_over(lock);
	else
		lock->held = false;
}

void sim_forget(void)
{
	struct sim_lock *lock;

	while ((lock = sim_locks)) {
		sim_locks = lock->next;
		*lock = (struct sim_lock){ .name = lock->name };
	}
}
