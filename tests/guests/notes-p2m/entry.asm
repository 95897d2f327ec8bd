%include "tests/guests/early.inc"

extern image_base
extern hypercall_page
global p2m_base

%define P2M_BASE 0xffffc00000000000

section .rodata
p2m_base: dq P2M_BASE           ; for main.c: what the note asks for

section .note.early note alloc noexec nowrite align=4
    early_note XEN_ELFNOTE_GUEST_OS, "xen-like"
    early_note XEN_ELFNOTE_XEN_VERSION, "xen-3.0"
    early_note XEN_ELFNOTE_LOADER, "generic"
    early_note XEN_ELFNOTE_FEATURES, "pae_pgdir_above_4gb"
    early_note XEN_ELFNOTE_SUPPORTED_FEATURES, 1 << XENFEAT_dom0
    early_note XEN_ELFNOTE_VIRT_BASE, image_base
    early_note XEN_ELFNOTE_PADDR_OFFSET, 0
    early_note XEN_ELFNOTE_ENTRY, early_start
    early_note XEN_ELFNOTE_HYPERCALL_PAGE, hypercall_page
    early_note XEN_ELFNOTE_INIT_P2M, P2M_BASE
    early_note XEN_ELFNOTE_MOD_START_PFN, 1
