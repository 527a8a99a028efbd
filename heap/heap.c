// SPDX-License-Identifier: GPL-2.0
/*
 * The dma-heaps. Each is a heap of the kernel's class where the kernel lets
 * modules add one, or else a character device of its own at the same path, with
 * the same UAPI. The kernel has no call to remove a heap of its class: a module
 * that has added one can never be unloaded.
 *
 * A heap is a name and placement constraints. A property is a row of lc_heap_keys.
 * All functions may sleep.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cleanup.h>
#include <linux/ctype.h>
#include <linux/device.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>

#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kstrtox.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/namei.h>
#include <linux/nodemask.h>
#include <linux/numa.h>
#include <linux/path.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/uaccess.h>
#include <uapi/linux/dma-heap.h>

#include "alloc.h"
#include "buffer.h"
#include "compat.h"
#include "control.h"
#include "heap.h"
#include "range.h"

static bool core_heap = true;
module_param(core_heap, bool, 0444);
MODULE_PARM_DESC(core_heap,
		 "be a heap of the kernel's dma_heap class where the kernel allows it; such a module cannot be unloaded");

/* Every module has these two. */
static const char lc_builtin_heaps[] = LC_NAME ";" LC_NAME "_dma32:below=4G";

static char *heaps = "";
module_param(heaps, charp, 0444);
MODULE_PARM_DESC(heaps,
		 "further heaps, NAME[:KEY[=VALUE]]... separated by ; or blanks, such as linux,cma:below=4G");

#define LC_HEAP_DIR	"dma_heap/"

/**
 * struct lc_heap - a dma-heap
 * @list: entry in lc_heaps
 * @entry: what it was made from: NAME[:KEY[=VALUE]]...
 * @nodename: path of its node below /dev; a copy of @entry, cut into words, behind
 *	LC_HEAP_DIR
 * @name: its last part, the file name, and exp_name of the heap's buffers
 * @placement: template of its requests: all but nr_pages
 * @builtin: one of lc_builtin_heaps
 * @active: it has a node, or will have when loading ends
 * @misc: its own node; unused if it is in the kernel's class
 *
 * @list, @active and @misc are guarded by lc_heaps_lock, the others do not change.
 */
struct lc_heap {
	struct list_head list;
	char *entry;
	char *nodename;
	const char *name;
	struct lc_request placement;
	bool builtin;
	bool active;
	struct miscdevice misc;
};

/* Guards lc_heaps and lc_heaps_published. */
static DEFINE_MUTEX(lc_heaps_lock);
/*
 * In the order in which they were added. Open files and dma-bufs refer to them: one
 * that is removed stays until unload, and serves again if its entry is added again.
 */
static LIST_HEAD(lc_heaps);
/* Heaps may be opened, added and removed. */
static bool lc_heaps_published;

/* A number of bytes, decimal or hexadecimal, with K, M, G or T behind it or not. */
static int lc_parse_size(const char *value, u64 *size)
{
	static const char units[] = "KMGT";
	char digits[32];
	const char *unit;
	int len, shift;

	len = strscpy(digits, value, sizeof(digits));
	if (len <= 0 || !isdigit(*digits))
		return -EINVAL;
	unit = strchr(units, toupper(digits[len - 1]));
	shift = unit ? 10 * (unit - units + 1) : 0;
	if (unit)
		digits[len - 1] = 0;
	if (kstrtou64(digits, strncasecmp(digits, "0x", 2) ? 10 : 16, size) ||
	    *size > U64_MAX >> shift)
		return -EINVAL;
	*size <<= shift;
	return 0;
}

static int lc_set_below(struct lc_request *req, const char *value)
{
	u64 size;

	if (lc_parse_size(value, &size) || size < PAGE_SIZE)
		return -EINVAL;
	req->end_pfn = lc_alloc_end_pfn(size - 1);
	return 0;
}

static int lc_set_above(struct lc_request *req, const char *value)
{
	u64 size;

	if (lc_parse_size(value, &size))
		return -EINVAL;
	req->start_pfn = lc_alloc_start_pfn(size);
	return 0;
}

static int lc_set_align(struct lc_request *req, const char *value)
{
	u64 size;

	if (lc_parse_size(value, &size) || !is_power_of_2(size))
		return -EINVAL;
	req->align = max_t(unsigned long, size >> PAGE_SHIFT, 1);
	return 0;
}

/* A node that can have memory some day. */
static int lc_set_node(struct lc_request *req, const char *value)
{
	unsigned int node;

	if (kstrtouint(value, 10, &node) || node >= MAX_NUMNODES ||
	    !node_possible(node))
		return -EINVAL;
	req->node = node;
	return 0;
}

static int lc_set_iomem(struct lc_request *req, const char *value)
{
	if (!*value || !lc_range_name_valid(value))
		return -EINVAL;
	req->name = value;
	return 0;
}

/**
 * struct lc_heap_key - a property that an entry can give its heap
 * @name: the key
 * @set: take the value into the template of requests; returns 0 or -EINVAL. The
 *	value lives as long as the template
 * @flag: instead of @set: the flag that the key sets; it has no value
 */
struct lc_heap_key {
	const char *name;
	int (*set)(struct lc_request *req, const char *value);
	unsigned int flag;
};

static const struct lc_heap_key lc_heap_keys[] = {
	{ "below", .set = lc_set_below },
	{ "above", .set = lc_set_above },
	{ "align", .set = lc_set_align },
	{ "node", .set = lc_set_node },
	{ "iomem", .set = lc_set_iomem },
	{ "pinnable", .flag = LC_PINNABLE },
	{ "uncached", .flag = LC_UNCACHED },
};

/* Can it be a file? The driver core makes a slash of an exclamation mark. */
static bool lc_heap_name_valid(const char *name)
{
	return *name && *name != '.' && strlen(name) <= NAME_MAX &&
	       !strpbrk(name, "/!");
}

/* Return: NULL, or what is wrong with it. */
static const char *lc_heap_set(struct lc_request *req, const char *key,
			       const char *value)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lc_heap_keys); i++) {
		const struct lc_heap_key *k = &lc_heap_keys[i];

		if (strcmp(key, k->name))
			continue;
		req->flags |= k->flag;
		if (!k->set)
			return value ? "takes no value" : NULL;
		return value && !k->set(req, value) ? NULL : "bad value";
	}
	return "unknown key";
}

/* Take the words of the entry apart. Return: 0, or -EINVAL after saying why. */
static int lc_heap_parse(struct lc_heap *heap)
{
	char *words = heap->nodename, *key = "name", *value;
	const char *wrong = NULL;

	strsep(&words, ":");
	heap->name = heap->nodename + strlen(LC_HEAP_DIR);
	if (!lc_heap_name_valid(heap->name))
		wrong = "not a file name";
	while (!wrong && (value = strsep(&words, ":"))) {
		key = strsep(&value, "=");
		wrong = lc_heap_set(&heap->placement, key, value);
	}
	if (!wrong && heap->placement.start_pfn >= heap->placement.end_pfn)
		wrong = "no address is left";
	/* who pins pages reaches them through the cached direct map */
	if (!wrong && heap->placement.flags & LC_PINNABLE &&
	    heap->placement.flags & LC_UNCACHED)
		wrong = "pinnable and uncached exclude each other";
	if (wrong)
		pr_err("heap \"%s\": %s: %s\n", heap->entry, key, wrong);
	return wrong ? -EINVAL : 0;
}

static void lc_heap_destroy(struct lc_heap *heap)
{
	kfree(heap->nodename);
	kfree(heap->entry);
	kfree(heap);
}

/* Return: a heap that is in no list; -ENOMEM; or -EINVAL, after saying why. */
static struct lc_heap *lc_heap_create(const char *entry)
{
	struct lc_heap *heap = kzalloc_obj(*heap);
	int ret = -ENOMEM;

	if (!heap)
		return ERR_PTR(-ENOMEM);
	INIT_LIST_HEAD(&heap->list);
	heap->placement.align = 1;
	heap->placement.end_pfn = LC_NO_LIMIT;
	heap->placement.node = NUMA_NO_NODE;
	heap->entry = kstrdup(entry, GFP_KERNEL);
	heap->nodename = kasprintf(GFP_KERNEL, LC_HEAP_DIR "%s", entry);
	if (heap->entry && heap->nodename)
		ret = lc_heap_parse(heap);
	if (!ret)
		return heap;
	lc_heap_destroy(heap);
	return ERR_PTR(ret);
}

static struct lc_heap *lc_heap_find(const char *name)
{
	struct lc_heap *heap;

	lockdep_assert_held(&lc_heaps_lock);
	list_for_each_entry(heap, &lc_heaps, list)
		if (heap->active && !strcmp(name, heap->name))
			return heap;
	return NULL;
}

/* Is there a heap of that name, of this module or of another exporter? */
static bool lc_heap_taken(const struct lc_heap *heap)
{
	struct path path;
	char *file;
	int ret;

	if (lc_heap_find(heap->name))
		return true;
	file = kasprintf(GFP_KERNEL, "/dev/%s", heap->nodename);
	ret = file ? kern_path(file, 0, &path) : -ENOMEM;
	kfree(file);
	if (!ret)
		path_put(&path);
	return !ret;
}

/* The heap that was made of this entry and removed, or a new one, in no list yet. */
static struct lc_heap *lc_heap_get(const char *entry)
{
	struct lc_heap *heap;

	lockdep_assert_held(&lc_heaps_lock);
	list_for_each_entry(heap, &lc_heaps, list)
		if (!heap->active && !strcmp(entry, heap->entry))
			return heap;
	return lc_heap_create(entry);
}

/* An active heap, without a node yet, or an ERR_PTR; the log says why. */
static struct lc_heap *lc_heap_activate(const char *entry)
{
	struct lc_heap *heap = lc_heap_get(entry);

	if (IS_ERR(heap))
		return heap;
	if (lc_heap_taken(heap)) {
		pr_err("heap \"%s\": name: taken\n", entry);
		if (list_empty(&heap->list))
			lc_heap_destroy(heap);
		return ERR_PTR(-EEXIST);
	}
	if (list_empty(&heap->list))
		list_add_tail(&heap->list, &lc_heaps);
	heap->active = true;
	return heap;
}

static int lc_heaps_activate(const char *entries, bool builtin)
{
	char *words = kstrdup(entries, GFP_KERNEL), *rest = words, *entry;
	struct lc_heap *heap;
	int ret = words ? 0 : -ENOMEM;

	guard(mutex)(&lc_heaps_lock);
	while (!ret && (entry = strsep(&rest, "; \t\n"))) {
		if (!*entry)
			continue;
		heap = lc_heap_activate(entry);
		if (IS_ERR(heap))
			ret = PTR_ERR(heap);
		else
			heap->builtin = builtin;
	}
	kfree(words);
	/* insmod takes -EEXIST for a module that is loaded already */
	return ret == -EEXIST ? -EINVAL : ret;
}

/*
 * Allocate a buffer of @len bytes, rounded up to whole pages. Returns a dma-buf
 * with one reference, owned by the caller, or an ERR_PTR: -EINVAL for a length
 * that is 0 or wraps, or an error of lc_alloc() or lc_buffer_export().
 */
static struct dma_buf *lc_heap_alloc(const struct lc_heap *heap, u64 len,
				     u32 fd_flags)
{
	struct lc_request req = heap->placement;
	struct dma_buf *dmabuf;
	struct lc_range *range;

	req.nr_pages = PAGE_ALIGN(len) >> PAGE_SHIFT;
	if (!req.nr_pages)
		return ERR_PTR(-EINVAL);
	range = lc_alloc(&req);
	if (IS_ERR(range))
		return ERR_CAST(range);
	/* one with a name is to be found by its address, without this descriptor */
	range->pristine = !heap->placement.name;
	dmabuf = lc_buffer_export(range, heap->name, fd_flags);
	lc_range_put(range);
	return dmabuf;
}

/* A heap of the kernel's class. */

static struct dma_buf *lc_core_allocate(struct dma_heap *heap,
					unsigned long len, u32 fd_flags,
					u64 heap_flags)
{
	return lc_heap_alloc(lc_dma_heap_get_drvdata(heap), len, fd_flags);
}

static const struct lc_dma_heap_ops lc_core_ops = {
	.allocate = lc_core_allocate,
};

/* Success pins the module for good. */
static int lc_core_add(struct lc_heap *heap)
{
	int ret;

	__module_get(THIS_MODULE);
	ret = lc_dma_heap_add(heap->name, &lc_core_ops, heap);
	if (ret)
		module_put(THIS_MODULE);
	return ret;
}

/*
 * A node of our own. It answers each call as the kernel's class does, down to
 * the details: only the number of an ioctl is checked, not its type or size, and
 * a struct of another size is truncated or extended with zeros.
 */

/* Create a dma-buf and reserve the file descriptor @data->fd for it. */
static struct dma_buf *lc_node_alloc(const struct lc_heap *heap,
				     struct dma_heap_allocation_data *data)
{
	struct dma_buf *dmabuf;
	int fd;

	if (data->fd ||
	    data->fd_flags & ~DMA_HEAP_VALID_FD_FLAGS ||
	    data->heap_flags & ~DMA_HEAP_VALID_HEAP_FLAGS)
		return ERR_PTR(-EINVAL);

	dmabuf = lc_heap_alloc(heap, data->len, data->fd_flags);
	if (IS_ERR(dmabuf))
		return dmabuf;

	fd = get_unused_fd_flags(data->fd_flags);
	if (fd < 0) {
		dma_buf_put(dmabuf);
		return ERR_PTR(fd);
	}
	data->fd = fd;
	return dmabuf;
}

static long lc_node_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	const struct lc_heap *heap = container_of(file->private_data,
						  struct lc_heap, misc);
	const unsigned int known = DMA_HEAP_IOCTL_ALLOC;
	struct dma_heap_allocation_data *data;
	void __user *uarg = (void __user *)arg;
	size_t in = cmd & known & IOC_IN ? _IOC_SIZE(cmd) : 0;
	size_t out = cmd & known & IOC_OUT ? _IOC_SIZE(cmd) : 0;
	struct dma_buf *dmabuf;
	int ret = 0;

	if (_IOC_NR(cmd) != _IOC_NR(known))
		return -EINVAL;
	data = kzalloc(max3(in, out, sizeof(*data)), GFP_KERNEL);
	if (!data)
		return -ENOMEM;
	if (copy_from_user(data, uarg, in)) {
		ret = -EFAULT;
		goto free_data;
	}

	dmabuf = lc_node_alloc(heap, data);
	if (IS_ERR(dmabuf)) {
		ret = PTR_ERR(dmabuf);
		goto free_data;
	}
	if (copy_to_user(uarg, data, out)) {
		put_unused_fd(data->fd);
		dma_buf_put(dmabuf);
		ret = -EFAULT;
		goto free_data;
	}
	lc_dma_buf_fd_install(dmabuf, data->fd);
free_data:
	kfree(data);
	return ret;
}

static const struct file_operations lc_node_fops = {
	.owner = THIS_MODULE,
	.open = nonseekable_open,
	.unlocked_ioctl = lc_node_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static int lc_node_add(struct lc_heap *heap, const struct file_operations *fops)
{
	heap->misc = (struct miscdevice) {
		.minor = MISC_DYNAMIC_MINOR,
		/* unique among misc devices: the control device has the bare name */
		.name = heap->nodename,
		.nodename = heap->nodename,
		.fops = fops,
	};
	return misc_register(&heap->misc);
}

static bool lc_want_core(void)
{
	return LC_HAS_DMA_HEAP_ADD && core_heap;
}

/* A node with @fops; NULL: it cannot be opened yet. The kernel's class ignores it. */
static int lc_heap_add(struct lc_heap *heap, const struct file_operations *fops)
{
	int ret;

	lockdep_assert_held(&lc_heaps_lock);
	ret = lc_want_core() ? lc_core_add(heap) : lc_node_add(heap, fops);
	if (ret) {
		pr_err("heap \"%s\": it could not be added: %d\n", heap->entry, ret);
		heap->active = false;
	}
	return ret;
}

/* Open files of it keep working. */
static void lc_heap_remove(struct lc_heap *heap)
{
	misc_deregister(&heap->misc);
	heap->active = false;
}

static int lc_heap_add_entry(const char *entry)
{
	struct lc_heap *heap = lc_heap_activate(entry);

	return IS_ERR(heap) ? PTR_ERR(heap) : lc_heap_add(heap, &lc_node_fops);
}

static int lc_heap_remove_name(const char *name)
{
	struct lc_heap *heap = lc_heap_find(name);

	if (!heap)
		return -ENOENT;
	if (lc_want_core())
		return -EOPNOTSUPP;
	if (heap->builtin)
		return -EPERM;
	lc_heap_remove(heap);
	return 0;
}

/* The file heaps of the control device: the entry of each heap, one a line. */
static ssize_t heaps_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	struct lc_heap *heap;
	ssize_t len = 0;

	guard(mutex)(&lc_heaps_lock);
	list_for_each_entry(heap, &lc_heaps, list)
		if (heap->active)
			len += sysfs_emit_at(buf, len, "%s\n", heap->entry);
	return len;
}

/* "+ENTRY" adds a heap, "-NAME" removes one. */
static ssize_t heaps_store(struct device *dev, struct device_attribute *attr,
			   const char *buf, size_t len)
{
	char *words = kstrndup(buf, len, GFP_KERNEL), *arg;
	int ret = -EINVAL;

	if (!words)
		return -ENOMEM;
	arg = strim(words);
	guard(mutex)(&lc_heaps_lock);
	if (!lc_heaps_published)
		ret = -EBUSY;
	else if (*arg == '+' && !strpbrk(arg, "; \t\n"))
		ret = lc_heap_add_entry(arg + 1);
	else if (*arg == '-')
		ret = lc_heap_remove_name(arg + 1);
	kfree(words);
	return ret ?: len;
}
static DEVICE_ATTR_RW(heaps);

/**
 * lc_heap_prepare - read the entries of all heaps
 *
 * Context: module init, as its first step: if an entry is refused nothing becomes
 * visible. lc_heap_destroy_all() must follow in any case.
 * Return: 0; -EINVAL if an entry is refused, after saying why in the log; -ENOMEM.
 */
int lc_heap_prepare(void)
{
	return lc_heaps_activate(lc_builtin_heaps, true) ?:
	       lc_heaps_activate(heaps, false);
}

/* Return: 0, or an error with none of them added. */
static int lc_heaps_add(void)
{
	struct lc_heap *heap, *added;
	bool any = false;
	int ret;

	guard(mutex)(&lc_heaps_lock);
	list_for_each_entry(heap, &lc_heaps, list) {
		ret = lc_heap_add(heap, NULL);
		if (ret && !(lc_want_core() && any))
			goto remove_heaps;
		any = true;
	}
	return 0;

remove_heaps:
	list_for_each_entry(added, &lc_heaps, list) {
		if (added == heap)
			break;
		lc_heap_remove(added);
	}
	return ret;
}

/**
 * lc_heap_init - add the heaps
 *
 * Context: module init, as its last step that can fail: a heap of the kernel's class
 * cannot be removed, and users can allocate before this returns.
 * Return: 0; -ENOMEM; or an error of dma_heap_add() or misc_register(). Once there
 * is a heap of the kernel's class an error of a further one is logged and 0
 * returned.
 */
int lc_heap_init(void)
{
	int ret;

	/* before the heaps: the udev rule asks it which of a class are of this module */
	ret = device_create_file(lc_control_device(), &dev_attr_heaps);
	if (ret)
		return ret;
	ret = lc_heaps_add();
	if (ret)
		device_remove_file(lc_control_device(), &dev_attr_heaps);
	return ret;
}

/**
 * lc_heap_publish - let the heaps be opened, and changed
 *
 * Context: module init, when nothing can fail any more.
 */
void lc_heap_publish(void)
{
	struct lc_heap *heap;

	guard(mutex)(&lc_heaps_lock);
	list_for_each_entry(heap, &lc_heaps, list)
		/* an open() sees all that init did */
		smp_store_release(&heap->misc.fops, &lc_node_fops);
	lc_heaps_published = true;
}

/**
 * lc_heap_exit - remove the heaps
 *
 * Context: module exit: none of them is in the kernel's class.
 */
void lc_heap_exit(void)
{
	struct lc_heap *heap;

	/* waits until no task is in it */
	device_remove_file(lc_control_device(), &dev_attr_heaps);
	guard(mutex)(&lc_heaps_lock);
	list_for_each_entry(heap, &lc_heaps, list)
		if (heap->active)
			lc_heap_remove(heap);
}

/**
 * lc_heap_destroy_all - free what is known of heaps
 *
 * Context: module exit, or module init with an error: none has a node.
 */
void lc_heap_destroy_all(void)
{
	struct lc_heap *heap, *next;

	list_for_each_entry_safe(heap, next, &lc_heaps, list)
		lc_heap_destroy(heap);
}

/* Where no symbol of the namespace is used, importing it has no effect. */
LC_IMPORT_NS(DMA_BUF_HEAP);
