; Instructions for breakpoints to strike at, each with a label behind it.

default rel
global touch_write, touch_write_after, touch_read, touch_read_after, touch_code, touch_code_after
global touch_step, touch_step_after
global touch_ss_syscall, touch_ss_syscall_after
global user_code, user_code_end, user_push, user_push_after

section .text
; void touch_X(void *address)
touch_write:
    mov [rdi], rdi
touch_write_after:
    ret
touch_read:
    mov rax, [rdi]
touch_read_after:
    ret
touch_code:
    nop
touch_code_after:
    ret
touch_step:
    pushfq
    or qword [rsp], 0x100
    popfq
    nop
touch_step_after:
    nop
    ret
; ss loaded from *address, and a hypercall at once: `mov ss` puts a trap off by one instruction, and
; that one enters the hypervisor without having changed the stack.
touch_ss_syscall:
    mov r8, rdi
    mov eax, 17             ; xen_version
    xor edi, edi
    xor esi, esi
    mov ss, [r8]
    syscall
touch_ss_syscall_after:
    ret

section .user_text exec progbits align=4096
user_code:
user_push:
    push rax
user_push_after:
    nop
    syscall
user_code_end:
