/* DS and ES are where the kernel has its data, and so the same for both. */
#include "tests/guests/vcpu-switch/switch.h"

void yield_and_check(u64 id, u64 round)
{
    u32 edx = 3 * (u32)round, esi = (u32)round, edi = value(id, round), eax, ebx, ecx;

    asm volatile("call hypercall_page + %c[call]"
                 : "=a"(eax), "=b"(ebx), "=c"(ecx), "+d"(edx), "+S"(esi), "+D"(edi)
                 : "b"(SCHEDOP_yield), "c"(0), [call] "i"(__HYPERVISOR_sched_op * XL_STUB_SIZE)
                 : "memory");
    check(id, GENERAL,
          !eax && edx == 3 * (u32)round && esi == (u32)round && edi == value(id, round));
}

/* A handler of the runtime's leaves in GS what the runtime has there. */
void segments_after_trap(u64 id)
{
    asm volatile("mov %0, %%gs" ::"r"(id ? SELECTOR : 0));
}

void segments_set(u64 id)
{
    asm volatile("mov %0, %%fs" ::"r"(id ? LDT_SELECTOR : SELECTOR));
    segments_after_trap(id);
}

void segments_check(u64 id)
{
    u16 ds, es, fs, gs;

    asm volatile("mov %%ds, %0; mov %%es, %1" : "=r"(ds), "=r"(es));
    asm volatile("mov %%fs, %0; mov %%gs, %1" : "=r"(fs), "=r"(gs));
    check(id, SELECTORS,
          ds == FLAT_KERNEL_DS && es == FLAT_KERNEL_DS && fs == (id ? LDT_SELECTOR : SELECTOR) &&
              gs == (id ? SELECTOR : 0));
}
