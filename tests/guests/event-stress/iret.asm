; void iret_unmasked(void): to the caller by way of the hypercall iret, whose frame says with IF that
; events are to be let in. The hypervisor unmasks, looks for what is pending and returns in one step.

default rel
%include "guest-offsets.inc"

extern hypercall_page
global iret_unmasked

RFLAGS_IF equ 0x202             ; and the bit that is always 1

section .text
iret_unmasked:
    mov edx, ss
    mov rcx, rsp
    mov esi, cs
    and esi, ~3                 ; ring 0 stands for this kernel
    lea rax, [.back]
    push rdx
    push rcx
    push RFLAGS_IF
    push rsi
    push rax
    push 0
    jmp hypercall_page + __HYPERVISOR_iret * XL_STUB_SIZE
.back:
    ret
