/* Sessions of block devices: made, ended, and what they wait for. See block_session.h. */
#include "dom0/backend/block_session.h"

#include "dom0/mm/heap.h"
#include "guest-kernel/event/event.h"

static struct list sessions = LIST_INIT(sessions);

struct block_session *session_new(struct device *device, struct block_statistics *statistics,
                                  struct disk *disk, const struct block_layout *layout, u32 queues)
{
    struct block_session *s = heap_alloc(sizeof(*s) + queues * sizeof(s->queues[0]));

    if (!s)
        return NULL;
    *s = (struct block_session){.device = device,
                                .statistics = statistics,
                                .disk = disk,
                                .guest = device->guest,
                                .layout = layout,
                                .holds = 1};
    list_add_tail(&sessions, &s->link);
    return s;
}

static void queue_event(u32 port, void *data)
{
    struct block_queue *q = data;

    q->session->statistics->notifications_received++;
    work_raise_on_event(port, &q->work);
}

int session_add_queue(struct block_session *s, const grant_ref_t *refs, u32 pages, u32 port)
{
    struct block_queue *q = &s->queues[s->count];
    int answer;
    long bound;

    *q = (struct block_queue){.session = s};
    work_init(&q->work, queue_run);
    list_init(&q->finished);
    list_init(&q->order);
    answer = granted_map(&q->pages, s->guest, refs, pages, true);
    if (answer)
        return answer;
    if (ring_back_attach(&q->ring, q->pages.at, pages * PAGE_SIZE, block_entry_size(s->layout)))
        bound = -XEN_EINVAL;
    else
        bound = event_bind_interdomain(s->guest, port, queue_event, q);
    if (bound < 0) {
        granted_unmap(&q->pages);
        return (int)bound;
    }
    q->port = (u32)bound;
    s->count++;
    return 0;
}

void session_wake(struct block_session *s)
{
    for (u32 n = 0; n < s->count; n++)
        work_raise(&s->queues[n].work);
}

void session_end(struct block_session *s)
{
    for (u32 n = 0; n < s->count; n++) {
        work_close_port(&s->queues[n].work, s->queues[n].port);
        granted_unmap(&s->queues[n].pages);
    }
    s->device = NULL;
    s->statistics = NULL;
    session_put(s);
}

void session_put(struct block_session *s)
{
    if (--s->holds)
        return;
    for (u32 n = 0; n < s->count; n++)
        work_drop(&s->queues[n].work);
    list_remove(&s->link);
    heap_free(s);
    LIST_FOR_EACH(link, &sessions)
    {
        session_wake(LIST_ENTRY(link, struct block_session, link));
    }
}

bool session_must_wait(const struct block_session *s)
{
    LIST_FOR_EACH(link, &sessions)
    {
        struct block_session *other = LIST_ENTRY(link, struct block_session, link);

        if (other != s && !other->device && disks_overlap(s->disk, other->disk))
            return true;
    }
    return false;
}
