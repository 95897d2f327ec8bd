; The guest's side of an upcall, as short as it can be: what the port said is taken note of by clearing
; its bit or its word, and the hypercall iret goes back. The frame is that of a bounced trap (stubs.asm),
;     rcx  r11  rip  cs  rflags  rsp  ss
; so rcx and r11 are the handler's to use until it pops them.
;
; The stamped handlers read the TSC first of all.

default rel
%include "guest-offsets.inc"

extern hypercall_page, shared_info
global upcall_plain_0, upcall_plain_1, upcall_stamped_0, upcall_fifo
global upcall_stamp, upcall_count, upcall_bit, fifo_ready, fifo_word

IRET_CALL equ hypercall_page + __HYPERVISOR_iret * XL_STUB_SIZE

section .text

; In the two-level ABI: a port's bit, the vcpu's selector, the vcpu's flag. The other vcpu may have
; bits in the same word.
%macro plain_handler 1          ; vcpu
upcall_plain_%1:
    mov rcx, [shared_info]
    mov byte [rcx + %1 * VCPU_INFO_SIZE + VCPU_INFO_PENDING], 0
    mov qword [rcx + %1 * VCPU_INFO_SIZE + VCPU_INFO_SELECTOR], 0
    mov r11, [upcall_bit + %1 * 8]
    lock btr [rcx + SHARED_EVENT_PENDING], r11
    inc qword [upcall_count + %1 * 8]
    pop rcx
    pop r11
    push 0
    jmp IRET_CALL
%endmacro

upcall_stamped_0:
    mov rcx, rax
    mov r11, rdx
    rdtsc
    mov [upcall_stamp], eax
    mov [upcall_stamp + 4], edx
    mov rax, rcx
    mov rdx, r11
    plain_handler 0
    plain_handler 1

; In the FIFO ABI, where one port alone is ever pending: its word, the queues that are ready.
upcall_fifo:
    mov rcx, [shared_info]
    mov byte [rcx + VCPU_INFO_PENDING], 0
    mov rcx, [fifo_ready]
    mov dword [rcx], 0
    mov rcx, [fifo_word]
    mov dword [rcx], 0
    inc qword [upcall_count]
    pop rcx
    pop r11
    push 0
    jmp IRET_CALL

section .bss
align 8
upcall_stamp: resq 1
upcall_count: resq 2
upcall_bit:   resq 2
fifo_ready:   resq 1
fifo_word:    resq 1
