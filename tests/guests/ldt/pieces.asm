; Uses of selectors: a load, a far call, a look at a descriptor; by the kernel and by a user.

%include "tests/guests/width.inc"
global user_code, user_code_end, user_load, user_call
global load_es, look, call_far

section .user_text exec progbits align=4096
user_code:
user_load:
    mov es, ebx
    system_call
user_call:
    call far dword [bx_]
    system_call
user_code_end:

section .text
; void load_es(void *selector)
load_es:
    argument ax_, 0
    mov es, ax
    ret

; void look(unsigned long *selector_in_rights_out): 0 if the descriptor may not be looked at
look:
    argument dx_, 0
    mov ecx, [dx_]
    xor eax, eax
    lar eax, ecx
    mov [dx_], ax_
    ret

; void call_far(void *operand): through 32 bits of offset, 16 of selector
call_far:
    argument ax_, 0
    call far dword [ax_]
    ret
