; As x86_64/user.asm.
global user_code, user_code_end, user_call, user_called
section .text
align 4096
user_code:
user_call:
    int 0x80
user_called:
    ud2
user_code_end:
