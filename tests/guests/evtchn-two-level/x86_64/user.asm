; User code for an upcall to interrupt: it counts nothing, it calls its kernel at once.
default rel
global user_code, user_code_end, user_call, user_called
section .text
align 4096
user_code:
user_call:
    syscall
user_called:
    ud2
user_code_end:
