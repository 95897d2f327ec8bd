; User mode for the test of iret: tells what it finds in its registers, by `syscall`.

default rel
global user_code, user_code_end, user_report, kernel_iret_raw
%include "guest-offsets.inc"

extern hypercall_page

section .user_text exec progbits align=4096
user_code:
; rbx = rcx, rbp = r11, r12 = rflags, r13 = cs, r14 = ss as they were on arrival. A single step would
; come here, and the direction flag must not disturb anybody: so no string instruction.
user_report:
    mov rbx, rcx
    mov rbp, r11
    pushfq
    pop r12
    mov r13, cs
    mov r14, ss
    mov r15, rsp
    syscall
user_code_end:

section .text
; u64 kernel_iret_raw(u64 rflags, u64 cs, u64 ss, u64 flags): an iret hypercall to the kernel itself,
; just behind the call. Answers the rflags found there.
kernel_iret_raw:
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
    cld
    pop rbp
    pop rbx
    ret
