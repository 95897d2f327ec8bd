; Last instructions of a guest.

%include "guest-offsets.inc"
%include "tests/guests/width.inc"
global die_on_stack, die_at_iret, user_code, user_code_end, user_syscall, user_ud2

extern hypercall_page

section .text
; void die_on_stack(unsigned long sp): an exception with no good place for its frame.
die_on_stack:
    argument sp_, 0
    ud2

; void die_at_iret(unsigned long sp): the iret hypercall, its frame at sp. Not through the hypercall page,
; which would push on that stack.
die_at_iret:
    argument sp_, 0
    mov eax, __HYPERVISOR_iret
    hypercall_insn

section .user_text exec progbits align=4096
user_code:
user_syscall:
    system_call
user_ud2:
    ud2
user_code_end:
