; User mode for the test of iret: tells what it finds in its registers, by a system call.

%include "tests/guests/width.inc"
global user_code, user_code_end, user_report, kernel_iret_raw
%include "guest-offsets.inc"

extern hypercall_page

section .user_text exec progbits align=4096
user_code:
; What main.c calls FOUND_...: registers as they were on arrival. A single step would come here, and the
; direction flag must not disturb anybody: so no string instruction.
user_report:
    mov bx_, cx_
%if __BITS__ == 64
    mov rbp, r11
    pushfq
    pop r12
    mov r13, cs
    mov r14, ss
    mov r15, rsp
%else
    pushfd
    pop edx
    mov esi, cs
    mov edi, ss
    mov ebp, esp
%endif
    system_call
user_code_end:

section .text
; unsigned long kernel_iret_raw(rflags, cs, ss, flags), all of them words: an iret hypercall to the kernel
; itself, just behind the call. Answers the rflags found there. In 32 bits who stays in his ring gives no ss,
; and there are no flags.
kernel_iret_raw:
%if __BITS__ == 64
    push rbx
    push rbp
    mov rbp, rsp
    push rdx                    ; ss
    push rbp                    ; rsp
    push rdi                    ; rflags
    push rsi                    ; cs
    lea rax, [.back]
    push rax                    ; rip
    push rcx                    ; flags
%else
    argument ecx, 0
    argument edx, 1
    push ecx                    ; eflags
    push edx                    ; cs
    push .back                  ; eip
%endif
    jmp hypercall_page + __HYPERVISOR_iret * XL_STUB_SIZE
.back:
    flags_push
    pop ax_
    cld
%if __BITS__ == 64
    pop rbp
    pop rbx
%endif
    ret
