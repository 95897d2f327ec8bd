/*
 * Records into a ring of bytes whose size is no power of two: prod and cons run modulo twice the
 * size, so that full and empty differ. A record never goes round the end: what is left there is
 * filled by a record that says nothing. See trace_buffer.h.
 *
 * What a record needs is computed before anything is written: the filler, a record of how many were
 * lost before it, a filler again. It is written whole or not at all.
 */
#include "hypervisor/debug/trace_buffer.h"

#include "xen-like/lib/string.h"

#define TIME_WORDS 2u
#define LOST_WORDS 4u
#define WORD       ((u32)sizeof(u32))
#define TIMED      (1u << 31)

static u32 record_bytes(u32 words, bool time)
{
    return (1 + words + (time ? TIME_WORDS : 0)) * WORD;
}

static u32 advance(const struct trace_buffer *b, u32 at, u32 bytes)
{
    at += bytes;
    return at >= 2 * b->size ? at - 2 * b->size : at;
}

static u32 offset(const struct trace_buffer *b, u32 at)
{
    return at >= b->size ? at - b->size : at;
}

static u32 *word_at(const struct trace_buffer *b, u32 at)
{
    return (u32 *)((u8 *)(b->shared + 1) + offset(b, at));
}

/* What a record of @bytes takes at @at, the filler before it included. */
static u32 room_for(const struct trace_buffer *b, u32 at, u32 bytes)
{
    u32 left = b->size - offset(b, at);

    return bytes > left ? left + bytes : bytes;
}

static void publish(struct trace_buffer *b, u32 bytes)
{
    b->prod = advance(b, b->prod, bytes);
    __atomic_store_n(&b->shared->prod, b->prod, __ATOMIC_RELEASE);
}

/* A record has at most seven words, but for its time: it makes up for two more. */
static void fill(struct trace_buffer *b, u32 bytes, u64 tsc)
{
    u32 words = bytes / WORD - 1, *to = memset(word_at(b, b->prod), 0, bytes);
    bool time = words > TRACE_EXTRA_MAX;

    to[0] = TRC_TRACE_WRAP_BUFFER | (words - (time ? TIME_WORDS : 0)) << TRACE_EXTRA_SHIFT |
            (time ? TIMED : 0);
    if (time) {
        to[1] = (u32)tsc;
        to[2] = (u32)(tsc >> 32);
    }
    publish(b, bytes);
}

static inline void write(struct trace_buffer *b, u32 event, u32 count, const u32 *words, u64 tsc)
{
    u32 *to = word_at(b, b->prod);

    *to++ = event | count << TRACE_EXTRA_SHIFT | TIMED;
    *to++ = (u32)tsc;
    *to++ = (u32)(tsc >> 32);
    for (u32 i = 0; i < count; i++)
        *to++ = words[i];
    publish(b, record_bytes(count, true));
}

/* The same wherever the end is. */
static void write_on(struct trace_buffer *b, u32 event, u32 count, const u32 *words, u64 tsc)
{
    u32 bytes = record_bytes(count, true), room = room_for(b, b->prod, bytes);

    if (room != bytes)
        fill(b, room - bytes, tsc);
    write(b, event, count, words, tsc);
}

static u32 used_from(const struct trace_buffer *b, u32 first)
{
    return first <= b->prod ? b->prod - first : b->prod + 2 * b->size - first;
}

/* The oldest go, until @room bytes are free, which is far less than there are. Their sizes are in
 * pages that others may write: whatever they say, it is 4 to 40 bytes. */
static void forget_for(struct trace_buffer *b, u32 room)
{
    while (b->size - used_from(b, b->first) < room) {
        u32 header = *word_at(b, b->first);

        b->first = advance(b, b->first, record_bytes(TRC_HD_EXTRA(header), header & TIMED));
        __atomic_store_n(&b->shared->cons, b->first, __ATOMIC_RELEASE);
    }
}

static void lost_write(struct trace_buffer *b, u64 tsc, u32 who)
{
    const u32 words[LOST_WORDS] = {b->lost, who, (u32)b->lost_since, (u32)(b->lost_since >> 32)};

    b->lost = 0;
    write_on(b, TRC_LOST_RECORDS, LOST_WORDS, words, tsc);
}

static __attribute__((noinline)) bool put_slow(struct trace_buffer *b, u32 event, u32 count,
                                               const u32 *words, u64 tsc, u32 who, u32 used)
{
    u32 lost = b->lost ? room_for(b, b->prod, record_bytes(LOST_WORDS, true)) : 0;
    u32 room = lost + room_for(b, advance(b, b->prod, lost), record_bytes(count, true));

    if (b->keep_last)
        forget_for(b, room);
    else if (room > b->size - used) {
        if (!b->lost++)
            b->lost_since = tsc;
        return false;
    }
    if (b->lost)
        lost_write(b, tsc, who);
    write_on(b, event, count, words, tsc);
    return true;
}

enum trace_put trace_buffer_put(struct trace_buffer *b, u32 event, u32 count, const u32 *words,
                                u64 tsc, u32 who)
{
    u32 cons = b->keep_last ? b->first : __atomic_load_n(&b->shared->cons, __ATOMIC_ACQUIRE);
    u32 used = used_from(b, cons), bytes = record_bytes(count, true);

    if (unlikely(cons % WORD || cons >= 2 * b->size || used > b->size))
        return TRACE_PUT_BAD;
    if (unlikely(b->lost) && b->size - used < record_bytes(LOST_WORDS, true) + bytes) {
        b->lost++; /* at least so much is needed: of one that keeps the last none is lost */
        return TRACE_PUT_LOST;
    }
    if (likely(!b->lost && bytes <= b->size - used && bytes <= b->size - offset(b, b->prod)))
        write(b, event, count, words, tsc);
    else if (!put_slow(b, event, count, words, tsc, who, used))
        return TRACE_PUT_LOST;
    return used < b->size / 2 && used_from(b, cons) >= b->size / 2 && !b->keep_last ? TRACE_PUT_HALF
                                                                                    : TRACE_PUT;
}
