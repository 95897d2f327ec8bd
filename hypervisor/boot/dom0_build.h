/*
 * What the steps of building dom0 share. Only hypervisor/boot/dom0*.c include this.
 *
 * Each step returns NULL, or in words what is wrong. A failed build is never undone: the machine
 * halts.
 */
#ifndef HYPERVISOR_BOOT_DOM0_BUILD_H
#define HYPERVISOR_BOOT_DOM0_BUILD_H

#include "xen-like/lib/pv_layout.h"
#include "hypervisor/boot/multiboot2.h"
#include "hypervisor/domain/domain.h"
#include "xen-like/lib/image.h"

#define P2M_PER_PAGE (PAGE_SIZE / sizeof(u64)) /* of a 64-bit kernel's list */

struct dom0_builder {
    const struct boot_info *bi;
    struct boot_module kernel, initrd;
    bool has_initrd;
    void *unpacked; /* the kernel, if it came packed: 2^unpacked_order pages */
    unsigned unpacked_order;
    struct image image;

    struct domain *d;
    struct vcpu *v;
    struct pv_layout layout;

    /* The domain's own p2m list, page by page through the direct map: how the builder finds pfns.
     */
    void **p2m;
    unsigned p2m_order; /* of the array of pointers */
};

/* The list's entry for @pfn: of 32 bits for a 32-bit kernel. */
static inline void *dom0_p2m_entry(const struct dom0_builder *b, u64 pfn)
{
    u64 at = pfn * pv_layout_p2m_entry(&b->layout);

    return (u8 *)b->p2m[at >> PAGE_SHIFT] + (at & ~PAGE_MASK);
}

static inline mfn_t dom0_mfn(const struct dom0_builder *b, u64 pfn)
{
    const void *entry = dom0_p2m_entry(b, pfn);

    return MFN(b->layout.pae ? *(const u32 *)entry : *(const u64 *)entry);
}

/* A page of the domain, as the hypervisor writes it. */
static inline void *dom0_page(const struct dom0_builder *b, u64 pfn)
{
    return mfn_to_virt(dom0_mfn(b, pfn));
}

/* dom0_ports.c: its I/O ports. False: out of memory. */
bool dom0_ports_grant(struct domain *d);

/* dom0_memory.c: frames for everything that must exist at the start, zeroed; and for the rest. */
const char *dom0_memory_first(struct dom0_builder *b);
const char *dom0_memory_rest(struct dom0_builder *b);
/* Copy @length bytes to the domain's bytes from @pfn on, @offset into them; NULL: zeros. The range
 * must have frames. */
void dom0_memory_write(const struct dom0_builder *b, u64 pfn, u64 offset, const void *from,
                       u64 length);

/* dom0_tables.c: the initial page tables, and their validation; sets the vcpu's cr3_kernel. */
void dom0_tables_make(struct dom0_builder *b);
const char *dom0_tables_validate(struct dom0_builder *b);

/* dom0_start.c: start_info, hypercall page, registers. */
void dom0_start_set(struct dom0_builder *b);

#endif
