/* Split virtqueues; virtq.h has the picture. Sections of the specification are named below. */
#include "dom0/drivers/virtq.h"

#define DESCRIPTOR_NEXT     1U
#define DESCRIPTOR_WRITES   2U
#define DESCRIPTOR_INDIRECT 4U
#define AVAILABLE_NO_IRQ    1U
#define USED_NO_NOTIFY      1U

_Static_assert(sizeof(struct virtq_page) <= PAGE_SIZE, "a queue is one page");

/* Everything before is seen by the device (another CPU of the host) before everything after; its
 * stores and ours are in order anyway, but a load may overtake a store. QEMU 7.2 leaves fences away
 * where the machine has one CPU, though its devices run beside it (mended in QEMU 8.0); at a
 * pause it has a fence of its own. That this is why one run of a hundred hung on a busy host fits,
 * but was not shown. */
static void barrier_full(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    __builtin_ia32_pause();
}

static void barrier_order(void)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* The two indices of events lie behind as many entries as the queue has. */
static volatile u16 *our_event(struct virtq *q)
{
    return q->page->available.chains + q->size;
}

static volatile u16 *their_event(struct virtq *q)
{
    return (u16 *)((u8 *)q->page->used.done + q->size * sizeof(q->page->used.done[0]));
}

void virtq_init(struct virtq *q, struct virtq_page *page, u16 size, bool event_index)
{
    *q = (struct virtq){.page = page, .size = size, .free = size, .event_index = event_index};
    for (u16 n = 0; n < size; n++)
        page->descriptors[n].next = (u16)(n + 1);
    if (!event_index)
        page->available.flags = AVAILABLE_NO_IRQ;
}

static void piece_write(struct virtq_descriptor *d, const struct virtq_piece *piece, bool last)
{
    d->address = piece->address;
    d->bytes = piece->bytes;
    d->flags = (u16)((piece->device_writes ? DESCRIPTOR_WRITES : 0) | (last ? 0 : DESCRIPTOR_NEXT));
}

/* A chain in the queue: free descriptors are linked as a chain is (2.4.5). */
static void chain_write(struct virtq *q, const struct virtq_piece *pieces, u32 count)
{
    u16 at = q->free_first;

    for (u32 n = 0; n < count; n++) {
        piece_write(&q->page->descriptors[at], &pieces[n], n + 1 == count);
        at = q->page->descriptors[at].next;
    }
    q->free_first = at;
    q->free = (u16)(q->free - count);
}

/* A chain in a table (2.4.5.3). */
static void table_write(struct virtq *q, const struct virtq_piece *pieces, u32 count,
                        struct virtq_descriptor *table, u64 table_at)
{
    struct virtq_descriptor *d = &q->page->descriptors[q->free_first];

    for (u32 n = 0; n < count; n++) {
        piece_write(&table[n], &pieces[n], n + 1 == count);
        table[n].next = (u16)(n + 1);
    }
    d->address = table_at;
    d->bytes = count * (u32)sizeof(*table);
    d->flags = DESCRIPTOR_INDIRECT;
    q->free_first = d->next;
    q->free--;
}

bool virtq_give(struct virtq *q, const struct virtq_piece *pieces, u32 count, void *owner,
                struct virtq_descriptor *table, u64 table_at)
{
    u16 first = q->free_first;

    if (!count || q->broken || q->free < (table ? 1 : count))
        return false;
    if (table)
        table_write(q, pieces, count, table, table_at);
    else
        chain_write(q, pieces, count);
    q->owners[first] = owner;
    q->page->available.chains[q->given++ % q->size] = first;
    barrier_order();
    ACCESS_ONCE(q->page->available.index) = q->given;
    return true;
}

/* Did the index pass `event` on its way from `old` to `now` (2.4.7.2)? */
static bool event_passed(u16 event, u16 now, u16 old)
{
    return (u16)(now - event - 1) < (u16)(now - old);
}

void virtq_tell(struct virtq *q)
{
    u16 told = q->told;
    bool wanted;

    if (told == q->given)
        return;
    q->told = q->given;
    barrier_full();
    wanted = q->event_index ? event_passed(*their_event(q), q->given, told)
                            : !(ACCESS_ONCE(q->page->used.flags) & USED_NO_NOTIFY);
    if (!wanted)
        return;
    q->notifications++;
    *q->doorbell = q->number;
}

/* The chain's descriptors are free again. */
static void chain_free(struct virtq *q, u16 first)
{
    struct virtq_descriptor *d = &q->page->descriptors[first];

    for (q->free++; d->flags & DESCRIPTOR_NEXT; q->free++)
        d = &q->page->descriptors[d->next];
    d->next = q->free_first;
    q->free_first = first;
}

void *virtq_take(struct virtq *q, u32 *bytes)
{
    u16 index = ACCESS_ONCE(q->page->used.index), at = q->taken % q->size;
    u32 chain;
    void *owner;

    if (index == q->taken || q->broken)
        return NULL;
    if (!q->event_index)
        ACCESS_ONCE(q->page->available.flags) = AVAILABLE_NO_IRQ;
    barrier_order();
    chain = ACCESS_ONCE(q->page->used.done[at].chain);
    *bytes = ACCESS_ONCE(q->page->used.done[at].bytes);
    if (chain >= q->size || !q->owners[chain]) {
        q->broken = true;
        return NULL;
    }
    owner = q->owners[chain];
    q->owners[chain] = NULL;
    chain_free(q, (u16)chain);
    q->taken++;
    return owner;
}

bool virtq_wait(struct virtq *q)
{
    if (q->event_index)
        *our_event(q) = q->taken;
    else
        ACCESS_ONCE(q->page->available.flags) = 0;
    barrier_full();
    return ACCESS_ONCE(q->page->used.index) != q->taken && !q->broken;
}
