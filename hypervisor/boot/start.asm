; From GRUB to C.
;
; GRUB leaves us in 32-bit protected mode without paging at start32's physical address, while the
; image is linked at XL_VIRT_START. Until paging is on, only the *_phys symbols of the linker script
; are valid addresses. The way up:
;
;   check the loader, long mode, NX  ->  first page tables (large pages):
;       0                      -> physical 0..4 GiB    this code keeps running when paging comes on
;       DIRECTMAP_VIRT_START   -> the same 4 GiB       so C reaches RAM as it will for ever
;       XL_VIRT_START          -> IMAGE_LOAD_PHYS      the image where it is linked
;   ->  EFER.LME+NXE, CR0.PG  ->  64-bit code  ->  jump to the high address  ->  boot_main()
;
; The map at 0 disappears when boot/paging.c loads the real tables. The boot stack has a page below
; it that those tables leave unmapped.

%include "offsets.inc"

extern boot_main
extern early_l4_phys, early_l3_low_phys, early_l3_hv_phys, early_l2_low_phys, early_l2_hv_phys
extern early_gdtr_phys, early_stack_top_phys, start64_phys
extern say_no_multiboot_phys, say_no_long_mode_phys, say_no_nx_phys

%define LARGE_PAGE       (1 << 21)
%define TABLE            (PTE_P | PTE_RW)
%define LARGE_ENTRY      (PTE_P | PTE_RW | PTE_PSE)
%define LOW_L2_PAGES     (EARLY_MAP_BYTES >> 30)
%define SLOT(va, shift)  (((va) >> (shift)) & 511)

%define CPUID_EXT_MAX    0x80000000
%define CPUID_EXT        0x80000001
%define CPUID_EDX_NX     (1 << 20)
%define CPUID_EDX_LM     (1 << 29)

%define COM1             0x3f8
%define VGA_TEXT         0xb8000
%define VGA_ATTRIBUTE    0x4f

; ---------------------------------------------------------------- the header GRUB looks for
section .multiboot2 progbits alloc noexec nowrite align=8
header:
    dd MB2_HEADER_MAGIC, MB2_ARCH_I386, header_end - header
    dd 0x100000000 - (MB2_HEADER_MAGIC + MB2_ARCH_I386 + (header_end - header))

    align 8
request:
    dw MB2_HEADER_TAG_INFORMATION_REQUEST, 0
    dd request_end - request
    dd MB2_TAG_MMAP         ; without a memory map we cannot run; the others are welcome
request_end:
    align 8
wish:
    dw MB2_HEADER_TAG_INFORMATION_REQUEST, 1    ; 1: optional
    dd wish_end - wish
    dd MB2_TAG_CMDLINE, MB2_TAG_MODULE, MB2_TAG_ACPI_OLD, MB2_TAG_ACPI_NEW
wish_end:
    align 8
    dw MB2_HEADER_TAG_CONSOLE_FLAGS, 1
    dd 12
    dd 2                    ; a VGA text screen is fine, none is fine too
    align 8
    dw MB2_HEADER_TAG_MODULE_ALIGN, 0
    dd 8
    align 8
    dw 0, 0
    dd 8
header_end:

; ---------------------------------------------------------------- 32 bits, physical addresses
bits 32
section .text.start progbits alloc exec nowrite align=16
global start32
start32:
    cld
    cli
    mov esp, early_stack_top_phys
    mov edi, ebx            ; the tag list's address: C's argument, kept all the way up
    mov ebp, say_no_multiboot_phys
    cmp eax, MB2_BOOTLOADER_MAGIC
    jne refuse

    mov ebp, say_no_long_mode_phys
    mov eax, CPUID_EXT_MAX
    cpuid
    cmp eax, CPUID_EXT
    jb refuse
    mov eax, CPUID_EXT
    cpuid
    test edx, CPUID_EDX_LM
    jz refuse
    mov ebp, say_no_nx_phys
    test edx, CPUID_EDX_NX
    jz refuse

    call fill_tables

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
    lgdt [early_gdtr_phys]
    jmp dword (gdt_code - early_gdt):start64_phys

; The loader zeroed the tables with the rest of .bss.
fill_tables:
    mov eax, early_l3_low_phys + TABLE
    mov [early_l4_phys], eax
    mov [early_l4_phys + 8 * SLOT(DIRECTMAP_VIRT_START, 39)], eax
    mov eax, early_l3_hv_phys + TABLE
    mov [early_l4_phys + 8 * SLOT(XL_VIRT_START, 39)], eax
    mov eax, early_l2_hv_phys + TABLE
    mov [early_l3_hv_phys + 8 * SLOT(XL_VIRT_START, 30)], eax

    mov eax, early_l2_low_phys + TABLE
    xor ecx, ecx
.l3:
    mov [early_l3_low_phys + ecx * 8], eax
    add eax, PAGE_SIZE
    inc ecx
    cmp ecx, LOW_L2_PAGES
    jb .l3

    mov eax, LARGE_ENTRY
    xor ecx, ecx
.l2:
    mov [early_l2_low_phys + ecx * 8], eax
    add eax, LARGE_PAGE
    inc ecx
    cmp ecx, LOW_L2_PAGES * 512
    jb .l2

    mov eax, IMAGE_LOAD_PHYS + LARGE_ENTRY
    xor ecx, ecx
.image:
    mov [early_l2_hv_phys + ecx * 8], eax
    add eax, LARGE_PAGE
    inc ecx
    cmp ecx, IMAGE_MAX_BYTES / LARGE_PAGE
    jb .image
    ret

; Say the line at ebp on COM1 (as the firmware left it) and on the screen, and stop for ever.
refuse:
    mov edi, VGA_TEXT
.next:
    movzx ebx, byte [ebp]
    inc ebp
    test bl, bl
    jz .stop
    mov dx, COM1 + 5
    mov ecx, 100000         ; bounded: there may be no serial port at all
.busy:
    in al, dx
    test al, 0x20
    loopz .busy
    mov dx, COM1
    mov al, bl
    out dx, al
    mov bh, VGA_ATTRIBUTE
    mov [edi], bx
    add edi, 2
    jmp .next
.stop:
    cli
    hlt
    jmp .stop

; ---------------------------------------------------------------- 64 bits
bits 64
default rel
global start64
start64:
    mov rax, start_high     ; absolute: leave the low addresses for the linked ones
    jmp rax
start_high:
    lgdt [early_gdtr_high]
    xor eax, eax
    mov ds, eax
    mov es, eax
    mov ss, eax             ; a null SS is fine in ring 0 of long mode
    mov fs, eax
    mov gs, eax
    lldt ax
    lea rsp, [early_stack_top]
    xor ebp, ebp            ; where a backtrace ends
    mov edi, edi            ; the upper half is undefined after the mode switch
    call boot_main
.never:
    cli
    hlt
    jmp .never

; ---------------------------------------------------------------- exceptions during boot
; Vector v enters at early_trap_stubs + v * EARLY_TRAP_STUB_BYTES. Where the CPU pushes no error code
; the stub pushes a 0, so that early_trap() finds, from RSP up:
;
;       vector | error code | RIP | CS | RFLAGS | RSP | SS
;
%define HAS_ERROR_CODE   0x60227d00     ; bit v: #DF #TS #NP #SS #GP #PF #AC #CP #VC #SX
extern early_trap
global early_trap_stubs
align EARLY_TRAP_STUB_BYTES
early_trap_stubs:
%assign v 0
%rep EARLY_TRAPS
    align EARLY_TRAP_STUB_BYTES
    %if ((HAS_ERROR_CODE >> v) & 1) == 0
    push 0
    %endif
    push v
    jmp early_trap_common
%assign v v + 1
%endrep
early_trap_common:
    cld
    mov rdi, rsp
    and rsp, -16
    call early_trap

; ---------------------------------------------------------------- data
section .rodata progbits alloc noexec nowrite align=16
global early_gdtr, early_gdtr_high, say_no_multiboot, say_no_long_mode, say_no_nx
early_gdt:
    dq 0
gdt_code:
    dq 0x00209b0000000000   ; 64-bit code, ring 0, accessed: the table is read-only later
early_gdt_end:
early_gdtr:
    dw early_gdt_end - early_gdt - 1
    dd early_gdt_phys
early_gdtr_high:
    dw early_gdt_end - early_gdt - 1
    dq early_gdt
extern early_gdt_phys
global early_gdt
say_no_multiboot:
    db "xen-like: not started by a Multiboot2 boot loader; in GRUB use the command multiboot2", 0
say_no_long_mode:
    db "xen-like: this CPU has no 64-bit mode; x86-64 is needed", 0
say_no_nx:
    db "xen-like: this CPU has no NX bit (or the firmware hides it); it is needed", 0

section .bss.page nobits alloc noexec write align=4096
global early_l4, early_l3_low, early_l3_hv, early_l2_low, early_l2_hv
global early_stack_guard, early_stack_top
early_l4:       resb PAGE_SIZE
early_l3_low:   resb PAGE_SIZE
early_l3_hv:    resb PAGE_SIZE
early_l2_hv:    resb PAGE_SIZE
early_l2_low:   resb PAGE_SIZE * LOW_L2_PAGES
early_stack_guard: resb PAGE_SIZE
                resb BOOT_STACK_BYTES
early_stack_top:
