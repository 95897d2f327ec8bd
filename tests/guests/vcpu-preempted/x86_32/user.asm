; As x86_64/user.asm.

global user_code, user_code_end, step_once

EFLAGS_TF equ 0x100

section .text
step_once:
    pushfd
    or dword [esp], EFLAGS_TF
    popfd
    nop
    nop
    ret

section .user_text exec progbits align=4096
user_code:
    inc eax
    jmp user_code
user_code_end:
