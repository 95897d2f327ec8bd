; Where a 32-bit PV kernel begins: as x86_64/start.asm, where the notes are explained. It is entered in
; ring 1, in 32-bit mode with flat segments, with
;     esi = address of start_info      esp = a one-page stack in the last frame of what is set up
; and with events masked.

%include "guest-offsets.inc"
%include "guest-kernel/x86_32/notes.inc"

extern guest_start
extern image_base               ; from guest.lds: the address that VIRT_BASE promises
global _start
global hypercall_page

section .note.xen note alloc noexec nowrite align=4
    note_string XEN_ELFNOTE_GUEST_OS, "xen-like"
    note_string XEN_ELFNOTE_XEN_VERSION, "xen-3.0"
    note_string XEN_ELFNOTE_LOADER, "generic"
    ; Three levels of page tables, and the top one may lie anywhere: its frame number is given to the
    ; hypervisor in the form that has room for it (which is what a `yes` in this note says).
    note_string XEN_ELFNOTE_PAE_MODE, "yes"
    note_string XEN_ELFNOTE_FEATURES, "pae_pgdir_above_4gb"
    note_number XEN_ELFNOTE_SUPPORTED_FEATURES, 1 << XENFEAT_dom0
    note_number XEN_ELFNOTE_VIRT_BASE, image_base
    note_number XEN_ELFNOTE_PADDR_OFFSET, 0
    note_number XEN_ELFNOTE_HV_START_LOW, HYPERVISOR_VIRT_START
    note_number XEN_ELFNOTE_ENTRY, _start
    note_number XEN_ELFNOTE_HYPERCALL_PAGE, hypercall_page

section .text
align PAGE_SIZE
hypercall_page:
    times PAGE_SIZE db 0

_start:
    cld
    xor ebp, ebp                ; the outermost frame, for a debugger's backtrace
    mov esp, boot_stack_top
    push esi
    call guest_start            ; does not return
    ud2

section .bss
align 16
    resb 32 * 1024              ; the kernel's only stack
boot_stack_top:
