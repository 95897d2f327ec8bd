; User mode for hostile-user: a hypercall with whatever is in the registers, and a call into a copy of
; the hypercall page at an address in rbx (edi).

%include "tests/guests/width.inc"
global user_code, user_code_end, user_syscall, user_syscall_back, user_call

section .user_text exec progbits align=4096
user_code:
user_syscall:
    hypercall_insn
user_syscall_back:
    ud2
user_call:
%if __BITS__ == 64
    call rbx
%else
    call edi
%endif
    ud2
user_code_end:
