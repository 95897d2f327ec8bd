; The user process: one store, to the address in edi.

global user_code, user_code_end

section .user_text exec progbits align=4096
user_code:
    mov [edi], eax
    int 0x80
user_code_end:
