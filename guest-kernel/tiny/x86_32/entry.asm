; The tiny kernel's notes, entry and pages; the stack is the one that the loader gave.

%include "guest-offsets.inc"
%include "guest-kernel/x86_32/notes.inc"

extern tiny_main
extern image_base
global _start
global hypercall_page
global shared_page

section .note.xen note alloc noexec nowrite align=4
    note_string XEN_ELFNOTE_GUEST_OS, "tiny"
    note_string XEN_ELFNOTE_XEN_VERSION, "xen-3.0"
    note_string XEN_ELFNOTE_LOADER, "generic"
    note_string XEN_ELFNOTE_PAE_MODE, "yes"
    note_string XEN_ELFNOTE_FEATURES, "pae_pgdir_above_4gb"
    note_number XEN_ELFNOTE_VIRT_BASE, image_base
    note_number XEN_ELFNOTE_PADDR_OFFSET, 0
    note_number XEN_ELFNOTE_ENTRY, _start
    note_number XEN_ELFNOTE_HYPERCALL_PAGE, hypercall_page

section .text
_start:
    cld
    xor ebp, ebp
    push esi
    call tiny_main              ; does not return
    ud2

section .pages nobits alloc noexec write align=PAGE_SIZE
hypercall_page:
    resb PAGE_SIZE
shared_page:
    resb PAGE_SIZE
