/* Tables of 32-bit guests: see pae.h. The rules are Xen's (its 32-bit guests under a 64-bit one).
 */
#include "hypervisor/mm/pae.h"

#include "hypervisor/debug/bug.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/hv_slots.h"
#include "hypervisor/mm/ptype.h"
#include "xen-like/lib/string.h"

#define HV_SLOT_COUNT (PT_ENTRIES - PAE_L2_HV_SLOT)

/* In an entry of such an L3 no bit above the address may be set, nor NX: as where the CPU walks
 * three levels. */
#define L3E_BAD (PTE_BAD | PTE_AVL_HIGH | PTE_NX)

static u64 window[HV_SLOT_COUNT];

void pae_window_make(mfn_t m, u64 bytes)
{
    const u64 large = 1UL << PT_SHIFT(2);

    BUG_ON(bytes > sizeof(u32) * M2P32_MAX);
    for (unsigned i = 0; i * large < bytes; i++)
        window[i] =
            pte_make(mfn_add(m, i * large >> PAGE_SHIFT), PTE_P | PTE_PSE | PTE_A | PTE_D | PTE_NX);
}

int pae_root_make(struct vcpu *v)
{
    u64 *root = pages_alloc(0);

    if (!root)
        return refuse(XEN_ENOMEM, "no memory for the root of a vcpu's tables");
    hv_slots_fill(root, false);
    v->cr3_kernel = v->root_kernel = virt_to_maddr(root);
    return 0;
}

void pae_root_drop(struct vcpu *v)
{
    if (v->cr3_kernel)
        pages_free(maddr_to_virt(v->cr3_kernel), 0);
    v->cr3_kernel = v->root_kernel = 0;
}

mfn_t pae_base(const struct vcpu *v)
{
    const u64 *root = maddr_to_virt(v->cr3_kernel);

    return v->cr3_kernel ? pte_mfn(*root) : MFN(0);
}

int pae_base_set(struct vcpu *v, mfn_t m)
{
    mfn_t old = pae_base(v);
    int rc = m.n && !mfn_eq(m, old) ? frame_get_and_type(m, v->domain, FT_L3) : 0;

    if (rc || mfn_eq(m, old))
        return rc;
    __atomic_store_n((u64 *)maddr_to_virt(v->cr3_kernel),
                     m.n ? pte_make(m, PTE_P | PTE_RW | PTE_US | PTE_A) : 0, __ATOMIC_RELEASE);
    if (old.n)
        frame_put_and_type(mfn_to_frame(old));
    return 0;
}

/* The L2 with our slots must have no other use: a lock counts as one for a while. */
static bool is_only_use(const struct frame *f)
{
    u64 w = ACCESS_ONCE(f->word);

    return frame_type_count(w) == (w & FRAME_LOCKED ? 2 : 1);
}

static int last_entry_get(u64 e, struct frame *t)
{
    int rc;

    if (!(e & PTE_P) || e & L3E_BAD)
        return refuse(XEN_EINVAL, "the last entry of an L3 names no table, or has wrong flags");
    rc = table_get(pte_mfn(e), t->owner, FT_L2_HV);
    if (!rc && !is_only_use(mfn_to_frame(pte_mfn(e)))) {
        table_entry_put(e, 3, t);
        rc = refuse(XEN_EINVAL, "the L2 with the hypervisor's slots is another L3's");
    }
    return rc;
}

static int l3_entry_get(u64 e, struct frame *t)
{
    if (e & L3E_BAD)
        return refuse(XEN_EINVAL, "flags that no entry of an L3 may have");
    return table_get(pte_mfn(e), t->owner, FT_L2);
}

int pae_l3_validate(struct frame *f)
{
    u64 *t = mfn_to_virt(frame_to_mfn(f));

    memset(&t[PAE_L3_ENTRIES], 0, PAGE_SIZE - PAE_L3_ENTRIES * sizeof(*t));
    for (unsigned i = f->progress; i < PAE_L3_ENTRIES; i++) {
        bool last = i == PAE_L3_ENTRIES - 1;
        int rc;

        if (!last && !(t[i] & PTE_P))
            continue;
        rc = last ? last_entry_get(t[i], f) : l3_entry_get(t[i], f);
        if (rc) {
            f->progress = (u16)(i % PT_ENTRIES);
            return rc;
        }
        t[i] = pte_adjust(t[i], 3, f->owner);
    }
    return 0;
}

/* Where three levels are walked these bits are reserved, and the guest may look. */
void pae_l3_release(struct frame *f)
{
    u64 *t = mfn_to_virt(frame_to_mfn(f));

    for (unsigned i = 0; i < MIN(f->progress, PAE_L3_ENTRIES); i++)
        if (t[i] & PTE_P)
            t[i] &= ~(PTE_US | PTE_RW | PTE_A);
}

void pae_slots_fill(u64 *l2)
{
    memcpy(&l2[PAE_L2_HV_SLOT], window, sizeof(window));
}

int pae_update_check(const struct frame *t, int level, unsigned i, u64 e)
{
    if (frame_type(t) == FT_L2_HV && i >= PAE_L2_HV_SLOT)
        return refuse(XEN_EPERM, "a slot of the hypervisor in an L2");
    if (level < 3)
        return 0;
    if (i >= PAE_L3_ENTRIES - 1)
        return refuse(XEN_EINVAL, "the last entry of an L3 in use");
    return e & PTE_P && e & L3E_BAD ? refuse(XEN_EINVAL, "flags that no entry of an L3 may have")
                                    : 0;
}

bool pae_slot_is_right(unsigned i, u64 e)
{
    return e == window[i - PAE_L2_HV_SLOT];
}
