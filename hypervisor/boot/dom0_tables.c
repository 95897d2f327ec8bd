/*
 * dom0's first page tables, in its own frames.
 *
 * They are built as any guest would build its own, with the flags a guest may use, and then go
 * through the same validation as every table of every guest: whatever the validator would refuse,
 * the loader cannot do either, and each reference that the tables hold is counted by the same code.
 * The validator also gives the entries the form in which Xen's guests read them (user bit, and the
 * mark of a kernel page).
 *
 * At the end the L4 is pinned, and held once more as the base pointer of the vcpu; or, for a 32-bit
 * kernel, its L3, which stands in a root that the vcpu has already (mm/pae.h).
 */
#include "hypervisor/boot/dom0_build.h"
#include "hypervisor/mm/hv_slots.h"
#include "hypervisor/mm/pae.h"
#include "hypervisor/mm/pt_update.h"
#include "xen-like/lib/pv_start.h"

static u64 frame_of(void *ctx, u64 pfn)
{
    return dom0_mfn(ctx, pfn).n;
}

static void *page_of(void *ctx, u64 frame)
{
    (void)ctx;
    return mfn_to_virt(MFN(frame));
}

void dom0_tables_make(struct dom0_builder *b)
{
    struct pv_memory memory = {b, frame_of, page_of};

    pv_tables_make(&memory, &b->layout);
}

static int base_set(struct vcpu *v, mfn_t l4)
{
    int rc = table_pin(l4, v->domain, 4);

    if (!rc)
        rc = frame_get_and_type(l4, v->domain, FT_L4);
    if (rc)
        return rc;
    hv_slots_m2p(mfn_to_virt(l4), true);
    v->cr3_kernel = l4.n << PAGE_SHIFT;
    v->cr3_user = 0;
    return 0;
}

static int pae_set(struct vcpu *v, mfn_t l3)
{
    int rc = table_pin(l3, v->domain, 3);

    return rc ? rc : pae_base_set(v, l3);
}

const char *dom0_tables_validate(struct dom0_builder *b)
{
    mfn_t root = dom0_mfn(b, pv_layout_pfn(&b->layout, b->layout.tables_start));

    const char *why = pv_root_refuse(&b->layout, &b->image, root.n);

    if (why)
        return why;
    if (b->layout.pae ? pae_set(b->v, root) : base_set(b->v, root))
        return "its first page tables do not pass validation";
    return NULL;
}
