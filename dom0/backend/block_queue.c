/*
 * A block ring at work. What waits in the ring becomes jobs, a batch at a time, and the batch goes
 * through four steps together, so that each is one hypercall for many requests:
 *
 *   take      requests are copied out of the ring and decoded
 *   fetch     lists of segments of indirect ones are copied from the guest
 *   map       all segments' frames are mapped, for the device alone
 *   start     the disk is given what could be mapped; it answers when it likes
 *
 * and, when the disk has answered some, finish: frames are unmapped, then responses put, then one
 * notification sent if the frontend asked for it. A response is never seen before its frames are
 * free of us: the frontend takes its grants back when it sees it.
 *
 * Responses are put in the order of their requests, whatever the disk did first. For a response
 * lies over the request of its place; were that one still at work, a backend that follows us on
 * this ring could not do it again.
 */
#include "dom0/backend/block_session.h"
#include "dom0/backend/ring_trace.h"
#include "dom0/mm/heap.h"
#include "guest-kernel/event/event.h"

#define BATCH     32u /* requests: then others' work has its turn */
#define STEPS_MAX 3

struct block_job {
    struct list link;  /* of the batch, of the finished, or of the free */
    struct list order; /* of the queue's */
    bool done;
    struct block_queue *queue;
    struct block_request request;
    s16 status, fetched;                  /* a BLKIF_RSP_*; a GNTST_* */
    u8 steps[STEPS_MAX], step, last_step; /* what the disk is to do: DISK_* */
    u32 mapped;
    struct disk_request disk_request;
    struct blkif_request_segment list[SESSION_SEGMENTS_MAX];
    struct granted_slot *slots[SESSION_SEGMENTS_MAX];
    struct disk_segment pieces[SESSION_SEGMENTS_MAX];
};

_Static_assert(sizeof(struct block_job) <= 2032,
               "it lies within a page: the hypervisor copies to it");

static struct list free_jobs = LIST_INIT(free_jobs);
static struct granted_maps maps;
static struct granted_unmaps unmaps;
static struct granted_copies copies;

static struct block_job *job_new(struct block_queue *q, const struct block_request *request)
{
    struct list *link = list_take_first(&free_jobs);
    struct block_job *job =
        link ? LIST_ENTRY(link, struct block_job, link) : heap_alloc(sizeof(*job));

    if (!job)
        return NULL;
    list_init(&job->link);
    list_add_tail(&q->order, &job->order);
    job->queue = q;
    job->done = false;
    job->request = *request;
    job->status = BLKIF_RSP_OKAY;
    job->step = job->last_step = 0;
    job->mapped = 0;
    q->session->holds++;
    return job;
}

static void job_add_step(struct block_job *job, enum disk_operation operation)
{
    job->steps[job->last_step++] = (u8)operation;
}

/* What the disk does for it. A barrier: all before it is on the disk before it is, and it before
 * all after it. */
static void job_plan(struct block_job *job)
{
    u8 operation = job->request.operation;

    if (operation == BLKIF_OP_DISCARD)
        job_add_step(job, DISK_DISCARD);
    if (operation == BLKIF_OP_READ)
        job_add_step(job, DISK_READ);
    if (operation == BLKIF_OP_FLUSH_DISKCACHE || operation == BLKIF_OP_WRITE_BARRIER)
        job_add_step(job, DISK_FLUSH);
    if (job->request.count && operation != BLKIF_OP_READ && operation != BLKIF_OP_DISCARD)
        job_add_step(job, DISK_WRITE);
    if (job->request.count && operation == BLKIF_OP_WRITE_BARRIER)
        job_add_step(job, DISK_FLUSH);
}

static s16 status_of(int answer)
{
    if (!answer)
        return BLKIF_RSP_OKAY;
    return answer == -XEN_EOPNOTSUPP ? BLKIF_RSP_EOPNOTSUPP : BLKIF_RSP_ERROR;
}

static void job_finish(struct block_job *job, s16 status)
{
    job->status = status;
    list_add_tail(&job->queue->finished, &job->link);
    work_raise(&job->queue->work);
}

static void job_go_on(struct block_job *job)
{
    struct disk_request *r = &job->disk_request;
    int answer = 0;

    if (job->step < job->last_step) {
        r->operation = job->steps[job->step++];
        answer = disk_submit(job->queue->session->disk, r);
        if (!answer)
            return;
    }
    job_finish(job, status_of(answer));
}

static void job_disk_done(struct disk_request *request, int answer)
{
    struct block_job *job = CONTAINER_OF(request, struct block_job, disk_request);

    if (answer)
        job_finish(job, status_of(answer));
    else
        job_go_on(job);
}

/* ---- What the trace is told -------------------------------------------------------------------
 */

static u32 number_of(const struct block_queue *q)
{
    return ring_trace_number(q->session->guest, XL_RING_BLOCK, q->session->device->id);
}

static u64 id_of(const struct block_queue *q, const struct block_request *request)
{
    return ring_trace_id(request->id, (u32)(q - q->session->queues));
}

static void response_put(struct block_queue *q, const struct block_request *request, s16 status)
{
    block_response_put(&q->ring, q->session->layout, request, status);
    ring_trace_response(number_of(q), id_of(q, request), status);
}

/* ---- Take ------------------------------------------------------------------------------------ */

/* What is to be answered at once, as far as that is known before the disk is asked. */
static s16 request_check(const struct block_session *s, const struct block_request *r)
{
    bool writes =
        r->operation != BLKIF_OP_READ && (r->operation != BLKIF_OP_FLUSH_DISKCACHE || r->count);

    if (r->operation == BLKIF_OP_DISCARD && r->secure)
        return BLKIF_RSP_EOPNOTSUPP;
    return writes && !s->writable ? BLKIF_RSP_ERROR : BLKIF_RSP_OKAY;
}

static void request_taken(struct block_queue *q, const struct block_request *request, s16 status,
                          struct list *jobs)
{
    struct block_session *s = q->session;
    struct block_job *job;

    s->statistics->requests++;
    ring_trace_request(&q->ring, number_of(q), id_of(q, request));
    if (status == BLKIF_RSP_OKAY)
        status = request_check(s, request);
    job = job_new(q, request);
    s->statistics->refused += !job || status != BLKIF_RSP_OKAY;
    if (!job) {
        response_put(q, request, BLKIF_RSP_ERROR);
        return;
    }
    if (status == BLKIF_RSP_OKAY && request->operation == BLKIF_OP_WRITE_BARRIER) {
        s->barrier = job;
        s->barrier_begun = false;
    } else {
        s->under_way++;
    }
    if (status != BLKIF_RSP_OKAY) {
        job_finish(job, status);
        return;
    }
    job_plan(job);
    list_add_tail(jobs, &job->link);
}

/* 1: there is more than a batch; 0: all was taken, or a barrier stands; or RING_BROKEN. */
static s32 requests_take(struct block_queue *q, struct list *jobs)
{
    struct block_request request;
    s16 status;

    for (u32 n = 0; n < BATCH; n++) {
        s32 some;

        if (q->session->barrier)
            return 0;
        some = block_request_take(&q->ring, q->session->layout, SESSION_SEGMENTS_MAX, &request,
                                  &status);
        if (some == 1)
            request_taken(q, &request, status, jobs);
        else if (some == 0)
            some = ring_back_final_check(&q->ring, 1);
        if (some <= 0)
            return some;
    }
    return 1;
}

/* ---- Fetch, map, start ----------------------------------------------------------------------- */

static void list_fetch(struct block_job *job)
{
    struct block_request *r = &job->request;
    u32 bytes = r->count * (u32)sizeof(job->list[0]);

    if (!r->indirect) {
        memcpy(job->list, r->segments, bytes);
        return;
    }
    job->queue->session->statistics->copies++;
    granted_copy(&copies, job->queue->session->guest, r->pages[0], 0, job->list, bytes, false,
                 &job->fetched);
}

/* Is the list what it should be? Of an indirect request that is known only now. */
static bool list_is_good(struct block_job *job)
{
    struct block_request *r = &job->request;

    if (!r->indirect)
        return true;
    if (job->fetched != GNTST_okay)
        return false;
    r->sectors = block_segments_sum(job->list, r->count);
    return r->sectors;
}

static void job_map(struct block_job *job)
{
    u32 use =
        job->request.operation == BLKIF_OP_READ ? GRANTED_DEVICE_WRITES : GRANTED_DEVICE_READS;

    if (!list_is_good(job)) {
        job->status = BLKIF_RSP_ERROR;
        return;
    }
    while (job->mapped < job->request.count) {
        struct granted_slot *slot =
            granted_slot_map(&maps, job->queue->session->guest, job->list[job->mapped].gref, use);

        if (!slot) {
            job->status = BLKIF_RSP_ERROR;
            return;
        }
        job->slots[job->mapped++] = slot;
    }
    job->queue->session->statistics->segments += job->mapped;
}

/* The segments in machine memory; false: not all could be mapped. */
static bool pieces_fill(struct block_job *job)
{
    for (u32 n = 0; n < job->mapped; n++) {
        const struct blkif_request_segment *segment = &job->list[n];

        if (job->slots[n]->status != GNTST_okay)
            return false;
        job->pieces[n].address = job->slots[n]->machine + segment->first_sect * BLOCK_SECTOR;
        job->pieces[n].bytes = (segment->last_sect - segment->first_sect + 1u) * BLOCK_SECTOR;
    }
    return job->status == BLKIF_RSP_OKAY;
}

static void request_count(const struct block_job *job)
{
    struct block_statistics *statistics = job->queue->session->statistics;

    if (job->request.operation == BLKIF_OP_READ) {
        statistics->reads++;
        statistics->sectors_read += job->request.sectors;
    } else if (job->request.count) {
        statistics->writes++;
        statistics->sectors_written += job->request.sectors;
    }
}

static void barrier_try(struct block_session *s)
{
    if (!s->barrier || s->barrier_begun || s->under_way)
        return;
    s->barrier_begun = true;
    job_go_on(s->barrier);
}

static void job_start(struct block_job *job)
{
    struct block_session *s = job->queue->session;

    if (!pieces_fill(job)) {
        s->statistics->refused++;
        s->barrier_begun |= job == s->barrier;
        job_finish(job, BLKIF_RSP_ERROR);
        return;
    }
    request_count(job);
    job->disk_request = (struct disk_request){.sector = job->request.sector,
                                              .sectors = job->request.sectors,
                                              .segments = job->pieces,
                                              .count = job->mapped,
                                              .done = job_disk_done};
    if (job != s->barrier)
        job_go_on(job);
}

static void batch_do(struct block_session *s, struct list *jobs)
{
    struct list *link;

    LIST_FOR_EACH(each, jobs)
    {
        list_fetch(LIST_ENTRY(each, struct block_job, link));
    }
    granted_copies_flush(&copies);
    LIST_FOR_EACH(each, jobs)
    {
        job_map(LIST_ENTRY(each, struct block_job, link));
    }
    granted_maps_flush(&maps);
    while ((link = list_take_first(jobs)))
        job_start(LIST_ENTRY(link, struct block_job, link));
    barrier_try(s);
}

/* ---- Finish ---------------------------------------------------------------------------------- */

static void job_settle(struct block_job *job)
{
    struct block_session *s = job->queue->session;

    job->done = true;
    if (job == s->barrier) {
        s->barrier = NULL;
        session_wake(s);
    } else {
        s->under_way--;
    }
}

/* Those that are done, up to the first that is not. */
static void answers_put(struct block_queue *q)
{
    struct block_session *s = q->session;

    while (!list_is_empty(&q->order)) {
        struct block_job *job = LIST_ENTRY(q->order.next, struct block_job, order);

        if (!job->done)
            return;
        list_remove(&job->order);
        if (s->device)
            response_put(q, &job->request, job->status);
        list_add_head(&free_jobs, &job->link);
        session_put(s);
    }
}

static void finished_answer(struct block_queue *q)
{
    struct list *link;

    LIST_FOR_EACH(each, &q->finished)
    {
        struct block_job *job = LIST_ENTRY(each, struct block_job, link);

        for (u32 n = 0; n < job->mapped; n++)
            granted_slot_unmap(&unmaps, job->slots[n]);
    }
    granted_unmaps_flush(&unmaps);
    while ((link = list_take_first(&q->finished)))
        job_settle(LIST_ENTRY(link, struct block_job, link));
    answers_put(q);
    barrier_try(q->session);
}

static void responses_push(struct block_queue *q)
{
    if (!ring_back_push(&q->ring))
        return;
    q->session->statistics->notifications_answered++;
    event_send(q->port);
}

void queue_run(struct work *work)
{
    struct block_queue *q = CONTAINER_OF(work, struct block_queue, work);
    struct block_session *s = q->session;
    struct list jobs = LIST_INIT(jobs);
    s32 more = 0;

    s->holds++;
    finished_answer(q);
    if (s->device && !session_must_wait(s))
        more = requests_take(q, &jobs);
    batch_do(s, &jobs);
    if (s->device)
        responses_push(q);
    if (more > 0)
        work_raise(&q->work);
    if (more < 0)
        device_fail(s->device, "the ring's indices are impossible");
    session_put(s);
}
