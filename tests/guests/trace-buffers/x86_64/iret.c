/* See trace_buffers.h. */
#include "tests/guests/trace-buffers/trace_buffers.h"

bool iret_keeps_registers(void)
{
    register u64 r8 asm("r8") = 8, r9 asm("r9") = 9, r10 asm("r10") = 10;
    u64 rdi = 1, rsi = 2, rdx = 3;

    asm volatile("mov %%rsp, %%rcx\n\t"
                 "mov %%ss, %%eax\n\t"
                 "push %%rax\n\t"
                 "push %%rcx\n\t"
                 "push $2\n\t" /* flags: events stay masked */
                 "mov %%cs, %%eax\n\t"
                 "and $~3, %%eax\n\t"
                 "push %%rax\n\t"
                 "lea 1f(%%rip), %%rax\n\t"
                 "push %%rax\n\t"
                 "push $0\n\t"
                 "jmp hypercall_page + %c[iret]\n"
                 "1:"
                 : "+r"(r8), "+r"(r9), "+r"(r10), "+D"(rdi), "+S"(rsi), "+d"(rdx)
                 : [iret] "i"(__HYPERVISOR_iret * XL_STUB_SIZE)
                 : "rax", "rcx", "r11", "memory", "cc");
    return rdi == 1 && rsi == 2 && rdx == 3 && r8 == 8 && r9 == 9 && r10 == 10;
}
