#include "hypervisor/mm/io_frames.h"

#include "hypervisor/debug/bug.h"

struct domain domain_io = {.id = DOMID_IO};
struct domain domain_xen = {.id = DOMID_XEN};
u32 phys_bits = 36;
bool hypertransport_hole;

/* The local APIC, the IO-APIC and the message window of interrupts are the hypervisor's. */
#define IOAPIC_MFN 0xfec00UL
#define LAPIC_MFN  0xfee00UL

#define HYPERTRANSPORT_FIRST (0xfd00000000UL >> PAGE_SHIFT)
#define HYPERTRANSPORT_LAST  (0xffffffffffUL >> PAGE_SHIFT)

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
    if (!d->privileged || m.n >> (phys_bits - PAGE_SHIFT))
        return false;
    if (hypertransport_hole && m.n >= HYPERTRANSPORT_FIRST && m.n <= HYPERTRANSPORT_LAST)
        return false;
    return m.n != IOAPIC_MFN && (m.n & ~0xffUL) != LAPIC_MFN;
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
        pg_dom = pt_dom;
    if (!io_frame_permitted(pg_dom, m) || !io_frame_permitted(pt_dom, m)) {
        if (m.n == PTE_ADDR >> PAGE_SHIFT)
            return refuse(XEN_EINVAL, "the entry names the invalid frame number");
        return refuse(XEN_EPERM, "no right to map this I/O frame");
    }
    *e = cache_made_safe(*e);
    return 0;
}
