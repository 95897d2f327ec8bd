; Instructions that trap in a guest kernel, each as a function of its own. raise_table lists them:
; name, function, address of the instruction that traps (the frame should name it, or the one behind).

%include "tests/guests/width.inc"
global raise_table, raise_after_nm, gp_selector_load

%macro raiser 1                 ; name; the body follows, with .at before the instruction that traps
section .rodata
%%text: db %str(%1), 0
section .data
    data_word %%text, raise_%1, raise_%1.at
section .text
raise_%1:
%endmacro

section .data
align 8
raise_table:

raiser divide_by_zero
    xor eax, eax
    xor edx, edx
    xor ecx, ecx
.at: div ecx
    ret
raiser divide_overflow
    mov edx, 5
    xor eax, eax
    mov ecx, 1
.at: div ecx
    ret
raiser single_step
    flags_push
    or word_ [sp_], 0x100
    flags_pop
.at: nop                        ; a trap: reported behind the first instruction after flags_pop
    nop
    ret
raiser icebp
.at: db 0xf1
    ret
raiser int3
.at: int3
    ret
raiser int_3_long_form
.at: db 0xcd, 3
    ret
raiser int_4
.at: db 0xcd, 4
    ret
raiser into_is_gone             ; in 32 bits it is there, and looks at the overflow flag
    xor eax, eax
.at: db 0xce
    ret
raiser bound_is_gone            ; in 32 bits it reads the bounds, at 0
.at: db 0x62, 0x05, 0, 0, 0, 0
    ret
raiser ud2
.at: ud2
    ret
raiser push_es_is_gone
.at: db 0x06
%if __BITS__ == 32
    pop es
%endif
    ret
raiser lock_of_a_register
.at: db 0xf0, 0x01, 0xc0
    ret
raiser hlt
.at: hlt
    ret
raiser cli
.at: cli
    ret
raiser lgdt
.at: lgdt [sp_]
    ret
raiser ltr
    xor eax, eax
.at: ltr ax
    ret
%if __BITS__ == 64
raiser load_non_canonical
    mov rax, 0x0000900000000000
.at: mov rax, [rax]
    ret
raiser stack_non_canonical
    mov rcx, rsp
    mov rax, 0x0000900000000000
.at: push qword [rax]
    ret
%endif
raiser ds_beyond_gdt
    mov eax, 0xfff0
.at: mov ds, ax
    ret
raiser ds_beyond_gdt_rpl_3
    mov eax, 0xfff3
.at: mov ds, ax
    ret
raiser ds_no_ldt
    mov eax, 0x7
.at: mov ds, ax
    ret
raiser ss_null
    xor eax, eax
.at: mov ss, ax
    ret
raiser far_return_to_null
    push 0
    address_of ax_, .back
    push ax_
.at: far_return
.back:
    add sp_, 2 * WORD_BYTES
    ret
raiser int_0x20_no_handler
.at: int 0x20
    ret
raiser int_0x80_no_handler
.at: int 0x80
    ret
raiser int_14
.at: int 14
    ret
raiser int_13
.at: int 13
    ret
raiser int_8
.at: int 8
    ret
raiser misaligned_stack
    sub sp_, 3
.at: ud2
    add sp_, 3
    ret
raiser direction_flag
    std
.at: ud2
    cld
    ret
raiser alignment_check
    flags_push
    or word_ [sp_], 0x40000
    flags_pop
.at: mov ax_, [sp_ + 1]
    flags_push
    and word_ [sp_], ~0x40000
    flags_pop
    ret
raiser nested_task_flag
    flags_push
    or word_ [sp_], 0x4000
    flags_pop
.at: ud2
    ret
raiser x87
    fninit
    push 0x037b                 ; division by zero unmasked
    fldcw [sp_]
    add sp_, WORD_BYTES
    fld1
    fldz
    fdivp
.at: fwait
    fninit
    ret
section .data
    data_word 0

section .text
; Uses the FPU; traps if CR0.TS is set.
raise_after_nm:
    fninit
    ret

; Loads a selector into gs and takes it back: gp_selector_load(selector).
gp_selector_load:
    argument ax_, 0
    mov gs, ax
    xor eax, eax
    mov gs, ax
    ret
