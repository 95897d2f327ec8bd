/* All selectors are the vcpu's own: they have no say where code and data are. */
#include "tests/guests/vcpu-switch/switch.h"

#define MSR_FS       0xc0000100u
#define MSR_GS       0xc0000101u
#define MSR_GS_OTHER 0xc0000102u

void yield_and_check(u64 id, u64 round)
{
    register u64 r12 asm("r12") = round, r13 asm("r13") = ~round, r14 asm("r14") = id;
    register u64 r15 asm("r15") = value(id, round);
    u64 rbx = 3 * round, rax;

    asm volatile("call hypercall_page + %c8"
                 : "=a"(rax), "+b"(rbx), "+r"(r12), "+r"(r13), "+r"(r14), "+r"(r15)
                 : "D"(SCHEDOP_yield), "S"(0), "i"(__HYPERVISOR_sched_op * XL_STUB_SIZE)
                 : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
    check(id, GENERAL,
          !rax && rbx == 3 * round && r12 == round && r13 == ~round && r14 == id &&
              r15 == value(id, round));
}

void segments_set(u64 id)
{
    asm volatile("mov %0, %%ds; mov %1, %%es" ::"r"((u16)SELECTOR),
                 "r"((u16)(id ? LDT_SELECTOR : 0)));
    asm volatile("mov %0, %%fs; mov %1, %%gs" ::"r"((u16)(id ? 0 : SELECTOR)),
                 "r"((u16)(id ? SELECTOR : 0)));
    call_set_segment_base(SEGBASE_FS, value(id, 1));
    call_set_segment_base(SEGBASE_GS_USER, value(id, 2));
    call_set_segment_base(SEGBASE_GS_KERNEL, value(id, 3));
}

void segments_check(u64 id)
{
    u16 ds, es, fs, gs;

    asm volatile("mov %%ds, %0; mov %%es, %1" : "=r"(ds), "=r"(es));
    asm volatile("mov %%fs, %0; mov %%gs, %1" : "=r"(fs), "=r"(gs));
    check(id, SELECTORS,
          ds == SELECTOR && es == (id ? LDT_SELECTOR : 0) && fs == (id ? 0 : SELECTOR) &&
              gs == (id ? SELECTOR : 0));
    check(id, FS_BASE, rdmsr(MSR_FS) == value(id, 1));
    check(id, GS_USER, rdmsr(MSR_GS_OTHER) == value(id, 2));
    check(id, GS_BASE, rdmsr(MSR_GS) == value(id, 3));
}

void segments_after_trap(u64 id)
{
    (void)id;
}
