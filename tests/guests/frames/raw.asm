; Handlers that look at the frame as the hypervisor pushed it, before the runtime has touched
; anything, and provoke entries with every alignment of the stack.

default rel
%include "guest-offsets.inc"
global raw_entry, raw_words, raw_sp, raw_flags, raw_selectors, raw_provoke, raw_provoke_gp

WORDS equ 16

section .bss
align 16
raw_words: resq WORDS
raw_sp: resq 1
raw_flags: resq 1
raw_selectors: resq 2           ; cs, ss
resume_sp: resq 1
resume_at: resq 1

section .text
; The entry for whatever is provoked: notes all and goes back behind the provocation.
raw_entry:
    mov [raw_sp], rsp
    mov rsi, rsp
    pushfq
    pop rax
    mov [raw_flags], rax
    mov eax, cs
    mov [raw_selectors], rax
    mov eax, ss
    mov [raw_selectors + 8], rax
    cld
    lea rdi, [raw_words]
    mov ecx, WORDS
    rep movsq
    mov rsp, [resume_sp]
    jmp [resume_at]

; void raw_provoke(u64 offset, u64 flags): ud2 with rsp = 16-aligned + offset and these flags, and
; marks in rcx and r11.
raw_provoke:
    lea rax, [back]
    mov [resume_at], rax
    push rbx
    push rbp
    mov [resume_sp], rsp
    and rsp, ~15
    sub rsp, 64
    add rsp, rdi
    mov rcx, 0x1111111111111111
    mov r11, 0x2222222222222222
    mov [provoked_sp], rsp
    push rsi
    popfq
global provoke_ud2
provoke_ud2:
    ud2
back:
    pop rbp
    pop rbx
    cld
    ret

; The same, but #GP, which has an error code.
raw_provoke_gp:
    lea rax, [back]
    mov [resume_at], rax
    push rbx
    push rbp
    mov [resume_sp], rsp
    and rsp, ~15
    sub rsp, 64
    add rsp, rdi
    mov rcx, 0x1111111111111111
    mov r11, 0x2222222222222222
    mov [provoked_sp], rsp
    push rsi
    popfq
    mov eax, 0xfff3
global provoke_gp
provoke_gp:
    mov ds, ax

section .bss
global provoked_sp
provoked_sp: resq 1
