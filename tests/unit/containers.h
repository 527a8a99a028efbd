/* SPDX-License-Identifier: GPL-2.0 */
/* Lists and trees as the kernel's, the trees without balance. */
#ifndef _UNIT_CONTAINERS_H
#define _UNIT_CONTAINERS_H

struct list_head {
	struct list_head *next, *prev;
};

#define LIST_HEAD_INIT(name)	{ &(name), &(name) }

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list;
	list->prev = list;
}

/* Behind @head. */
static inline void list_add(struct list_head *entry, struct list_head *head)
{
	assert(head->next->prev == head && head->prev->next == head);
	entry->next = head->next;
	entry->prev = head;
	head->next->prev = entry;
	head->next = entry;
}

static inline void list_del(struct list_head *entry)
{
	assert(entry->next->prev == entry && entry->prev->next == entry);
	entry->next->prev = entry->prev;
	entry->prev->next = entry->next;
	entry->next = NULL;
	entry->prev = NULL;
}

static inline void list_move(struct list_head *entry, struct list_head *head)
{
	list_del(entry);
	list_add(entry, head);
}

static inline void list_move_tail(struct list_head *entry, struct list_head *head)
{
	list_del(entry);
	list_add(entry, head->prev);
}

static inline void list_del_init(struct list_head *entry)
{
	list_del(entry);
	INIT_LIST_HEAD(entry);
}

static inline bool list_empty(const struct list_head *head)
{
	return head->next == head;
}

#define list_first_entry_or_null(head, type, member) \
	((head)->next == (head) ? NULL : \
	 container_of((head)->next, type, member))

struct rb_node {
	struct rb_node *rb_parent, *rb_left, *rb_right;
};

struct rb_root {
	struct rb_node *rb_node;
};

#define RB_ROOT			((struct rb_root){ NULL })
#define rb_entry(p, type, member)	container_of(p, type, member)
#define rb_entry_safe(p, type, member) ({ \
	__typeof__(p) p_ = (p); \
	p_ ? rb_entry(p_, type, member) : NULL; \
})

static inline void rb_add(struct rb_node *node, struct rb_root *root,
			  bool (*less)(struct rb_node *, const struct rb_node *))
{
	struct rb_node **link = &root->rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = less(node, parent) ? &parent->rb_left :
					    &parent->rb_right;
	}
	*node = (struct rb_node){ .rb_parent = parent };
	*link = node;
}

static inline struct rb_node *host_rb_end(struct rb_node *node, bool right)
{
	struct rb_node *down = node;

	while (down) {
		node = down;
		down = right ? node->rb_right : node->rb_left;
	}
	return node;
}

static inline struct rb_node *rb_last(const struct rb_root *root)
{
	return host_rb_end(root->rb_node, true);
}

static inline struct rb_node *host_rb_step(const struct rb_node *node,
					   bool right)
{
	struct rb_node *down = right ? node->rb_right : node->rb_left;

	if (down)
		return host_rb_end(down, !right);
	while (node->rb_parent &&
	       node == (right ? node->rb_parent->rb_right :
				node->rb_parent->rb_left))
		node = node->rb_parent;
	return node->rb_parent;
}

static inline struct rb_node *rb_next(const struct rb_node *node)
{
	return host_rb_step(node, true);
}

static inline struct rb_node *rb_prev(const struct rb_node *node)
{
	return host_rb_step(node, false);
}

/* What hangs on @node's parent instead of it. */
static inline void host_rb_replace(struct rb_root *root, struct rb_node *node,
				   struct rb_node *by)
{
	struct rb_node *parent = node->rb_parent;

	if (!parent) {
		assert(root->rb_node == node);
		root->rb_node = by;
	} else if (parent->rb_left == node) {
		parent->rb_left = by;
	} else {
		assert(parent->rb_right == node);
		parent->rb_right = by;
	}
	if (by)
		by->rb_parent = parent;
}

static inline void rb_erase(struct rb_node *node, struct rb_root *root)
{
	struct rb_node *next;

	if (node->rb_left && node->rb_right) {
		next = rb_next(node);
		host_rb_replace(root, next, next->rb_right);
		*next = *node;
		if (next->rb_left)
			next->rb_left->rb_parent = next;
		if (next->rb_right)
			next->rb_right->rb_parent = next;
		host_rb_replace(root, node, next);
	} else {
		host_rb_replace(root, node, node->rb_left ?: node->rb_right);
	}
	memset(node, 0xa5, sizeof(*node));
}

#endif /* _UNIT_CONTAINERS_H */
