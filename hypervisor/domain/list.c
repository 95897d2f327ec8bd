/*
 * All domains, and their numbers: a list in the order of the numbers, for those who show them one
 * after the other, and a hash table for those who know the number.
 *
 * Readers take no lock. A domain is linked when it is complete, by one store at a time; when it is
 * taken out, its own pointers stay as they are until every CPU has left the hypercall in which it
 * may have met it (cpu/smp.h). A bit for each number says which are given out, from before a domain
 * is linked until it is taken out; it also finds a new domain's place in the list.
 */
#include "hypervisor/domain/list.h"

#include "hypervisor/debug/bug.h"
#include "xen-like/lib/bitmap.h"

#define BUCKETS 1024U

struct domain *dom0, *domains;

static struct spinlock lock = SPINLOCK(LOCK_DOMAINS); /* guards what follows, and the list */
static struct domain *buckets[BUCKETS];
static unsigned long given[BITMAP_LONGS(DOMID_FIRST_RESERVED)];
static u16 given_last;

struct domain *domain_find(u16 id)
{
    struct domain *d = __atomic_load_n(&buckets[id % BUCKETS], __ATOMIC_ACQUIRE);

    while (d && d->id != id)
        d = __atomic_load_n(&d->same_bucket, __ATOMIC_ACQUIRE);
    return d;
}

int domain_number_take(u16 *id, bool exactly)
{
    size_t n = *id;
    int rc = 0;

    spin_lock(&lock);
    if (exactly || (n && n < DOMID_FIRST_RESERVED)) {
        rc = bitmap_test(given, n) ? -XEN_EEXIST : 0;
    } else {
        n = bitmap_find_clear(given, DOMID_FIRST_RESERVED, given_last + 1U);
        if (n == DOMID_FIRST_RESERVED)
            n = bitmap_find_clear(given, DOMID_FIRST_RESERVED, 1);
        rc = n == DOMID_FIRST_RESERVED ? -XEN_ENOMEM : 0;
        given_last = rc ? 0 : (u16)n;
    }
    if (!rc)
        bitmap_set(given, n);
    spin_unlock(&lock);
    *id = (u16)n;
    return rc ? refuse(-rc, "the number is another domain's, or there is none left") : 0;
}

void domain_number_return(u16 id)
{
    spin_lock(&lock);
    bitmap_clear(given, id);
    spin_unlock(&lock);
}

/* Where the list names the first domain whose number is not below @id. Who has a number need not be
 * linked yet. */
static struct domain **place_of(u16 id)
{
    unsigned long bits = given[id / 64] & ((1UL << id % 64) - 1), top;

    for (u32 word = id / 64;; bits = given[--word]) {
        for (; bits; bits &= ~top) {
            u32 bit = 63 - (u32)__builtin_clzl(bits);
            struct domain *d = domain_find((u16)(word * 64 + bit));

            if (d)
                return &d->next;
            top = 1UL << bit;
        }
        if (!word)
            return &domains;
    }
}

void domain_link(struct domain *d)
{
    struct domain **place;

    spin_lock(&lock);
    place = place_of(d->id);
    d->next = *place;
    d->same_bucket = buckets[d->id % BUCKETS];
    __atomic_store_n(place, d, __ATOMIC_RELEASE);
    __atomic_store_n(&buckets[d->id % BUCKETS], d, __ATOMIC_RELEASE);
    spin_unlock(&lock);
}

void domain_unlink(struct domain *d)
{
    struct domain **bucket = &buckets[d->id % BUCKETS];

    spin_lock(&lock);
    while (*bucket != d)
        bucket = &(*bucket)->same_bucket;
    __atomic_store_n(place_of(d->id), d->next, __ATOMIC_RELEASE);
    __atomic_store_n(bucket, d->same_bucket, __ATOMIC_RELEASE);
    bitmap_clear(given, d->id);
    spin_unlock(&lock);
}
