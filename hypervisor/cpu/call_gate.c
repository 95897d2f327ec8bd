/*
 * Call gates of 32-bit guests.
 *
 * In long mode a gate has 16 bytes and leads to 64-bit code, so the CPU can use none of a 32-bit
 * guest's. They are stored with DPL 0 (descriptors.c), which makes each use fault, with the DPL
 * that the guest gave in the two low bits of the target's selector. Here the use is done for it:
 * what the manual says of a 32-bit gate, with the stack of stack_switch as the TSS's of ring 1.
 * There is no other inner ring.
 *
 * Everything is read and checked before anything changes but the stack below its pointer, so an
 * instruction that faults on the way can be executed again. Orders of checks and error codes:
 * Xen's.
 */
#include "hypervisor/cpu/call_gate.h"

#include "hypervisor/cpu/bounce.h"
#include "hypervisor/cpu/emulate.h"
#include "hypervisor/cpu/emulate_regs.h"
#include "hypervisor/cpu/segment.h"
#include "hypervisor/domain/domain.h"
#include "hypervisor/mm/pae.h"
#include "hypervisor/mm/pt_update.h"
#include "hypervisor/mm/uaccess.h"

#define GATE_WORDS_MAX 31
#define GATE_TYPE      0x1f00U /* of the upper half of a descriptor, and that of a 32-bit call gate */
#define GATE_CALL_32   0x0c00U
#define KERNEL_RING    1

/* An exception to be bounced: vector and error code. None is 0. */
#define FAULT(vector, code) ((u32)(vector) << 16 | (u16)(code))

struct gate {
    u32 offset;
    u16 selector;
    u8 dpl, words; /* the guest's; parameters to be copied */
    bool present;
};

/* The gate at @selector, if there is one. */
static bool gate_read(u16 selector, struct gate *g)
{
    const struct vcpu *v = current;
    u32 high;
    u64 d;

    if (selector >> 3 >= (selector & 4 ? v->ldt_entries : v->gdt_entries) ||
        !descriptor_read(selector, &d))
        return false;
    high = (u32)(d >> 32);
    *g = (struct gate){.offset = (u32)(d & 0xffff) | (high & 0xffff0000),
                       .selector = (u16)(d >> 16) & ~3,
                       .dpl = d >> 16 & 3,
                       .words = high % (GATE_WORDS_MAX + 1),
                       .present = high & SEGMENT_P};
    return (high & GATE_TYPE) == GATE_CALL_32 && (high >> 13 & 3) == 0;
}

/* A page that is not there, at @at. */
static u32 page_fault(u64 at, u32 access)
{
    *current->cr2 = at;
    return FAULT(EXCEPTION_PF, access);
}

/* The far call or jump at the instruction pointer, and the selector that it names. */
static u32 branch_read(struct insn *insn, struct cpu_user_regs *regs, u16 *named)
{
    const u32 refused = FAULT(EXCEPTION_GP, regs->error_code);
    struct segment s;
    struct code code;
    bool in_memory;
    u64 at, missing;

    if (!code_fetch(&code, regs) || code.bits == 64)
        return refused;
    if (code.missing)
        return page_fault(code.address, 0);
    if (!insn_decode_far(insn, code.bytes, code.have, code.bits, &in_memory))
        return refused;
    *named = (u16)insn->immediate;
    if (!in_memory)
        return 0;
    at = insn_effective(insn, regs) + insn->width;
    if (!insn->segment && (insn->base == INSN_RSP || insn->base == INSN_RBP))
        insn->segment = INSN_SS;
    if (!segment_find(segment_selector(insn->segment, regs), &s) || !segment_readable(&s) ||
        !segment_holds(&s, at, sizeof(*named)))
        return refused;
    at = (u32)(s.base + at);
    missing = guest_copy_in(named, at, sizeof(*named));
    if (missing)
        return page_fault(at + sizeof(*named) - missing, 0);
    missing = ring_missing(regs, at, sizeof(*named), 0);
    return missing ? page_fault(at + sizeof(*named) - missing, PF_PRESENT) : 0;
}

/* May @g be followed from ring @cpl, to its target @s? */
static u32 target_check(const struct gate *g, bool jump, u32 cpl, struct segment *s)
{
    const u32 refused = FAULT(EXCEPTION_GP, g->selector), code = SEGMENT_S | SEGMENT_CODE;

    if (!segment_find(g->selector, s) || (s->rights & (code | SEGMENT_LONG)) != code)
        return refused;
    if (jump && !(s->rights & SEGMENT_CONFORMING) ? SEGMENT_DPL(s) != cpl : SEGMENT_DPL(s) > cpl)
        return refused;
    if (!(s->rights & SEGMENT_P))
        return FAULT(EXCEPTION_NP, g->selector);
    return g->offset > s->limit ? FAULT(EXCEPTION_GP, 0) : 0;
}

/* Is @s what a stack of ring @ring may be? */
static bool stack_usable(const struct segment *s, u32 ring)
{
    return SEGMENT_DPL(s) == ring &&
           (s->rights & (SEGMENT_S | SEGMENT_CODE | SEGMENT_WRITE)) == (SEGMENT_S | SEGMENT_WRITE);
}

/* Has it room for @bytes below @esp? */
static bool stack_holds(const struct segment *s, u32 esp, u32 bytes)
{
    return esp - bytes < esp - 1 &&
           (s->rights & SEGMENT_DOWN ? esp - bytes > s->limit : esp - 1 <= s->limit);
}

/* The stack that a call finds: the segment, and its pointer. @words go onto it. */
static u32 stack_find(const struct cpu_user_regs *regs, bool inner, u32 words, u16 *ss, u32 *esp,
                      struct segment *s)
{
    const struct vcpu *v = current;
    const u32 ring = inner ? KERNEL_RING : regs->cs & 3;

    *ss = inner ? v->kernel_ss : (u16)regs->ss;
    *esp = inner ? (u32)v->kernel_sp : (u32)regs->rsp;
    if ((inner && (*ss & 3) != ring) || !segment_find(*ss, s) || !stack_usable(s, ring))
        return inner ? FAULT(EXCEPTION_TS, *ss & ~3) : FAULT(EXCEPTION_GP, regs->error_code);
    if (!(s->rights & SEGMENT_P) || !stack_holds(s, *esp, words * sizeof(u32)))
        return FAULT(EXCEPTION_SS, inner ? *ss & ~3 : 0);
    return 0;
}

/* The parameters, from the caller's stack. */
static u32 parameters_read(u32 *words, u32 n, const struct cpu_user_regs *regs)
{
    const u32 refused = FAULT(EXCEPTION_GP, regs->error_code), bytes = n * sizeof(u32);
    struct segment s;
    u64 at, missing;

    if (!n)
        return 0;
    if (!segment_find((u16)regs->ss, &s) || !stack_usable(&s, regs->cs & 3) ||
        !stack_holds(&s, (u32)regs->rsp + bytes, bytes))
        return refused;
    at = (u32)(s.base + regs->rsp);
    if (at + bytes > PAE_WINDOW_START)
        return refused;
    missing = guest_copy_in(words, at, bytes);
    if (missing)
        return page_fault(at + bytes - missing, 0);
    missing = ring_missing(regs, at, bytes, 0);
    return missing ? page_fault(at + bytes - missing, PF_PRESENT) : 0;
}

/* A stack within the caller's ring is his own, and we write in his place. */
static u32 stack_write(struct cpu_user_regs *regs, bool inner, u64 at, const u32 *words, u32 bytes)
{
    const mfn_t root = MFN(current->cr3_kernel >> PAGE_SHIFT);
    u64 missing = inner ? 0 : ring_missing(regs, at, bytes, PTE_RW);

    if (missing) {
        at += bytes - missing;
        return page_fault(at, PF_WRITE | (pt_rights(root, at) & PTE_P ? PF_PRESENT : 0));
    }
    missing = guest_copy_out(at, words, bytes);
    return missing ? page_fault(at + bytes - missing, PF_WRITE) : 0;
}

/* A call: what it pushes, and the stack that it leaves in force. */
static u32 frame_push(struct cpu_user_regs *regs, const struct gate *g, bool inner, unsigned length)
{
    u32 words[GATE_WORDS_MAX + 4] = {(u32)regs->rip + length, (u16)regs->cs};
    u32 n = 2, esp, fault, bytes;
    struct segment s;
    u64 at;
    u16 ss;

    if (inner) {
        fault = parameters_read(words + n, g->words, regs);
        if (fault)
            return fault;
        n += g->words;
        words[n++] = (u32)regs->rsp;
        words[n++] = (u16)regs->ss;
    }
    fault = stack_find(regs, inner, n, &ss, &esp, &s);
    if (fault)
        return fault;
    bytes = n * sizeof(u32);
    at = (u32)(s.base + esp - bytes);
    if (at + bytes > PAE_WINDOW_START)
        return FAULT(EXCEPTION_GP, regs->error_code);
    fault = stack_write(regs, inner, at, words, bytes);
    if (fault)
        return fault;
    regs->rsp = esp - bytes;
    regs->ss = ss;
    return 0;
}

static u32 gate_use(struct cpu_user_regs *regs)
{
    const u32 refused = FAULT(EXCEPTION_GP, regs->error_code), cpl = regs->cs & 3;
    struct segment target;
    struct insn insn;
    struct gate g;
    bool inner;
    u32 fault;
    u16 named;

    if (!gate_read((u16)regs->error_code, &g) || g.dpl < cpl)
        return refused;
    if (!g.present)
        return FAULT(EXCEPTION_NP, regs->error_code);
    fault = branch_read(&insn, regs, &named);
    if (fault)
        return fault;
    if ((named & ~3U) != regs->error_code || g.dpl < (named & 3))
        return refused;
    fault = target_check(&g, insn.op == INSN_JUMP_FAR, cpl, &target);
    if (fault)
        return fault;
    inner = SEGMENT_DPL(&target) < cpl && !(target.rights & SEGMENT_CONFORMING);
    if (inner && SEGMENT_DPL(&target) != KERNEL_RING)
        return refused;
    fault = insn.op == INSN_CALL_FAR ? frame_push(regs, &g, inner, insn.length) : 0;
    if (fault)
        return fault;
    regs->cs = g.selector | (inner ? KERNEL_RING : cpl);
    regs->rip = g.offset;
    instruction_retire(regs, 0, 32, 0);
    return 0;
}

void call_gate_emulate(struct cpu_user_regs *regs)
{
    const u32 user = (regs->cs & 3) == KERNEL_RING ? 0 : PF_USER, fault = gate_use(regs);

    if (fault)
        bounce_exception(regs, fault >> 16, (u16)fault | (fault >> 16 == EXCEPTION_PF ? user : 0));
}
