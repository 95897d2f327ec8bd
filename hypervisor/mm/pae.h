/*
 * Address spaces of 32-bit guests: three levels of tables under a root that is ours.
 *
 * The CPU stays in long mode and walks four levels. So each 32-bit vcpu has an L4 of the
 * hypervisor's: its entry 0 names the guest's L3, of whose 512 entries all but the first four are
 * cleared, its slots 256 to 271 are the hypervisor's, and nothing else is in it. vcpu.cr3_kernel is
 * that root for as long as the vcpu lives; what the guest calls its base pointer is pae_base().
 *
 * Compatibility mode reaches 4 GiB, and what the ABI has there for the guest to read, the table of
 * frames with entries of 32 bits, comes by the L2 of the L3's last entry: its upper slots are ours.
 * Such an L2 is of a type of its own, FT_L2_HV, so that it is in no other place, and belongs to one
 * L3 only, as Xen has it. What of the hypervisor's is mapped there cannot be written: to the page
 * tables a kernel in ring 1 is a supervisor.
 */
#ifndef HYPERVISOR_MM_PAE_H
#define HYPERVISOR_MM_PAE_H

#include "hypervisor/domain/domain.h"
#include "hypervisor/mm/frame.h"
#include "hypervisor/mm/pte.h"

#define PAE_L3_ENTRIES   4U
#define PAE_WINDOW_START 0xf5800000UL /* Xen's value, up to PAE_END: the hypervisor's */
#define PAE_END          0x100000000UL
#define PAE_L2_HV_SLOT   428U /* the first of an FT_L2_HV that is ours */
_Static_assert(PAE_L2_HV_SLOT == (PAE_WINDOW_START >> PT_SHIFT(2)) % PT_ENTRIES, "of the window");

#define PAE_M2P_END 0xffe00000UL /* what it shows there ends below the last slot */
#define M2P32_MAX   ((PAE_M2P_END - PAE_WINDOW_START) / sizeof(u32)) /* entries, at most */

/* The root of @v, with no guest's tables in it; and its end, after those were put: pae_base_set().
 * -ENOMEM. @v does not run. */
int pae_root_make(struct vcpu *v);
void pae_root_drop(struct vcpu *v);

/* The L3 in force, MFN(0): none. */
mfn_t pae_base(const struct vcpu *v);

/*
 * Make @m (MFN(0): nothing) the L3 of @v, with a reference and a type reference for as long, and
 * put the old one. 0, -EINVAL or RESTART, and tables to retire, as for frame_get_and_type. If @v
 * runs the caller flushes: vcpu_set_base() for MMUEXT_NEW_BASEPTR.
 */
int pae_base_set(struct vcpu *v, mfn_t m);

/* What the guest calls CR3: its upper bits are those of the frame that do not fit ("extended"). */
static inline u32 pae_cr3_of(mfn_t m)
{
    return (u32)(m.n << PAGE_SHIFT) | (u32)(m.n >> (32 - PAGE_SHIFT)) % PAGE_SIZE;
}

static inline mfn_t pae_cr3_mfn(u32 cr3)
{
    return MFN(cr3 >> PAGE_SHIFT | (u64)(cr3 % PAGE_SIZE) << (32 - PAGE_SHIFT));
}

/*
 * Of how many bits the addresses of @d's frames may be, where @bits are asked for; 0: any number. A
 * 32-bit domain gets none that its table of frames does not show, on machines that have such ones.
 */
static inline u32 pae_address_bits(const struct domain *d, u32 bits)
{
    const u32 shown = 63 - (u32)__builtin_clzl(M2P32_MAX) + PAGE_SHIFT;

    if (likely(!d->is_32bit || frames_max <= M2P32_MAX))
        return bits;
    return bits ? MIN(bits, shown) : shown;
}

/* Boot: the hypervisor's slots show @bytes, of whole large pages, from @m on. */
void pae_window_make(mfn_t m, u64 bytes);

/* For ptype.c, of tables of a 32-bit domain: all entries of an L3 from f->progress on (what it is
 * to be clear of is cleared); ours of an FT_L2_HV; those before f->progress of an L3 are to be
 * given back. */
int pae_l3_validate(struct frame *f);
void pae_slots_fill(u64 *l2);
void pae_l3_release(struct frame *f);

/* May entry @i of the table @t, of @level, become the present or absent @e? 0; -EINVAL; -EPERM in a
 * slot of ours. */
int pae_update_check(const struct frame *t, int level, unsigned i, u64 e);

/* Is the entry @i of an FT_L2_HV what it is to be? For the audit. */
bool pae_slot_is_right(unsigned i, u64 e);

#endif
