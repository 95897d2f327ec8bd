; Instructions for breakpoints to strike at, each with a label behind it.

%include "tests/guests/width.inc"
global touch_write, touch_write_after, touch_read, touch_read_after, touch_code, touch_code_after
global touch_step, touch_step_after
global touch_ss_hypercall, touch_ss_hypercall_after
global user_code, user_code_end, user_push, user_push_after

section .text
; void touch_X(void *address)
touch_write:
    argument cx_, 0
    mov [cx_], cx_
touch_write_after:
    ret
touch_read:
    argument cx_, 0
    mov ax_, [cx_]
touch_read_after:
    ret
touch_code:
    nop
touch_code_after:
    ret
touch_step:
    flags_push
    or word_ [sp_], 0x100
    flags_pop
    nop
touch_step_after:
    nop
    ret
; ss loaded from *address, and a hypercall at once: `mov ss` puts a trap off by one instruction, and
; that one enters the hypervisor without having changed the stack.
touch_ss_hypercall:
    argument dx_, 0
    push bx_
    mov eax, 17             ; xen_version
    hypercall_arguments 0, 0
    mov ss, [dx_]
    hypercall_insn
touch_ss_hypercall_after:
    pop bx_
    ret

section .user_text exec progbits align=4096
user_code:
user_push:
    push ax_
user_push_after:
    nop
    system_call
user_code_end:
