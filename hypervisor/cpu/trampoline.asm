; How another CPU gets from its first instruction to C. A start-up interrupt makes it begin in real
; mode, at a page below 1 MiB; smp_start.c puts the few bytes of ap_real_mode there. They jump straight
; into long mode, for the first page tables of the boot CPU (boot/start.asm) are still in the image,
; and those map physical addresses at 0 as well as the image where it is linked.
;
; All CPUs that were called run the same bytes, also one that comes when it has been given up. So each
; asks whether it is the one that is waited for, before it uses a stack: there is one for it only.

%include "offsets.inc"

extern early_l4_phys, early_gdt_phys, early_gdtr_high, ap_start64_phys
extern ap_expected, ap_stack, ap_tables, ap_main

%define CODE64           8 ; gdt_code of start.asm
%define GDT_BYTES        16
%define CPUID_BASIC      1
%define APIC_ID_SHIFT    24

section .text
bits 16
global ap_real_mode, ap_real_mode_end
ap_real_mode:
    cli
    mov ax, cs
    mov ds, ax
    o32 lgdt [.gdtr - ap_real_mode]
    mov eax, CR4_PAE
    mov cr4, eax
    mov eax, early_l4_phys
    mov cr3, eax
    mov ecx, MSR_EFER
    rdmsr
    or eax, EFER_LME | EFER_NXE
    wrmsr
    mov eax, CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE
    mov cr0, eax
    jmp dword CODE64:ap_start64_phys
.gdtr:
    dw GDT_BYTES - 1
    dd early_gdt_phys
ap_real_mode_end:

bits 64
default rel
global ap_start64
ap_start64:
    mov rax, .high ; absolute: leave the low addresses for the linked ones
    jmp rax
.high:
    mov eax, CPUID_BASIC
    cpuid
    shr ebx, APIC_ID_SHIFT
    mov eax, ebx
    xor ecx, ecx
    not ecx
    lock cmpxchg [ap_expected], ecx ; it is me, and from now on nobody
    jne ap_park
    lgdt [early_gdtr_high]
    xor eax, eax
    mov ds, eax
    mov es, eax
    mov ss, eax
    mov fs, eax
    mov gs, eax
    lldt ax
    mov rax, [ap_tables]
    mov cr3, rax
    mov rsp, [ap_stack]
    xor ebp, ebp
    call ap_main

; Here ends a CPU that is not wanted: it uses no stack.
global ap_park
ap_park:
    cli
    hlt
    jmp ap_park
