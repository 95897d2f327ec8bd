; What the user process of this test does, one piece after the other: user_table lists name, start,
; and the instruction that is to trap. Pieces that do not trap end in `syscall` at .at too.

default rel
%include "guest-offsets.inc"
global user_code, user_code_end, user_table

%macro piece 1
section .rodata
%%text: db %str(%1), 0
section .data
    dq %%text, piece_%1, piece_%1.at
section .user_text exec progbits
piece_%1:
%endmacro

section .data
align 8
user_table:
section .user_text exec progbits align=4096
user_code:

piece syscall
.at: syscall
piece syscall_direction_flag
    std
.at: syscall
piece syscall_as_a_hypercall    ; 17 is xen_version: the number means nothing from user mode
    mov eax, 17
    xor edi, edi
.at: syscall
piece sysenter
.at: sysenter
piece divide_by_zero
    xor eax, eax
    xor edx, edx
    xor ecx, ecx
.at: div ecx
piece int3
.at: int3
piece int_4
.at: db 0xcd, 4
piece single_step
    pushfq
    or qword [rsp], 0x100
    popfq
.at: nop
    nop
piece ud2
.at: ud2
piece hlt
.at: hlt
piece cli
.at: cli
piece in_port
.at: in al, 0x60
piece read_cr0
.at: mov rax, cr0
piece int_0x20_no_handler
.at: int 0x20
piece int_0x80_no_handler
.at: int 0x80
piece int_14
.at: int 14
piece load_non_canonical
    mov rax, 0x0000900000000000
.at: mov rax, [rax]
piece ds_beyond_gdt
    mov eax, 0xfff3
.at: mov ds, ax
piece read_null
    xor eax, eax
.at: mov rax, [rax]
piece write_null
    xor eax, eax
.at: mov [rax], rax
piece jump_null
    xor eax, eax
.at: jmp rax
piece write_code
    lea rax, [user_code]
.at: mov [rax], rax
piece read_kernel_only          ; both modes are ring 3, so the CPU lets it pass
    lea rax, [user_code + 2 * PAGE_SIZE]
.at: mov rax, [rax]
    syscall
piece write_read_only
    lea rax, [user_code + 3 * PAGE_SIZE]
.at: mov [rax], rax
piece jump_no_execute
    lea rax, [user_code + 4 * PAGE_SIZE]
.at: jmp rax
piece read_kernel_image
    mov rax, 0xffffffff80100000
.at: mov rax, [rax]
piece read_hypervisor
    mov rax, 0xffff800000000000
.at: mov rax, [rax]
piece read_hypervisor_empty
    mov rax, 0xffff808000000000
.at: mov rax, [rax]
piece fpu
.at: fninit
    syscall
section .data
    dq 0

section .user_text exec progbits
global user_int_0x21, user_int_0x80
user_int_0x21:
    int 0x21
    syscall
user_int_0x80:
    int 0x80
    syscall
user_code_end:
