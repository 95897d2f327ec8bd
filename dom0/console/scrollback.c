/* See scrollback.h. */
#include "dom0/console/scrollback.h"
#include "dom0/mm/heap.h"

#include "xen-like/lib/string.h"

static char **page_of(const struct scrollback *s, u64 at)
{
    return (char **)&s->pages[at / PAGE_SIZE % SCROLLBACK_PAGES];
}

void scrollback_put(struct scrollback *s, const char *text, size_t length)
{
    while (length) {
        char **page = page_of(s, s->end);
        size_t n = MIN(length, PAGE_SIZE - s->end % PAGE_SIZE);

        if (!*page)
            *page = heap_alloc(PAGE_SIZE);
        if (!*page)
            return; /* no memory: what is kept already is worth more than dom0's end */
        memcpy(*page + s->end % PAGE_SIZE, text, n);
        s->end += n;
        text += n;
        length -= n;
    }
}

size_t scrollback_next(const struct scrollback *s, u64 *at, const char **piece)
{
    u64 oldest = s->end > SCROLLBACK_BYTES ? s->end - SCROLLBACK_BYTES : 0;
    u64 from = MAX(*at, oldest);
    size_t length = MIN(s->end - MIN(from, s->end), PAGE_SIZE - from % PAGE_SIZE);

    *piece = length ? *page_of(s, from) + from % PAGE_SIZE : NULL;
    *at = from + length;
    return length;
}

void scrollback_free(struct scrollback *s)
{
    for (unsigned int i = 0; i < SCROLLBACK_PAGES; i++)
        heap_free(s->pages[i]);
    *s = (struct scrollback){0};
}
