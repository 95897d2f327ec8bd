; Ways to load cs, each a function of a struct route: selector, and bits, where the code that is reached
; says what it is: 40 is `inc eax' in 32-bit code, and a prefix of the next instruction in 64-bit code.

%include "guest-offsets.inc"

extern hypercall_page
global far_jump, far_call, far_return, plain_iret, iret_by_call, rights_of

IRET_CALL   equ hypercall_page + __HYPERVISOR_iret * XL_STUB_SIZE

section .text

%macro bits_count 0 ; eax = 32 or 64
    mov eax, 64
    db 0x40             ; inc eax, or the beginning of:
    nop
    cmp eax, 64
    je %%done
    mov eax, 32
%%done:
%endmacro

far_jump:
    mov ecx, [esp + 4]
    mov eax, [ecx]
    mov [target + 4], eax
    mov dword [target], .there
    jmp far [target]
.there:
    bits_count
    mov [ecx + 4], eax
    jmp FLAT_KERNEL_CS:back
back:
    ret

far_call:
    mov ecx, [esp + 4]
    mov eax, [ecx]
    mov [target + 4], eax
    mov dword [target], .there
    call far [target]
.there:
    bits_count
    mov [ecx + 4], eax
    add esp, 8          ; nobody returns
    jmp FLAT_KERNEL_CS:back

far_return:
    mov ecx, [esp + 4]
    push dword [ecx]
    push dword .there
    retf
.there:
    bits_count
    mov [ecx + 4], eax
    jmp FLAT_KERNEL_CS:back

plain_iret:
    mov ecx, [esp + 4]
    pushfd
    push dword [ecx]
    push dword .there
    iretd
.there:
    bits_count
    mov [ecx + 4], eax
    jmp FLAT_KERNEL_CS:back

iret_by_call:
    mov ecx, [esp + 4]
    pushfd
    push dword [ecx]
    push dword .there
    xor eax, eax
    jmp IRET_CALL
.there:
    bits_count
    mov [ecx + 4], eax
    jmp FLAT_KERNEL_CS:back

; What lar says; 0 if nothing.
rights_of:
    xor eax, eax
    lar eax, [esp + 4]
    jz .known
    xor eax, eax
.known:
    ret

section .data
align 4
target: dd 0, 0
