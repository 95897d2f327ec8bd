/*
 * Block requests: see block.h. The entry is in private memory when it comes here, so fields are
 * read where the layout's offsets say, one after the other, without fear that they change.
 */
#include "ioring/block.h"

/* Offsets of what lies elsewhere in the other layout. operation, and what follows it in one byte or
 * two, is first in both. */
struct block_layout {
    const char *protocol;
    u8 entry_size, request_size, response_size;
    u8 id, sector, handle, segments;
    u8 discard_sectors;
    u8 indirect_handle, indirect_pages;
    u8 response_operation, response_status;
};

#define LAYOUT(protocol, blkif)                                                                    \
    {                                                                                              \
        protocol, sizeof(union blkif##_sring_entry), sizeof(struct blkif##_request),               \
            sizeof(struct blkif##_response), offsetof(struct blkif##_request, id),                 \
            offsetof(struct blkif##_request, sector_number),                                       \
            offsetof(struct blkif##_request, handle), offsetof(struct blkif##_request, seg),       \
            offsetof(struct blkif##_request_discard, nr_sectors),                                  \
            offsetof(struct blkif##_request_indirect, handle),                                     \
            offsetof(struct blkif##_request_indirect, indirect_grefs),                             \
            offsetof(struct blkif##_response, operation),                                          \
            offsetof(struct blkif##_response, status)                                              \
    }

static const struct block_layout layouts[] = {
    LAYOUT(XEN_IO_PROTO_ABI_NATIVE, blkif),
    LAYOUT(XEN_IO_PROTO_ABI_OTHER, blkif_other),
};

/* What the table takes for granted: the first fields, and what all kinds of request share. */
#define SHARED(blkif)                                                                              \
    _Static_assert(offsetof(struct blkif##_request, operation) == 0, "operation");                 \
    _Static_assert(offsetof(struct blkif##_request, nr_segments) == 1, "nr_segments");             \
    _Static_assert(offsetof(struct blkif##_request_discard, flag) == 1, "flag");                   \
    _Static_assert(offsetof(struct blkif##_request_indirect, indirect_op) == 1, "indirect_op");    \
    _Static_assert(offsetof(struct blkif##_request_indirect, nr_segments) == 2, "nr_segments");    \
    _Static_assert(offsetof(struct blkif##_request_discard, id) ==                                 \
                       offsetof(struct blkif##_request, id),                                       \
                   "id of a discard");                                                             \
    _Static_assert(offsetof(struct blkif##_request_indirect, id) ==                                \
                       offsetof(struct blkif##_request, id),                                       \
                   "id of an indirect request");                                                   \
    _Static_assert(offsetof(struct blkif##_request_discard, sector_number) ==                      \
                       offsetof(struct blkif##_request, sector_number),                            \
                   "sector of a discard");                                                         \
    _Static_assert(offsetof(struct blkif##_request_indirect, sector_number) ==                     \
                       offsetof(struct blkif##_request, sector_number),                            \
                   "sector of an indirect request");                                               \
    _Static_assert(sizeof(struct blkif##_request_indirect) <= sizeof(struct blkif##_request),      \
                   "size of an indirect request")

SHARED(blkif);
SHARED(blkif_other);
_Static_assert(sizeof(struct blkif_other_request_segment) == sizeof(struct blkif_request_segment),
               "segments have one layout");
_Static_assert(offsetof(struct blkif_sring, ring) == offsetof(struct ring_bytes_sring, ring),
               "a block ring has the shape of rings");

const struct block_layout *block_layout_find(const char *protocol)
{
    if (!protocol || !*protocol)
        return &layouts[0];
    for (u32 i = 0; i < ARRAY_SIZE(layouts); i++)
        if (strcmp(protocol, layouts[i].protocol) == 0)
            return &layouts[i];
    return NULL;
}

u32 block_entry_size(const struct block_layout *layout)
{
    return layout->entry_size;
}

#define FIELD_GET(to, entry, offset)   memcpy(&(to), (entry)->bytes + (offset), sizeof(to))
#define FIELD_PUT(entry, offset, from) memcpy((entry)->bytes + (offset), &(from), sizeof(from))

u64 block_segments_sum(const struct blkif_request_segment *segments, u32 count)
{
    u64 sum = 0;

    for (u32 i = 0; i < count; i++) {
        if (segments[i].first_sect > segments[i].last_sect ||
            segments[i].last_sect >= BLOCK_PAGE_SECTORS)
            return 0;
        sum += segments[i].last_sect - segments[i].first_sect + 1u;
    }
    return sum;
}

/* Reads, and what may write: segments in the request itself. Only a flush or a barrier may come
 * without any; a flush with some writes them behind it. */
static s16 decode_direct(const struct block_layout *layout, const union block_entry *entry,
                         struct block_request *to)
{
    bool may_be_empty =
        to->operation == BLKIF_OP_FLUSH_DISKCACHE || to->operation == BLKIF_OP_WRITE_BARRIER;

    FIELD_GET(to->handle, entry, layout->handle);
    to->count = entry->bytes[1];
    if (to->count > BLKIF_MAX_SEGMENTS_PER_REQUEST || (!to->count && !may_be_empty))
        return BLKIF_RSP_ERROR;
    memcpy(to->segments, entry->bytes + layout->segments, to->count * sizeof(to->segments[0]));
    to->sectors = block_segments_sum(to->segments, to->count);
    return to->count && !to->sectors ? BLKIF_RSP_ERROR : BLKIF_RSP_OKAY;
}

static s16 decode_indirect(const struct block_layout *layout, const union block_entry *entry,
                           u32 indirect_max, struct block_request *to)
{
    if (!indirect_max)
        return BLKIF_RSP_EOPNOTSUPP;
    to->indirect = true;
    to->operation = entry->bytes[1];
    FIELD_GET(to->handle, entry, layout->indirect_handle);
    FIELD_GET(to->count, entry, 2);
    FIELD_GET(to->pages, entry, layout->indirect_pages);
    if (to->operation != BLKIF_OP_READ && to->operation != BLKIF_OP_WRITE)
        return BLKIF_RSP_ERROR;
    return to->count && to->count <= MIN(indirect_max, BLOCK_SEGMENTS_MAX) ? BLKIF_RSP_OKAY
                                                                           : BLKIF_RSP_ERROR;
}

static s16 decode_discard(const struct block_layout *layout, const union block_entry *entry,
                          struct block_request *to)
{
    FIELD_GET(to->handle, entry, layout->handle);
    FIELD_GET(to->sectors, entry, layout->discard_sectors);
    to->secure = entry->bytes[1] & BLKIF_DISCARD_SECURE;
    return to->sectors ? BLKIF_RSP_OKAY : BLKIF_RSP_ERROR;
}

s16 block_request_decode(const struct block_layout *layout, const union block_entry *entry,
                         u32 indirect_max, struct block_request *to)
{
    *to = (struct block_request){.operation = entry->bytes[0]};
    FIELD_GET(to->id, entry, layout->id);
    FIELD_GET(to->sector, entry, layout->sector);
    switch (to->operation) {
    case BLKIF_OP_READ:
    case BLKIF_OP_WRITE:
    case BLKIF_OP_WRITE_BARRIER:
    case BLKIF_OP_FLUSH_DISKCACHE:
        return decode_direct(layout, entry, to);
    case BLKIF_OP_DISCARD:
        return decode_discard(layout, entry, to);
    case BLKIF_OP_INDIRECT:
        return decode_indirect(layout, entry, indirect_max, to);
    default:
        return BLKIF_RSP_EOPNOTSUPP;
    }
}

void block_request_encode(const struct block_layout *layout, const struct block_request *request,
                          union block_entry *entry)
{
    memset(entry, 0, sizeof(*entry));
    entry->bytes[0] = request->indirect ? BLKIF_OP_INDIRECT : request->operation;
    FIELD_PUT(entry, layout->id, request->id);
    FIELD_PUT(entry, layout->sector, request->sector);
    if (request->indirect) {
        entry->bytes[1] = request->operation;
        FIELD_PUT(entry, 2, request->count);
        FIELD_PUT(entry, layout->indirect_handle, request->handle);
        FIELD_PUT(entry, layout->indirect_pages, request->pages);
        return;
    }
    FIELD_PUT(entry, layout->handle, request->handle);
    if (request->operation == BLKIF_OP_DISCARD) {
        entry->bytes[1] = request->secure ? BLKIF_DISCARD_SECURE : 0;
        FIELD_PUT(entry, layout->discard_sectors, request->sectors);
    } else {
        entry->bytes[1] = (u8)request->count;
        memcpy(entry->bytes + layout->segments, request->segments,
               request->count * sizeof(request->segments[0]));
    }
}

s32 block_request_take(struct ring_back *ring, const struct block_layout *layout, u32 indirect_max,
                       struct block_request *to, s16 *status)
{
    union block_entry entry;
    s32 answer = ring_back_take(ring, &entry, layout->request_size);

    if (answer > 0)
        *status = block_request_decode(layout, &entry, indirect_max, to);
    if (answer > 0 && *status != BLKIF_RSP_OKAY)
        to->count = 0;
    return answer;
}

void block_response_put(struct ring_back *ring, const struct block_layout *layout,
                        const struct block_request *request, s16 status)
{
    union block_entry entry = {0};

    FIELD_PUT(&entry, 0, request->id);
    /* Of an indirect request that which is in it: Linux holds them against each other. */
    FIELD_PUT(&entry, layout->response_operation, request->operation);
    FIELD_PUT(&entry, layout->response_status, status);
    ring_back_put(ring, &entry, layout->response_size);
}

void block_request_put(struct ring_front *ring, const struct block_layout *layout,
                       const struct block_request *request)
{
    union block_entry entry;

    block_request_encode(layout, request, &entry);
    ring_front_put(ring, &entry, layout->request_size);
}

s32 block_response_take(struct ring_front *ring, const struct block_layout *layout, u64 *id,
                        s16 *status)
{
    union block_entry entry;
    s32 answer = ring_front_take(ring, &entry, layout->response_size);

    if (answer > 0) {
        FIELD_GET(*id, &entry, 0);
        FIELD_GET(*status, &entry, layout->response_status);
    }
    return answer;
}
