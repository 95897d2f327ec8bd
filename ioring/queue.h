/*
 * The names of keys in a frontend's directory that say where rings and event channels are, as
 * io/blkif.h and io/netif.h give them ("Multiple hardware queues", "Multiple transmit and receive
 * queues"): a device with one queue has them in the directory itself, one with more below queue-N;
 * a ring of more than one page has one reference for each, numbered.
 */
#ifndef IORING_QUEUE_H
#define IORING_QUEUE_H

#include "xen-like/lib/fmt.h"

#define QUEUE_KEY_SIZE 48

/* "event-channel", or "queue-2/event-channel". */
static inline const char *queue_key(char key[QUEUE_KEY_SIZE], u32 queues, u32 queue,
                                    const char *name)
{
    if (queues > 1)
        fmt_snprintf(key, QUEUE_KEY_SIZE, "queue-%u/%s", queue, name);
    else
        fmt_snprintf(key, QUEUE_KEY_SIZE, "%s", name);
    return key;
}

/* "ring-ref", or "queue-2/ring-ref3" of a ring with several pages. */
static inline const char *queue_page_key(char key[QUEUE_KEY_SIZE], u32 queues, u32 queue,
                                         const char *name, u32 pages, u32 page)
{
    char numbered[QUEUE_KEY_SIZE / 2];

    if (pages <= 1)
        return queue_key(key, queues, queue, name);
    fmt_snprintf(numbered, sizeof(numbered), "%s%u", name, page);
    return queue_key(key, queues, queue, numbered);
}

#endif
