; User mode for hostile-user: a system call with whatever is in the registers, and a call into a copy of
; the hypercall page at an address in rbx.

default rel
global user_code, user_code_end, user_syscall, user_syscall_back, user_call

section .user_text exec progbits align=4096
user_code:
user_syscall:
    syscall
user_syscall_back:
    ud2
user_call:
    call rbx
    ud2
user_code_end:
