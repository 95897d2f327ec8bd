; Copying to and from guest memory, where any access may fault.
;
; u64 uaccess_copy(void *to, const void *from, u64 len): bytes NOT copied.
;   rdi = to, rsi = from, rdx = len; one of the two lies in guest memory, checked by the caller to be
;   outside the hypervisor's range. When an access faults, the exception table sends the CPU to the
;   label beside it with all registers as they were: rcx says how much the string instruction had left.

%include "hypervisor/cpu/entry.inc"

section .text

align 16
global uaccess_copy
uaccess_copy:
    mov rcx, rdx
    shr rcx, 3
    and edx, 7
    SMAP_OPEN
.words:
    rep movsq
    mov ecx, edx
.bytes:
    rep movsb
    SMAP_CLOSE
    mov eax, ecx ; 0
    ret
.words_fault:
    lea rcx, [rcx * 8 + rdx]
.bytes_fault:
    SMAP_CLOSE
    mov rax, rcx
    ret
    EX_TABLE uaccess_copy.words, uaccess_copy.words_fault
    EX_TABLE uaccess_copy.bytes, uaccess_copy.bytes_fault
