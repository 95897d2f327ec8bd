; The failsafe callback that looks at its frame, the place that is interrupted, and user code.

default rel
%include "guest-offsets.inc"

extern hypercall_page, failsafe_frame, failsafe_count, failsafe_after
global failsafe_entry, yield_here, yield_done, user_code, user_code_end, user_spin, user_spinning

section .text

; On the stack, from the top: rcx r11 ds es fs gs rip cs rflags rsp ss
failsafe_entry:
    push rax
    push rbx
    push rdx
    lea rax, [rel failsafe_frame]
    xor ebx, ebx
.copy:
    mov rdx, [rsp + 3 * 8 + rbx * 8]
    mov [rax + rbx * 8], rdx
    inc ebx
    cmp ebx, 11
    jb .copy
    lea rdx, [rsp + 3 * 8]
    mov [rax + rbx * 8], rdx ; and where it is
    lea rax, [rel failsafe_after]
    mov [rax], ds
    mov [rax + 2], es
    mov [rax + 4], fs
    mov [rax + 6], gs
    pushfq
    pop qword [rax + 8]
    mov [rax + 16], cs
    mov [rax + 18], ss
    inc qword [rel failsafe_count]
    pop rdx
    pop rbx
    pop rax
    pop rcx
    pop r11
    add rsp, 4 * 8
    or byte [rsp + 8], 3
    iretq

; bool yield_here(u64 rsp): SCHEDOP_yield on that stack; true if no register was lost.
yield_here:
    push rbx
    push rbp
    push r12
    mov rbp, rsp
    mov rsp, rdi
    mov ebx, 0x1234567
    mov r12, 0x7654321
    mov eax, __HYPERVISOR_sched_op
    xor edi, edi ; SCHEDOP_yield
    xor esi, esi
    std
    syscall
yield_done:
    pushfq
    pop rdx
    cld
    mov rsp, rbp
    and edx, 0x400
    xor edx, 0x400
    xor rbx, 0x1234567
    xor r12, 0x7654321
    or rax, rbx
    or rax, r12
    or rax, rdx
    sete al
    movzx eax, al
    pop r12
    pop rbp
    pop rbx
    ret

section .user_text exec progbits align=4096
user_code:
user_spin: ; ax = a selector, rbx = a word to wait for
    mov es, eax
    mov dword [rbx], 1
user_spinning:
    cmp dword [rbx + 8], 0
    je user_spinning
    mov edx, es
    syscall
user_code_end:
