; I/O instructions, one a snippet; ud2 behind each says that it was passed. The same bytes run in the
; kernel and, copied, in user space.

%include "tests/guests/width.inc"
global user_code, user_code_end, io_run, io_left

%macro SNIPPET 2+
global io_%1
io_%1:
    %2
    ud2
%endmacro

section .user_text exec progbits align=4096
user_code:
    SNIPPET in8, in al, dx
    SNIPPET in16, in ax, dx
    SNIPPET in32, in eax, dx
    SNIPPET in32_wide, db 0x48, 0xed
    SNIPPET in32_both, db 0x66, 0x48, 0xed ; REX.W behind 0x66: 32 bits
    SNIPPET in32_rex_lost, db 0x48, 0x66, 0xed ; REX before 0x66 is no REX: 16 bits
    SNIPPET in8_given, in al, 0x70
    SNIPPET in32_given, in eax, 0x80
    SNIPPET in8_rep, db 0xf3, 0xec
    SNIPPET out8, out dx, al
    SNIPPET out16, out dx, ax
    SNIPPET out32, out dx, eax
    SNIPPET out8_given, out 0x70, al
    SNIPPET out32_given, out 0x80, eax
    SNIPPET ins8, insb
    SNIPPET ins16, insw
    SNIPPET ins32, insd
    SNIPPET ins32_wide, db 0x48, 0x6d
    SNIPPET rep_ins8, rep insb
    SNIPPET rep_ins16, rep insw
    SNIPPET rep_ins32, rep insd
    SNIPPET repne_ins8, db 0xf2, 0x6c
    SNIPPET fs_ins8, db 0x64, 0x6c
    SNIPPET a32_ins8, db 0x67, 0x6c
    SNIPPET a32_rep_ins8, db 0x67, 0xf3, 0x6c
    SNIPPET outs8, outsb
    SNIPPET outs16, outsw
    SNIPPET outs32, outsd
    SNIPPET rep_outs8, rep outsb
    SNIPPET rep_outs16, rep outsw
    SNIPPET rep_outs32, rep outsd
    SNIPPET fs_outs32, db 0x64, 0x6f
    SNIPPET gs_outs32, db 0x65, 0x6f
    SNIPPET fs_ds_outs32, db 0x64, 0x3e, 0x6f ; the second means nothing, and leaves the first
    SNIPPET ss_outs32, db 0x36, 0x6f
    SNIPPET a32_outs32, db 0x67, 0x6f
    SNIPPET a32_fs_rep_outs32, db 0x67, 0x64, 0xf3, 0x6f
    SNIPPET lock_in8, db 0xf0, 0xec
    SNIPPET cli, cli
    SNIPPET sti, sti
    SNIPPET clts, clts
    SNIPPET cpuid_forced, db 0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2
user_code_end:

section .text
; void io_run(const void *snippet, const u64 registers[6]): rax rcx rdx rsi rdi and bits of rflags.
; The trap that ends the snippet goes on at io_left.
io_run:
%if __BITS__ == 64
    push rbx
    push r12
    mov r12, rdi
    mov rbx, rsi
%else
    argument eax, 0
    argument ecx, 1
    push ebx
    push ebp
    push esi
    push edi
    mov ebp, eax
    mov ebx, ecx
%endif
    mov ax_, [bx_]
    mov cx_, [bx_ + 8]
    mov dx_, [bx_ + 16]
    mov si_, [bx_ + 24]
    mov di_, [bx_ + 32]
    flags_push
    mov bx_, [bx_ + 40]
    or [sp_], bx_
    flags_pop
%if __BITS__ == 64
    jmp r12
io_left:
    pop r12
    pop rbx
%else
    jmp ebp
io_left:
    pop edi
    pop esi
    pop ebp
    pop ebx
%endif
    ret
