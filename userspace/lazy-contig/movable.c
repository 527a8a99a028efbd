// SPDX-License-Identifier: GPL-2.0
/*
 * lazy-contig movable: memory blocks are taken offline, which moves all pages away, and
 * online again in another zone. The kernel tries to empty a block until a signal comes.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "memory.h"

/* A change of zones. @wanted: bytes in ZONE_MOVABLE; 0: none, back to kernel zones */
struct change {
	const struct args *args;
	struct memory *memory;
	__u64 wanted;
	__u64 done;		/* bytes of the blocks that were changed */
	bool low_memory;
};

static int caught_signal;	/* that ends the command */

static void on_signal(int sig)
{
	if (sig != SIGALRM)
		__atomic_store_n(&caught_signal, sig, __ATOMIC_RELAXED);
}

/* Return: 0 if no signal has come. */
static int caught(void)
{
	return __atomic_load_n(&caught_signal, __ATOMIC_RELAXED);
}

/* Without SA_RESTART: a signal ends a write. */
static void catch_signals(void)
{
	static const int signals[] = { SIGALRM, SIGHUP, SIGINT, SIGTERM };
	const struct sigaction action = { .sa_handler = on_signal };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &action, NULL);
}

/* Ends like a command without a handler. */
static void end_by_signal(void)
{
	if (!caught())
		return;
	fputs("lazy-contig: interrupted; the blocks changed so far stay as they are\n", stderr);
	signal(caught(), SIG_DFL);
	raise(caught());
}

static void block_path(const struct memory_block *block, const char *name, char *path)
{
	snprintf(path, PATH_MAX, MEMORY_DIR "/memory%u/%s", block->number, name);
}

static int set_state(const struct memory_block *block, const char *state)
{
	char path[PATH_MAX];

	block_path(block, "state", path);
	return file_write(path, state);
}

/* Of an online block, its zone; of another one, those that it can be put into. */
static int get_zones(const struct memory_block *block, char *zones, size_t len)
{
	char path[PATH_MAX];

	block_path(block, "valid_zones", path);
	return file_read_line(path, zones, len);
}

/* Return: 0; -ETIMEDOUT; -EINTR after a signal that ends the command; another -errno. */
static int take_offline(const struct memory_block *block, int seconds)
{
	const struct itimerval never = { };
	/* repeated, for the first one could come before the write has begun */
	const struct itimerval limit = {
		.it_value = { .tv_sec = seconds, .tv_usec = !seconds },
		.it_interval = { .tv_sec = 1 },
	};
	int err;

	setitimer(ITIMER_REAL, &limit, NULL);
	err = set_state(block, "offline");
	setitimer(ITIMER_REAL, &never, NULL);
	return err == -EINTR && !caught() ? -ETIMEDOUT : err;
}

/* Return: 0 or -errno, after which the block is in the zone that it was in. */
static int change_block(const struct change *change, struct memory_block *block)
{
	static const char * const states[] = { "online_kernel", "online_movable" };
	bool movable = change->wanted;
	char zones[64] = "";
	int err, undo;

	err = take_offline(block, change->args->timeout);
	if (err)
		return err;
	get_zones(block, zones, sizeof(zones));
	err = movable && !strstr(zones, "Movable") ? -EOPNOTSUPP :
		set_state(block, states[movable]);
	if (!err) {
		err = get_zones(block, zones, sizeof(zones));
		snprintf(block->zone, sizeof(block->zone), "%.15s", err ? "" : zones);
		return err;
	}
	undo = set_state(block, states[!movable]);
	if (undo)
		fail(undo, "memory%u stays offline", block->number);
	return err;
}

/* Return: the next block to change, NULL at the end. */
static struct memory_block *next_block(const struct change *change)
{
	const struct memory *memory = change->memory;
	int node = change->args->node;
	struct memory_block *block;

	if (change->wanted)
		return memory_bytes(memory, node, true) < change->wanted ?
			memory_choose(memory, node) : NULL;
	for (block = memory->blocks; block < memory->blocks + memory->count; block++)
		if (memory_is_movable(block) && !block->err && (node < 0 || block->node == node))
			return block;
	return NULL;
}

static void progress(const struct change *change, const struct memory_block *block)
{
	char size[32];

	if (!isatty(STDERR_FILENO))
		return;
	format_size(change->done, size, sizeof(size));
	if (block)
		fprintf(stderr, "\r%s changed, emptying memory%u\033[K", size, block->number);
	else
		fputs("\r\033[K", stderr);
}

/* What is in a block must find room elsewhere. */
static bool has_room(const struct memory *memory)
{
	return meminfo_bytes("MemAvailable:") >= 2 * memory->block_size;
}

static void change_blocks(struct change *change)
{
	struct memory_block *block;

	while (!caught() && (block = next_block(change))) {
		change->low_memory = !has_room(change->memory);
		if (change->low_memory)
			break;
		progress(change, block);
		block->err = change_block(change, block);
		if (!block->err)
			change->done += change->memory->block_size;
		else if (block->err == -EINTR)
			block->err = 0;
	}
	progress(change, NULL);
}

static const char *reason(int err)
{
	switch (-err) {
	case EPERM:
		return "the kernel refuses it, as arm64 does for memory that was there at boot";
	case EINVAL:
		return "it has holes";
	case EBUSY:
		return "it holds pages that cannot be moved";
	case ETIMEDOUT:
		return "its pages could not be moved in time";
	default:
		return strerror(-err);
	}
}

/* Names the blocks that were tried in vain; neighbours with the same error in one line. */
static void report_skipped(const struct memory *memory)
{
	const struct memory_block *block = memory->blocks, *end = block + memory->count, *last;

	for (; block < end; block = last) {
		last = block + 1;
		if (!block->err)
			continue;
		while (last < end && last->err == block->err &&
		       last->addr == last[-1].addr + memory->block_size)
			last++;
		fprintf(stderr, "lazy-contig: memory %#llx-%#llx stays in its zone: %s\n",
			block->addr, last[-1].addr + memory->block_size - 1, reason(block->err));
	}
}

/* Says why less was changed than was wanted. Return: an exit code. */
static int report_rest(const struct change *change)
{
	report_skipped(change->memory);
	if (change->low_memory)
		fputs("lazy-contig: not enough memory is available to empty another block\n",
		      stderr);
	else if (change->wanted)
		fputs("lazy-contig: all other memory blocks hold pages that cannot be moved\n",
		      stderr);
	return CODE_NO_MEMORY;
}

static json_object *new_nodes(const struct args *args, const struct memory *memory)
{
	json_object *nodes = json_object_new_array(), *entry;
	__u64 movable, kernel;
	size_t i;
	int node, last = -1;

	for (i = 0; i < memory->count; i++)
		if (memory->blocks[i].node > last)
			last = memory->blocks[i].node;
	for (node = 0; node <= last; node++) {
		movable = memory_bytes(memory, node, true);
		kernel = memory_bytes(memory, node, false);
		if (!(movable + kernel) || (args->node >= 0 && args->node != node))
			continue;
		entry = json_object_new_object();
		add_u64(entry, "node", node);
		add_u64(entry, "movable_bytes", movable);
		add_u64(entry, "kernel_bytes", kernel);
		json_object_array_add(nodes, entry);
	}
	return nodes;
}

static json_object *new_skipped(const struct memory *memory)
{
	json_object *skipped = json_object_new_array(), *entry;
	const struct memory_block *block;

	for (block = memory->blocks; block < memory->blocks + memory->count; block++) {
		if (!block->err)
			continue;
		entry = json_object_new_object();
		add_u64(entry, "phys_addr", block->addr);
		add_u64(entry, "size", memory->block_size);
		add_string(entry, "error", strerror(-block->err));
		json_object_array_add(skipped, entry);
	}
	return skipped;
}

static void print_size(json_object *entry, const char *key, const char *format)
{
	char size[32];

	format_size(get_u64(entry, key), size, sizeof(size));
	printf(format, size);
}

static void print_text(json_object *out)
{
	json_object *nodes = json_object_object_get(out, "nodes"), *entry, *changed;
	size_t i;

	printf("%-4s  %-12s  %s\n", "NODE", "MOVABLE", "KERNEL");
	for (i = 0; i < json_object_array_length(nodes); i++) {
		entry = json_object_array_get_idx(nodes, i);
		printf("%-4s  ", json_object_get_string(json_object_object_get(entry, "node")));
		print_size(entry, "movable_bytes", "%-12s  ");
		print_size(entry, "kernel_bytes", "%s\n");
	}
	if (json_object_object_get_ex(out, "changed_bytes", &changed))
		print_size(out, "changed_bytes", "%s changed");
	else
		print_size(out, "limit_bytes", "%s can be movable at most");
	print_size(out, "memory_block_size", ", in memory blocks of %s\n");
	fflush(stdout);
}

/* @change: NULL if nothing was to be changed */
static void print(const struct args *args, const struct memory *memory,
		  const struct change *change)
{
	json_object *out = json_object_new_object();

	add_u64(out, "memory_block_size", memory->block_size);
	add_u64(out, "limit_bytes", memory_limit(memory));
	json_object_object_add(out, "nodes", new_nodes(args, memory));
	if (change) {
		add_u64(out, "changed_bytes", change->done);
		json_object_object_add(out, "skipped", new_skipped(memory));
	}
	if (args->json)
		print_object(out, true);
	else
		print_text(out);
	json_object_put(out);
}

/* Would ZONE_MOVABLE become too large? Return: an exit code. */
static int check_limit(const struct args *args, const struct memory *memory, __u64 wanted)
{
	__u64 have = memory_bytes(memory, args->node, true), limit = memory_limit(memory);
	__u64 others = memory_bytes(memory, -1, true) - have;
	char text[32];

	if (wanted <= have || (others < limit && wanted <= limit - others))
		return CODE_OK;
	format_size(limit, text, sizeof(text));
	fprintf(stderr, "lazy-contig: refused: at most %s of this machine can be movable,\n"
		"since the kernel keeps as much, and at least 512 MiB, for what it cannot move\n",
		text);
	return CODE_NO_MEMORY;
}

static int change_memory(const struct args *args, struct memory *memory)
{
	struct change change = { .args = args, .memory = memory };
	int code = args_size_or_0(args, 0, &change.wanted);
	struct map map;

	if (!code && geteuid())
		code = fail(-EPERM, "movable %s needs root", args->operands[0]);
	if (!code && change.wanted)
		code = check_limit(args, memory, change.wanted);
	if (code)
		return code;

	memory->wanted = (change.wanted + memory->block_size - 1) / memory->block_size;
	/* outside of ZONE_MOVABLE, the kernel does not ask the pool to make way */
	file_write(SYSFS_DIR "/pool_drop", "1");
	if (!map_load(&map))
		memory_weigh(memory, &map);
	map_free(&map);
	catch_signals();
	change_blocks(&change);
	print(args, memory, &change);
	end_by_signal();
	if (memory_bytes(memory, args->node, true) >= change.wanted &&
	    (change.wanted || !memory_bytes(memory, args->node, true)))
		return CODE_OK;
	return report_rest(&change);
}

static int run(const struct args *args)
{
	struct memory memory;
	int err, code = CODE_OK;

	err = memory_read(MEMORY_DIR, &memory);
	if (err == -ENOENT) {
		fputs("lazy-contig: this kernel cannot take memory offline, which needs\n"
		      "CONFIG_MEMORY_HOTPLUG and CONFIG_MEMORY_HOTREMOVE; the parameter\n"
		      "movablecore= of the kernel sets up ZONE_MOVABLE at boot\n", stderr);
		code = CODE_FAILED;
	} else if (err) {
		code = fail(err, MEMORY_DIR);
	} else if (!(memory_bytes(&memory, args->node, true) +
		     memory_bytes(&memory, args->node, false))) {
		fputs("lazy-contig: no memory of this node\n", stderr);
		code = CODE_MISSING;
	} else if (args->count) {
		code = change_memory(args, &memory);
	} else {
		print(args, &memory, NULL);
	}
	memory_free(&memory);
	return code;
}

const struct command cmd_movable = {
	.name = "movable",
	.usage = { "[SIZE] [OPTION]..." },
	.summary = "show or set how much memory holds movable pages only",
	.help =
"Show how much memory is in ZONE_MOVABLE, where only pages lie that can be moved, so\n"
"that places for buffers last. With SIZE, move memory blocks there until it has that\n"
"size; with 0, give all of it back to the zones of the kernel.",
	.notes =
"With --node, SIZE is that of ZONE_MOVABLE of the node. The setting lasts until the\n"
"next boot; the unit lazy-contig-movable repeats it. Changing it needs root.",
	.options = { OPT_NODE, OPT_TIMEOUT, OPT_JSON },
	.max_operands = 1,
	.run = run,
};
