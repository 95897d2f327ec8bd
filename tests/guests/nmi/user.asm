; What the process does between NMIs. Every register has its number, and must still have it when the
; system call ends the round; the stack is used as well.

%include "tests/guests/width.inc"
global user_code, user_code_end, user_loop

section .user_text exec progbits align=4096
user_code:
user_loop:
    push bx_
    pop bx_
    inc bp_
    test ebp, 15
    jnz user_loop
    system_call
user_code_end:
