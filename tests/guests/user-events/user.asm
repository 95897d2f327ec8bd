; Calls the kernel as fast as it can, by each way that there is. Counts down in rbx.

default rel
global user_code, user_code_end

section .user_text exec progbits align=4096
user_code:
    mov rdx, rbx
    syscall
    ud2                         ; the kernel steps over it
    cmp rdx, rbx                ; every register is as it was
    jne wrong
    dec rbx
    jnz user_code
    int3
wrong:
    int3
user_code_end:
