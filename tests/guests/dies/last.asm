; Last instructions of a guest.

default rel
%include "guest-offsets.inc"
global die_on_stack, die_at_iret, user_code, user_code_end, user_syscall, user_ud2

extern hypercall_page

section .text
; void die_on_stack(u64 sp): an exception with no good place for its frame.
die_on_stack:
    mov rsp, rdi
    ud2

; void die_at_iret(u64 sp): the iret hypercall, its frame at sp. Not through the hypercall page,
; which would push on that stack.
die_at_iret:
    mov rsp, rdi
    mov eax, __HYPERVISOR_iret
    syscall

section .user_text exec progbits align=4096
user_code:
user_syscall:
    syscall
user_ud2:
    ud2
user_code_end:
