/*
 * sysctl: the hypervisor's log, as `xl dmesg` reads it, and debug keys, whose output lands there.
 *
 * A place in the log is the number of bytes that were ever logged before it, of which the ABI has
 * room for 32 bits: they are completed by the log's end, from which no place is 4 GiB away.
 */
#include "hypercalls/sysctl.h"

#include "hypervisor/cpu/preempt.h"
#include "hypervisor/debug/keys.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/mm/uaccess.h"

#define PIECE_BYTES   256U
#define BYTES_AT_ONCE 16384U
#define PIECE_UNITS   16 /* of work, see cpu/preempt.h */

/* @index is where an earlier call stopped. One that is not in the log, or not any more, is none. */
static u64 place_of(u32 index)
{
    u64 first, end = log_span(&first), place = end - (u32)((u32)end - index);

    return place >= first && place <= end ? place : first;
}

long sysctl_readconsole(struct xen_sysctl *op)
{
    struct xen_sysctl_readconsole *r = &op->u.readconsole;
    char piece[PIECE_BYTES];
    u32 done = 0;
    u64 place;
    size_t n;

    log_span(&place);
    if (r->incremental)
        place = place_of(r->index);
    while ((n = log_read(piece, MIN(r->count - done, PIECE_BYTES), place, &place))) {
        if (guest_write((u64)(r->buffer.p + done), piece, n))
            return refuse(XEN_EFAULT, "the text cannot be written");
        done += (u32)n;
        if (done >= BYTES_AT_ONCE && preempt_point(PIECE_UNITS))
            break; /* the caller reads on from there */
    }
    if (r->clear)
        log_forget(place);
    r->count = done;
    r->index = (u32)place;
    return 0;
}

long sysctl_debug_keys(struct xen_sysctl *op)
{
    char key;

    for (u32 i = 0; i < op->u.debug_keys.nr_keys; i++) {
        if (guest_read(&key, (u64)(op->u.debug_keys.keys.p + i), 1))
            return refuse(XEN_EFAULT, "the keys cannot be read");
        key_press(key);
    }
    return 0;
}
