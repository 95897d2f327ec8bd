; A user that reads one word and hands it back.

global user_code, user_code_end

section .user_text exec progbits align=4096
user_code:
    mov eax, [ebx]
    int 0x80
user_code_end:
