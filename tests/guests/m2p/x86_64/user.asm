; A user that reads one word and hands it back.

default rel
global user_code, user_code_end

section .user_text exec progbits align=4096
user_code:
    mov rax, [rbx]
    syscall
user_code_end:
