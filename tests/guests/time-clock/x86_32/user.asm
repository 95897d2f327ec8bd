; As x86_64/user.asm.
section .text
global user_code, user_code_end, user_spin
user_code:
user_spin:
    mov ecx, 1000000
.again:
    dec ecx
    jnz .again
    int 0x80
user_code_end:
