%include "tests/guests/early.inc"

; Numbers are text here, so the addresses have to be known: guest.lds begins the image with the
; hypercall page (a page number, counted from VIRT_BASE). VIRT_ENTRY is left to the file's entry, and
; ELF_PADDR_OFFSET to its default, which in this form is VIRT_BASE.
%if __BITS__ == 64
  %define VIRT_BASE "0xffffffff80000000"
%else
  %define VIRT_BASE "0xc0000000"
%endif

section __xen_guest noalloc noexec nowrite progbits
    db "GUEST_OS=xen-like,GUEST_VER=1,XEN_VER=xen-3.0,LOADER=generic,"
    db "VIRT_BASE=", VIRT_BASE, ",HYPERCALL_PAGE=0x100,PAE=yes[extended-cr3],"
    db "FEATURES=writable_page_tables|pae_pgdir_above_4gb,UNKNOWN=ignored,FLAG", 0
