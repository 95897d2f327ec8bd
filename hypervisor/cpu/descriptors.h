/*
 * Segment descriptors: which ones a guest may put into a GDT or LDT that the CPU uses, and the
 * windows through which the CPU sees those tables.
 */
#ifndef HYPERVISOR_CPU_DESCRIPTORS_H
#define HYPERVISOR_CPU_DESCRIPTORS_H

#include "hypervisor/domain/domain.h"

/*
 * Make @d safe for a guest (its DPL is raised to that of its kernel: 3, or 1 of a 32-bit one) or
 * refuse it (false). Rules as Xen's check_descriptor: not present, or code and data of any base and
 * limit (but no 64-bit code in a 32-bit guest), or a call gate to a guest's own selector, which is
 * stored with DPL 0 so that using it faults.
 */
bool descriptor_fix(u64 *d, bool is_32bit);

/* All 512 descriptors of a page that becomes FT_SEGDESC; fixes them in place. 0 or -EINVAL. */
int descriptors_validate(u64 *page, bool is_32bit);

/* May a guest name @selector as the target of a trap or call gate: a segment of its own tables, or
 * the flat kernel code segment. */
static inline bool selector_is_guests(u16 selector, bool is_32bit)
{
    return selector >> 3 < FIRST_RESERVED_GDT_ENTRY ||
           selector == (is_32bit ? FLAT_KERNEL_CS_X86_32 : FLAT_KERNEL_CS) || (selector & 4);
}

/* HYPERVISOR_set_gdt for the running vcpu, or one that runs nowhere: take @frames as its GDT of
 * @entries. 0, -EINVAL or RESTART. */
int vcpu_set_gdt(struct vcpu *v, const u64 *frames, u32 entries);

/* Give the GDT's frames back (not while the vcpu runs on another CPU). */
void vcpu_drop_gdt(struct vcpu *v);

/* Show @v's descriptor table in this CPU's window. The caller flushes. */
struct percpu;
void gdt_window_set(struct percpu *cpu, const struct vcpu *v);

#endif
