; User space that computes and never calls: who wants the CPU has to take it.

default rel
global user_code, user_code_end

section .user_text exec progbits align=4096
user_code:
    inc rax
    jmp user_code
user_code_end:
