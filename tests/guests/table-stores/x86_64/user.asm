; The user process: one store, to the address in rdi.

global user_code, user_code_end

section .user_text exec progbits align=4096
user_code:
    mov [rdi], rax
    syscall
user_code_end:
