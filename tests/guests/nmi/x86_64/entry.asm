; The NMI callback: it changes nothing of what it interrupts, wherever that is, and leaves by the
; hypercall, which alone tells the hypervisor that the next NMI may come. It is entered with
;     rcx  r11  rip  cs  rflags  rsp  ss
; and the hypercall's stub wants flags in place of the first two, and those in their registers.

default rel
%include "guest-offsets.inc"

extern hypercall_page, nmi_handle
global nmi_entry

IRET_CALL equ hypercall_page + __HYPERVISOR_iret * XL_STUB_SIZE

section .text
nmi_entry:
    push rax
    push rdx
    push rsi
    push rdi
    push r8
    push r9
    push r10
    mov rdi, [rsp + 10 * 8]     ; cs and the upcall mask
    cld
    call nmi_handle
    pop r10
    pop r9
    pop r8
    pop rdi
    pop rsi
    pop rdx
    pop rax
    pop rcx
    pop r11
    push 0
    jmp IRET_CALL
