; User mode for the storm, and a return to the kernel by the hypercall iret.

default rel
global user_code, user_code_end, user_calls, user_wanders, kernel_iret
%include "guest-offsets.inc"

extern hypercall_page

section .user_text exec progbits align=4096
user_code:
; A process that tries hypercalls: rax is a number, the rest are arguments.
user_calls:
    syscall
    mov rax, [rsi]
    ud2
; One that goes where it should not.
user_wanders:
    mov [rsi], rax
    hlt
user_code_end:

section .text
; u64 kernel_iret(u64 rflags, u64 cs, u64 ss, u64 flags): an iret hypercall to just behind itself.
kernel_iret:
    push rbx
    push rbp
    mov rbp, rsp
    push rdx                    ; ss
    push rbp                    ; rsp
    push rdi                    ; rflags
    push rsi                    ; cs
    lea rax, [.back]
    push rax                    ; rip
    push rcx                    ; flags
    jmp hypercall_page + __HYPERVISOR_iret * XL_STUB_SIZE
.back:
    pushfq
    pop rax
    push 2                      ; no alignment checks, no direction, no single step
    popfq
    pop rbp
    pop rbx
    ret
