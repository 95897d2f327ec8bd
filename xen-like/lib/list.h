/*
 * Doubly linked lists whose links live inside the things that they connect: no allocation to join a
 * list, and leaving one needs only the link itself. A list is a ring through its head, so neither
 * end is a special case; an empty list is a head that points to itself, and so is a link that is on
 * no list (list_remove leaves it so), which makes list_is_empty(&thing->link) a fair question.
 * No locking here: who owns the list says which lock guards it.
 */
#ifndef XEN_LIKE_LIB_LIST_H
#define XEN_LIKE_LIB_LIST_H

#include "xen-like/lib/types.h"

struct list {
    struct list *next;
    struct list *prev;
};

/* A static initialiser: struct list waiters = LIST_INIT(waiters); */
#define LIST_INIT(name)                                                                            \
    {                                                                                              \
        &(name), &(name)                                                                           \
    }

/* The structure of type t whose member m is the link l. */
#define LIST_ENTRY(l, t, m) CONTAINER_OF(l, t, m)

/* Visits every link; the body must not remove the one that it stands on. */
#define LIST_FOR_EACH(l, head) for (struct list *l = (head)->next; l != (head); l = l->next)

/* The same, and the body may remove (or free) the link that it stands on, but no other. */
#define LIST_FOR_EACH_SAFE(l, after, head)                                                         \
    for (struct list *l = (head)->next, *after = l->next; l != (head); l = after, after = l->next)

static inline void list_init(struct list *head)
{
    head->next = head;
    head->prev = head;
}

static inline bool list_is_empty(const struct list *head)
{
    return head->next == head;
}

static inline void list_insert_between(struct list *link, struct list *prev, struct list *next)
{
    link->prev = prev;
    link->next = next;
    prev->next = link;
    next->prev = link;
}

static inline void list_add_head(struct list *head, struct list *link)
{
    list_insert_between(link, head, head->next);
}

static inline void list_add_tail(struct list *head, struct list *link)
{
    list_insert_between(link, head->prev, head);
}

/* Harmless on a link that is on no list. */
static inline void list_remove(struct list *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    list_init(link);
}

/* The first link, removed from the list; NULL if there is none. */
static inline struct list *list_take_first(struct list *head)
{
    struct list *first = head->next;

    if (first == head)
        return NULL;
    list_remove(first);
    return first;
}

#endif
