; What user mode asks and tries; the answer is in rdx at the syscall.

%include "tests/guests/width.inc"
global user_code, user_code_end, user_cpuid, user_xsetbv, user_xgetbv, user_sse, user_clts

section .user_text exec progbits align=4096
user_code:
user_cpuid:                     ; leaf in eax; the answer's ecx
    xor ecx, ecx
    db  0x0f, 0x0b, "xen", 0x0f, 0xa2
    mov edx, ecx
    system_call
user_xsetbv:
    xor ecx, ecx
    xor edx, edx
    xsetbv
    system_call
user_xgetbv:
    xor ecx, ecx
    xgetbv
    mov edx, eax
    system_call
user_sse:
%if __BITS__ == 64
    movq xmm1, rax
%else
    movd xmm1, eax
%endif
    system_call
user_clts:
    clts
    system_call
user_code_end:
