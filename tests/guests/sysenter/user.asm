; User code of this test; the bytes are the same in 32-bit code.

default rel
global user_code, user_code_end, user_sysenter, user_flags

section .user_text exec progbits align=4096
user_code:
user_flags:                 ; AC, NT, DF and TF set: the hypervisor must get rid of them, having saved them
    pushfq
    or qword [rsp], 0x44500
    popfq
user_sysenter:
    sysenter
user_code_end:
