; Uses of selectors: a load, a far call, a look at a descriptor; by the kernel and by a user.

default rel
global user_code, user_code_end, user_load, user_call
global load_es, look, call_far

section .user_text exec progbits align=4096
user_code:
user_load:
    mov es, ebx
    syscall
user_call:
    call far dword [rbx]
    syscall
user_code_end:

section .text
; void load_es(void *selector)
load_es:
    mov es, di
    ret

; void look(u64 *selector_in_rights_out): 0 if the descriptor may not be looked at
look:
    mov ecx, [rdi]
    xor eax, eax
    lar eax, ecx
    mov [rdi], rax
    ret

; void call_far(void *operand): through 32 bits of offset, 16 of selector
call_far:
    call far dword [rdi]
    ret
