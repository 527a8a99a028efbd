// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/iomem tells where there is memory. /proc/kpageflags tells free pages, those that can be migrated and some of the kernel's
 * own. It tells neither pins nor the free pages that each CPU keeps at hand, which have
 * no flag, as many pages of the kernel. Reference counts do: 0 of a free page, and of a
 * small page 1024 more for a pin than for a mapping, which /proc/kpagecount counts. They
 * are read from struct page, in /proc/kcore, whose notes have its size and the offset.
 * Pins of huge pages are not seen.
 */
#include <elf.h>
#include <err.h>
#include <fcntl.h>
#include <linux/kernel-page-flags.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pages.h"
#include "part.h"

#define PIN_BIAS	1024	/* GUP_PIN_COUNTING_BIAS */
#define RESERVED	32	/* KPF_RESERVED, for the kernel's developers only */
#define FLAG(bit)	(1ull << (bit))
#define MOVABLE		(FLAG(KPF_LRU) | FLAG(KPF_ANON) | FLAG(KPF_SWAPBACKED) | \
			 FLAG(KPF_UPTODATE) | FLAG(KPF_HUGE))

const char *const page_states[NR_PAGE_STATES] = {
	"hole", "free", "movable", "pinned", "slab", "tables", "reserved", "other",
};

static int flags_fd, mapped_fd;
static struct {
	int kcore;
	int64_t delta;		/* of an address to its place in the file */
	uint64_t vmemmap;
	size_t size;		/* of struct page */
	size_t offset;		/* of its reference count */
	const char *blind;
} refs;

static struct {
	uint64_t first, end;	/* pages */
} *ram;
static size_t nr_ram;

static void read_ram(void)
{
	FILE *f = fopen("/proc/iomem", "re");
	unsigned long long first, last;
	char line[256];

	if (!f)
		err(1, "/proc/iomem");
	while (fgets(line, sizeof(line), f)) {
		if (!strstr(line, " : System RAM") ||
		    sscanf(line, " %llx-%llx", &first, &last) != 2)
			continue;
		ram = realloc(ram, (nr_ram + 1) * sizeof(*ram));
		if (!ram)
			err(1, "memory for /proc/iomem");
		ram[nr_ram].first = (first + page_bytes() - 1) / page_bytes();
		ram[nr_ram++].end = (last + 1) / page_bytes();
	}
	fclose(f);
	if (!nr_ram || !ram[nr_ram - 1].end)
		errx(1, "/proc/iomem hides where there is memory");
}

static bool is_ram(uint64_t pfn)
{
	static size_t at;	/* mostly the same as for the last page */
	size_t n;

	for (n = 0; n < nr_ram; n++, at = (at + 1) % nr_ram)
		if (pfn >= ram[at].first && pfn < ram[at].end)
			return true;
	return false;
}

/* The value behind "name=" in a note. */
static size_t note_value(const char *notes, size_t len, const char *name)
{
	const char *at = memmem(notes, len, name, strlen(name));

	return at ? strtoul(at + strlen(name), NULL, 0) : 0;
}

static void read_notes(const Elf64_Phdr *ph)
{
	char *notes = calloc(ph->p_filesz + 1, 1);

	if (notes && pread(refs.kcore, notes, ph->p_filesz, ph->p_offset) ==
	    (ssize_t)ph->p_filesz) {
		refs.size = note_value(notes, ph->p_filesz, "SIZE(page)=");
		refs.offset = note_value(notes, ph->p_filesz,
					 "OFFSET(page._refcount)=");
	}
	free(notes);
}

static void read_headers(void)
{
	Elf64_Ehdr eh;
	Elf64_Phdr ph;
	int i;

	if (pread(refs.kcore, &eh, sizeof(eh), 0) != sizeof(eh) ||
	    eh.e_ident[EI_CLASS] != ELFCLASS64)
		return;
	for (i = 0; i < eh.e_phnum; i++) {
		if (pread(refs.kcore, &ph, sizeof(ph),
			  eh.e_phoff + i * sizeof(ph)) != sizeof(ph))
			return;
		if (ph.p_type == PT_NOTE)
			read_notes(&ph);
		else
			refs.delta = ph.p_offset - ph.p_vaddr;
	}
}

/* Where the array of struct page begins: x86-64 only. */
static void read_vmemmap(void)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	unsigned long long address, at = 0;
	char line[256], name[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%llx %*c %127s", &address, name) == 2 &&
		    !strcmp(name, "vmemmap_base")) {
			at = address;
			break;
		}
	if (f)
		fclose(f);
	if (!at || pread(refs.kcore, &refs.vmemmap, sizeof(refs.vmemmap),
			 at + refs.delta) != sizeof(refs.vmemmap))
		refs.vmemmap = 0;
}

void pages_open(void)
{
	flags_fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	if (flags_fd < 0)
		err(1, "/proc/kpageflags");
	read_ram();
	mapped_fd = open("/proc/kpagecount", O_RDONLY | O_CLOEXEC);
	if (mapped_fd < 0)
		err(1, "/proc/kpagecount");
	refs.kcore = open("/proc/kcore", O_RDONLY | O_CLOEXEC);
	if (refs.kcore < 0) {
		refs.blind = "/proc/kcore cannot be read";
		return;
	}
	read_headers();
	if (!refs.size || !refs.offset) {
		refs.blind = "/proc/kcore does not describe struct page";
		return;
	}
	read_vmemmap();
	if (!refs.vmemmap)
		refs.blind = "vmemmap_base is not known";
}

const char *pages_blind(void)
{
	return refs.blind;
}

/* Reference counts; false if they cannot be read, as of memory that is not there. */
static bool counts_read(uint64_t pfn, size_t nr, int *count)
{
	static unsigned char *array;
	static size_t room;
	uint64_t at = refs.vmemmap + pfn * refs.size;
	size_t len = nr * refs.size, i;

	if (refs.blind)
		return false;
	if (len > room) {
		room = len;
		array = realloc(array, room);
		if (!array)
			err(1, "memory for %zu pages", nr);
	}
	if (pread(refs.kcore, array, len, at + refs.delta) != (ssize_t)len)
		return false;
	for (i = 0; i < nr; i++)
		memcpy(&count[i], array + i * refs.size + refs.offset,
		       sizeof(*count));
	return true;
}

static bool is_pinned(uint64_t pfn, uint64_t flags, int count)
{
	uint64_t mapped;

	if (count < PIN_BIAS || flags & (FLAG(KPF_COMPOUND_HEAD) | FLAG(KPF_THP)))
		return false;
	if (pread(mapped_fd, &mapped, sizeof(mapped), pfn * sizeof(mapped)) !=
	    sizeof(mapped))
		err(1, "/proc/kpagecount");
	return count - (int64_t)mapped >= PIN_BIAS;
}

static enum page_state judge(uint64_t pfn, uint64_t flags, const int *count)
{
	if (flags & FLAG(KPF_NOPAGE) || !is_ram(pfn))
		return PAGE_HOLE;
	if (flags & FLAG(KPF_BUDDY))
		return PAGE_FREE;
	if (flags & FLAG(KPF_SLAB))
		return PAGE_SLAB;
	if (flags & FLAG(KPF_PGTABLE))
		return PAGE_TABLE;
	if (flags & FLAG(RESERVED))
		return PAGE_RESERVED;
	if (flags & FLAG(KPF_OFFLINE))
		return PAGE_OTHER;
	if (flags & MOVABLE)
		return count && is_pinned(pfn, flags, *count) ? PAGE_PINNED :
								PAGE_MOVABLE;
	return count && !*count ? PAGE_FREE : PAGE_OTHER;
}

size_t pages_read(uint64_t pfn, size_t nr, unsigned char *state)
{
	static enum page_state head;	/* may be in an earlier call */
	uint64_t flags[nr];
	int count[nr];
	bool counted;
	ssize_t len;
	size_t i;

	len = pread(flags_fd, flags, sizeof(flags), pfn * sizeof(*flags));
	if (len < 0)
		err(1, "/proc/kpageflags");
	nr = len / sizeof(*flags);
	counted = counts_read(pfn, nr, count);
	for (i = 0; i < nr; i++) {
		if (!(flags[i] & FLAG(KPF_COMPOUND_TAIL)))
			head = judge(pfn + i, flags[i], counted ? &count[i] : NULL);
		state[i] = head;
	}
	return nr;
}
