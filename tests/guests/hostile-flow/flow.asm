; Control flow at its edges: single steps across ways into the hypervisor, hypercalls with every flag
; set, and instructions at the end of the lower half of the address space.

default rel
global step_table, flags_call, edge_code, edge_code_end, call_at
global user_code, user_code_end, user_step_syscall, user_step_int, user_nested_task, user_mov_ss
extern flow_call, flow_argument, flow_call_entry ; from main.c: xen_version(pagesize), no harm in it

; Sets TF; the next instruction is the first that is stepped.
%macro tf_on 0
    pushfq
    or qword [rsp], 0x100
    popfq
%endmacro

%macro tf_off 0
    pushfq
    and qword [rsp], ~0x100
    popfq
%endmacro

%macro stepped 1
section .rodata
%%text: db %str(%1), 0
section .data
    dq %%text, step_%1
section .text
step_%1:
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
    mov eax, [flow_call]
    mov edi, [flow_argument]
    xor esi, esi
    tf_on
    syscall
    nop
    tf_off
    ret
stepped hypercall_page
    mov edi, [flow_argument]
    xor esi, esi
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
    mov ecx, ss
    mov eax, [flow_call]
    mov edi, [flow_argument]
    xor esi, esi
    tf_on
    mov ss, cx
    syscall
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
    dq 0

section .text
; u64 flags_call(u64 flags): a hypercall with these flags; answers the flags behind it.
flags_call:
    push rdi
    mov eax, [flow_call]
    mov edi, [flow_argument]
    xor esi, esi
    popfq
    syscall
    pushfq
    pop rax
    push 2
    popfq
    ret

; void call_at(void *address): goes there with xen_version(pagesize) in the registers, for good.
call_at:
    mov rdx, rdi
    mov eax, [flow_call]
    mov edi, [flow_argument]
    xor esi, esi
    jmp rdx

edge_code:                      ; what is put at the end of the last page
    syscall
edge_code_end:

section .user_text exec progbits align=4096
user_code:
user_step_syscall:
    tf_on
    syscall
    syscall
user_step_int:
    tf_on
    int 0x80
    syscall
user_nested_task:
    pushfq
    or qword [rsp], 0x4000
    popfq
    syscall
user_mov_ss:
    mov eax, ss
    tf_on
    mov ss, ax
    syscall
    syscall
user_code_end:
