// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: control: every invalid call about kept buffers has its errno and changes nothing
 * Promise: control: structs of other sizes, unknown flags and reserved fields
 * Promise: limits: length 0 or one that wraps: EINVAL
 * Promise: limits: a node that is not online: EINVAL
 * Promise: security: names, keeping and addresses need CAP_SYS_ADMIN of the initial user
 *   namespace
 */
#include "kept_calls.h"

#define NAME	"kept_errors"
#define LEN	MIB(1)

static int control;

/* What ALLOC says to a request with one field changed; frees what it gives. */
#define alloc_with(field, value)					\
	({								\
		struct lazy_contig_allocation alloc_ = kept_request(LEN, NAME); \
		alloc_.field = (value);					\
		alloc_result(&alloc_);					\
	})

static int alloc_result(struct lazy_contig_allocation *alloc)
{
	int buf = kept_alloc(control, alloc);

	if (buf < 0)
		return buf;
	close(buf);
	if (alloc->flags & LAZY_CONTIG_KEEP)
		kept_free(control, alloc->phys_addr);
	return 0;
}

static void test_alloc(void)
{
	int bit;

	is(alloc_with(len, 0), -EINVAL, "length 0");
	is(alloc_with(len, -1), -EINVAL, "a length that wraps");
	is(alloc_with(len, -PAGE + 1), -EINVAL, "the first that does");
	is(alloc_with(len, -PAGE), -ENOMEM, "the last that does not");
	is(alloc_with(len, 1ull << 63), -ENOMEM, "2^63 bytes");
	is(alloc_with(len, 1ull << 44), -ENOMEM, "16 TiB");

	is(alloc_with(align, 3), -EINVAL, "an alignment of 3");
	is(alloc_with(align, PAGE + 1), -EINVAL, "of a page and a byte");
	is(alloc_with(align, -1), -EINVAL, "of 2^64 - 1");
	is(alloc_with(align, 1ull << 63), -ENOMEM, "of 2^63");

	is(alloc_with(max_addr, 1), -ENOMEM, "below address 2");
	is(alloc_with(max_addr, PAGE - 1), -ENOMEM, "below address 4096");
	is(alloc_with(max_addr, LEN - 1), -ENOMEM, "in the first MiB");

	is(alloc_with(node, -2), -EINVAL, "node -2");
	is(alloc_with(node, 1000000), -EINVAL, "node 1000000");
	is(alloc_with(node, 63), -EINVAL, "a node that is not online");
	is(alloc_with(node, 1 << 31), -EINVAL, "the lowest number");

	for (bit = 0; bit < 32; bit++)
		if (!(1u << bit & (LAZY_CONTIG_KEEP | LAZY_CONTIG_PINNABLE)) &&
		    alloc_with(flags, LAZY_CONTIG_KEEP | 1u << bit) != -EINVAL)
			break;
	is(bit, 32, "unknown flags");
	is(alloc_with(__reserved, 1), -EINVAL, "the reserved field");
	is(alloc_with(fd_flags, O_ACCMODE), -EINVAL, "access mode 3");
	is(alloc_with(fd_flags, O_RDWR | O_NONBLOCK), -EINVAL, "O_NONBLOCK");
}

static void test_odd(void)
{
	is(alloc_with(len, 1), 0, "1 byte");
	is(alloc_with(align, 1), 0, "an alignment of 1");
	is(alloc_with(align, 64), 0, "of 64");
	is(alloc_with(fd_flags, O_RDONLY), 0, "O_RDONLY");
	is(alloc_with(fd_flags, O_WRONLY | O_CLOEXEC), 0, "O_WRONLY");
}

static int with_name(const char *name, size_t len)
{
	struct lazy_contig_allocation alloc = kept_request(LEN, "");

	memcpy(alloc.name, name, len);
	return alloc_result(&alloc);
}

static void test_names(void)
{
	char name[LAZY_CONTIG_NAME_MAX];
	int c, wrong = 0;

	memset(name, 'n', sizeof(name));
	is(with_name(name, 64), -EINVAL, "a name that does not end");
	is(with_name(name, 63), 0, "63 characters");
	is(with_name("two\nlines", 9), -EINVAL, "a newline");
	is(with_name("tab\t", 4), -EINVAL, "a tab");
	is(with_name("Crash kernel", 12), 0, "a space");
	for (c = 1; c < 256; c++) {
		char byte[] = { 'n', c };
		int want = c >= ' ' && c <= '~' ? 0 : -EINVAL;

		wrong += with_name(byte, 2) != want;
	}
	is(wrong, 0, "all other bytes: printable ASCII and nothing else");
}

static void test_addresses(void)
{
	static const uint64_t nobodys[] = {
		0, 1, PAGE, 0x100000, 1ull << 40, 1ull << 63, -1, -PAGE,
	};
	uint64_t phys = kept_new(control, LEN, NAME), at;
	struct lazy_contig_allocation plain = kept_request(LEN, NAME);
	int err_open = 0, err_free = 0, err_resize = 0, buf;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(nobodys); i++) {
		at = nobodys[i];
		err_open += kept_open(control, at, NULL) != -ENOENT;
		err_resize += kept_resize(control, &at, LEN) != -ENOENT;
		err_free += kept_free(control, at) != -ENOENT;
	}
	is(err_open, 0, "OPEN of other addresses");
	is(err_resize, 0, "RESIZE of other addresses");
	is(err_free, 0, "FREE of other addresses");
	for (i = 1; i < 4; i++) {
		at = phys + (i == 1 ? 1 : i == 2 ? PAGE : LEN);
		is(kept_open(control, at, NULL), -ENOENT, "OPEN %zu", i);
		is(kept_free(control, at), -ENOENT, "FREE %zu", i);
		is(kept_resize(control, &at, LEN), -ENOENT, "RESIZE %zu", i);
	}
	plain.flags = 0;
	buf = kept_alloc(control, &plain);
	at = plain.phys_addr;
	is(kept_open(control, at, NULL), -ENOENT, "OPEN of one not kept");
	is(kept_resize(control, &at, LEN), -ENOENT, "RESIZE of one not kept");
	is(kept_free(control, at), -ENOENT, "FREE of one not kept");
	close(buf);
	ok(iomem_named(NAME, phys, LEN), "the buffer is as it was");
	is(kept_free(control, phys), 0, "and can be freed");
}

static void test_flags(void)
{
	uint64_t phys = kept_new(control, LEN, NAME);
	struct lazy_contig_resize resize = { .size = sizeof(resize) };
	struct lazy_contig_open open = { .size = sizeof(open) };
	struct lazy_contig_free free = { .size = sizeof(free) };
	int bit, wrong = 0;

	resize.phys_addr = open.phys_addr = free.phys_addr = phys;
	resize.len = 2 * LEN;
	for (bit = 0; bit < 32; bit++) {
		resize.flags = free.flags = 1u << bit;
		wrong += call(control, LAZY_CONTIG_IOCTL_RESIZE, &resize) !=
			 -EINVAL;
		wrong += call(control, LAZY_CONTIG_IOCTL_FREE, &free) !=
			 -EINVAL;
	}
	is(wrong, 0, "RESIZE and FREE refuse every flag");
	open.fd_flags = O_RDWR | O_APPEND;
	is(call(control, LAZY_CONTIG_IOCTL_OPEN, &open), -EINVAL,
	   "OPEN with O_APPEND");
	open.fd_flags = O_RDWR;
	for (bit = 0; bit < 32; bit++) {
		open.flags = 1u << bit;
		wrong += open.flags != LAZY_CONTIG_HOLD &&
			 call(control, LAZY_CONTIG_IOCTL_OPEN, &open) != -EINVAL;
	}
	is(wrong, 0, "and with every flag but HOLD, those of ALLOC among them");
	ok(iomem_named(NAME, phys, LEN), "the buffer is as it was");
	kept_free(control, phys);
}

struct sized_call {
	const char *name;
	unsigned long request;
	const void *arg;
	uint32_t size;
	uint32_t least;
	int err;
};

/*
 * The call with @size bytes: of the struct, and of zeros behind it, of which @last is the
 * last byte. What is allocated is freed.
 */
static int with_size(const struct sized_call *c, uint32_t size, unsigned char last)
{
	struct lazy_contig_allocation *alloc;
	unsigned char long_arg[256] = "";
	int err;

	memcpy(long_arg, c->arg, c->size);
	memcpy(long_arg, &size, sizeof(size));
	if (size)
		long_arg[size - 1] |= last;
	err = call(control, c->request, long_arg);
	alloc = (void *)long_arg;
	if (!err)
		close(alloc->fd);
	return err;
}

/* Structs as an older and as a newer header might have them. */
static void test_sizes(void)
{
	const struct lazy_contig_allocation alloc = { .len = PAGE, .node = -1 };
	const struct lazy_contig_open open = { .phys_addr = PAGE };
	const struct lazy_contig_resize resize = { .phys_addr = PAGE, .len = PAGE };
	const struct lazy_contig_free free = { .phys_addr = PAGE };
	const struct sized_call calls[] = {
		{ "ALLOC", LAZY_CONTIG_IOCTL_ALLOC, &alloc, sizeof(alloc),
		  offsetof(struct lazy_contig_allocation, min_addr), 0 },
		{ "OPEN", LAZY_CONTIG_IOCTL_OPEN, &open, sizeof(open), sizeof(open), -ENOENT },
		{ "RESIZE", LAZY_CONTIG_IOCTL_RESIZE, &resize, sizeof(resize),
		  sizeof(resize), -ENOENT },
		{ "FREE", LAZY_CONTIG_IOCTL_FREE, &free, sizeof(free), sizeof(free), -ENOENT },
	};
	const struct sized_call *c;

	for (c = calls; c < calls + ARRAY_SIZE(calls); c++) {
		is(with_size(c, 0, 0), -EINVAL, "%s of size 0", c->name);
		is(with_size(c, c->least - 1, 0), -EINVAL, "of a byte less than the first");
		is(with_size(c, c->least, 0), c->err, "of the first");
		is(with_size(c, c->size, 0), c->err, "of the struct");
		is(with_size(c, c->size + 8, 0), c->err, "of a longer one with zeros");
		is(with_size(c, c->size + 8, 1), -E2BIG, "of one with an unknown field");
	}
}

/*
 * A call whose result cannot be written must be undone: the struct is in read-only
 * memory.
 */
static void test_faults(void)
{
	uint64_t phys = kept_new(control, LEN, NAME);
	unsigned char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct lazy_contig_allocation alloc = kept_request(LEN, "faulting");
	struct lazy_contig_open open = {
		.size = sizeof(open),
		.phys_addr = phys,
	};
	struct lazy_contig_resize resize = {
		.size = sizeof(resize),
		.phys_addr = phys,
	};
	struct lazy_contig_free free = {
		.size = sizeof(free),
		.phys_addr = phys,
	};
	static const size_t lens[] = { MIB(64), 2 * LEN, LEN, PAGE };
	size_t i;

	kept_fill(control, phys, LEN, 3);
#define readonly(request, arg)						\
	({								\
		memcpy(page, &(arg), sizeof(arg));			\
		mprotect(page, PAGE, PROT_READ);			\
		int err_ = call(control, request, page);		\
		mprotect(page, PAGE, PROT_READ | PROT_WRITE);		\
		err_;							\
	})
	is(readonly(LAZY_CONTIG_IOCTL_ALLOC, alloc), -EFAULT, "ALLOC");
	is(iomem_names("faulting"), 0, "keeps nothing");
	is(readonly(LAZY_CONTIG_IOCTL_OPEN, open), -EFAULT, "OPEN");
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		resize.len = lens[i];
		is(readonly(LAZY_CONTIG_IOCTL_RESIZE, resize), -EFAULT,
		   "RESIZE to %zu KiB", lens[i] >> 10);
		ok(iomem_named(NAME, phys, LEN), "leaves its size");
	}
	is(iomem_names(NAME), 1, "and no other is left");
	ok(kept_holds(control, phys, LEN, 3), "nor its contents changed");
	is(readonly(LAZY_CONTIG_IOCTL_FREE, free), 0,
	   "FREE has nothing to say");
	is(iomem_names(NAME), 0, "it frees");
	munmap(page, PAGE);
}

/* Returns the number of the first check that failed. */
static int as_nobody(void *arg)
{
	struct lazy_contig_allocation alloc = kept_request(LEN, NAME);
	uint64_t phys = *(uint64_t *)arg;
	int buf;

	if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
		return 1;
	if (kept_alloc(control, &alloc) != -EPERM)
		return 2;
	alloc = kept_request(LEN, "");
	if (kept_alloc(control, &alloc) != -EPERM)
		return 3;
	alloc = kept_request(LEN, NAME);
	alloc.flags = 0;
	if (kept_alloc(control, &alloc) != -EPERM)
		return 4;
	alloc = kept_request(LEN, "");
	alloc.flags = 0;
	alloc.phys_addr = 0x1234000;
	alloc.fd = 1234;
	buf = kept_alloc(control, &alloc);
	if (buf < 0 || alloc.phys_addr)
		return 5;
	if (kept_open(control, phys, NULL) != -EPERM)
		return 6;
	if (kept_resize(control, &phys, 2 * LEN) != -EPERM)
		return 7;
	if (kept_free(control, phys) != -EPERM)
		return 8;
	/* nor does an errno tell whether there is a buffer */
	if (kept_free(control, phys + PAGE) != -EPERM)
		return 9;
	return 0;
}

/* The capability comes before what else is wrong, in every ioctl. */
static int invalid_as_nobody(void *arg)
{
	uint64_t phys = *(uint64_t *)arg;
	struct lazy_contig_allocation alloc = kept_request(LEN, "");
	struct lazy_contig_open open = {
		.size = sizeof(open), .phys_addr = phys, .flags = -1,
	};
	struct lazy_contig_resize resize = {
		.size = sizeof(resize), .phys_addr = phys, .flags = -1,
	};
	struct lazy_contig_free free = {
		.size = sizeof(free), .phys_addr = phys, .flags = -1,
	};

	if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
		return 1;
	alloc.align = 3;
	if (kept_alloc(control, &alloc) != -EPERM)
		return 2;
	alloc.flags = 0;
	if (kept_alloc(control, &alloc) != -EINVAL)
		return 3;
	if (call(control, LAZY_CONTIG_IOCTL_OPEN, &open) != -EPERM)
		return 4;
	if (call(control, LAZY_CONTIG_IOCTL_RESIZE, &resize) != -EPERM)
		return 5;
	if (call(control, LAZY_CONTIG_IOCTL_FREE, &free) != -EPERM)
		return 6;
	return 0;
}

static void test_permissions(void)
{
	uint64_t phys = kept_new(control, LEN, NAME);

	is(in_child(as_nobody, &phys), 0,
	   "without CAP_SYS_ADMIN only what is not kept can be had");
	is(in_child(invalid_as_nobody, &phys), 0,
	   "and that it is missing is said before what else is wrong");
	ok(iomem_named(NAME, phys, LEN), "and the buffer is as it was");
	kept_free(control, phys);
}

int main(void)
{
	struct mark mark;

	control = control_open();
	mark_set(&mark);
	test_alloc();
	is(iomem_names(NAME), 0, "a refused request leaves nothing");
	mark_check(&mark, "bad requests");
	test_odd();
	test_names();
	test_addresses();
	test_flags();
	test_sizes();
	test_faults();
	test_permissions();
	close(control);
	return tap_done();
}
