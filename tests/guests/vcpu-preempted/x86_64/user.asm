; User space that computes and never calls: who wants the CPU has to take it. And a kernel's single step.

default rel
global user_code, user_code_end, step_once

RFLAGS_TF equ 0x100

section .text
step_once:
    pushfq
    or qword [rsp], RFLAGS_TF
    popfq
    nop
    nop
    ret

section .user_text exec progbits align=4096
user_code:
    inc rax
    jmp user_code
user_code_end:
