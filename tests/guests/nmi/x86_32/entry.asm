; The NMI callback; x86_64/entry.asm has the idea. It is entered with
;     eip  cs  eflags  [esp  ss]
; and with whatever segment registers the interrupted one had.

%include "guest-offsets.inc"

extern hypercall_page, nmi_handle
global nmi_entry

IRET_CALL equ hypercall_page + __HYPERVISOR_iret * XL_STUB_SIZE

section .text
nmi_entry:
    push ds
    push es
    push eax
    push ecx
    push edx
    mov eax, FLAT_KERNEL_DS
    mov ds, eax
    mov es, eax
    cld
    push dword [esp + 6 * 4]    ; cs and the upcall mask
    call nmi_handle
    add esp, 4
    pop edx
    pop ecx
    pop eax
    pop es
    pop ds
    jmp IRET_CALL
