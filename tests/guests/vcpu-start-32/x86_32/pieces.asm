; Where vcpus begin, in the kernel and in user space: what is in the registers goes to `begun`, in the
; order of struct begun. Nothing but the stack's segment is trusted before it has been looked at.

%include "guest-offsets.inc"

extern begun, bounced, begun_in_c, bounced_in_c
global begin_here, frame_here, user_code, user_code_end

%define AT(i) [ss:begun + (i) * 4]

section .text
begin_here:
    mov AT(0), eax
    mov AT(1), ebx
    mov AT(2), ecx
    mov AT(3), edx
    mov AT(4), esi
    mov AT(5), edi
    mov AT(6), ebp
    mov AT(7), esp
    pushfd
    pop dword AT(8)
    mov eax, cs
    mov AT(9), eax
    mov eax, ss
    mov AT(10), eax
    mov eax, ds
    mov AT(11), eax
    mov eax, es
    mov AT(12), eax
    mov eax, fs
    mov AT(13), eax
    mov eax, gs
    mov AT(14), eax
    mov eax, FLAT_KERNEL_DS
    mov ds, eax
    mov es, eax
    cld
    fxsave [begun + 16 * 4]
    jmp begun_in_c

; An event callback, and the handler of user space's `int`: eip cs eflags esp ss on the stack, which
; go to `bounced`, and behind them cs, ss and eax as they are.
frame_here:
    pop dword [ss:bounced]
    pop dword [ss:bounced + 4]
    pop dword [ss:bounced + 8]
    pop dword [ss:bounced + 12]
    pop dword [ss:bounced + 16]
    mov [ss:bounced + 28], eax
    mov eax, cs
    mov [ss:bounced + 20], eax
    mov eax, ss
    mov [ss:bounced + 24], eax
    mov eax, FLAT_KERNEL_DS
    mov ds, eax
    mov es, eax
    jmp bounced_in_c

section .user_text exec progbits align=4096
user_code:
    mov eax, cs
    add eax, edi
    int 0x80
user_code_end:
