; User code, and a handler that looks at nothing but what the hypervisor left: registers, selectors, words on
; the stack. It is not the runtime's, since what it stands on may be a segment of the test's own.

%include "guest-offsets.inc"

extern hypercall_page
extern raw_seen
global user_code, user_code_end, user_int80, user_fault, user_syscall, user_sysenter, user_ud
global raw_run, raw_run_here, raw_run_by_call, raw_entry, raw_int80

IRET_CALL   equ hypercall_page + __HYPERVISOR_iret * XL_STUB_SIZE

SEEN_EBX    equ 0       ; struct seen, in main.c
SEEN_ECX    equ 4
SEEN_EDX    equ 8
SEEN_ESI    equ 12
SEEN_EDI    equ 16
SEEN_EBP    equ 20
SEEN_EAX    equ 24
SEEN_ESP    equ 28
SEEN_CS     equ 32
SEEN_SS     equ 36
SEEN_FLAGS  equ 40
SEEN_WORDS  equ 44
WORDS       equ 6

section .text

%macro known_registers 0
    mov eax, 0xa1
    mov ebx, 0xb2
    mov ecx, 0xc3
    mov edx, 0xd4
    mov esi, 0xe5
    mov edi, 0xf6
    mov ebp, 0x97
%endmacro

align 4096
user_code:
user_int80:
    known_registers
    int 0x80
user_fault:
    known_registers
    mov eax, [cs:0x10]
user_syscall:
    known_registers
    syscall
user_sysenter:
    known_registers
    sysenter
user_ud:
    known_registers
    ud2
user_code_end:

%macro caller_save 0
    push ebx
    push ebp
    push esi
    push edi
    mov [raw_caller], esp
%endmacro

; void raw_run(const u32 frame[5]): eip, cs, eflags, esp, ss, by a plain iret; until raw_entry.
raw_run:
    mov eax, [esp + 4]
    caller_save
    mov esp, eax
    iretd

; void raw_run_by_call(const u32 *frame): the same by the hypercall.
raw_run_by_call:
    mov ecx, [esp + 4]
    caller_save
    mov esp, ecx
    xor eax, eax
    jmp IRET_CALL

; u32 raw_run_here(void): int 0x80 from the kernel; its esp.
raw_run_here:
    caller_save
    int 0x80

; void raw_int80(void *): the same, to be caught.
raw_int80:
    int 0x80
    ret

raw_entry:
    push eax
    mov eax, FLAT_KERNEL_DS
    mov ds, eax
    mov es, eax
    pop dword [raw_seen + SEEN_EAX]
    mov [raw_seen + SEEN_EBX], ebx
    mov [raw_seen + SEEN_ECX], ecx
    mov [raw_seen + SEEN_EDX], edx
    mov [raw_seen + SEEN_ESI], esi
    mov [raw_seen + SEEN_EDI], edi
    mov [raw_seen + SEEN_EBP], ebp
    mov [raw_seen + SEEN_ESP], esp
    mov eax, cs
    mov [raw_seen + SEEN_CS], eax
    mov eax, ss
    mov [raw_seen + SEEN_SS], eax
    pushfd
    pop dword [raw_seen + SEEN_FLAGS]
%assign i 0
%rep WORDS
    mov eax, [ss:esp + i * 4]
    mov [raw_seen + SEEN_WORDS + i * 4], eax
    %assign i i + 1
%endrep
    mov eax, FLAT_KERNEL_DS
    mov ss, eax
    mov esp, [raw_caller]
    mov eax, esp
    jmp FLAT_KERNEL_CS:.back
.back:
    pop edi
    pop esi
    pop ebp
    pop ebx
    ret

section .bss
align 4
raw_caller: resd 1
