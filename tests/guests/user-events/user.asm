; Calls the kernel as fast as it can, by each way that there is. Counts down in rbx.

%include "tests/guests/width.inc"
global user_code, user_code_end

section .user_text exec progbits align=4096
user_code:
    mov dx_, bx_
    system_call
    ud2                         ; the kernel steps over it
    cmp dx_, bx_                ; every register is as it was
    jne wrong
    dec bx_
    jnz user_code
    int3
wrong:
    int3
user_code_end:
