/*
 * Base pointers and the LDT.
 *
 * An LDT is guest memory that the CPU itself reads, by linear address, any time. So it is shown
 * through a window of the hypervisor's, page by page: a page is mapped there when the CPU first
 * touches it (the fault comes here), and only as a frame of type FT_SEGDESC, whose descriptors were
 * all checked and which nobody can write meanwhile. Change of the LDT or of the address space
 * empties the window.
 */
#include "hypervisor/domain/base.h"

#include "hypervisor/cpu/regs.h"
#include "hypervisor/cpu/tables.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/mm/hv_slots.h"
#include "hypervisor/mm/pae.h"
#include "hypervisor/mm/pt_update.h"
#include "hypervisor/mm/shadow.h"
#include "hypervisor/mm/tlb.h"
#include "hypervisor/mm/uaccess.h"

#define LDT_PAGES 16 /* 8192 descriptors */

static bool ldt_drop(struct vcpu *v)
{
    bool dropped = false;

    for (unsigned i = 0; i < LDT_PAGES; i++) {
        mfn_t m = v->ldt_frames[i];

        if (!m.n)
            continue;
        v->ldt_frames[i] = MFN(0);
        ldt_page_clear(this_cpu(), i); /* before anybody may write it */
        frame_put_and_type(mfn_to_frame(m));
        dropped = true;
    }
    return dropped;
}

void vcpu_drop_ldt(struct vcpu *v)
{
    for (unsigned i = 0; i < LDT_PAGES; i++) {
        mfn_t m = v->ldt_frames[i];

        v->ldt_frames[i] = MFN(0);
        if (m.n)
            frame_put_and_type(mfn_to_frame(m));
    }
    v->ldt_base = v->ldt_entries = 0;
}

/* The root of a 32-bit vcpu stays. */
static int pae_set_base(struct vcpu *v, mfn_t m)
{
    int rc = m.n ? pae_base_set(v, m) : refuse(XEN_EINVAL, "no table as base pointer");

    if (rc)
        return rc;
    ldt_drop(v);
    tlb_load_root(MFN(v->root_kernel >> PAGE_SHIFT));
    return 0;
}

int vcpu_set_base(struct vcpu *v, mfn_t m)
{
    mfn_t old = MFN(v->cr3_kernel >> PAGE_SHIFT);
    int rc = tables_retire_pending();

    if (unlikely(rc))
        return rc;
    if (unlikely(v->domain->is_32bit))
        return pae_set_base(v, m);
    if (mfn_eq(m, old)) {
        tlb_load_root(MFN(v->root_kernel >> PAGE_SHIFT));
        return 0;
    }
    rc = frame_get_and_type(m, v->domain, FT_L4);
    if (unlikely(rc))
        return rc;
    if (!domain_assists(v->domain, VMASST_TYPE_m2p_strict))
        hv_slots_m2p(mfn_to_virt(m), true);
    ldt_drop(v);
    v->cr3_kernel = m.n << PAGE_SHIFT;
    shadow_show(v);
    tlb_load_root(MFN(v->root_kernel >> PAGE_SHIFT));
    frame_put_and_type(mfn_to_frame(old));
    return 0;
}

int vcpu_set_user_base(struct vcpu *v, mfn_t m)
{
    mfn_t old = MFN(v->cr3_user >> PAGE_SHIFT);

    ASSERT(!v->domain->is_32bit);
    if (mfn_eq(m, old))
        return 0;
    if (m.n) {
        int rc = frame_get_and_type(m, v->domain, FT_L4);

        if (unlikely(rc))
            return rc;
        if (domain_assists(v->domain, VMASST_TYPE_m2p_strict))
            hv_slots_m2p(mfn_to_virt(m), false);
    }
    v->cr3_user = m.n << PAGE_SHIFT;
    shadow_show(v);
    if (unlikely(this_cpu()->shadow))
        tlb_flush_local(); /* which empties the one that was the old one's */
    if (old.n)
        frame_put_and_type(mfn_to_frame(old));
    return 0;
}

u64 kernel_tables_begin(void)
{
    u64 loaded = read_cr3();

    if (loaded != current->root_kernel)
        write_cr3(current->root_kernel);
    return loaded;
}

void kernel_tables_end(u64 before)
{
    if (before != current->root_kernel)
        write_cr3(before);
}

int vcpu_set_ldt(struct vcpu *v, u64 va, u32 entries)
{
    if (!entries)
        va = 0;
    if (entries > LDT_PAGES * 512 || va % PAGE_SIZE || !guest_range_ok(va, 1))
        return refuse(XEN_EINVAL, "an LDT that is too long, not page-aligned or not the guest's");
    if (v->ldt_base == va && v->ldt_entries == entries)
        return 0;
    if (ldt_drop(v))
        tlb_flush_local();
    v->ldt_base = va;
    v->ldt_entries = entries;
    ldt_load(this_cpu(), entries);
    return 0;
}

void vcpu_show_ldt(const struct vcpu *v)
{
    struct percpu *cpu = this_cpu();

    for (unsigned i = 0; i < LDT_PAGES; i++)
        if (v->ldt_frames[i].n)
            window_page_set(cpu, GDT_WINDOW_PAGES + i, v->ldt_frames[i]);
        else
            ldt_page_clear(cpu, i);
    ldt_load(cpu, v->ldt_entries);
}

bool vcpu_map_ldt(struct vcpu *v, u64 va)
{
    struct percpu *cpu = this_cpu();
    u64 offset = va - ldt_window(cpu);
    unsigned i = (unsigned)(offset / PAGE_SIZE);
    u64 *slot, entry;

    /* A page that is shown already cannot be what was missing: nor may it be counted again. */
    if (offset >= LDT_PAGES * PAGE_SIZE || offset / 8 >= v->ldt_entries || v->ldt_frames[i].n)
        return false;
    if (!guest_range_ok(v->ldt_base + i * PAGE_SIZE, 1))
        return false; /* a long LDT may begin in the guest's half and end elsewhere */
    slot = pt_find_l1e(MFN(v->cr3_kernel >> PAGE_SHIFT), v->ldt_base + i * PAGE_SIZE);
    entry = slot ? ACCESS_ONCE(*slot) : 0;
    if (!(entry & PTE_P) || frame_get_and_type(pte_mfn(entry), v->domain, FT_SEGDESC))
        return false;
    v->ldt_frames[i] = pte_mfn(entry);
    window_page_set(cpu, GDT_WINDOW_PAGES + i, pte_mfn(entry));
    return true;
}
