; Where a PV kernel begins: the notes that describe it to whoever loads it, the hypercall page, and
; the first instructions.
;
; There is no real mode and no page table to build: the loader (the hypervisor for the first domain,
; the toolstack for others) has already put the image at VIRT_BASE in the guest's address space,
; written the hypercall page, and enters here in 64-bit mode, in ring 3, with
;     rsi = address of start_info      rsp = a one-page stack in the last frame of what it set up
; and with events masked.

%include "guest-offsets.inc"
%include "guest-kernel/x86_64/notes.inc"

extern guest_start
extern image_base               ; from guest.lds: the address that VIRT_BASE promises
global _start
global hypercall_page

section .note.xen note alloc noexec nowrite align=4
    note_string XEN_ELFNOTE_GUEST_OS, "xen-like"
    note_string XEN_ELFNOTE_XEN_VERSION, "xen-3.0"
    note_string XEN_ELFNOTE_LOADER, "generic"
    note_string XEN_ELFNOTE_FEATURES, "pae_pgdir_above_4gb"
    ; Without this bit Xen refuses to start the kernel as its control domain.
    note_number XEN_ELFNOTE_SUPPORTED_FEATURES, 1 << XENFEAT_dom0
    note_number XEN_ELFNOTE_VIRT_BASE, image_base
    note_number XEN_ELFNOTE_PADDR_OFFSET, 0
    note_number XEN_ELFNOTE_ENTRY, _start
    note_number XEN_ELFNOTE_HYPERCALL_PAGE, hypercall_page

section .text
; The hypervisor fills this page with 128 entries of 32 bytes; calling entry N makes hypercall N in
; whichever way suits the CPU.
align PAGE_SIZE
hypercall_page:
    times PAGE_SIZE db 0

_start:
    cld
    xor ebp, ebp                ; the outermost frame, for a debugger's backtrace
    lea rsp, [rel boot_stack_top]
    mov rdi, rsi
    call guest_start            ; does not return
    ud2

section .bss
align 16
    resb 32 * 1024              ; the kernel's only stack
boot_stack_top:
