/* Network cards, whoever drives them: what may be sent is looked at here, once for all drivers. */
#include "dom0/drivers/nic.h"

#include "xen-like/abi/xen.h"

#define FRAME_MIN 14u /* two addresses and a type */
#define FRAME_MAX 1514u

struct list nics = LIST_INIT(nics);

static u64 frame_bytes(const struct nic_frame *frame)
{
    u64 bytes = 0;

    if (frame->count > NIC_SEGMENTS_MAX)
        return 0;
    for (u32 n = 0; n < frame->count; n++) {
        const struct nic_segment *s = &frame->segments[n];

        if (!s->bytes || s->address % PAGE_SIZE + s->bytes > PAGE_SIZE)
            return 0;
        bytes += s->bytes;
    }
    return bytes;
}

static bool card_can(const struct nic *nic, const struct nic_frame *frame)
{
    if (frame->segment_size &&
        (!frame->wants_checksum || !(frame->is_ipv6 ? nic->can_segment_ipv6 : nic->can_segment)))
        return false;
    return !frame->wants_checksum || nic->can_checksum;
}

int nic_send(struct nic *nic, struct nic_frame *frame)
{
    u64 bytes = frame_bytes(frame);

    if (bytes < FRAME_MIN || bytes > (frame->segment_size ? NIC_FRAME_MAX : FRAME_MAX))
        return -XEN_EINVAL;
    if (!card_can(nic, frame))
        return -XEN_EOPNOTSUPP;
    if (frame->wants_checksum &&
        (u64)frame->checksum_start + frame->checksum_offset + sizeof(u16) > bytes)
        return -XEN_EINVAL;
    nic->send(nic, frame);
    return 0;
}
