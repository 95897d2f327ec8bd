; User space that computes for a moment, then makes a system call.
section .text
global user_code, user_code_end, user_spin
user_code:
user_spin:
    mov ecx, 1000000
.again:
    dec ecx
    jnz .again
    syscall
user_code_end:
