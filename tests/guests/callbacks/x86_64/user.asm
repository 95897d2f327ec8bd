; User code of this test. The second part is 32-bit code (the bytes are the same in both modes).

default rel
global user_code, user_code_end, user_syscall, user_sysenter, user_code_32

section .user_text exec progbits align=4096
user_code:
user_syscall:
    syscall
user_sysenter:
    sysenter
user_code_32:
    syscall
    syscall
    syscall
user_code_end:
