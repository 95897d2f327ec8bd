/*
 * Stores to page tables, emulated.
 *
 * A kernel written for the bare machine changes an entry with an ordinary instruction. Under a
 * hypervisor it should ask (mmu_update), but the ABI lets it store through its read-only mapping of
 * an L1 table: the fault tells us where, the instruction tells us what. From both follows the new
 * value of one entry, which then passes the same checks as any update.
 *
 * The table is held (locked) from reading the entry to writing it, so nobody but the CPU changes
 * it meanwhile, and that only by setting accessed and dirty bits. Against those the entry is
 * exchanged on condition that it still is what was computed from: every store here is atomic,
 * whether it asked for `lock` or not.
 *
 * Beside them, stores to device registers that a domain sees but may not write are swallowed: that
 * is how Xen answers drivers that probe.
 *
 * What is not done: more than one entry at once, and stores across two entries (Xen: those not
 * aligned to their width). They remain faults. The segments of 32-bit code are taken to begin at 0
 * (Xen: fs and gs, too): where one does not, the address is not that of the fault. No TLB is
 * flushed: what a store changes, the guest flushes, as on the bare machine.
 */
#include "hypervisor/cpu/pt_store.h"

#include "hypervisor/cpu/bounce.h"
#include "hypervisor/cpu/emulate_regs.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/debug/trace.h"
#include "hypervisor/mm/pt_update.h"
#include "hypervisor/mm/ptype_l1.h"
#include "hypervisor/mm/uaccess.h"
#include "xen-like/lib/insn.h"

#define ENTRY_MOVED 1 /* l1e_exchange: the entry is no longer what it was */

/* Where the instruction stores. The prefix of movs is for its source only. */
static u64 insn_address(const struct insn *insn, struct cpu_user_regs *regs)
{
    u64 address = insn_effective(insn, regs);

    if (insn->bit_string) {
        unsigned unused = 64 - 8 * insn->width;
        s64 position = (s64)(*reg_slot(regs, insn->source) << unused) >> unused;

        address += (u64)insn_bit_offset(insn->width, position);
        address &= insn_width_mask(insn->address_bytes);
    }
    return address + (insn->op == INSN_MOVS ? 0 : segment_base(insn->segment));
}

/* The source operand. False: it lies in memory that cannot be read. */
static bool insn_source(const struct insn *insn, struct cpu_user_regs *regs, u64 *value)
{
    if (insn->op == INSN_MOVS) {
        u64 from = regs->rsi & insn_width_mask(insn->address_bytes);

        *value = 0;
        return guest_copy_in(value, segment_base(insn->segment) + from, insn->width) == 0;
    }
    *value = insn->immediate;
    if (insn->op == INSN_CMPXCHG8B)
        *value = (u32)regs->rbx | regs->rcx << 32;
    else if (insn->source != INSN_NO_REG)
        *value = *reg_slot(regs, insn->source) >> (insn->high_byte ? 8 : 0);
    *value &= insn_width_mask(insn->width);
    return true;
}

/* The registers that stos and movs advance. False: the instruction is to be repeated. */
static bool string_advance(const struct insn *insn, struct cpu_user_regs *regs)
{
    u64 step = regs->rflags & RFLAGS_DF ? -(u64)insn->width : insn->width;
    unsigned width = insn->address_bytes;

    reg_write(&regs->rdi, width, 0, (regs->rdi + step) & insn_width_mask(width));
    if (insn->op == INSN_MOVS)
        reg_write(&regs->rsi, width, 0, (regs->rsi + step) & insn_width_mask(width));
    if (!insn->repeated)
        return true;
    reg_write(&regs->rcx, width, 0, (regs->rcx - 1) & insn_width_mask(width));
    return (regs->rcx & insn_width_mask(width)) == 0;
}

/* All that the instruction does beside the store: @old is what it found there. */
static void insn_retire(const struct insn *insn, struct cpu_user_regs *regs, u64 old, u64 rflags)
{
    bool done = true;

    regs->rflags = rflags & ~RFLAGS_RF;
    if (insn->op == INSN_XCHG || insn->op == INSN_XADD)
        reg_write(reg_slot(regs, insn->source), insn->width, insn->high_byte ? 8 : 0, old);
    else if (insn->op == INSN_STOS || insn->op == INSN_MOVS)
        done = string_advance(insn, regs);
    if (done)
        regs->rip += insn->length;
}

/* cmpxchg and cmpxchg8b: is what is there, @old, what they expect? If not, they are told it. */
static bool insn_expects(const struct insn *insn, struct cpu_user_regs *regs, u64 old, u64 *rflags)
{
    if (insn->op == INSN_CMPXCHG) {
        bool same = insn_compare(insn->width, regs->rax, old, rflags);

        if (!same)
            reg_write(&regs->rax, insn->width, 0, old);
        return same;
    }
    *rflags |= RFLAGS_ZF;
    if (old == ((u32)regs->rax | regs->rdx << 32))
        return true;
    *rflags &= ~RFLAGS_ZF;
    regs->rax = (u32)old;
    regs->rdx = old >> 32;
    return false;
}

/*
 * Does it store the upper half of an entry, and nothing else? A kernel with PAE may write the two
 * halves in the wrong order. As Xen, we take an entry that is refused for the one that it was about
 * to change next, and leave it not present until then.
 */
static bool stores_upper_half(const struct insn *insn, u64 address)
{
    return current->domain->is_32bit && insn->width == 4 && address & 4 && !insn->lock &&
           insn->op != INSN_XCHG && insn->op != INSN_CMPXCHG;
}

/* l1e_write, if the entry still is @old: 0, ENTRY_MOVED, or the errno of the refusal. */
static int l1e_exchange(u64 *slot, u64 old, u64 val, struct domain *d)
{
    bool counts = true;

    if (val & PTE_P) {
        int rc;

        val = pte_adjust_l1(val, d);
        counts = (old ^ val) & ~PTE_NEUTRAL; /* presence is not neutral */
        rc = counts ? l1e_get_inline(&val, d, d) : 0;
        if (rc)
            return rc;
    }
    if (!__atomic_compare_exchange_n(slot, &(u64){old}, val, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED)) {
        if (counts)
            l1e_put_inline(val);
        return ENTRY_MOVED;
    }
    if (counts)
        l1e_put_inline(old);
    return 0;
}

static TRACE_COLD void store_record(const struct cpu_user_regs *regs, u64 address, const u64 *slot,
                                    u64 value, int rc)
{
    if (!rc && current->domain->is_32bit)
        trace(table_store, TRACE_64(*slot), (u32)address, (u32)regs->rip);
    else if (!rc)
        trace(table_store_64, TRACE_64(*slot), TRACE_64(address), TRACE_64(regs->rip));
    trace(table_update, TRACE_WHO(current), TRACE_64(virt_to_maddr(slot)), TRACE_64(value),
          (u32)rc);
}

/* One try, with the entry as it is now; the answers are those of l1e_exchange. */
static int store_try(const struct insn *insn, struct cpu_user_regs *regs, u64 source, u64 *slot,
                     u64 address, struct domain *d)
{
    const u64 mask = insn_width_mask(insn->width), shift = address % sizeof(u64) * 8;
    u64 value, entry = ACCESS_ONCE(*slot), old = entry >> shift & mask;
    u64 rflags = regs->rflags, new = insn_compute(insn->op, insn->width, old, source, &rflags);
    int rc;

    if ((insn->op == INSN_CMPXCHG || insn->op == INSN_CMPXCHG8B) &&
        !insn_expects(insn, regs, old, &rflags)) {
        insn_retire(insn, regs, old, rflags);
        return 0;
    }
    value = (entry & ~(mask << shift)) | new << shift;
    rc = l1e_exchange(slot, entry, value, d);
    if (rc < 0 && stores_upper_half(insn, address))
        rc = l1e_exchange(slot, entry, value & ~PTE_P, d);
    if (trace_wants(TRC_PV | XL_TRC_TABLES) && rc != ENTRY_MOVED)
        store_record(regs, address, slot, value, rc);
    if (!rc)
        insn_retire(insn, regs, old, rflags);
    return rc;
}

static bool store_do(const struct insn *insn, struct cpu_user_regs *regs, u64 address, mfn_t m)
{
    struct domain *d = current->domain;
    struct frame *f = mfn_to_frame(m);
    u64 *slot = (u64 *)mfn_to_virt(m) + address % PAGE_SIZE / sizeof(u64);
    u64 source, type;
    int rc = -XEN_EINVAL;

    if (!insn_source(insn, regs, &source))
        return false;
    type = frame_hold_table(f, d);
    if (type == FT_NONE)
        return false;
    if (type == FT_L1)
        do
            rc = store_try(insn, regs, source, slot, address, d);
        while (rc == ENTRY_MOVED);
    frame_let_go(f);
    return !rc;
}

/* The entry that maps @va for the guest's kernel; 0 if there is none. */
static u64 l1e_of(const struct vcpu *v, u64 va)
{
    u64 *slot = guest_range_ok(va, 1) ? pt_find_l1e(MFN(v->cr3_kernel >> PAGE_SHIFT), va) : NULL;

    return slot ? ACCESS_ONCE(*slot) : 0;
}

/*
 * A store to registers that the domain may only look at (io_frames.h) goes nowhere. As on Xen only
 * one that is aligned and does not read, by an instruction that began it where it faulted.
 */
static bool store_drop(const struct insn *insn, struct cpu_user_regs *regs)
{
    if (insn->op != INSN_MOV && insn->op != INSN_STOS)
        return false;
    insn_retire(insn, regs, 0, regs->rflags);
    return true;
}

/* Xen does it for the control domain always, for others if they asked. */
static bool may_store(const struct domain *d)
{
    return d->privileged || domain_assists(d, VMASST_TYPE_writable_pagetables);
}

static bool is_l1_table(mfn_t m)
{
    return mfn_valid(m) && frame_type(mfn_to_frame(m)) == FT_L1;
}

bool pt_store_emulate(struct cpu_user_regs *regs, u64 cr2)
{
    struct domain *d = current->domain;
    u64 address, missing, entry = l1e_of(current, cr2);
    mfn_t m = pte_mfn(entry);
    u8 bytes[INSN_BYTES_MAX];
    struct insn insn;
    bool kept, known;

    if ((entry & (PTE_P | PTE_RW)) != PTE_P || !may_store(d))
        return false;
    kept = d->privileged && mfn_is_io(m) && io_frame_is_kept(m);
    if (!kept && !is_l1_table(m))
        return false;
    missing = guest_copy_in(bytes, regs->rip, sizeof(bytes));
    known = (d->is_32bit ? insn_decode_32 : insn_decode)(&insn, bytes, sizeof(bytes) - missing);
    if (!known)
        return false;
    address = insn_address(&insn, regs);
    if ((kept ? address != cr2 : (address ^ cr2) >> PAGE_SHIFT != 0) || address % insn.width)
        return false;
    if (kept ? !store_drop(&insn, regs) : !store_do(&insn, regs, address, m))
        return false;
    if (regs->rflags & RFLAGS_TF)
        bounce_exception(regs, EXCEPTION_DB, 0);
    return true;
}
