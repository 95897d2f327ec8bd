; One routine for each instruction, for both widths and all rings. Each is called without arguments, may be
; anywhere in memory, and answers in rax (eax); it may raise an exception instead, and then leaves behind
; nothing but a stack to be thrown away. table.c says what the answers mean.

%include "tests/guests/width.inc"

%define OWN_DATA 0x08           ; sensitive.h
%define OWN_CODE 0x10
%define VECTOR_OWN 0x42

%define FLAG_IF   (1 << 9)
%define FLAG_IOPL (3 << 12)
%define CPUID_HYPERVISOR 0x40000000
%define MSR_EFER 0xc0000080
%define PORT_DELAY 0x80

%macro probe 1
  global probe_%1
  probe_%1:
%endmacro

section .text
global probes_begin, probes_end, probe_in_user_space
probes_begin:

; What a process runs: the probe at rbx, and then an exception of a known place.
probe_in_user_space:
    call bx_
global probe_has_returned
probe_has_returned:
    ud2

; Where tables are, as the CPU has it

%macro table_probe 2            ; name, instruction
probe %1
    sub sp_, 16
    %2 [sp_]
    mov ax_, [sp_ + 2]
    add sp_, 16
    ret
%endmacro

table_probe sgdt, sgdt
table_probe sidt, sidt

probe sldt
    sldt ax
    movzx eax, ax
    ret

probe str
    str ax
    movzx eax, ax
    ret

probe smsw
    smsw eax
    movzx eax, ax
    ret

; Flags. The kernel has closed interrupts before each of these, by the means that it has.

probe pushf
    flags_push
    pop ax_
    ret

; Opened and closed again, by popf alone.
probe popf_if
    flags_push
    flags_push
    or word_ [sp_], FLAG_IF
    flags_pop
    flags_push
    and word_ [sp_], ~FLAG_IF
    flags_pop
    flags_push
    pop ax_
    flags_pop
    ret

probe popf_iopl
    flags_push
    flags_push
    or word_ [sp_], FLAG_IOPL
    flags_pop
    flags_push
    pop ax_
    flags_pop
    ret

; What is known of a selector. Not to be seen: all ones.

%macro look_probe 4             ; name, instruction, selector, how far its answer is shifted
probe %1
    mov ecx, %3
    %2 eax, ecx
    jnz %%hidden
    shr eax, %4
    ret
%%hidden:
    or ax_, -1
    ret
%endmacro

look_probe lar, lar, OWN_CODE, 0
look_probe lsl, lsl, OWN_CODE, 12

%macro verify_probe 3
probe %1
    mov ecx, %3
    xor eax, eax
    %2 cx
    setz al
    ret
%endmacro

verify_probe verr, verr, OWN_CODE
verify_probe verw, verw, OWN_DATA

; Segment registers

probe mov_from_cs
    mov eax, cs
    ret

probe push_seg
%if __BITS__ == 64
    mov edx, fs                 ; of those that a 64-bit kernel cares for, only these can be pushed
    mov eax, OWN_DATA
    mov fs, eax
    push fs
    pop ax_
    mov fs, edx
%else
    push cs
    pop eax
%endif
    ret

probe mov_to_ds
    mov ecx, ds
    mov eax, OWN_DATA
    mov ds, eax
    mov eax, ds
    mov ds, ecx
    ret

probe mov_to_ss
    mov ecx, ss
    mov eax, OWN_DATA
    mov ss, eax
    mov eax, ss
    mov ss, ecx
    ret

probe pop_seg
    mov ecx, fs
    push OWN_DATA
    pop fs
    mov eax, fs
    mov fs, ecx
    ret

probe pop_ss
%if __BITS__ == 64
    db 0x17                     ; the byte that would be it
%else
    mov ecx, ss
    push OWN_DATA
    pop ss
    mov eax, ss
    mov ss, ecx
    ret
%endif

; To code of the kernel's own: cs as it is there

probe call_far
    sub sp_, 2 * WORD_BYTES
    address_of ax_, far_procedure
    mov [sp_], ax_
    mov word_ [sp_ + WORD_BYTES], OWN_CODE
%if __BITS__ == 64
    o64 call far [rsp]
%else
    call far [esp]
%endif
    add sp_, 2 * WORD_BYTES
    ret

far_procedure:
    mov eax, cs
    far_return

; There by a far return, as if from a more privileged ring, and back by another one.
probe ret_far
    mov ecx, cs
    push OWN_CODE
    address_of ax_, .there
    push ax_
    far_return
.there:
    mov edx, cs
    push cx_
    address_of ax_, .back
    push ax_
    far_return
.back:
    mov eax, edx
    ret

probe int_n
    int VECTOR_OWN
    ret

; The machine itself

probe cpuid
    push bx_
    mov eax, CPUID_HYPERVISOR
    cpuid
    mov eax, ebx
    pop bx_
    ret

probe cpuid_forced
    push bx_
    mov eax, CPUID_HYPERVISOR
    ud2
    db "xen"
    cpuid
    mov eax, ebx
    pop bx_
    ret

probe rdtsc
    rdtsc
    mov ecx, eax
    rdtsc
    sub eax, ecx
    ret

; For comparison: privileged, so that they trap

probe cli
    cli
    ret

%macro load_probe 3             ; name, how to store the table, how to load it
probe %1
    sub sp_, 16
    %2 [sp_]
    %3 [sp_]
    add sp_, 16
    ret
%endmacro

load_probe lgdt, sgdt, lgdt
load_probe lidt, sidt, lidt

probe mov_from_cr0
    mov ax_, cr0
    ret

probe mov_to_cr3
    mov ax_, cr3
    mov cr3, ax_
    ret

probe rdmsr
    mov ecx, MSR_EFER
    rdmsr
    ret

probe in
    in al, PORT_DELAY
    ret

probe wbinvd
    wbinvd
    ret

probes_end:
