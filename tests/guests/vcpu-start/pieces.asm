; Where vcpus begin, in the kernel and in user space: what is in the registers goes to `begun`, in
; the order of struct begun.

default rel

extern begun, begun_in_c, user_back_in_c
global begin_here, user_entry, user_code, user_code_end

section .text
begin_here:
    mov [rel begun], rax
    lea rax, [rel begun]
    mov [rax + 8], rbx
    mov [rax + 16], rcx
    mov [rax + 24], rdx
    mov [rax + 32], rsi
    mov [rax + 40], rdi
    mov [rax + 48], rbp
    mov [rax + 56], rsp
    mov [rax + 64], r8
    mov [rax + 72], r9
    mov [rax + 80], r10
    mov [rax + 88], r11
    mov [rax + 96], r12
    mov [rax + 104], r13
    mov [rax + 112], r14
    mov [rax + 120], r15
    pushfq
    pop qword [rax + 128]
    cld
    xor edx, edx
    mov dx, cs
    mov [rax + 136], rdx
    mov dx, ss
    mov [rax + 144], rdx
    mov dx, ds
    mov [rax + 152], rdx
    mov dx, es
    mov [rax + 160], rdx
    mov dx, fs
    mov [rax + 168], rdx
    mov dx, gs
    mov [rax + 176], rdx
    fxsave64 [rax + 192]
    jmp begun_in_c

; The syscall callback of a vcpu that began in user space: rcx r11 rip cs rflags rsp ss on the stack.
user_entry:
    mov rdi, rsp
    mov rsi, rax
    jmp user_back_in_c

section .user_text exec progbits align=4096
user_code:
    mov rax, cs
    add rax, rdi
    syscall
user_code_end:
