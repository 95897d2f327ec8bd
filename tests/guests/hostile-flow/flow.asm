; Control flow at its edges: single steps across ways into the hypervisor, hypercalls with every flag
; set, and instructions at the end of the lower half of the address space.

%include "tests/guests/width.inc"
global step_table, flags_call, edge_code, edge_code_user, edge_code_end, call_at
global user_code, user_code_end, user_step_syscall, user_step_int, user_nested_task, user_mov_ss
extern flow_call, flow_argument, flow_call_entry ; from main.c: xen_version(pagesize), no harm in it

; Sets TF; the next instruction, at .from, is the first that is stepped. A prefix without a meaning makes
; both widths as long.
%macro tf_on 0
    flags_push
%if __BITS__ == 32
    db 0x3e
%endif
    or word_ [sp_], 0x100
    flags_pop
.from:
%endmacro

%macro tf_off 0
    flags_push
%if __BITS__ == 32
    db 0x3e
%endif
    and word_ [sp_], ~0x100
    flags_pop
%endmacro

%macro stepped 1
section .rodata
%%text: db %str(%1), 0
section .data
    data_word %%text, step_%1, step_%1.from
section .text
step_%1:
%endmacro

; The hypercall's number and arguments, in their registers.
%macro call_loaded 0
    mov eax, [flow_call]
    hypercall_arguments [flow_argument], 0
%endmacro

section .data
align 8
step_table:

stepped nops
    tf_on
    nop
    nop
    tf_off
    ret
stepped hypercall               ; xen_version(pagesize), the bare instruction
    call_loaded
    tf_on
    hypercall_insn
    nop
    tf_off
    ret
stepped hypercall_page
    hypercall_arguments [flow_argument], 0
    tf_on
    call [flow_call_entry]
    nop
    tf_off
    ret
stepped int_0x80
    tf_on
    int 0x80
    nop
    tf_off
    ret
stepped int3
    tf_on
    int3
    nop
    tf_off
    ret
stepped int_4
    tf_on
    db 0xcd, 4
    nop
    tf_off
    ret
stepped mov_ss                  ; holds a step back for one instruction
    mov eax, ss
    tf_on
    mov ss, ax
    nop
    nop
    tf_off
    ret
stepped mov_ss_hypercall        ; and the next instruction enters the hypervisor
    mov edx, ss
    call_loaded
    tf_on
    mov ss, dx
    hypercall_insn
    nop
    tf_off
    ret
stepped mov_ss_int_0x80
    mov eax, ss
    tf_on
    mov ss, ax
    int 0x80
    nop
    tf_off
    ret
section .data
    data_word 0

section .text
; unsigned long flags_call(unsigned long flags): a hypercall with these flags; answers the flags behind it.
flags_call:
    argument dx_, 0
    push bx_
    push dx_
    call_loaded
    flags_pop
    hypercall_insn
    flags_push
    pop ax_
    push 2
    flags_pop
    pop bx_
    ret

; void call_at(void *address): goes there with xen_version(pagesize) in the registers, for good.
call_at:
    argument dx_, 0
    call_loaded
    jmp dx_

edge_code:                      ; what is put at the end of the last page
    hypercall_insn
edge_code_end:
edge_code_user:                 ; and as much for a process
    system_call

section .user_text exec progbits align=4096
user_code:
user_step_syscall:
    tf_on
    system_call
    system_call
user_step_int:
    tf_on
    int 0x80
    system_call
user_nested_task:
    flags_push
%if __BITS__ == 32
    db 0x3e
%endif
    or word_ [sp_], 0x4000
    flags_pop
    system_call
user_mov_ss:
    mov eax, ss
    tf_on
    mov ss, ax
    system_call
    system_call
user_code_end:
