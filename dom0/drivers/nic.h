/*
 * A network card as the bridge sees it, whoever drives it (virtio_net.h). A frame to send names
 * machine memory, so a guest's granted frames need no copy; a frame that came is only lent.
 *
 * nic_send never waits; sent is called from dom0's loop, once for each frame that was taken, and
 * not within nic_send: until then the memory is in use.
 */
#ifndef DOM0_DRIVERS_NIC_H
#define DOM0_DRIVERS_NIC_H

#include "dom0/loop.h"

#define NIC_SEGMENTS_MAX 20
#define NIC_FRAME_MAX    65550u /* with checksum and segmentation offload; else 1514 */

struct nic_segment {
    u64 address; /* of machine memory, at most up to the end of its page */
    u32 bytes;
};

struct nic_frame {
    struct list link; /* the driver's */
    struct nic_segment segments[NIC_SEGMENTS_MAX];
    u32 count;
    /* What is left to the card: the one's-complement sum from checksum_start on goes to
     * checksum_start + checksum_offset (the pseudo-header's is there already). */
    bool wants_checksum;
    u16 checksum_start, checksum_offset;
    u16 segment_size; /* TCP segmentation: payload of one; 0: none. Wants the checksum, too. */
    bool is_ipv6;     /* matters only for segmentation */
    void (*sent)(struct nic_frame *frame);
};

struct nic {
    struct list link; /* in nics */
    const char *name; /* "eth0" */
    u8 mac[6];
    bool can_checksum, can_segment, can_segment_ipv6;
    void (*send)(struct nic *nic, struct nic_frame *frame);
    /* Who gets what comes in; bytes are in our own memory, and lent until it returns. NULL:
     * dropped. */
    void (*received)(struct nic *nic, const void *bytes, u32 length);
    void *owner;                                     /* of received */
    u64 frames_sent, frames_received, notifications; /* the last: to the device */
};

extern struct list nics;

/* 0: taken; -EINVAL: a segment leaves its page, or it is too long; -EOPNOTSUPP: the card cannot do
 * what is left to it. Frames for which the card has no room wait. */
int nic_send(struct nic *nic, struct nic_frame *frame);

#endif
