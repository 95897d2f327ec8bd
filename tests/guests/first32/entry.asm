; The first 32-bit kernel, made by hand: nothing but its notes, the registers and the stack that the
; loader gave, int 0x82, and the hypercall page. It prints what it finds and shuts down. If this does
; not run, no 32-bit kernel does.
;
; With -DOLD_NOTES it says the same in a __xen_guest section, as kernels did before there were notes
; (tests/build.mk: first32-section).

bits 32

; public/elfnote.h, xen.h, sched.h
%define XEN_ELFNOTE_ENTRY          1
%define XEN_ELFNOTE_HYPERCALL_PAGE 2
%define XEN_ELFNOTE_VIRT_BASE      3
%define XEN_ELFNOTE_PADDR_OFFSET   4
%define XEN_ELFNOTE_XEN_VERSION    5
%define XEN_ELFNOTE_GUEST_OS       6
%define XEN_ELFNOTE_LOADER         8
%define XEN_ELFNOTE_PAE_MODE       9
%define HYPERCALL_console_io       18
%define HYPERCALL_sched_op         29
%define CONSOLEIO_write            0
%define SCHEDOP_shutdown           2
%define SHUTDOWN_poweroff          0
%define HYPERCALL_update_va_mapping 14
%define UVMF_INVLPG                2
%define PAGE_FLAGS                 3    ; present, writable
%define START_INFO_SHARED_INFO     36   ; struct start_info, from its beginning
%define START_INFO_PT_BASE         60
%define START_INFO_MFN_LIST        68
%define STUB_BYTES                 32

extern image_base, hypercall_page, shared_page
global _start

%macro note 2                   ; type, number or text
    dd 4, %%end - %%value, %1
    db "Xen", 0
%%value:
  %ifstr %2
    db %2, 0
  %else
    dd %2
  %endif
%%end:
    align 4, db 0
%endmacro

%ifdef OLD_NOTES
section __xen_guest noalloc noexec nowrite progbits
    db "GUEST_OS=first32,XEN_VER=xen-3.0,LOADER=generic,"
    db "VIRT_BASE=0xc0000000,ELF_PADDR_OFFSET=0,VIRT_ENTRY=0xc0100000,HYPERCALL_PAGE=0x101,"
    db "PAE=yes[extended-cr3]", 0
%else
section .note.xen note alloc noexec nowrite align=4
    note XEN_ELFNOTE_GUEST_OS, "first32"
    note XEN_ELFNOTE_XEN_VERSION, "xen-3.0"
    note XEN_ELFNOTE_LOADER, "generic"
    note XEN_ELFNOTE_PAE_MODE, "yes"
    note XEN_ELFNOTE_VIRT_BASE, image_base
    note XEN_ELFNOTE_PADDR_OFFSET, 0
    note XEN_ELFNOTE_ENTRY, _start
    note XEN_ELFNOTE_HYPERCALL_PAGE, hypercall_page
%endif

; say TEXT, by int 0x82; every register but eax is to come back as it was
%macro say 1
    mov edx, %%text
    mov ecx, %%end - %%text
    call console_write
section .rodata
%%text: db %1
%%end:
section .text
%endmacro

; ROW NAME = the digit in al
%macro say_digit 1
    add al, '0'
    mov [%%digit], al
    mov edx, %%text
    mov ecx, %%end - %%text
    call console_write
section .data
%%text: db "ROW ", %1, " = "
%%digit: db "0", 10
%%end:
section .text
%endmacro

section .text
_start:
    cld
    mov ebp, esi                ; start_info
    say {"first32: here", 10}
    mov ax, cs
    and al, 3
    say_digit "first32.cs-ring"
    mov ax, ss
    and al, 3
    say_digit "first32.ss-ring"
    mov ax, ds
    and al, 3
    say_digit "first32.ds-ring"

    mov edi, ebp                ; start_info.magic has 32 bytes
    mov ecx, 32
    xor al, al
    repne scasb
    lea ecx, [edi - 1]
    sub ecx, ebp
    push ecx
    say "ROW first32.magic = "
    pop ecx
    mov edx, ebp
    call console_write
    say {10}

    ; the stack lies behind the page tables, its top at a page's end
    mov eax, esp
    test eax, 0xfff
    setz al
    say_digit "first32.stack-is-whole"
    mov eax, [ebp + START_INFO_PT_BASE]
    cmp eax, ebp
    seta al
    say_digit "first32.tables-follow-start-info"

    ; each frame of the list is a number that the L1 entry of its page has, too: here the first
    mov eax, [ebp + START_INFO_MFN_LIST]
    cmp dword [eax], 0
    setnz al
    say_digit "first32.list-names-a-frame"

    ; the shared page, whose address has 32 bits whatever memory the machine has, and upcalls are masked
    mov ebx, shared_page
    mov ecx, [ebp + START_INFO_SHARED_INFO]
    or ecx, PAGE_FLAGS
    xor edx, edx
    mov esi, UVMF_INVLPG
    mov eax, HYPERCALL_update_va_mapping
    int 0x82
    test eax, eax
    setz al
    say_digit "first32.shared-page-is-mapped"
    mov al, [shared_page + 1]
    say_digit "first32.upcalls-are-masked"

    ; every other register survives a call
    mov ebx, 1
    mov ecx, 2
    mov edx, 3
    mov esi, 4
    mov edi, 5
    mov eax, 0x3f               ; no such call
    int 0x82
    cmp eax, -38                ; ENOSYS
    jne .changed
    cmp ebx, 1
    jne .changed
    cmp ecx, 2
    jne .changed
    cmp edx, 3
    jne .changed
    cmp esi, 4
    jne .changed
    cmp edi, 5
.changed:
    sete al
    say_digit "first32.registers-are-kept"

    ; the same by the hypercall page
    mov ebx, CONSOLEIO_write
    mov ecx, page_text_end - page_text
    mov edx, page_text
    call hypercall_page + HYPERCALL_console_io * STUB_BYTES
    say {"END first32", 10}
    mov ebx, SCHEDOP_shutdown
    mov ecx, shutdown
    mov eax, HYPERCALL_sched_op
    int 0x82
    ud2

; edx: text, ecx: its length
console_write:
    push ebx
    mov ebx, CONSOLEIO_write
    mov eax, HYPERCALL_console_io
    int 0x82
    pop ebx
    ret

section .rodata
page_text: db "ROW first32.page = works", 10
page_text_end:
align 4
shutdown: dd SHUTDOWN_poweroff
