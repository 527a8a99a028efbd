// SPDX-License-Identifier: GPL-2.0
/* lazy-contig reserve: memory that is set aside for buffers. */
#include <errno.h>

#include "cli.h"

#define RESERVE		SYSFS_DIR "/reserve"
#define MIB_SHIFT	20

/* Adds an object for each NUMA node with memory. Return: 0 or -errno. */
int reserve_read(json_object *nodes)
{
	FILE *file = fopen(RESERVE, "re");
	unsigned long long mib;
	json_object *entry;
	int node;

	if (!file)
		return -errno;
	while (fscanf(file, "%d %llu", &node, &mib) == 2) {
		entry = json_object_new_object();
		json_object_object_add(entry, "node", json_object_new_int(node));
		add_u64(entry, "reserve_bytes", mib << MIB_SHIFT);
		json_object_array_add(nodes, entry);
	}
	fclose(file);
	return 0;
}

static int node_of(json_object *entry)
{
	return json_object_get_int(json_object_object_get(entry, "node"));
}

static __u64 bytes_of(json_object *entry)
{
	return get_u64(entry, "reserve_bytes");
}

/*
 * Reads the reserves of all nodes, or of that of --node. @out: out: the object to print,
 * NULL on failure. Return: an exit code.
 */
static int read_nodes(const struct args *args, json_object **out)
{
	json_object *nodes = json_object_new_array(), *entry;
	int err = reserve_read(nodes), code;
	size_t i;

	for (i = json_object_array_length(nodes); args->node >= 0 && i--; ) {
		entry = json_object_array_get_idx(nodes, i);
		if (node_of(entry) != args->node)
			json_object_array_del_idx(nodes, i, 1);
	}
	if (!err && json_object_array_length(nodes)) {
		*out = json_object_new_object();
		json_object_object_add(*out, "nodes", nodes);
		return CODE_OK;
	}
	if (err)
		code = fail_file(err, RESERVE);
	else
		code = fail(-ENOENT, "no memory on node %d", args->node);
	json_object_put(nodes);
	*out = NULL;
	return code;
}

static json_object *first_node(json_object *out)
{
	return json_object_array_get_idx(json_object_object_get(out, "nodes"), 0);
}

static void print(const struct args *args, json_object *out)
{
	json_object *nodes = json_object_object_get(out, "nodes"), *entry;
	char size[32];
	size_t i;

	if (args->json) {
		print_object(out, true);
		return;
	}
	printf("%-4s  RESERVE\n", "NODE");
	for (i = 0; i < json_object_array_length(nodes); i++) {
		entry = json_object_array_get_idx(nodes, i);
		format_size(bytes_of(entry), size, sizeof(size));
		printf("%-4d  %s\n", node_of(entry), size);
	}
	fflush(stdout);
}

/* A size that is not reached is no error here: what there is then is read. */
static int write_mib(int node, __u64 mib)
{
	char text[64];
	int err;

	snprintf(text, sizeof(text), "%d %llu", node, (unsigned long long)mib);
	err = file_write(RESERVE, text);
	return err && err != -ENOMEM ? fail(err, "%s", RESERVE) : CODE_OK;
}

/* @out: what there was; becomes what there is. Return: an exit code. */
static int change(const struct args *args, __u64 size, json_object **out)
{
	struct args one = *args;
	char have[32], wanted[32];
	__u64 mib;
	int code;

	if (json_object_array_length(json_object_object_get(*out, "nodes")) > 1)
		return usage_error(args->cmd, "--node is needed: there are several nodes");
	mib = (size >> MIB_SHIFT) + !!(size & ((1 << MIB_SHIFT) - 1));
	one.node = node_of(first_node(*out));
	code = write_mib(one.node, mib);
	if (code)
		return code;
	json_object_put(*out);
	code = read_nodes(&one, out);
	if (code)
		return code;
	print(args, *out);
	if (bytes_of(first_node(*out)) >> MIB_SHIFT >= mib)
		return CODE_OK;
	format_size(bytes_of(first_node(*out)), have, sizeof(have));
	format_size(size, wanted, sizeof(wanted));
	return fail(-ENOMEM, "%s of %s are set aside", have, wanted);
}

static int run(const struct args *args)
{
	json_object *out;
	__u64 size = 0;
	int code = args->count ? args_size_or_0(args, 0, &size) : CODE_OK;

	if (code)
		return code;
	code = read_nodes(args, &out);
	if (!code && args->count)
		code = change(args, size, &out);
	else if (!code)
		print(args, out);
	json_object_put(out);
	return code;
}

const struct command cmd_reserve = {
	.name = "reserve",
	.usage = { "[SIZE] [OPTION]..." },
	.summary = "show or set how much memory is set aside for buffers",
	.help =
"Show the reserve of each NUMA node: memory that is set aside for buffers, idle until\n"
"they need it. With SIZE, set that of a node; with 0, give it back.",
	.notes =
"A machine with several nodes needs --node with SIZE, which is rounded up to MiB. The\n"
"setting lasts until the module is unloaded; its parameter 'reserve' sets it when\n"
"loading. Changing it needs root. The exit status is 4 if less is set aside.",
	.options = { OPT_NODE, OPT_JSON },
	.max_operands = 1,
	.run = run,
};
