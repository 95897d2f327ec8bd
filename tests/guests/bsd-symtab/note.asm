; Beside the runtime's notes: the symbol table is to be loaded, too.
%include "guest-offsets.inc"

section .note.xen note alloc noexec nowrite align=4
    dd  4, 4, XEN_ELFNOTE_BSD_SYMTAB
    db  "Xen", 0
    db  "yes", 0
