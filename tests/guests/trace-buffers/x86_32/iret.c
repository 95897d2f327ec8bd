/* See trace_buffers.h. */
#include "tests/guests/trace-buffers/trace_buffers.h"

bool iret_keeps_registers(void)
{
    u32 ebx = 1, ecx = 2, edx = 3, esi = 4, edi = 5;

    asm volatile("push $2\n\t" /* flags: events stay masked */
                 "push %%cs\n\t"
                 "push $1f\n\t"
                 "jmp hypercall_page + %c[iret]\n"
                 "1:"
                 : "+b"(ebx), "+c"(ecx), "+d"(edx), "+S"(esi), "+D"(edi)
                 : [iret] "i"(__HYPERVISOR_iret * XL_STUB_SIZE)
                 : "eax", "memory", "cc");
    return ebx == 1 && ecx == 2 && edx == 3 && esi == 4 && edi == 5;
}
