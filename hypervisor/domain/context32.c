/*
 * A vcpu's whole state in the layout that a 32-bit guest and its toolstack have of it, and in the
 * form that context.c knows: the 64-bit one, where CR3 is the address of the L3, and the selectors
 * of the event and failsafe callbacks share the place of the syscall callback, which 32-bit kernels
 * do not have. (Xen's headers let them share it, too.) Nothing is lost either way.
 */
#include "hypervisor/domain/context.h"

#include "hypervisor/mm/pae.h"
#include "xen-like/lib/string.h"

/* clang-format off */
/* Of one name in both. */
#define CONTEXT_FIELDS(X)                                                                          \
    X(flags) X(ldt_base) X(ldt_ents) X(gdt_ents) X(kernel_ss) X(kernel_sp)                         \
    X(event_callback_eip) X(failsafe_callback_eip) X(vm_assist)
#define CONTEXT_REGISTERS(X)                                                                       \
    X(ebx) X(ecx) X(edx) X(esi) X(edi) X(ebp) X(eax) X(error_code) X(entry_vector) X(eip) X(cs)    \
    X(saved_upcall_mask) X(eflags) X(esp) X(ss) X(es) X(ds) X(fs) X(gs)
#define TRAP_FIELDS(X) X(vector) X(flags) X(cs) X(address)

#define ASSIGN(field)          to->field = (__typeof__(to->field))from->field;
#define ASSIGN_REGISTER(field) ASSIGN(user_regs.field)
#define ASSIGN_TRAP(field)     ASSIGN(trap_ctxt[i].field)
#define FOR_ALL(array)         for (unsigned i = 0; i < ARRAY_SIZE(to->array); i++)

#define ASSIGN_CONTEXT                                                                             \
    CONTEXT_FIELDS(ASSIGN)                                                                         \
    CONTEXT_REGISTERS(ASSIGN_REGISTER)                                                             \
    FOR_ALL(gdt_frames) ASSIGN(gdt_frames[i])                                                      \
    FOR_ALL(ctrlreg) ASSIGN(ctrlreg[i])                                                            \
    FOR_ALL(debugreg) ASSIGN(debugreg[i])                                                          \
    FOR_ALL(trap_ctxt) { TRAP_FIELDS(ASSIGN_TRAP) }                                                \
    memcpy(&to->fpu_ctxt, &from->fpu_ctxt, sizeof(to->fpu_ctxt));
/* clang-format on */

void context_widen(struct vcpu_guest_context *to, const struct vcpu_guest_context_x86_32 *from)
{
    memset(to, 0, sizeof(*to));
    ASSIGN_CONTEXT
    to->ctrlreg[3] = pae_cr3_mfn(from->ctrlreg[3]).n << PAGE_SHIFT;
    to->syscall_callback_eip =
        context_selectors((u16)from->event_callback_cs, (u16)from->failsafe_callback_cs);
}

void context_narrow(struct vcpu_guest_context_x86_32 *to, const struct vcpu_guest_context *from)
{
    memset(to, 0, sizeof(*to));
    ASSIGN_CONTEXT
    to->ctrlreg[3] = pae_cr3_of(MFN(from->ctrlreg[3] >> PAGE_SHIFT));
    to->event_callback_cs = context_event_cs(from);
    to->failsafe_callback_cs = context_failsafe_cs(from);
}
