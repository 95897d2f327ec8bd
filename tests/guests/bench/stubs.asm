; The guest's side of a bounce, as short as it can be, so that a row shows the hypervisor's part.
;
; IN. The hypervisor leaves on the kernel stack (top first)
;     rcx  r11  [error]  rip  cs  rflags  rsp  ss
; OUT. The hypercall iret wants, with what its stub in the hypercall page pushes (rcx, r11, rax),
;     rax  r11  rcx  flags  rip  cs  rflags  rsp  ss
; so a handler pops two words and puts `flags` where an error code is or would be. A fault returns
; to the instruction that faulted: the handler adds its length.

default rel
%include "guest-offsets.inc"

extern hypercall_page
global handle_plain, handle_ud2, handle_load, handle_syscall, handle_unexpected
global kernel_iret, kernel_page_fault, kernel_general_protection
global user_code, user_code_end, vector_int80
global user_empty, user_page_fault, user_int3, user_ud2, user_int80, user_syscall

IRET_CALL      equ hypercall_page + __HYPERVISOR_iret * XL_STUB_SIZE
UD2_BYTES      equ 2
LOAD_BYTES     equ 3 ; mov rax, [reg]
INT80          equ 0x80

section .text

handle_plain:
    pop rcx
    pop r11
    push 0
    jmp IRET_CALL

handle_ud2:
    pop rcx
    pop r11
    add qword [rsp], UD2_BYTES
    push 0
    jmp IRET_CALL

handle_load:
    pop rcx
    pop r11
    mov qword [rsp], 0
    add qword [rsp + 8], LOAD_BYTES
    jmp IRET_CALL

handle_syscall:
    pop rcx
    pop r11
    push VGCF_IN_SYSCALL
    jmp IRET_CALL

handle_unexpected:
    ud2

; To the next line, by way of the hypervisor. The flags are not the current ones: a clear IF in this
; frame says that events stay masked.
kernel_iret:
    mov edx, ss
    mov rcx, rsp
    mov esi, cs
    and esi, ~3                 ; ring 0 stands for this kernel, ring 3 for its user space
    lea rax, [.back]
    push rdx
    push rcx
    push 2                      ; rflags: the bit that is always 1
    push rsi
    push rax
    push 0
    jmp IRET_CALL
.back:
    xor eax, eax
    ret

kernel_page_fault:
    xor eax, eax
    mov rax, [rax]              ; nothing is mapped at 0
    ret

kernel_general_protection:
    mov rax, 1 << 60            ; not canonical
    mov rax, [rax]
    xor eax, eax
    ret

; A process: rdi rounds of one instruction, ticks in rax. `syscall` loses rcx and r11.
%macro user_loop 1-2+           ; name, instruction
align 16
%1:
    rdtsc
    shl rdx, 32
    or rax, rdx
    mov r8, rax
%%round:
    %2
    dec edi
    jnz %%round
    rdtsc
    shl rdx, 32
    or rax, rdx
    sub rax, r8
    xor ecx, ecx
    div ecx                     ; done: a trap of its own, whose handler is the runtime's
%endmacro

user_code:
    user_loop user_empty
    user_loop user_page_fault, mov rax, [rsi]   ; rsi is 0, as is every register but rdi
    user_loop user_int3, int3
    user_loop user_ud2, ud2
    user_loop user_int80, int INT80
    user_loop user_syscall, syscall
user_code_end:

section .rodata
vector_int80: db INT80
