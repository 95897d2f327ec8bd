/*
 * One CPU's trace buffer: public/trace.h's t_buf at the beginning of some pages, records behind it.
 *
 * Its CPU alone writes it, with interrupts off, so there is no lock: the record first, then `prod`
 * with release, and a reader on any CPU has whole records up to there. The pages are the reader's
 * to write: his is `cons`. So nothing there is believed: where to write next is kept here, and a
 * `cons` that cannot be stops the recording.
 */
#ifndef HYPERVISOR_DEBUG_TRACE_BUFFER_H
#define HYPERVISOR_DEBUG_TRACE_BUFFER_H

#include "xen-like/abi/trace.h"
#include "xen-like/lib/types.h"

struct trace_buffer {
    struct t_buf *shared; /* NULL: there is none */
    u32 size;             /* bytes of records: X of public/trace.h */
    u32 prod;             /* < 2 * size; what shared->prod says */
    u32 first;            /* likewise: the oldest record, of one that keeps the last */
    u32 lost;             /* records since the last that found room */
    u64 lost_since;       /* TSC of the first of those */
    bool keep_last; /* the oldest records are forgotten for new ones; nobody reads meanwhile */
};

enum trace_put {
    TRACE_PUT,
    TRACE_PUT_HALF, /* and now the buffer is half full: the reader is to be told */
    TRACE_PUT_LOST, /* no room: counted */
    TRACE_PUT_BAD,  /* the reader has written nonsense */
};

/* A record of @event with @count words (at most TRACE_EXTRA_MAX) and the time @tsc. @who ran, as
 * vcpu << 16 | domain, goes into the record that says how many were lost. */
enum trace_put trace_buffer_put(struct trace_buffer *b, u32 event, u32 count, const u32 *words,
                                u64 tsc, u32 who);

#endif
