/*
 * A whole network made of a mirror: each frame comes back with sender and receiver exchanged, on
 * both layers. Who connects to some address is so connected to by that address: a stack that has a
 * server talks to itself, over a wire. Checksums stay right, since sums do not know the order.
 * ARP requests for anybody else are answered.
 */
#ifndef TESTS_HOST_REFLECTOR_H
#define TESTS_HOST_REFLECTOR_H

#include "xen-like/lib/string.h"

#define REFLECTOR_ETHER 14u

static inline void reflector_exchange(u8 *a, u8 *b, u32 bytes)
{
    for (u32 i = 0; i < bytes; i++) {
        u8 kept = a[i];

        a[i] = b[i];
        b[i] = kept;
    }
}

/* Turns a frame into the one that comes back. False: nothing does. */
static inline bool reflector_turn(u8 *frame, u32 length)
{
    static const u8 its_mac[6] = {2, 0, 0, 0, 0, 0x99};
    u8 *body = frame + REFLECTOR_ETHER;

    if (length < REFLECTOR_ETHER + 20)
        return false;
    memcpy(frame, frame + 6, 6);
    memcpy(frame + 6, its_mac, 6);
    if (frame[12] == 8 && frame[13] == 6) {
        if (length < REFLECTOR_ETHER + 28 || body[7] != 1 || !memcmp(body + 14, body + 24, 4))
            return false;
        body[7] = 2;                                 /* a reply ... */
        reflector_exchange(body + 8, body + 18, 10); /* ... to who asked, from whom it asked for */
        memcpy(body + 8, its_mac, 6);
        return true;
    }
    if (frame[12] != 8 || frame[13] != 0)
        return false;
    reflector_exchange(body + 12, body + 16, 4);
    return true;
}

#endif
