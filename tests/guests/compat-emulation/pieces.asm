; 32-bit and 16-bit code that main.c copies to LOW and runs there: each piece is given eax, ecx, esi and edi, and
; goes home with what it has in them.

%include "guest-offsets.inc"

LOW         equ 0x40000000      ; main.c
LOW_STACK   equ LOW + 0x2000
PORT        equ 0xcf8
KERNEL_CS   equ 0xe033
MSR_EFER    equ 0xc0000080
HYPERVISOR_LEAF equ 0x40000000

global compat_begin, compat_end, compat_run, compat_returned, compat_kernel
global piece_clts, piece_clts_lock, piece_cr0, piece_cr2, piece_dr7, piece_efer, piece_cli, piece_port, piece_cpuid
global piece_ins, piece_ins_16, piece_outs, piece_outs_fs, piece_outs_ss, piece_hlt, piece_cut, piece_16, piece_16_port

section .text
bits 64

; void compat_run(struct compat *compat)
compat_run:
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    push rdi
    mov [rel kernel_sp], rsp
    mov rbx, rdi
    mov rax, [rbx + 8]
    mov rcx, [rbx + 16]
    mov rsi, [rbx + 24]
    mov rdi, [rbx + 32]
    mov edx, PORT
    cld
    mov esp, LOW_STACK
    jmp far dword [rbx]

compat_returned:
    mov rsp, [rel kernel_sp]
    pop rbx
    mov [rbx + 8], rax
    mov [rbx + 16], rcx
    mov [rbx + 24], rsi
    mov [rbx + 32], rdi
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret

compat_begin:
home_64:
    mov eax, eax                ; upper halves are whatever they are
    mov ecx, ecx
    mov esi, esi
    mov edi, edi
    mov rdx, compat_kernel
    jmp [rdx]

%macro home 0
    jmp KERNEL_CS:(LOW + home_64 - compat_begin)
%endmacro

bits 32
piece_clts:
    clts
    home
piece_clts_lock:
    db 0xf0
    clts
    home
piece_cr0:
    mov eax, cr0
    and eax, 8
    home
piece_cr2:
    mov eax, 0xfedcba98
    mov cr2, eax
    xor eax, eax
    mov eax, cr2
    home
piece_dr7:
    mov eax, dr7
    home
piece_efer:
    mov ecx, MSR_EFER
    rdmsr
    and eax, 0x500
    home
piece_hlt:
    hlt
    home
piece_cli:
    cli
    sti
    home
piece_port:
    out dx, eax
    xor eax, eax
    in eax, dx
    home
piece_cpuid:
    mov eax, HYPERVISOR_LEAF
    ud2
    db "xen"
    cpuid
    mov eax, ebx
    xor ecx, ecx
    home
piece_ins:
    mov es, eax
    rep insd
    home
piece_ins_16:
    mov es, eax
    a16 rep insd
    home
piece_outs:
    mov ds, eax
    rep outsd
    home
piece_outs_fs:
    mov fs, eax
    fs rep outsd
    home
piece_outs_ss:
    mov ss, eax
    ss rep outsd
    home

bits 16
piece_16:
    clts
    jmp dword KERNEL_CS:(LOW + home_64 - compat_begin)
piece_16_port:
    out dx, eax
    xor eax, eax
    in eax, dx
    jmp dword KERNEL_CS:(LOW + home_64 - compat_begin)

bits 32
piece_cut:
    db 0x0f                     ; and the segments' end: clts, were they longer
compat_end:
    db 0x06

section .data
compat_kernel: dq 0

section .bss
kernel_sp: resq 1
