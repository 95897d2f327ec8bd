; What the user process of this test does, one piece after the other: user_table lists name, start,
; and the instruction that is to trap. Pieces that do not trap end in `syscall` at .at too.

%include "guest-offsets.inc"
%include "tests/guests/width.inc"
global user_code, user_code_end, user_table

%if __BITS__ == 64
  %define KERNEL_IMAGE 0xffffffff80100000
  %define HYPERVISOR 0xffff800000000000
  %define HYPERVISOR_EMPTY 0xffff808000000000
%else
  %define KERNEL_IMAGE 0xc0100000
  %define HYPERVISOR HYPERVISOR_VIRT_START
  %define HYPERVISOR_EMPTY 0xfffff000
%endif

%macro piece 1
section .rodata
%%text: db %str(%1), 0
section .data
    data_word %%text, piece_%1, piece_%1.at
section .user_text exec progbits
piece_%1:
%endmacro

section .data
align 8
user_table:
section .user_text exec progbits align=4096
user_code:

piece syscall
.at: system_call
piece syscall_direction_flag
    std
.at: system_call
piece syscall_as_a_hypercall    ; 17 is xen_version: the number means nothing from user mode
    mov eax, 17
    xor edi, edi
.at: hypercall_insn
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
    flags_push
    or word_ [sp_], 0x100
    flags_pop
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
.at: mov ax_, cr0
piece int_0x20_no_handler
.at: int 0x20
piece int_0x80_no_handler
.at: int 0x80
piece int_14
.at: int 14
%if __BITS__ == 64
piece load_non_canonical
    mov rax, 0x0000900000000000
.at: mov rax, [rax]
%endif
piece ds_beyond_gdt
    mov eax, 0xfff3
.at: mov ds, ax
piece read_null
    xor eax, eax
.at: mov ax_, [ax_]
piece write_null
    xor eax, eax
.at: mov [ax_], ax_
piece jump_null
    xor eax, eax
.at: jmp ax_
piece write_code
    address_of ax_, user_code
.at: mov [ax_], ax_
piece read_kernel_only          ; both modes are ring 3, so the CPU lets it pass
    address_of ax_, user_code + 2 * PAGE_SIZE
.at: mov ax_, [ax_]
    system_call
piece write_read_only
    address_of ax_, user_code + 3 * PAGE_SIZE
.at: mov [ax_], ax_
piece jump_no_execute
    address_of ax_, user_code + 4 * PAGE_SIZE
.at: jmp ax_
piece read_kernel_image
    mov ax_, KERNEL_IMAGE
.at: mov ax_, [ax_]
piece read_hypervisor
    mov ax_, HYPERVISOR
.at: mov ax_, [ax_]
piece read_hypervisor_empty
    mov ax_, HYPERVISOR_EMPTY
.at: mov ax_, [ax_]
piece fpu
.at: fninit
    system_call
section .data
    data_word 0

section .user_text exec progbits
global user_int_0x21, user_int_0x80
user_int_0x21:
    int 0x21
    system_call
user_int_0x80:
    int 0x80
    system_call
user_code_end:
