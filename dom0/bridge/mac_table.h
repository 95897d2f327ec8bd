/*
 * Which port of a bridge an Ethernet address was last seen behind: learned from the frames that
 * come in, forgotten when nothing has come from there for MAC_AGE_NS.
 *
 * Who sends chooses the addresses, so what one port may take of the table is bounded: at its limit
 * its own address that was silent longest gives way, never another port's. There is no bound on
 * ports. An address that moves to another port is believed: that is how a guest moves; a guest that
 * pretends to be another one gets its frames, as on any learning switch.
 */
#ifndef DOM0_BRIDGE_MAC_TABLE_H
#define DOM0_BRIDGE_MAC_TABLE_H

#include "xen-like/lib/list.h"

#define MAC_BYTES   6
#define MAC_AGE_NS  (300 * 1000000000ull)
#define MAC_BUCKETS 64 /* chains, so no limit */

struct mac_table {
    struct list buckets[MAC_BUCKETS];
};

/* What is known to be behind one port. */
struct mac_set {
    struct list entries; /* the one that was silent longest first */
    u32 count, limit;
};

void mac_table_init(struct mac_table *table);
void mac_set_init(struct mac_set *set, u32 limit);

/* A frame from mac came in there at that time (nanoseconds). Multicast addresses are nobody's. */
void mac_learn(struct mac_table *table, struct mac_set *set, const u8 *mac, u64 now);

/* Where it is, or NULL: nobody has heard of it lately. */
struct mac_set *mac_find(struct mac_table *table, const u8 *mac, u64 now);

/* The port goes. */
void mac_forget(struct mac_set *set);

static inline bool mac_is_multicast(const u8 *mac)
{
    return mac[0] & 1;
}

#endif
