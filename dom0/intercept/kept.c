/* See kept.h. */
#include "dom0/intercept/kept.h"

#include "dom0/mm/heap.h"
#include "dom0/toolstack/guests.h"
#include "xen-like/lib/list.h"
#include "xen-like/lib/string.h"

struct kept {
    struct list link;
    char *name, *text;
};

static struct list all = LIST_INIT(all);

static struct kept *kept_named(const char *name)
{
    LIST_FOR_EACH(link, &all)
    {
        struct kept *kept = LIST_ENTRY(link, struct kept, link);

        if (!strcmp(kept->name, name))
            return kept;
    }
    return NULL;
}

static struct kept *kept_new(const char *name)
{
    struct kept *kept = heap_alloc(sizeof(*kept));

    if (!kept)
        return NULL;
    kept->name = heap_text(name);
    if (kept->name) {
        list_add_tail(&all, &kept->link);
        return kept;
    }
    heap_free(kept);
    return NULL;
}

bool kept_put(const char *name, char *text)
{
    struct kept *kept = kept_named(name);

    if (!kept)
        kept = kept_new(name);
    if (kept) {
        heap_free(kept->text);
        kept->text = text;
    } else {
        heap_free(text);
    }
    return kept;
}

struct blob kept_find(const char *name)
{
    const struct kept *kept = kept_named(name);

    return kept ? (struct blob){kept->text, strlen(kept->text)} : guests_file(name);
}

const char *kept_name_at(unsigned int index)
{
    LIST_FOR_EACH(link, &all)
    {
        if (!index--)
            return LIST_ENTRY(link, struct kept, link)->name;
    }
    return NULL;
}
