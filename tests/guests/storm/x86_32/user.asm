; User mode for the storm, and a return to the kernel by the hypercall iret: x86_64/user.asm in 32 bits.

global user_code, user_code_end, user_calls, user_wanders, kernel_iret
%include "guest-offsets.inc"

extern hypercall_page

section .user_text exec progbits align=4096
user_code:
; A process that tries ways into a kernel: eax is a number.
user_calls:
    test al, 1
    jnz .syscall
    int 0x82
.syscall:
    syscall
    mov eax, [esi]
    int 0x80
; One that goes where it should not.
user_wanders:
    mov [esi], eax
    hlt
user_code_end:

section .text
; unsigned long kernel_iret(rflags, cs, ss, flags): an iret hypercall to just behind itself. Within a ring
; no stack is loaded, so ss and flags have no place in the frame.
kernel_iret:
    push ebx
    push ebp
    mov eax, [esp + 3 * 4]      ; eflags
    mov ecx, [esp + 4 * 4]      ; cs
    push eax
    push ecx
    push .back
    push 0                      ; eax
    mov eax, __HYPERVISOR_iret
    int 0x82
.back:
    pushfd
    pop eax
    push 2
    popfd
    pop ebp
    pop ebx
    ret
