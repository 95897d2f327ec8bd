; As x86_64/pieces.asm. A 32-bit kernel cannot go on without a data segment: the callback loads its own,
; having noted what it was entered with.

%include "guest-offsets.inc"

extern failsafe_frame, failsafe_count, failsafe_after
global failsafe_entry, yield_here, yield_done, user_code, user_code_end, user_spin, user_spinning

WORDS equ 7
KEPT  equ 8 * 4 ; what is pushed below

section .text

; On the stack, from the top: ds es fs gs eip cs eflags; of a process then esp ss.
failsafe_entry:
    push eax
    push ebx
    push edx
    push ds
    push es
    push fs
    push gs
    pushfd
    mov eax, FLAT_KERNEL_DS
    mov ds, eax
    mov es, eax
    xor ebx, ebx
.copy:
    mov edx, [esp + KEPT + ebx * 4]
    mov [failsafe_frame + ebx * 4], edx
    inc ebx
    cmp ebx, WORDS
    jb .copy
    lea edx, [esp + KEPT]
    mov [failsafe_frame + ebx * 4], edx ; and where it is
    pop dword [failsafe_after + 8]
    pop eax
    mov [failsafe_after + 6], ax
    pop eax
    mov [failsafe_after + 4], ax
    pop eax
    mov [failsafe_after + 2], ax
    pop eax
    mov [failsafe_after], ax
    mov [failsafe_after + 12], cs
    mov [failsafe_after + 14], ss
    inc dword [failsafe_count]
    pop edx
    pop ebx
    pop eax
    add esp, 4 * 4
    iret

; bool yield_here(unsigned long esp): SCHEDOP_yield on that stack; true if no register was lost.
yield_here:
    push ebx
    push ebp
    push esi
    push edi
    mov ebp, esp
    mov esp, [esp + 5 * 4]
    mov esi, 0x1234567
    mov edi, 0x7654321
    mov eax, __HYPERVISOR_sched_op
    xor ebx, ebx ; SCHEDOP_yield
    xor ecx, ecx
    std
    int 0x82
yield_done:
    pushfd
    pop edx
    cld
    mov esp, ebp
    and edx, 0x400
    xor edx, 0x400
    xor esi, 0x1234567
    xor edi, 0x7654321
    or eax, esi
    or eax, edi
    or eax, edx
    sete al
    movzx eax, al
    pop edi
    pop esi
    pop ebp
    pop ebx
    ret

section .user_text exec progbits align=4096
user_code:
user_spin: ; ax = a selector, ebx = a word to wait for
    mov es, eax
    mov dword [ebx], 1
user_spinning:
    cmp dword [ebx + 8], 0
    je user_spinning
    mov edx, es
    int 0x80
user_code_end:
