; What user mode asks and tries; the answer is in rdx at the syscall.

default rel
global user_code, user_code_end, user_cpuid, user_xsetbv, user_xgetbv, user_sse, user_clts

section .user_text exec progbits align=4096
user_code:
user_cpuid:                     ; leaf in eax; the answer's ecx
    xor ecx, ecx
    db  0x0f, 0x0b, "xen", 0x0f, 0xa2
    mov edx, ecx
    syscall
user_xsetbv:
    xor ecx, ecx
    xor edx, edx
    xsetbv
    syscall
user_xgetbv:
    xor ecx, ecx
    xgetbv
    mov edx, eax
    syscall
user_sse:
    movq xmm1, rax
    syscall
user_clts:
    clts
    syscall
user_code_end:
