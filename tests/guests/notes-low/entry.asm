%include "tests/guests/early.inc"

; No ENTRY (the file's own entry counts), no PADDR_OFFSET (0), no HYPERCALL_PAGE.
section .note.early note alloc noexec nowrite align=4
    early_note XEN_ELFNOTE_GUEST_OS, "xen-like"
    early_note XEN_ELFNOTE_XEN_VERSION, "xen-3.0"
    early_note XEN_ELFNOTE_LOADER, "generic"
    early_note XEN_ELFNOTE_FEATURES, "pae_pgdir_above_4gb"
    early_note XEN_ELFNOTE_SUPPORTED_FEATURES, 1 << XENFEAT_dom0
    early_note XEN_ELFNOTE_VIRT_BASE, 0
%if __BITS__ == 32
    early_note XEN_ELFNOTE_PAE_MODE, "yes" ; without, it would be a kernel of two levels of tables
%endif
