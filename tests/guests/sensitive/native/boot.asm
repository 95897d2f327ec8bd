; A kernel on the bare machine, in ring 0, of either width: as little as lets the probes run. GRUB starts it as
; it would the hypervisor, by Multiboot 2, in flat 32-bit code.

%if __BITS__ == 64
  %define WIDE
%endif

%define MAGIC        0xe85250d6
%define OWN_DATA     0x08       ; ../sensitive.h
%define OWN_CODE     0x10
%define OWN_LDT      0x18
%define OWN_TASK     0x28
%define OWN_CR0_LOW  0x11
%define CR0_PG       (1 << 31)
%define CR4_PAE      (1 << 5)
%define MSR_EFER     0xc0000080
%define EFER_LME     (1 << 8)
%define PIC_MASKS    0x21
%define PIC2_MASKS   0xa1
%define VECTORS      0x43       ; up to VECTOR_OWN
%define LARGE_PAGES  0x83       ; present, writable, 2 MiB

extern native_main
global _start, own_gdt, own_idt, native_try, stubs

section .multiboot
    align 8
header:
    dd MAGIC, 0, header_end - header, -(MAGIC + header_end - header)
    dw 0, 0
    dd 8
header_end:

section .bss align=4096
level_4: resb 4096
level_3: resb 4096
level_2: resb 4096
    resb 8192
stack_top:
task: resb 128
    alignb 16
own_idt: resb 16 * 256

section .data
    align 8
own_gdt:
    dq 0
    dq 0x00cf92000000ffff       ; data
%ifdef WIDE
    dq 0x00af9a000000ffff       ; code, with the L bit
%else
    dq 0x00cf9a000000ffff
%endif
    dq 0x0000820000000000 | 0xffff, 0      ; an LDT without anything in it
task_descriptor:
    dq 0x0000890000000067, 0
gdt_end:

gdt_register:
    dw gdt_end - own_gdt - 1
    dd own_gdt, 0
idt_register:
    dw 16 * 256 - 1
    dd own_idt, 0

section .text
bits 32
_start:
    cld
    mov esp, stack_top
    mov al, 0xff                ; no interrupts of devices, whatever the probes do to IF
    out PIC_MASKS, al
    out PIC2_MASKS, al
    mov eax, task
    mov [task_descriptor + 2], ax
    shr eax, 16
    mov [task_descriptor + 4], al
    mov [task_descriptor + 7], ah
    lgdt [gdt_register]
%ifdef WIDE
    mov dword [level_4], level_3 + 3
    mov dword [level_3], level_2 + 3
    mov dword [level_2], LARGE_PAGES
    mov dword [level_2 + 8], LARGE_PAGES | 2 << 20
    mov eax, level_4
    mov cr3, eax
    mov eax, cr4
    or eax, CR4_PAE
    mov cr4, eax
    mov ecx, MSR_EFER
    rdmsr
    or eax, EFER_LME
    wrmsr
    mov eax, CR0_PG | OWN_CR0_LOW
%else
    mov eax, OWN_CR0_LOW
%endif
    mov cr0, eax
    jmp OWN_CODE:segments

%ifdef WIDE
bits 64
%endif
segments:
    mov eax, OWN_DATA
    mov ds, eax
    mov es, eax
    mov fs, eax
    mov gs, eax
    mov ss, eax
    mov eax, OWN_LDT
    lldt ax
    mov eax, OWN_TASK
    ltr ax
    lidt [idt_register]
    call native_main
.end:
    hlt
    jmp .end

%ifdef WIDE
  %define sp_ rsp
  %macro save_all 0
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
  %endmacro
  %macro restore_all 0
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
  %endmacro
%else
  %define sp_ esp
  %macro save_all 0
    push ebx
    push ebp
    push esi
    push edi
  %endmacro
  %macro restore_all 0
    pop edi
    pop esi
    pop ebp
    pop ebx
  %endmacro
%endif

; unsigned long native_try(const char *code, unsigned *vector): calls it with interrupts closed; an exception
; ends the call, and is in *vector, which else stays.
native_try:
    save_all
%ifdef WIDE
    push rsi
    mov [tried_sp], rsp
    cli
    call rdi
    pop rsi
%else
    push dword [esp + 6 * 4]
    mov [tried_sp], esp
    cli
    call [esp + 6 * 4]
    pop ecx
%endif
    restore_all
    ret

; An exception: its number is in edx.
caught:
    mov eax, OWN_DATA
    mov ds, eax
    mov ss, eax
    mov sp_, [tried_sp]
%ifdef WIDE
    pop rsi
    mov [rsi], edx
%else
    pop ecx
    mov [ecx], edx
%endif
    restore_all
    ret

; Sixteen bytes for each vector.
    align 16
stubs:
%assign number 0
%rep VECTORS
    align 16
    mov edx, number
    jmp near caught
  %assign number number + 1
%endrep

section .bss
    alignb 8
tried_sp: resq 1
