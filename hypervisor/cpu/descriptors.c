/*
 * What may stand in a guest's descriptor table.
 *
 * The danger is a descriptor that lets a guest reach ring 0: a gate to the hypervisor's code, or a
 * segment of DPL 0. Code and data segments are harmless once their DPL is 3: 64-bit mode ignores
 * base and limit, and compatibility mode reaches no address above 4 GiB. Task and LDT descriptors
 * and interrupt gates have no use in a table that only the guest's own code loads from.
 *
 * The kernel of a 32-bit guest is in ring 1, where the tables' user bit protects nothing from it:
 * only that reach of 4 GiB does. So no code segment of 64 bits may ever get into its tables.
 */
#include "hypervisor/cpu/descriptors.h"

#include "hypervisor/cpu/preempt.h"
#include "hypervisor/cpu/tables.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/mm/ptype.h"
#include "hypervisor/mm/tlb.h"
#include "hypervisor/mm/pte.h"
#include "xen-like/lib/string.h"

/* Bits of a descriptor, as one 64-bit word (Intel SDM vol. 3, 3.4.5). */
#define DESC_P           (1UL << 47)
#define DESC_DPL         (3UL << 45)
#define DESC_S           (1UL << 44) /* code or data, not a system descriptor */
#define DESC_TYPE        (15UL << 40)
#define DESC_CALL_GATE   (12UL << 40)
#define DESC_LONG        (1UL << 53) /* 64-bit code */
#define DESC_GRANULAR    (1UL << 55) /* the limit counts pages */
#define DESC_LIMIT       (0xfUL << 48 | 0xffffUL)
#define DESC_BASE        (0xffUL << 56 | 0xffffffUL << 16)
#define DESC_GATE_COUNT  (0xffUL << 32) /* reserved in a 64-bit gate; in a 32-bit one, */
#define DESC_GATE_ZERO   (0xe0UL << 32) /* these, and the rest is a count */
#define DPL(d)           ((d) >> 45 & 3)
#define GATE_SELECTOR(d) ((u16)((d) >> 16))

#define VALIDATE_UNITS 200 /* of work, see cpu/preempt.h: a page of descriptors */

static bool call_gate_fix(u64 *d, u64 dpl, bool is_32bit)
{
    if (!selector_is_guests(GATE_SELECTOR(*d), is_32bit) ||
        (*d & (is_32bit ? DESC_GATE_ZERO : DESC_GATE_COUNT)))
        return false;
    /* DPL 0 makes every use fault. What the DPL would have been goes where the target's RPL stood.
     */
    *d = (*d & ~(DESC_DPL | 3UL << 16)) | dpl << 16;
    return true;
}

/* Old kernels end their segments below the first table of frames; it is larger now. */
static u64 limit_extend(u64 d)
{
    u64 bytes = (d & 0xffff) + (d >> 32 & 0xf0000) + 1;

    if (d & DESC_GRANULAR)
        bytes <<= PAGE_SHIFT;
    return !(d & DESC_BASE) && bytes > HYPERVISOR_VIRT_START_X86_32 ? d | DESC_LIMIT : d;
}

bool descriptor_fix(u64 *d, bool is_32bit)
{
    u64 dpl = is_32bit ? MAX(DPL(*d), 1UL) : 3;

    if (!(*d & DESC_P))
        return true; /* always faults */
    if (*d & DESC_S) {
        if (is_32bit && *d & DESC_LONG)
            return false;
        *d = (*d & ~DESC_DPL) | dpl << 45;
        if (is_32bit)
            *d = limit_extend(*d);
        return true;
    }
    if ((*d & DESC_TYPE) == 0)
        return true; /* reserved type 0: the upper half of a 16-byte gate */
    return (*d & DESC_TYPE) == DESC_CALL_GATE && call_gate_fix(d, dpl, is_32bit);
}

int descriptors_validate(u64 *page, bool is_32bit)
{
    preempt_charge(VALIDATE_UNITS);
    for (unsigned i = 0; i < PAGE_SIZE / sizeof(u64); i++)
        if (!descriptor_fix(&page[i], is_32bit))
            return refuse(XEN_EINVAL, "a descriptor that no guest may have");
    return 0;
}

void gdt_window_set(struct percpu *cpu, const struct vcpu *v)
{
    unsigned pages = (v->gdt_entries + 511) / 512, i = 0;

    for (; i < pages; i++)
        window_page_set(cpu, i, v->gdt_frames[i]);
    for (; unlikely(i < cpu->gdt_shown); i++)
        gdt_page_clear(cpu, i);
    cpu->gdt_shown = (u8)pages;
}

static void gdt_frames_put(const mfn_t *frames)
{
    for (unsigned i = 0; i < FIRST_RESERVED_GDT_PAGE; i++)
        if (frames[i].n)
            frame_put_and_type(mfn_to_frame(frames[i]));
}

void vcpu_drop_gdt(struct vcpu *v)
{
    gdt_frames_put(v->gdt_frames);
    memset(v->gdt_frames, 0, sizeof(v->gdt_frames));
    v->gdt_entries = 0;
}

/* A frame stays validated when its use ends, until it is used as something else: who was
 * interrupted finds done next time what he has done. */
static int gdt_frame_get(mfn_t m, struct domain *d, bool last)
{
    const u64 whole = FT_SEGDESC | FRAME_VALIDATED;
    bool fresh = mfn_valid(m) && (ACCESS_ONCE(mfn_to_frame(m)->word) &
                                  (FRAME_TYPE_MASK | FRAME_VALIDATED)) != whole;
    int rc = frame_get_and_type(m, d, FT_SEGDESC);

    if (rc || !fresh || !preempt_point(1) || last)
        return rc;
    frame_put_and_type(mfn_to_frame(m));
    return RESTART;
}

int vcpu_set_gdt(struct vcpu *v, const u64 *frames, u32 entries)
{
    mfn_t old[FIRST_RESERVED_GDT_PAGE];
    unsigned n = (entries + 511) / 512;

    if (entries > FIRST_RESERVED_GDT_ENTRY)
        return refuse(XEN_EINVAL, "more GDT entries than there is room for");
    for (unsigned i = 0; i < n; i++) {
        int rc = gdt_frame_get(MFN(frames[i]), v->domain, i + 1 == n);

        if (rc) {
            while (i-- > 0)
                frame_put_and_type(mfn_to_frame(MFN(frames[i])));
            return rc;
        }
    }
    memcpy(old, v->gdt_frames, sizeof(old));
    for (unsigned i = 0; i < FIRST_RESERVED_GDT_PAGE; i++)
        v->gdt_frames[i] = MFN(i < n ? frames[i] : 0);
    v->gdt_entries = entries;
    if (v == current) {
        gdt_window_set(this_cpu(), v);
        tlb_flush_local();
    }
    gdt_frames_put(old); /* when the CPU sees them no longer */
    return 0;
}
