#include "hypervisor/mm/io_frames.h"

#include "hypervisor/cpu/percpu.h"
#include "hypervisor/debug/bug.h"

struct domain domain_io = {.id = DOMID_IO};
struct domain domain_xen = {.id = DOMID_XEN};
u32 phys_bits = 36;
mfn_t hypertransport_end;

/* The messages of interrupts, and among them the local APIC, are the hypervisor's. */
#define MESSAGES_MFN 0xfee00UL
#define MESSAGES_END 0xfef00UL

#define HYPERTRANSPORT_FRAMES (3UL << (32 - PAGE_SHIFT))

/* Read-only for all domains. The first is there even if firmware does not tell of it. */
#define KEPT_MAX 258 /* that one, the HPET, and an I/O APIC's number is a byte */
static u64 kept[KEPT_MAX] = {0xfec00};
static u32 kept_count = 1;

bool io_frame_is_kept(mfn_t m)
{
    for (u32 i = 0; i < kept_count; i++)
        if (kept[i] == m.n)
            return true;
    return false;
}

void io_frame_keep(u64 phys)
{
    if (io_frame_is_kept(MFN(phys >> PAGE_SHIFT)))
        return;
    BUG_ON(kept_count == KEPT_MAX);
    kept[kept_count++] = phys >> PAGE_SHIFT;
}

void io_frames_init(mfn_t max)
{
    for (u64 n = 0; n < max.n; n++)
        frame_table[n].owner = &domain_io;
    frames_max = max.n;
}

void io_frames_are_ram(mfn_t start, mfn_t end)
{
    for (u64 n = start.n; n < end.n && n < frames_max; n++)
        frame_table[n].owner = NULL;
}

bool io_frame_permitted(const struct domain *d, mfn_t m)
{
    const struct ranges *set = __atomic_load_n(&d->io_frames, __ATOMIC_ACQUIRE);

    if (set)
        return ranges_have(set, m.n, m.n);
    if (!d->privileged || m.n >> (phys_bits - PAGE_SHIFT))
        return false;
    if (m.n < hypertransport_end.n && m.n >= hypertransport_end.n - HYPERTRANSPORT_FRAMES)
        return false;
    return m.n < MESSAGES_MFN || m.n >= MESSAGES_END;
}

/* What @d was permitted from the beginning, as a set that can be changed. */
static int io_frames_begin(struct domain *d)
{
    struct ranges *set = NULL;
    u64 end = hypertransport_end.n;
    int rc;

    if (!d->privileged || d->io_frames)
        return 0;
    rc = ranges_change(&set, 0, (1UL << (phys_bits - PAGE_SHIFT)) - 1, true);
    if (!rc)
        rc = ranges_change(&set, MESSAGES_MFN, MESSAGES_END - 1, false);
    if (!rc && end)
        rc = ranges_change(&set, end - HYPERTRANSPORT_FRAMES, end - 1, false);
    __atomic_store_n(&d->io_frames, set, __ATOMIC_RELEASE);
    return rc;
}

int io_frames_permit(struct domain *by, struct domain *d, u64 first, u64 last, bool allow)
{
    int rc = io_frames_begin(by);

    if (rc)
        return rc;
    if (!ranges_have(by->io_frames, first, last))
        return refuse(XEN_EPERM, "nobody gives what he has not himself");
    rc = io_frames_begin(d);
    return rc ? rc : ranges_change(&d->io_frames, first, last, allow);
}

/* Device registers must not be cached: turn write-back and its kin into uncached (Xen's mapping of
 * the PAT entries: 2 = uncached-minus, 3 = uncached). */
static u64 cache_made_safe(u64 e)
{
    switch (e & PTE_CACHE) {
    case 0:
        return e | PTE_PWT | PTE_PCD;
    case PTE_PWT:
        return e | PTE_PCD;
    case PTE_PWT | PTE_PAT:
        return (e | PTE_PCD) & ~PTE_PAT;
    default:
        return e;
    }
}

int io_l1e_get(u64 *e, const struct domain *pt_dom, const struct domain *pg_dom)
{
    mfn_t m = pte_mfn(*e);

    if (pg_dom == &domain_io)
        pg_dom = current->domain;
    if (!io_frame_permitted(pg_dom, m) || !io_frame_permitted(pt_dom, m)) {
        if (m.n == PTE_ADDR >> PAGE_SHIFT)
            return refuse(XEN_EINVAL, "the entry names the invalid frame number");
        return refuse(XEN_EPERM, "no right to map this I/O frame");
    }
    if (io_frame_is_kept(m))
        *e &= ~PTE_RW; /* as Xen: no error, a guest finds out by its first store */
    *e = cache_made_safe(*e);
    return 0;
}
